package activities_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
	"slipway/store"
)

func byCustomer(c *domain.Command) { c.ActorType, c.ActorID = domain.ActorCustomer, "usr_1" }

func forInvoice(id string) func(*domain.Command) {
	return func(c *domain.Command) { c.InvoiceID = id }
}

// watched notes how a provider was asked for money.
type watched struct {
	payment.Provider
	asked *[]payment.Charge
}

func (w watched) Charge(ctx context.Context, in payment.Charge) (payment.Outcome, error) {
	*w.asked = append(*w.asked, in)
	return w.Provider.Charge(ctx, in)
}

func TestRecovery_ACustomerWhoTriesAgainIsThereToConfirm(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_funds")
	var asked []payment.Charge
	s.Providers[sandbox.Name] = watched{s.Providers[sandbox.Name], &asked}
	s.live(o, after(14))
	s.execute(o, domain.ActionRetryPayment, byCustomer)
	s.execute(o, domain.ActionRetryPayment)
	require.Len(t, asked, 3)
	assert.True(t, asked[0].OffSession, "the renewal")
	assert.False(t, asked[1].OffSession, "the customer asked for it: a bank that wants to may ask them")
	assert.True(t, asked[2].OffSession, "an admin did")
}

func TestResolvePayments_ChecksEachInTurnAndSignalsOnlyNews(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_3ds"))
	s.clock.forward(11 * time.Minute)
	assert.Equal(t, activities.ResolveResult{Checked: 1}, s.janitor())
	assert.Empty(t, s.fakes.events, "the customer has not confirmed yet: no news")
	assert.Equal(t, activities.ResolveResult{}, s.janitor(), "others have their turn before")
	s.clock.forward(11 * time.Minute)
	s.confirm(s.last(o), "confirm")
	assert.Equal(t, activities.ResolveResult{Checked: 1, Decided: 1}, s.janitor())
	assert.Len(t, s.fakes.events, 1)
}

func TestChangePlan_BackAndForthBringsNoCreditsTwice(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("starter"))
	for _, code := range []string{"growth", "scale", "starter", "growth", "scale", "growth"} {
		s.execute(o, domain.ActionChangePlan, toPlan(code))
	}
	assert.Equal(t, int64(4000), s.credits(o), "as many as the largest plan has")
	s.assertInvariants()
}

func TestChangePlan_TwiceWhileTheClockStands(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	s.withYear()
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	s.clock.set(noon)
	s.execute(o, domain.ActionChangePlan, toPlan("growth-year"))
	assert.Equal(t, "growth-year", s.subscription(o).PlanCode)
	assert.Len(t, s.invoicesWith(o, domain.InvoicePaid), 3)
}

func TestChangePlan_WhatNobodyPaidInTimeIsDropped(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_3ds"))
	s.confirm(s.last(o), "confirm")
	s.lookUp(s.last(o))
	require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	change := s.last(o)
	require.Equal(t, domain.PaymentRequiresAction, change.Status)
	s.clock.forward(2 * day) // what it costs was computed two days ago
	s.confirm(change, "confirm")
	s.lookUp(change)
	s.ask(o)
	assert.Equal(t, "growth", s.subscription(o).PlanCode)
	assert.Empty(t, s.invoicesWith(o, domain.InvoiceOpen))
	p := s.last(o)
	assert.Equal(t, domain.PaymentFailed, p.Status)
	assert.Equal(t, p.Amount, p.Refunded, "the money is refunded")
	s.assertInvariants()
}

func TestChangePlan_InTheLastHoursIsFree(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	s.clock.set(noon.AddDate(0, 1, 0).Add(-time.Hour))
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	assert.Equal(t, "scale", s.subscription(o).PlanCode, "no company charges a few cents")
	assert.Len(t, s.invoices(o), 1)
}

func TestSubmit_IsForTheInvoiceThatWasNamed(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("growth"))
	s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
	s.live(o, noon.AddDate(0, 1, -2))
	s.execute(o, domain.ActionChangePlan, toPlan("scale"))
	open := s.invoicesWith(o, domain.InvoiceOpen)
	require.Len(t, open, 2)
	for _, in := range open {
		if in.Reason == domain.ReasonSubscriptionCycle {
			s.execute(o, domain.ActionSubmitPayment, forInvoice(in.ID))
			assert.Equal(t, in.ID, s.last(o).InvoiceID)
			assert.Equal(t, in.Amount, s.last(o).Amount)
		}
	}
	other := s.signUp(plan("growth"))
	s.apply(other, domain.ActionApprovePayment, ofPayment(s.submit(other).ID))
	err := s.refused(other, domain.ActionSubmitPayment, forInvoice(open[0].ID))
	assert.Equal(t, domain.CodeNotFound, domain.CodeOf(err), "another's")
}

func TestRecovery_WaitsForTheAdminWhoHasATransferToDecideAbout(t *testing.T) {
	t.Parallel()
	for _, action := range []domain.Action{domain.ActionApprovePayment, domain.ActionRejectPayment} {
		s := newShop(t)
		o := s.signUp(plan("growth"))
		s.apply(o, domain.ActionApprovePayment, ofPayment(s.submit(o).ID))
		end := noon.AddDate(0, 1, 0)
		s.live(o, end.Add(day))
		require.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status)
		s.execute(o, domain.ActionSubmitPayment)
		s.live(o, end.Add(20*day))
		require.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status, "the customer has done their part")
		s.execute(o, action, ofPayment(s.last(o).ID))
		s.live(o, end.Add(20*day))
		want := domain.SubscriptionActive
		if action == domain.ActionRejectPayment {
			want = domain.SubscriptionCanceled
		}
		assert.Equal(t, want, s.subscription(o).Status, action)
		s.assertInvariants()
	}
}

func TestApprove_ATransferThatACardOvertookIsFlagged(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_funds")
	s.live(o, after(14))
	s.execute(o, domain.ActionSubmitPayment)
	transfer := s.last(o)
	require.Equal(t, domain.PaymentPendingApproval, transfer.Status)
	s.execute(o, domain.ActionActivate) // paid otherwise
	require.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	p, err := s.store.PaymentByID(t.Context(), transfer.ID)
	require.NoError(t, err)
	if p.Status == domain.PaymentPendingApproval {
		s.execute(o, domain.ActionApprovePayment, ofPayment(transfer.ID))
		p, err = s.store.PaymentByID(t.Context(), transfer.ID)
		require.NoError(t, err)
		assert.Equal(t, domain.PaymentFailed, p.Status)
		assert.True(t, p.Late)
	}
	s.assertInvariants()
}

func TestRecovery_DoesNotGiveUpWhileABankDecides(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_declined_funds")
	s.live(o, after(14))
	decided := after(30)
	s.attach(s.propose(o, "tok_ok"))
	s.makeDefault(o)
	s.Providers[sandbox.Name] = slowBank{
		s.Providers[sandbox.Name], func() bool { return s.clock.Now().After(decided) }, map[string]payment.Charge{},
	}
	s.wait(o, after(29))
	assert.Equal(t, domain.SubscriptionPastDue, s.subscription(o).Status, "recovery would have ended on day 21")
	s.wait(o, after(31))
	assert.Equal(t, domain.SubscriptionActive, s.subscription(o).Status)
	s.assertInvariants()
}

func TestAttachMethod_OneThatIsRemovedMeanwhileStaysRemoved(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.signUp(plan("free"))
	m := s.propose(o, "tok_ok")
	s.Providers[sandbox.Name] = removing{s.Providers[sandbox.Name], s, m.MethodID}
	result, err := s.AddPaymentMethod(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, "removed", result.Code)
	kept, err := s.store.MethodEver(t.Context(), m.MethodID)
	require.NoError(t, err)
	assert.NotNil(t, kept.RemovedAt)
	assert.False(t, kept.Default)
}

// removing has the customer remove a method while its provider makes it.
type removing struct {
	payment.Provider
	s  *shop
	id string
}

func (r removing) Attach(ctx context.Context, in payment.Attach) (payment.Method, error) {
	made, err := r.Provider.Attach(ctx, in)
	r.s.exec("UPDATE payment_methods SET removed_at = ? WHERE id = ?", noon, r.id)
	return made, err
}

func TestProcessDue_AClockALittleBehindTemporalsIsNoReasonToWait(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.trial("tok_ok")
	s.live(o, after(13))
	s.clock.set(after(14).Add(-2 * time.Second))
	in := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID, Due: domain.DuePeriodEnd}
	state, err := s.Process(t.Context(), in)
	require.NoError(t, err)
	assert.True(t, state.Charge, "Temporal says that it is time")
}

func TestClock_WhoIsAboutToAskAProviderDoesNotSleep(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.testClock()
	o := s.buy(plan("growth"), card("tok_ok"), onClock(id))
	sleeps := func() int { return s.count("SELECT count(*) FROM clock_waits WHERE entity_id = ?", o.SubscriptionID) }
	wait := &store.ClockWait{EntityID: o.SubscriptionID, WorkflowID: "billing", ClockID: id}
	require.NoError(t, s.store.WaitForClock(t.Context(), wait))
	require.Equal(t, 1, sleeps())
	s.applyBilling(o, domain.ActionChangePlan, toPlan("scale"))
	assert.Zero(t, sleeps(), "an advance waits until it sleeps again")
}
