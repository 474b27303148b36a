package storetest

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var schemaPromises = []promise{
	{"Migrate_TwiceIsOnce", true, migrateTwice},
	{"Schema_AcceptsEveryStateOfTheDomainAndNoOther", false, checkStates},
	{"Schema_RefusesWhatCannotBe", false, checkRefusals},
	{"Schema_UniqueIndexesHold", false, checkUnique},
}

func migrateTwice(t *testing.T, s *store.Store) {
	pending := func() int {
		n, err := s.PendingMigrations(t.Context())
		require.NoError(t, err)
		return n
	}
	assert.Positive(t, pending())
	require.NoError(t, s.Migrate(t.Context()))
	assert.Zero(t, pending())
	require.NoError(t, s.Seed(t.Context()))
	require.NoError(t, s.Migrate(t.Context()))
	assert.Equal(t, 5, count(t, s, "plans"), "what was there stays")
}

func states[S ~string](moves domain.Moves[S]) []string {
	list := []string{}
	for _, s := range moves.States() {
		list = append(list, string(s))
	}
	return list
}

// insertOneOfEach stores a row of every noun that has a column with states.
func insertOneOfEach(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived)
	in := insertInvoice(t, s)
	owner := newOwner(in.AccountID, "bob@example.com")
	require.NoError(t, s.InsertAccount(ctx, newAccount(), owner))
	require.NoError(t, subscribed(t, s, newSubscription(in.AccountID, domain.SubscriptionActive)))
	require.NoError(t, s.InsertPayment(ctx, newPayment(in, domain.PaymentCreated)))
	require.NoError(t, s.InsertSession(ctx, newSession(owner, 1)))
	insertEndpoint(t, s)
	require.NoError(t, s.InsertEvents(ctx,
		domain.Event{Type: domain.EventAccountCreated, AccountID: in.AccountID, ActorType: domain.ActorSystem}))
	require.NoError(t, s.InsertCommand(ctx,
		&domain.Command{ID: "cmd_1", Action: domain.ActionCancel, ActorType: domain.ActorAdmin, CreatedAt: moment}))
	require.NoError(t, s.InsertTestClock(ctx,
		&domain.TestClock{ID: "clk_1", Status: domain.ClockReady, Now: moment, CreatedAt: moment, UpdatedAt: moment}))
	ok, err := s.ClaimSlug(ctx, "acme", in.AccountID)
	require.NoError(t, err)
	require.True(t, ok)
	within(t, s, func(tx *store.Store) error {
		if _, err := tx.AttachMethod(ctx, newMethod(in.AccountID, "card"), true); err != nil {
			return err
		}
		_, err := tx.GrantCredits(ctx, grant(in.AccountID, domain.PoolPlan, 100, "first"))
		return err
	})
}

// accepts tries a statement and takes it back.
func accepts(t *testing.T, s *store.Store, statement string) error {
	t.Helper()
	tx, err := writer(s).BeginTx(t.Context(), nil)
	require.NoError(t, err)
	defer func() { _ = tx.Rollback() }()
	_, err = tx.ExecContext(t.Context(), statement)
	return err
}

func checkStates(t *testing.T, s *store.Store) {
	insertOneOfEach(t, s)
	actors := []string{"customer", "admin", "system", "temporal", "api_key"}
	collections := []string{string(domain.ChargeAutomatically), string(domain.SendInvoice)}
	types := []string{"card", "bank_transfer", "wallet", "invoice"}
	for _, c := range []struct {
		table, column, also string
		values              []string
	}{
		{"onboardings", "status", "", states(domain.OnboardingMoves)},
		{"accounts", "status", "", states(domain.AccountMoves)},
		{"subscriptions", "status", "", states(domain.SubscriptionMoves)},
		{"invoices", "status", ", paid_at = CASE WHEN '%s' = 'paid' THEN created_at END", states(domain.InvoiceMoves)},
		{"payments", "status", "", states(domain.PaymentMoves)},
		{"slugs", "status", "", []string{"held", "tombstoned"}},
		{"onboardings", "kind", "", []string{string(domain.KindSignup), string(domain.KindActivation)}},
		{"subscriptions", "managed_by", "", []string{string(domain.ManagedByProvider), string(domain.ManagedByAdmin)}},
		{"invoices", "type", ", package_code = CASE WHEN '%s' = 'credit_package' THEN 'pack' ELSE '' END",
			[]string{string(domain.InvoiceSubscription), string(domain.InvoiceCreditPackage)}},
		{"plans", "interval", "", []string{string(domain.IntervalMonth), string(domain.IntervalYear)}},
		{"plans", "payment_method_collection", "", []string{string(domain.CollectIfRequired), string(domain.CollectAlways)}},
		{"payment_options", "type", "", types},
		{"payment_options", "collection_method", "", collections},
		{"payment_methods", "collection_method", "", collections},
		{"payment_methods", "type", "", types},
		{"credits", "pool", "", []string{string(domain.PoolPlan), string(domain.PoolBonus)}},
		{"users", "role", "", []string{string(domain.RoleOwner), string(domain.RoleAdmin)}},
		{"test_clocks", "status", ", target = CASE WHEN '%s' = 'advancing' THEN now END", states(domain.ClockMoves)},
		{"sessions", "role", "", []string{string(domain.RoleOwner), string(domain.RoleAdmin)}},
		{"events", "actor_type", "", actors},
		{"webhook_deliveries", "status", ", delivered_at = CASE WHEN '%s' = 'delivered' THEN created_at END",
			states(domain.DeliveryMoves)},
		{"commands", "actor_type", "", actors},
	} {
		require.Positive(t, count(t, s, c.table), c.table)
		update := func(value string) error {
			also := c.also
			if also != "" {
				also = fmt.Sprintf(also, value)
			}
			return accepts(t, s, fmt.Sprintf("UPDATE %s SET %s = '%s'%s", c.table, c.column, value, also))
		}
		for _, value := range c.values {
			assert.NoError(t, update(value), "%s.%s = %s", c.table, c.column, value)
		}
		for _, value := range []string{"bogus", "", "Active"} {
			assert.Error(t, update(value), "%s.%s = %q", c.table, c.column, value)
		}
	}
}

func checkRefusals(t *testing.T, s *store.Store) {
	insertOneOfEach(t, s)
	for _, set := range []string{
		"plans SET amount = -1", "plans SET currency = 'USD'", "plans SET currency = 'us'",
		"plans SET trial_days = -1", "plans SET credits = -1",
		"accounts SET slug = 'Acme'", "accounts SET slug = 'ab'",
		"accounts SET slug = 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee'",
		"slugs SET slug = 'Acme'", "slugs SET slug = 'ab'", "users SET email = 'Ada@example.com'",
		"invoices SET amount = -1", "invoices SET currency = 'USD'", "invoices SET paid_at = created_at",
		"invoices SET status = 'paid'",
		"payments SET amount = 0", "payments SET attempt = 0", "payments SET currency = ''",
		"payments SET invoice_id = 'in_none'",
		"payment_methods SET removed_at = created_at", "payment_methods SET account_id = 'acct_none'",
		"payments SET refunded = amount + 1", "payments SET refunded = -1", "invoices SET package_code = 'pack'",
		"subscriptions SET past_due_since = created_at", "credits SET amount = 0",
		"balances SET plan_credits = -1", "balances SET bonus_credits = -1",
		"subscriptions SET account_id = 'acct_none'", "subscriptions SET plan = NULL", "onboardings SET steps = NULL",
		"webhook_endpoints SET enabled = false", "webhook_endpoints SET disabled_reason = 'gone'",
		"webhook_endpoints SET enabled = false, disabled_reason = 'bored'",
		"webhook_deliveries SET status = 'delivered'", "webhook_deliveries SET attempts = -1",
	} {
		assert.Error(t, accepts(t, s, "UPDATE "+set), set)
	}
}

// unique is a rule that lets one row in, refuses a second, and lets it in once
// the first is out of the way.
type unique struct {
	rule          string
	first, second func() error
	table, away   string // how the first gets out of the way
}

func checkUnique(t *testing.T, s *store.Store) {
	ctx := t.Context()
	subscriptions := func(first, second domain.SubscriptionStatus) (func() error, func() error) {
		a := insertAccount(t, s)
		return func() error { return subscribed(t, s, newSubscription(a.ID, first)) },
			func() error { return subscribed(t, s, newSubscription(a.ID, second)) }
	}
	invoices := func(first, second domain.InvoiceStatus) (func() error, func() error) {
		a := insertAccount(t, s)
		id := endedSubscription(t, s, a.ID)
		return func() error { return s.InsertInvoice(ctx, newInvoice(a.ID, id, first)) },
			func() error { return s.InsertInvoice(ctx, newInvoice(a.ID, id, second)) }
	}
	payments := func(status domain.PaymentStatus) (func() error, func() error) {
		in := insertInvoice(t, s)
		insert := func() error { return s.InsertPayment(ctx, newPayment(in, status)) }
		return insert, insert
	}
	accounts := func() (func() error, func() error) {
		insert := func() error {
			a := newAccount()
			email := a.Slug + "@example.com"
			a.Slug = "the-one"
			return s.InsertAccount(ctx, a, newOwner(a.ID, email))
		}
		return insert, insert
	}
	rule := func(name string, first, second func() error, table, away string) unique {
		return unique{name, first, second, table, away}
	}
	live1, live2 := subscriptions("trialing", "active")
	due1, due2 := subscriptions("past_due", "trialing")
	incomplete1, incomplete2 := subscriptions("incomplete", "incomplete")
	open1, open2 := invoices("open", "uncollectible")
	paid1, paid2 := invoices("paid", "open")
	succeeded1, succeeded2 := payments("succeeded")
	pending1, pending2 := payments("pending_approval")
	slug1, slug2 := accounts()
	for _, u := range []unique{
		rule("one live subscription", live1, live2, "subscriptions", "status = 'canceled'"),
		rule("one live subscription, past due counts", due1, due2, "subscriptions", "status = 'unpaid'"),
		rule("one incomplete subscription", incomplete1, incomplete2, "subscriptions", "status = 'incomplete_expired'"),
		rule("one invoice per period and reason", open1, open2, "invoices", "status = 'void'"),
		rule("one invoice per period and reason, paid counts", paid1, paid2, "invoices", "status = 'void', paid_at = NULL"),
		rule("one succeeded payment per invoice", succeeded1, succeeded2, "payments", "status = 'failed'"),
		rule("one payment to decide on per invoice", pending1, pending2, "payments", "status = 'failed'"),
		rule("one account per slug", slug1, slug2, "accounts", "status = 'closed'"),
	} {
		require.NoError(t, u.first(), u.rule)
		require.Error(t, u.second(), u.rule)
		_, err := writer(s).ExecContext(ctx, "UPDATE "+u.table+" SET "+u.away)
		require.NoError(t, err, u.rule)
		require.NoError(t, u.second(), u.rule)
	}
	checkNotUnique(t, s)
}

// checkNotUnique sees what may be there twice, and what the catalogue may not.
func checkNotUnique(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	require.NoError(t, subscribed(t, s, newSubscription(a.ID, domain.SubscriptionIncomplete)))
	require.NoError(t, subscribed(t, s, newSubscription(a.ID, domain.SubscriptionActive)),
		"paying for the next while using this one")
	subscription := endedSubscription(t, s, a.ID)
	in := newInvoice(a.ID, subscription, domain.InvoiceOpen)
	require.NoError(t, s.InsertInvoice(ctx, in))
	next := newInvoice(a.ID, subscription, domain.InvoiceOpen)
	next.PeriodStart = *later(1)
	require.NoError(t, s.InsertInvoice(ctx, next), "the next period")
	require.NoError(t, s.InsertInvoice(ctx, newInvoice(a.ID, "", domain.InvoiceOpen)))
	require.NoError(t, s.InsertInvoice(ctx, newInvoice(a.ID, "", domain.InvoiceOpen)),
		"without a subscription there is no period")

	require.NoError(t, s.Seed(ctx))
	within(t, s, func(tx *store.Store) error {
		_, err := tx.AttachMethod(ctx, newMethod(a.ID, "card"), true)
		require.NoError(t, err)
		_, err = tx.AttachMethod(ctx, newMethod(a.ID, "wallet"), false)
		return err
	})
	assert.Error(t, accepts(t, s, "UPDATE plans SET is_default = true"), "one default plan")
	assert.Error(t, accepts(t, s, "UPDATE plans SET code = 'same'"), "one plan per code")
	assert.Error(t, accepts(t, s, "UPDATE payment_options SET preferred = true"), "one preferred option")
	assert.Error(t, accepts(t, s, "UPDATE payment_options SET key = 'same'"), "one option per key")
	assert.Error(t, accepts(t, s, "UPDATE payment_options SET external_id = '14'"), "one option per external id")
	assert.Error(t, accepts(t, s, "UPDATE payment_methods SET is_default = true"), "one default method per account")
	assert.Error(t, accepts(t, s, "UPDATE payment_methods SET option_key = 'card'"), "one method per option")
}
