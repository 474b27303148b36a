package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/onboarding"
)

// step is what a step shows.
type step struct {
	status  domain.StepStatus
	message string
}

func steps(o *domain.Onboarding) map[domain.StepKey]step {
	shown := map[domain.StepKey]step{}
	for _, s := range o.Steps {
		shown[s.Key] = step{s.Status, s.Message}
	}
	return shown
}

func TestSteps_ActivatesWhenNothingIsOwed(t *testing.T) {
	t.Parallel()
	trialEnd := noon.AddDate(0, 0, 14)
	monthEnd := noon.AddDate(0, 1, 0)
	for _, c := range []struct {
		why       string
		wishes    []wish
		plan      string
		status    domain.SubscriptionStatus
		credits   int64
		periodEnd time.Time
		trialEnd  *time.Time
		steps     map[domain.StepKey]step
	}{
		{
			why: "free", wishes: []wish{plan("free")}, plan: "free", status: domain.SubscriptionActive,
			credits: 100, periodEnd: monthEnd,
			steps: map[domain.StepKey]step{
				domain.StepAccount:       {domain.StepDone, "acme it is"},
				domain.StepPlan:          {domain.StepDone, "Free, free of charge."},
				domain.StepPaymentMethod: {domain.StepDone, "Bank transfer."},
				domain.StepPayment:       {domain.StepSkipped, "Free of charge."},
				domain.StepActivation:    {domain.StepDone, "Active."},
			},
		},
		{
			why: "trial", wishes: []wish{plan("starter")}, plan: "starter", status: domain.SubscriptionTrialing,
			credits: 1000, periodEnd: trialEnd, trialEnd: &trialEnd,
			steps: map[domain.StepKey]step{
				domain.StepAccount:       {domain.StepDone, "acme it is"},
				domain.StepPlan:          {domain.StepDone, "Starter, $89.00 a month."},
				domain.StepPaymentMethod: {domain.StepDone, "Bank transfer."},
				domain.StepPayment:       {domain.StepSkipped, "Nothing to pay during the trial."},
				domain.StepActivation:    {domain.StepDone, "In use; the trial ends on 29 January 2026."},
			},
		},
		{
			why: "no plan named", plan: "free", status: domain.SubscriptionActive, credits: 100, periodEnd: monthEnd,
			steps: map[domain.StepKey]step{
				domain.StepAccount:       {domain.StepDone, "acme it is"},
				domain.StepPlan:          {domain.StepDone, "Free, free of charge."},
				domain.StepPaymentMethod: {domain.StepDone, "Bank transfer."},
				domain.StepPayment:       {domain.StepSkipped, "Free of charge."},
				domain.StepActivation:    {domain.StepDone, "Active."},
			},
		},
		{
			why: "trial without any payment option", wishes: []wish{plan("starter"), option("cheque")}, plan: "starter",
			status: domain.SubscriptionTrialing, credits: 1000, periodEnd: trialEnd, trialEnd: &trialEnd,
			steps: map[domain.StepKey]step{
				domain.StepAccount:       {domain.StepDone, "acme it is"},
				domain.StepPlan:          {domain.StepDone, "Starter, $89.00 a month."},
				domain.StepPaymentMethod: {domain.StepSkipped, "None is needed yet."},
				domain.StepPayment:       {domain.StepSkipped, "Nothing to pay during the trial."},
				domain.StepActivation:    {domain.StepDone, "In use; the trial ends on 29 January 2026."},
			},
		},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.receive(c.wishes...)
			f.create(o)
			state := f.open(o)
			assert.Equal(t, onboarding.State{
				OnboardingID: o.ID, Status: domain.OnboardingCompleted, Version: state.Version,
				PlanCode: c.plan, SubscriptionStatus: c.status,
			}, state)

			row := f.onboarding(o)
			assert.Equal(t, c.steps, steps(row))
			assert.Equal(t, &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"}, row.NextAction)
			assert.Equal(t, domain.AccountActive, f.account(o).Status)
			sub := f.subscription(o)
			assert.Equal(t, c.status, sub.Status)
			assert.Equal(t, c.plan, sub.PlanCode)
			assert.Equal(t, domain.ManagedByProvider, sub.ManagedBy)
			assert.Equal(t, noon, *sub.CurrentPeriodStart)
			assert.Equal(t, c.periodEnd, *sub.CurrentPeriodEnd)
			assert.Equal(t, c.trialEnd, sub.TrialEnd)
			assert.Equal(t, c.credits, f.credits(o))
			assert.Empty(t, f.invoices(o), "nothing owed, nothing invoiced")
			assert.Equal(t, 1, f.count("SELECT count(*) FROM credits"))
		})
	}
}

func TestSteps_OpensAnInvoiceWhenMoneyIsOwed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		plan    string
		amount  int64
		waiting string
	}{
		{"growth", 13900, "Waiting for $139.00 by Bank transfer."},
		{"scale", 22900, "Waiting for $229.00 by Bank transfer."},
	} {
		t.Run(c.plan, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			o := f.receive(plan(c.plan))
			f.create(o)
			state := f.open(o)
			due := noon.Add(window)
			invoices := f.invoices(o)
			require.Len(t, invoices, 1)
			in := invoices[0]
			assert.Equal(t, onboarding.State{
				OnboardingID: o.ID, Status: domain.OnboardingAwaitingPayment, Version: state.Version,
				Step: domain.StepPayment, Waiting: true, BlockedOn: domain.BlockedOnCustomer,
				PlanCode: c.plan, SubscriptionStatus: domain.SubscriptionIncomplete,
				InvoiceID: in.ID, Amount: c.amount, Currency: "usd", DueAt: &due,
				RemindAt: []time.Time{noon.Add(time.Hour), noon.Add(20 * time.Hour)}, // 30 h is after the end
			}, state)
			assert.Equal(t, domain.InvoiceOpen, in.Status)
			assert.Equal(t, domain.InvoiceSubscription, in.Type)
			assert.Equal(t, c.amount, in.Amount)
			assert.Equal(t, due, *in.DueAt)

			row := f.onboarding(o)
			assert.Equal(t, step{domain.StepWaiting, c.waiting}, steps(row)[domain.StepPayment])
			assert.Equal(t, domain.StepPending, row.Step(domain.StepActivation).Status)
			assert.Equal(t, domain.NextSubmitPayment, row.NextAction.Type)
			assert.Equal(t, c.amount, *row.NextAction.Amount)
			assert.Equal(t, in.ID, row.NextAction.InvoiceID)
			assert.Equal(t, due, *row.NextAction.ExpiresAt)
			assert.Equal(t, "bank_transfer", row.NextAction.PaymentOption)
			assert.Contains(t, row.NextAction.Instructions, "Transfer the amount")
			assert.Equal(t, domain.AccountPending, f.account(o).Status)
			assert.Equal(t, domain.SubscriptionIncomplete, f.subscription(o).Status)
			_, err := f.store.Balance(t.Context(), o.AccountID)
			assert.Equal(t, domain.CodeNotFound, domain.CodeOf(err), "no credits before the money")
		})
	}
}

func TestSteps_WaitsForAPlanItMayChoose(t *testing.T) {
	t.Parallel()
	const choose = "Choose a plan."
	for _, c := range []struct {
		why       string
		catalogue func(f *fixture)
		wish      wish
		message   string
	}{
		{"empty catalogue", func(f *fixture) { f.exec("DELETE FROM plans") }, plan(""),
			"No plan is on offer yet; this continues by itself when one is."},
		{"no default", func(f *fixture) {
			f.changePlan("free", func(p *domain.Plan) { p.Default = false })
		}, plan(""), choose},
		{"named, unknown", func(*fixture) {}, plan("gold"), choose},
		{"named, inactive", func(f *fixture) {
			f.changePlan("growth", func(p *domain.Plan) { p.Active = false })
		}, plan("growth"), choose},
		{"named, hidden", func(*fixture) {}, plan("enterprise"), choose},
		{"the hidden one is the default and costs nothing", func(f *fixture) {
			f.changePlan("enterprise", func(p *domain.Plan) { p.Default = true })
		}, plan(""), choose},
		{"only the hidden one is left", func(f *fixture) {
			f.exec("DELETE FROM plans WHERE code <> 'enterprise'")
		}, plan(""), "No plan is on offer yet; this continues by itself when one is."},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			c.catalogue(f)
			o := f.receive(c.wish)
			f.create(o)
			state := f.open(o)
			assert.Equal(t, domain.OnboardingWaitingForPlan, state.Status)
			row := f.onboarding(o)
			assert.Equal(t, step{domain.StepWaiting, c.message}, steps(row)[domain.StepPlan])
			assert.Equal(t, domain.NextChoosePlan, row.NextAction.Type)
			assert.Nil(t, row.Plan)
			assert.Nil(t, row.Subscription)
			assert.Equal(t, map[string]any{"blocked_on": "plan"}, f.lastEvent(o, domain.EventOnboardingWaiting).Data)
			assert.Zero(t, f.count("SELECT count(*) FROM subscriptions"))

			f.exec("DELETE FROM plans")
			require.NoError(t, f.store.Seed(t.Context()))
			f.exec("UPDATE plans SET is_default = (code = 'free'), code = CASE WHEN code = 'scale' THEN 'gold' ELSE code END")
			f.exec("UPDATE plans SET public = true")
			assert.NotEqual(t, domain.OnboardingWaitingForPlan, f.open(o).Status, "continues when the catalogue serves it")
		})
	}
}

func TestSteps_KeepsWhatWasAgreed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("growth"))
	f.changePlan("growth", func(p *domain.Plan) { p.Amount, p.Credits = 99900, 1 })
	f.submit(o)
	f.apply(o, domain.ActionApprovePayment, ofPayment(f.payments(o)[0].ID))
	assert.Equal(t, int64(13900), f.subscription(o).Plan.Amount)
	assert.Equal(t, int64(13900), f.invoices(o)[0].Amount)
	assert.Equal(t, int64(2000), f.credits(o))
}

func TestPrice_ReadsTheWayPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for want, price := range map[string]string{
		"$139.00": onboarding.Price(13900, "usd"), "€0.05": onboarding.Price(5, "eur"),
		"¥500": onboarding.Price(500, "jpy"),
	} {
		assert.Equal(t, want, price)
	}
}
