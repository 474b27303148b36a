package workflows_test

import (
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/billing"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

func TestPaymentMethod_OfATokenOrOnAPage(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, token, enter string
		want              billing.AddedMethod
		took              time.Duration
	}{
		{"a token", "tok_ok", "", billing.AddedMethod{Attached: true}, 0},
		{"a token that was not given out", "tok_nobody", "", billing.AddedMethod{Code: "invalid_token"}, 0},
		{"a page that is filled in", "", "tok_ok", billing.AddedMethod{Attached: true}, time.Hour},
		{"a page that is not filled in", "", "", billing.AddedMethod{}, day},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.signedUp(plan("free"))
			f := s.next(noon)
			m := s.proposed(c.token)
			var begin *answer
			f.at(0, func() { begin = f.send(workflows.UpdateBegin, workflows.UpdateBegin) })
			f.at(time.Hour, func() {
				if c.enter != "" {
					s.enter(f, m, c.enter)
					f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{})
				}
			})
			f.ExecuteWorkflow(workflows.PaymentMethod, workflows.PaymentMethodInput{AccountID: s.o.AccountID, MethodID: m.ID})
			require.NoError(t, f.GetWorkflowError())
			assert.True(t, begin.done)
			var result billing.AddedMethod
			require.NoError(t, f.GetWorkflowResult(&result))
			if c.took == day {
				assert.NotEmpty(t, result.PageURL)
				result.PageURL = ""
			}
			assert.Equal(t, c.want, result)
			assert.WithinDuration(t, noon.Add(c.took), f.Now(), time.Minute)
			s.assertNoSecrets(f)
		})
	}
}

// customer is what the provider calls the account; empty when it has none yet.
func (f *flow) customer() string {
	f.t.Helper()
	ref, err := f.store.CustomerRef(f.t.Context(), f.o.AccountID, "sandbox")
	require.NoError(f.t, err)
	return ref
}

func TestPaymentMethod_SignalsBillingThatALatePaymentCanBeTried(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_declined_stolen")
	f.at(after(15), func() { f.say(aRunTakes) })
	s.live(f)
	require.Equal(t, domain.SubscriptionPastDue, f.subscription().Status)
	f = s.next(f.Now())
	m := s.proposed("tok_ok")
	f.expectMethodChange(s.o.SubscriptionID)
	f.ExecuteWorkflow(workflows.PaymentMethod, workflows.PaymentMethodInput{AccountID: s.o.AccountID, MethodID: m.ID})
	require.NoError(t, f.GetWorkflowError())
	f.AssertExpectations(t)

	f = s.next(f.Now()) // and its Billing charges it
	f.at(time.Hour, func() {
		assert.Equal(t, domain.SubscriptionActive, f.subscription().Status)
		f.give(domain.ActionCancel)
	})
	s.live(f)
	require.NoError(t, f.GetWorkflowError())
}

func (s *shop) purchase(f *flow) (id string, result billing.PurchaseState) {
	s.t.Helper()
	id = store.NewID(domain.PrefixInvoice)
	in := workflows.PurchaseInput{InvoiceID: id, AccountID: s.o.AccountID, Package: "credits-500"}
	f.ExecuteWorkflow(workflows.Purchase, in)
	require.True(s.t, f.IsWorkflowCompleted())
	require.NoError(s.t, f.GetWorkflowError())
	require.NoError(s.t, f.GetWorkflowResult(&result))
	s.assertNoSecrets(f)
	return id, result
}

func TestPurchase_ByCardByHandOrNotAtAll(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		why, token string
		during     func(s *shop, f *flow)
		want       domain.InvoiceStatus
		took       time.Duration
		bonus      int
	}{
		{"by card", "tok_ok", nil, domain.InvoicePaid, 0, 500},
		{"its answer is lost", "tok_lost_response", nil, domain.InvoicePaid, 0, 500},
		{"stored failure", "tok_stored_500", nil, domain.InvoicePaid, 0, 500},
		{"declined", "tok_declined_funds", nil, domain.InvoiceVoid, 0, 0},
		{"confirmed", "tok_3ds", func(s *shop, f *flow) {
			p := f.payments()[0]
			s.submit(p.ActionURL, url.Values{"decision": {"confirm"}})
			f.SignalWorkflow(workflows.SignalProviderEvent, workflows.ProviderEventInput{PaymentID: p.ID})
		}, domain.InvoicePaid, time.Hour, 500},
		{"not confirmed", "tok_3ds", nil, domain.InvoiceVoid, 7 * day, 0},
		{"canceled", "tok_3ds", func(_ *shop, f *flow) { f.give(domain.ActionCancel) }, domain.InvoiceVoid, time.Hour, 0},
		{"by hand, never paid", "", nil, domain.InvoiceVoid, 7 * day, 0},
		{"by hand", "", func(_ *shop, f *flow) {
			f.give(domain.ActionSubmitPayment)
			f.at(time.Hour, func() { f.give(domain.ActionApprovePayment) })
		}, domain.InvoicePaid, 2 * time.Hour, 500},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			f := s.trial(c.token)
			if c.token == "" {
				f.exec("UPDATE payment_methods SET is_default = true")
			}
			if c.during != nil {
				f.at(time.Hour, func() { c.during(s, f) })
			}
			_, result := s.purchase(f)
			assert.Equal(t, c.want, result.Status)
			assert.False(t, result.Charge)
			assert.WithinDuration(t, noon.Add(c.took), f.Now(), time.Minute)
			assert.Equal(t, c.bonus, f.count("SELECT bonus_credits FROM balances"))
			assert.Equal(t, domain.SubscriptionTrialing, f.subscription().Status)
			s.assertBooks()
		})
	}
}

func TestPurchase_OneThatCannotBeginSaysSo(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_ok")
	var begin *answer
	f.at(0, func() { begin = f.send(workflows.UpdateBegin, workflows.UpdateBegin) })
	f.ExecuteWorkflow(workflows.Purchase, workflows.PurchaseInput{
		InvoiceID: store.NewID(domain.PrefixInvoice), AccountID: s.o.AccountID, Package: "withdrawn",
	})
	require.True(t, f.IsWorkflowCompleted(), "no wait is for ever")
	require.Error(t, f.GetWorkflowError())
	require.True(t, begin.done)
	assert.Error(t, begin.err)
	assert.Empty(t, s.ledger())
}

func TestPaymentMethod_AFinishedPageIsFoundThoughItsEventIsLost(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.signedUp(plan("free"))
	f := s.next(noon)
	m := s.proposed("")
	f.at(time.Hour, func() {
		s.enter(f, m, "tok_ok")
	})
	f.ExecuteWorkflow(workflows.PaymentMethod, workflows.PaymentMethodInput{AccountID: s.o.AccountID, MethodID: m.ID})
	require.NoError(t, f.GetWorkflowError())
	var result billing.AddedMethod
	require.NoError(t, f.GetWorkflowResult(&result))
	assert.True(t, result.Attached)
	assert.WithinDuration(t, noon.Add(2*time.Hour), f.Now(), time.Minute)
}

func TestPurchase_CanceledWhileTheProviderIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("tok_lost_response")
	s.away = func(now time.Time) bool { return len(s.ledger()) > 0 && now.Before(noon.Add(5*time.Hour)) }
	var cancel *answer
	f.at(time.Hour, func() { cancel = f.give(domain.ActionCancel) })
	f.at(2*time.Hour, func() { assert.True(t, cancel.done, "a command does not wait for the provider") })
	_, result := s.purchase(f)
	assert.Equal(t, domain.InvoiceVoid, result.Status)
	assert.Zero(t, s.kept())
	s.assertBooks()
}
