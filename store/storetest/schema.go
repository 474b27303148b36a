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
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	insertOnboarding(t, s, "ada@example.com", domain.OnboardingReceived)
	in := insertInvoice(t, s)
	user, err := s.UserByEmail(ctx, "account-"+in.AccountID[len(in.AccountID)-8:]+"@example.com")
	if err != nil { // the slug is lower case
		user, err = onlyUser(t, s)
	}
	require.NoError(t, err)
	require.NoError(t, s.InsertSubscription(ctx, newSubscription(in.AccountID, domain.SubscriptionActive)))
	require.NoError(t, s.InsertPayment(ctx, newPayment(in, domain.PaymentCreated)))
	require.NoError(t, s.InsertSession(ctx, &domain.Session{
		ID: store.NewID(domain.PrefixSession), TokenHash: []byte{1}, UserID: user.ID, Role: domain.RoleOwner, CreatedAt: moment, ExpiresAt: moment,
	}))
	require.NoError(t, s.InsertEvents(ctx, domain.Event{Type: domain.EventAccountCreated, ActorType: domain.ActorSystem}))
	require.NoError(t, s.InsertCommand(ctx, &domain.Command{ID: "cmd_1", Action: domain.ActionCancel, ActorType: domain.ActorAdmin, CreatedAt: moment}))
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
		{"invoices", "type", "", []string{string(domain.InvoiceSubscription), string(domain.InvoiceCreditPackage)}},
		{"plans", "interval", "", []string{string(domain.IntervalMonth), string(domain.IntervalYear)}},
		{"plans", "payment_method_collection", "", []string{string(domain.CollectIfRequired), string(domain.CollectAlways)}},
		{"payment_options", "type", "", types},
		{"payment_methods", "type", "", types},
		{"credits", "pool", "", []string{string(domain.PoolPlan), string(domain.PoolBonus)}},
		{"users", "role", "", []string{string(domain.RoleOwner), string(domain.RoleAdmin)}},
		{"sessions", "role", "", []string{string(domain.RoleOwner), string(domain.RoleAdmin)}},
		{"events", "actor_type", "", actors},
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
		"plans SET amount = -1", "plans SET currency = 'USD'", "plans SET currency = 'us'", "plans SET trial_days = -1", "plans SET credits = -1",
		"accounts SET slug = 'Acme'", "accounts SET slug = 'ab'", "accounts SET slug = 'aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeee'",
		"slugs SET slug = 'Acme'", "slugs SET slug = 'ab'", "users SET email = 'Ada@example.com'",
		"invoices SET amount = -1", "invoices SET currency = 'USD'", "invoices SET paid_at = created_at", "invoices SET status = 'paid'",
		"payments SET amount = 0", "payments SET attempt = 0", "payments SET currency = ''", "payments SET invoice_id = 'in_none'",
		"payment_methods SET removed_at = created_at", "payment_methods SET account_id = 'acct_none'",
		"credits SET amount = 0", "balances SET plan_credits = -1", "balances SET bonus_credits = -1",
		"subscriptions SET account_id = 'acct_none'", "subscriptions SET plan = NULL", "onboardings SET steps = NULL",
	} {
		assert.Error(t, accepts(t, s, "UPDATE "+set), set)
	}
}

// unique is a rule that lets one row in, refuses a second, and lets it in once
// the first is out of the way.
type unique struct {
	rule   string
	first  func() error
	second func() error
	away   string // the statement that takes the first out of the way
}

func checkUnique(t *testing.T, s *store.Store) {
	ctx := t.Context()
	require.NoError(t, s.Seed(ctx))
	a := insertAccount(t, s)
	subscription := func(status domain.SubscriptionStatus) func() error {
		return func() error { return s.InsertSubscription(ctx, newSubscription(a.ID, status)) }
	}
	invoice := func(status domain.InvoiceStatus) func() error {
		return func() error { return s.InsertInvoice(ctx, newInvoice(a.ID, "sub_1", status)) }
	}
	paid := insertInvoice(t, s)
	payment := func(status domain.PaymentStatus) func() error {
		return func() error { return s.InsertPayment(ctx, newPayment(paid, status)) }
	}
	account := func() error {
		other := newAccount()
		other.Slug = "the-one"
		return s.InsertAccount(ctx, other, newOwner(other.ID, other.ID[20:]+"@example.com"))
	}
	user := func() error { return raw(s, "users", newOwner("", "")) }
	_ = user
	for _, u := range []unique{
		{"one live subscription", subscription("trialing"), subscription("active"), "UPDATE subscriptions SET status = 'canceled' WHERE status = 'trialing'"},
		{"one live subscription, past due", subscription("past_due"), subscription("trialing"), "UPDATE subscriptions SET status = 'unpaid'"},
		{"one incomplete subscription", subscription("incomplete"), subscription("incomplete"), "UPDATE subscriptions SET status = 'incomplete_expired'"},
		{"one invoice per period and reason", invoice("open"), invoice("draft"), "UPDATE invoices SET status = 'void' WHERE subscription_id = 'sub_1'"},
		{"one invoice per period and reason, paid", invoice("paid"), invoice("open"), "UPDATE invoices SET status = 'void', paid_at = NULL WHERE subscription_id = 'sub_1'"},
		{"one succeeded payment per invoice", payment("succeeded"), payment("succeeded"), "DELETE FROM payments"},
		{"one pending payment per invoice", payment("pending_approval"), payment("pending_approval"), "UPDATE payments SET status = 'failed'"},
		{"one account per slug", account, account, "UPDATE accounts SET status = 'closed' WHERE slug = 'the-one'"},
	} {
		if _, err := writer(s).ExecContext(ctx, "DELETE FROM subscriptions"); err != nil {
			require.NoError(t, err)
		}
		require.NoError(t, u.first(), u.rule)
		require.Error(t, u.second(), u.rule)
		_, err := writer(s).ExecContext(ctx, u.away)
		require.NoError(t, err, u.rule)
		require.NoError(t, u.second(), u.rule)
		_, err = writer(s).ExecContext(ctx, "DELETE FROM payments")
		require.NoError(t, err)
		_, err = writer(s).ExecContext(ctx, "DELETE FROM invoices WHERE subscription_id = 'sub_1'")
		require.NoError(t, err)
	}
}
