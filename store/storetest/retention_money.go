package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// usage is what an account used of each pool in each period of its ledger: the sum of
// what was taken since the last grant or reset.
func usage(t *testing.T, s *store.Store, accountID string) map[string]int64 {
	t.Helper()
	list, err := s.ListCredits(t.Context(), accountID, store.Page{Limit: 1000})
	require.NoError(t, err)
	used, period := map[string]int64{}, 0
	for i := len(list.Data) - 1; i >= 0; i-- { // the oldest first
		switch c := list.Data[i]; {
		case c.Reason == domain.ReasonPlanGrant, c.Reason == domain.ReasonPlanReset:
			period++
		case c.Amount < 0:
			used[fmt.Sprint(period, " ", c.Pool)] += c.Amount
		}
	}
	return used
}

func foldsDebits(t *testing.T, s *store.Store) {
	ctx := t.Context()
	ids := []string{funded(t, s, 100, 50), funded(t, s, 100, 50)}
	renew := func(id, key string) {
		within(t, s, func(tx *store.Store) error {
			if err := tx.ClearPlanCredits(ctx, id, "sub_1", key+"/reset"); err != nil {
				return err
			}
			_, err := tx.GrantCredits(ctx, grant(id, domain.PoolPlan, 100, key))
			return err
		})
	}
	for period := range 3 {
		for _, id := range ids {
			renew(id, fmt.Sprint("period", period))
			for n := range 4 {
				debited(t, s, id, int64(20+n+period), fmt.Sprint(period, "-", n))
			}
		}
		debited(t, s, ids[0], 22, fmt.Sprint(period, "-last")) // from both pools
	}
	uses, balances := map[string]map[string]int64{}, map[string]*domain.Balance{}
	for _, id := range ids {
		balance, err := s.Balance(ctx, id)
		require.NoError(t, err)
		uses[id], balances[id] = usage(t, s, id), balance
	}
	debits := count(t, s, "credits WHERE idempotency_key LIKE 'debit/%'")
	require.Equal(t, "replayed", replays(t, s, ids[0], 20, "0-0"))
	assert.Empty(t, pruneAll(t, s, 399*24*time.Hour, domain.DefaultRetention(), 3)["credits"], "their time is not over")

	folded := int64(0)
	for more := true; more; { // after every batch all is as it was
		pruned, err := s.At(s.Now().Add(allDue)).Prune(ctx, domain.DefaultRetention(), 3)
		require.NoError(t, err)
		more = pruned.More
		folded += pruned.Rows["credits"]
		for _, id := range ids {
			balance, err := s.Balance(ctx, id)
			require.NoError(t, err)
			assert.Equal(t, balances[id], balance)
			assert.Equal(t, uses[id], usage(t, s, id))
			assert.Equal(t, balance.Plan, LedgerSum(t, s, id, domain.PoolPlan))
			assert.Equal(t, balance.Bonus, LedgerSum(t, s, id, domain.PoolBonus))
		}
	}
	assert.EqualValues(t, debits, folded)
	assert.Zero(t, count(t, s, "credits WHERE idempotency_key LIKE 'debit/%'"))
	assert.Equal(t, len(uses[ids[0]])+len(uses[ids[1]]), count(t, s, "credits WHERE reason = 'usage'"))
	invariants, err := s.Invariants(ctx, s.Now())
	require.NoError(t, err)
	for _, i := range invariants {
		assert.True(t, i.Broken == 0 || i.Name == "slugs", "%s: these accounts hold none", i.Name)
	}
}

// replays says what a debit with the key does.
func replays(t *testing.T, s *store.Store, id string, amount int64, key string) string {
	t.Helper()
	r, err := s.Debit(t.Context(), store.Debit{AccountID: id, Amount: amount, Reason: "render", Key: key})
	require.NoError(t, err)
	if r.Replayed {
		return "replayed"
	}
	return "taken"
}

// neverCustomer stores a sign-up that ended early, with what it had reserved and a void
// invoice where it had come that far; its payment has the status, when there is one.
func neverCustomer(
	t *testing.T, s *store.Store, email string, invoiced bool, payment domain.PaymentStatus,
) *domain.Onboarding {
	t.Helper()
	ctx := t.Context()
	o := insertOnboarding(t, s, email, domain.OnboardingExpired)
	a, owner := newAccount(), newOwner(o.AccountID, email)
	a.ID, a.Status, a.Name, a.Country, owner.ID = o.AccountID, domain.AccountClosed, "Ada's own", "DE", o.OwnerID
	require.NoError(t, s.InsertAccount(ctx, a, owner))
	sub := newSubscription(a.ID, domain.SubscriptionIncompleteExpired)
	sub.ID, sub.OnboardingID = o.SubscriptionID, o.ID
	require.NoError(t, subscribed(t, s, sub))
	within(t, s, func(tx *store.Store) error {
		_, err := tx.AttachMethod(ctx, newMethod(a.ID, "card"), true)
		return err
	})
	require.NoError(t, s.InsertSession(ctx, newSession(owner, email[0])))
	if !invoiced {
		return o
	}
	in := newInvoice(a.ID, sub.ID, domain.InvoiceVoid)
	require.NoError(t, s.InsertInvoice(ctx, in))
	if payment != "" {
		p := newPayment(in, payment)
		p.Reference = "from Ada"
		require.NoError(t, s.InsertPayment(ctx, p))
	}
	return o
}

func prunesOnboardings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	gone := neverCustomer(t, s, "gone@example.com", false, "")
	owed := neverCustomer(t, s, "owed@example.com", true, domain.PaymentFailed)
	late := neverCustomer(t, s, "paid@example.com", true, domain.PaymentSucceeded)
	undecided := neverCustomer(t, s, "wait@example.com", true, domain.PaymentUnknown)
	customer := insertAccount(t, s)
	chose := NewOnboarding("")
	chose.Kind, chose.Status, chose.AccountID = domain.KindActivation, domain.OnboardingCanceled, customer.ID
	_, err := s.InsertOnboarding(ctx, chose)
	require.NoError(t, err)
	money := []int{count(t, s, "invoices"), count(t, s, "payments")}
	assert.Empty(t, pruneAll(t, s, 89*24*time.Hour, domain.DefaultRetention(), 100)["onboardings"])

	assert.EqualValues(t, 4, pruneAll(t, s, 91*24*time.Hour, domain.DefaultRetention(), 2)["onboardings"])
	for table, ids := range map[string][]string{
		"onboardings":   {owed.ID, late.ID, undecided.ID},
		"subscriptions": {owed.SubscriptionID, late.SubscriptionID, undecided.SubscriptionID},
		"accounts":      {owed.AccountID, late.AccountID, undecided.AccountID, customer.ID},
	} {
		assert.Equal(t, len(ids), count(t, s, table), table)
		for _, id := range ids {
			assert.Equal(t, 1, count(t, s, table+" WHERE id = '"+id+"'"), table)
		}
	}
	assert.Equal(t, 3, count(t, s, "users"), "of who paid, whose payment is not decided, and the customer")
	assert.Zero(t, count(t, s, "payment_methods WHERE account_id = '"+gone.AccountID+"'"))
	assert.Equal(t, money, []int{count(t, s, "invoices"), count(t, s, "payments")}, "money stays")
	assert.Equal(t, 1, count(t, s, "accounts WHERE name = '' AND country = '' AND slug = lower(id)"))
	assert.Equal(t, 1, count(t, s, "onboardings WHERE email = '' AND account_name = '' AND account IS NULL"))
	assert.Equal(t, 1, count(t, s, "payments WHERE reference = ''"))

	run(t, s, "UPDATE payments SET status = 'failed' WHERE status = 'unknown'")
	assert.EqualValues(t, 1, pruneAll(t, s, 91*24*time.Hour, domain.DefaultRetention(), 2)["onboardings"])
	assert.Equal(t, 2, count(t, s, "onboardings WHERE email = ''"))
}
