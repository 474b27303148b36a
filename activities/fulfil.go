package activities

import (
	"slipway/domain"
)

// fulfilment says how an onboarding came to owe nothing.
type fulfilment struct {
	trialDays int             // above 0: a trial begins
	invoice   *domain.Invoice // the invoice that is settled; nil when none was needed
	payment   *domain.Payment // what settled it; nil when waived
	managedBy domain.ManagedBy
	message   string // what the payment step says
}

// fulfil is the one way an account becomes active, whoever caused it: payment
// succeeded, invoice settled, subscription and account active, credits granted,
// onboarding completed, all in the transaction under way. It happens once: the
// tables allow none of the moves twice, and each grant has its key.
func (c *changeSet) fulfil(sub *domain.Subscription, f fulfilment) error {
	if err := c.advance(domain.OnboardingActivating); err != nil {
		return err
	}
	steps := []func() error{
		func() error { return c.settle(f) },
		func() error { return c.replaceLive() },
		func() error { return c.start(sub, f) },
		func() error { return c.activateAccount() },
		func() error { return c.grantPlanCredits(sub) },
		func() error { return c.complete(sub, f.message) },
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// settle closes the invoice: paid by the payment, or void when it was waived.
func (c *changeSet) settle(f fulfilment) error {
	if f.invoice == nil {
		return nil
	}
	to, event := domain.InvoicePaid, domain.EventInvoicePaid
	if f.payment == nil {
		to, event = domain.InvoiceVoid, domain.EventInvoiceVoided
		f.invoice.Waived = true
	}
	if err := f.invoice.Advance(to, c.now); err != nil {
		return err
	}
	if f.payment != nil {
		c.record(domain.EventPaymentSucceeded, map[string]any{
			"payment": f.payment.ID, "amount": f.payment.Amount, "currency": f.payment.Currency,
		})
	}
	c.record(event, map[string]any{"invoice": f.invoice.ID})
	return c.tx.SaveInvoice(c.ctx, f.invoice)
}

// replaceLive ends the subscription the account used until now: it has one.
func (c *changeSet) replaceLive() error {
	if c.onboarding.Kind == domain.KindSignup {
		return nil
	}
	live, err := c.tx.LiveSubscription(c.ctx, c.onboarding.AccountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	old := *c // the same change, of the old subscription
	old.sub, err = c.tx.LockSubscription(c.ctx, live.ID)
	if err != nil || !old.sub.Status.Live() { // it has just ended by itself
		return err
	}
	old.about.SubscriptionID = live.ID
	if err := old.endSubscription(domain.SubscriptionCanceled, "replaced"); err != nil {
		return err
	}
	c.events, c.onboarding.Subscription.Replaced = old.events, live.ID
	return c.tx.SaveSubscription(c.ctx, old.sub)
}

// start begins the subscription's first period.
func (c *changeSet) start(sub *domain.Subscription, f fulfilment) error {
	if err := sub.Start(f.trialDays, c.now); err != nil {
		return err
	}
	if f.managedBy != "" {
		sub.ManagedBy = f.managedBy
	}
	c.onboarding.Subscription.Status = sub.Status
	c.record(domain.EventSubscriptionActivated, map[string]any{
		"plan": sub.PlanCode, "status": sub.Status, "current_period_end": sub.CurrentPeriodEnd,
	})
	return c.saveSubscription(sub)
}

// grantPlanCredits gives the credits of the first period, in place of what an
// earlier subscription left in the plan's pool.
func (c *changeSet) grantPlanCredits(sub *domain.Subscription) error {
	if c.onboarding.Kind == domain.KindActivation {
		return c.resetPlanCredits(sub)
	}
	return c.grant(&domain.Credit{Pool: domain.PoolPlan, Amount: sub.Plan.Credits, Reason: domain.ReasonPlanGrant,
		SubscriptionID: sub.ID, IdempotencyKey: periodKey(sub)})
}

func (c *changeSet) complete(sub *domain.Subscription, message string) error {
	o := c.onboarding
	status := domain.StepDone
	if sub.Status == domain.SubscriptionTrialing || sub.Plan.Amount == 0 {
		status = domain.StepSkipped
	}
	c.step(domain.StepPayment, status, message)
	o.Step(domain.StepActivation).Attempts++
	c.step(domain.StepActivation, domain.StepDone, activationMessage(sub))
	o.Error = nil
	c.record(domain.EventOnboardingCompleted, nil)
	return c.advance(domain.OnboardingCompleted)
}

func activationMessage(sub *domain.Subscription) string {
	if sub.TrialEnd != nil {
		return "In use; the trial ends on " + sub.TrialEnd.Format("2 January 2006") + "."
	}
	return "Active."
}
