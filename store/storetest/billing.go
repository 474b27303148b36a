package storetest

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var billingPromises = []promise{
	{"InsertPayment_CountsAttempts", false, countsAttempts},
	{"OpenInvoice_IsTheOneThatIsOwed", false, openInvoice},
	{"LiveSubscription_AndTrials", false, liveSubscription},
	{"AttachMethod_TheSameOptionTwiceIsOneMethod", false, attachTwice},
	{"AttachMethod_OneDefaultUnderFiftyAtOnce", false, attachAtOnce},
	{"RemoveMethod_KeepsTheRowAndFreesTheOption", false, removeMethod},
	{"SaveMethod_UndoesNothingThatHappenedMeanwhile", false, saveStale},
}

var creditPromises = []promise{
	{"GrantCredits_OncePerKey", false, grantOnce},
	{"GrantCredits_OnceUnderFiftyAtOnce", false, grantAtOnce},
	{"GrantCredits_NeverTakes", false, grantNegative},
	{"ClearPlanCredits_OncePerKey", false, clearOnce},
}

func countsAttempts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	in, other := insertInvoice(t, s), insertInvoice(t, s)
	for attempt := 1; attempt <= 3; attempt++ {
		p := newPayment(in, domain.PaymentFailed)
		require.NoError(t, s.InsertPayment(ctx, p))
		assert.Equal(t, attempt, p.Attempt)
	}
	p := newPayment(other, domain.PaymentPendingApproval)
	require.NoError(t, s.InsertPayment(ctx, p))
	assert.Equal(t, 1, p.Attempt)
	found, err := s.PendingPayment(ctx, other.ID)
	require.NoError(t, err)
	assert.Equal(t, p.ID, found.ID)
	_, err = s.PendingPayment(ctx, in.ID)
	assertCode(t, domain.CodeNotFound, err)
}

func openInvoice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	subscription := endedSubscription(t, s, a.ID)
	for _, status := range []domain.InvoiceStatus{domain.InvoiceVoid, domain.InvoiceVoid, domain.InvoiceOpen} {
		require.NoError(t, s.InsertInvoice(ctx, newInvoice(a.ID, subscription, status)))
	}
	for reason, want := range map[string]int64{
		domain.ReasonSubscriptionCreate: 3, domain.ReasonSubscriptionUpdate: 0,
	} {
		n, err := s.CountInvoicesForPeriod(ctx, subscription, moment, reason)
		require.NoError(t, err)
		assert.Equal(t, want, n, reason)
	}
	in, err := s.OpenInvoice(ctx, subscription)
	require.NoError(t, err)
	assert.Equal(t, domain.InvoiceOpen, in.Status)
	require.NoError(t, in.Advance(domain.InvoicePaid, moment))
	require.NoError(t, s.SaveInvoice(ctx, in))
	_, err = s.OpenInvoice(ctx, subscription)
	assertCode(t, domain.CodeNotFound, err)
}

func liveSubscription(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	sub := newSubscription(a.ID, domain.SubscriptionIncomplete)
	require.NoError(t, subscribed(t, s, sub))
	_, err := s.LiveSubscription(ctx, a.ID)
	assertCode(t, domain.CodeNotFound, err)
	had, err := s.HadTrial(ctx, a.ID)
	require.NoError(t, err)
	assert.False(t, had)

	require.NoError(t, sub.Start(14, moment))
	require.NoError(t, s.SaveSubscription(ctx, sub))
	live, err := s.LiveSubscription(ctx, a.ID)
	require.NoError(t, err)
	assert.Equal(t, sub.ID, live.ID)
	require.NoError(t, sub.Advance(domain.SubscriptionCanceled, moment))
	require.NoError(t, s.SaveSubscription(ctx, sub))
	_, err = s.LiveSubscription(ctx, a.ID)
	assertCode(t, domain.CodeNotFound, err)
	had, err = s.HadTrial(ctx, a.ID)
	require.NoError(t, err)
	assert.True(t, had, "an account gets one trial")
}

func attachTwice(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a, b := insertAccount(t, s), insertAccount(t, s)
	attach := func(accountID, option string, byDefault bool) (m *domain.PaymentMethod) {
		within(t, s, func(tx *store.Store) (err error) {
			m, err = tx.AttachMethod(ctx, newMethod(accountID, option), byDefault)
			return err
		})
		return m
	}
	card := attach(a.ID, "card", true)
	assert.True(t, card.Default)
	assert.Equal(t, card, attach(a.ID, "card", true))
	assert.Equal(t, card, attach(a.ID, "card", false), "it stays the default")
	wallet := attach(a.ID, "wallet", false)
	assert.False(t, wallet.Default)
	assert.True(t, attach(b.ID, "card", true).Default, "another account's is its own")

	wallet = attach(a.ID, "wallet", true)
	assert.True(t, wallet.Default)
	found, err := s.DefaultMethod(ctx, a.ID)
	require.NoError(t, err)
	assert.Equal(t, wallet, found)
	methods, err := s.ListMethods(ctx, a.ID, store.Page{})
	require.NoError(t, err)
	assert.Len(t, methods.Data, 2)
	_, err = s.MethodByID(ctx, b.ID, card.ID)
	assertCode(t, domain.CodeNotFound, err)
}

func attachAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	options := []string{"card", "wallet", "bank_transfer", "invoice", "gold"}
	errs := Together(50, func(i int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			m, err := tx.AttachMethod(ctx, newMethod(a.ID, options[i%len(options)]), true)
			if err == nil && !m.Default {
				err = errors.New("not the default")
			}
			return err
		})
	})
	require.Empty(t, errs)
	assert.Equal(t, 5, count(t, s, "payment_methods"))
	assert.Equal(t, 1, count(t, s, "payment_methods WHERE is_default"))
}

func removeMethod(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	var first, second *domain.PaymentMethod
	within(t, s, func(tx *store.Store) (err error) {
		if first, err = tx.AttachMethod(ctx, newMethod(a.ID, "card"), true); err != nil {
			return err
		}
		if err = tx.RemoveMethod(ctx, first); err != nil {
			return err
		}
		second, err = tx.AttachMethod(ctx, newMethod(a.ID, "card"), true)
		return err
	})
	assert.NotEqual(t, first.ID, second.ID)
	_, err := s.MethodByID(ctx, a.ID, first.ID)
	assertCode(t, domain.CodeNotFound, err)
	assert.Equal(t, 2, count(t, s, "payment_methods"))
	methods, err := s.ListMethods(ctx, a.ID, store.Page{})
	require.NoError(t, err)
	assert.Len(t, methods.Data, 1)
}

func saveStale(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	card := &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: a.ID, Option: "card", Provider: "sandbox", Type: "card",
		CollectionMethod: domain.ChargeAutomatically, Name: "Card", Token: "tok_ok", CreatedAt: moment,
	}
	within(t, s, func(tx *store.Store) error { return tx.ProposeMethod(ctx, card) })
	asked, err := s.MethodByID(ctx, a.ID, card.ID) // by who asks the provider, which takes its time
	require.NoError(t, err)
	made := *asked
	made.Ref, made.Token = "card_1", ""
	require.NoError(t, s.SaveMethod(ctx, &made))
	asked.Setup = "page_1"
	require.NoError(t, s.SaveMethod(ctx, asked))
	kept, err := s.MethodByID(ctx, a.ID, card.ID)
	require.NoError(t, err)
	assert.Equal(t, "card_1", kept.Ref, "made by another run")
	within(t, s, func(tx *store.Store) error {
		locked, err := tx.LockMethod(ctx, a.ID, card.ID)
		if err != nil {
			return err
		}
		return tx.RemoveMethod(ctx, locked)
	})
	asked.Ref = "card_1"
	require.NoError(t, s.SaveMethod(ctx, asked))
	_, err = s.MethodByID(ctx, a.ID, card.ID)
	assertCode(t, domain.CodeNotFound, err)
}

// grant is an entry of the ledger, not yet in it.
func grant(accountID string, pool domain.CreditPool, amount int64, key string) *domain.Credit {
	return &domain.Credit{
		ID: store.NewID(domain.PrefixCredit), AccountID: accountID, Pool: pool, Amount: amount,
		Reason: domain.ReasonPlanGrant, SubscriptionID: "sub_1", IdempotencyKey: key, CreatedAt: moment,
	}
}

// assertBalance checks the balance and that the ledger adds up to it.
func assertBalance(t *testing.T, s *store.Store, accountID string, plan, bonus int64) {
	t.Helper()
	b, err := s.Balance(t.Context(), accountID)
	require.NoError(t, err)
	assert.Equal(t, []int64{plan, bonus, plan + bonus}, []int64{b.Plan, b.Bonus, b.Total})
	for pool, want := range map[domain.CreditPool]int64{domain.PoolPlan: plan, domain.PoolBonus: bonus} {
		assert.Equal(t, want, LedgerSum(t, s, accountID, pool), "the ledger of %s adds up to the balance", pool)
	}
}

// give grants in a transaction of its own.
func give(t *testing.T, s *store.Store, c *domain.Credit) (granted bool) {
	t.Helper()
	within(t, s, func(tx *store.Store) (err error) {
		granted, err = tx.GrantCredits(t.Context(), c)
		return err
	})
	return granted
}

func grantOnce(t *testing.T, s *store.Store) {
	a, b := insertAccount(t, s), insertAccount(t, s)
	_, err := s.Balance(t.Context(), a.ID)
	assertCode(t, domain.CodeNotFound, err) // not opened is not zero
	assert.True(t, give(t, s, grant(a.ID, domain.PoolPlan, 0, "open")))
	assertBalance(t, s, a.ID, 0, 0)
	assert.Zero(t, count(t, s, "credits"))

	assert.True(t, give(t, s, grant(a.ID, domain.PoolPlan, 100, "first")))
	assert.False(t, give(t, s, grant(a.ID, domain.PoolPlan, 100, "first")))
	assert.False(t, give(t, s, grant(a.ID, domain.PoolBonus, 5, "first")), "a key is a key")
	assert.True(t, give(t, s, grant(a.ID, domain.PoolPlan, 20, "second")))
	assert.True(t, give(t, s, grant(a.ID, domain.PoolBonus, 7, "gift")))
	assertBalance(t, s, a.ID, 120, 7)
	assert.True(t, give(t, s, grant(b.ID, domain.PoolBonus, 1, "first")), "another account's keys are its own")
	assertBalance(t, s, b.ID, 0, 1)
}

func grantAtOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	errs := Together(50, func(i int) error {
		return s.Within(ctx, func(tx *store.Store) error {
			_, err := tx.GrantCredits(ctx, grant(a.ID, domain.PoolPlan, 10, string(rune('a'+i%5))))
			return err
		})
	})
	require.Empty(t, errs)
	assertBalance(t, s, a.ID, 50, 0)
}

func grantNegative(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	require.True(t, give(t, s, grant(a.ID, domain.PoolBonus, 10, "gift")))
	for _, amount := range []int64{-5, -50} {
		require.Error(t, s.Within(ctx, func(tx *store.Store) error {
			_, err := tx.GrantCredits(ctx, grant(a.ID, domain.PoolBonus, amount, "take"))
			return err
		}))
	}
	assertBalance(t, s, a.ID, 0, 10)
}

func clearOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	a := insertAccount(t, s)
	wipe := func(key string) {
		t.Helper()
		within(t, s, func(tx *store.Store) error { return tx.ClearPlanCredits(ctx, a.ID, "sub_1", key) })
	}
	wipe("early") // nothing was ever opened
	require.True(t, give(t, s, grant(a.ID, domain.PoolPlan, 100, "first")))
	require.True(t, give(t, s, grant(a.ID, domain.PoolBonus, 7, "gift")))
	wipe("renewal")
	assertBalance(t, s, a.ID, 0, 7)
	wipe("renewal")
	require.True(t, give(t, s, grant(a.ID, domain.PoolPlan, 50, "second")))
	wipe("renewal")
	assertBalance(t, s, a.ID, 50, 7)
	errs := Together(10, func(int) error {
		return s.Within(ctx, func(tx *store.Store) error { return tx.ClearPlanCredits(ctx, a.ID, "sub_1", "next") })
	})
	require.Empty(t, errs)
	assertBalance(t, s, a.ID, 0, 7)
}
