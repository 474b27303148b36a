package onboarding

import (
	"context"

	"slipway/billing"
	"slipway/domain"
)

// ActivateSubscription starts the subscription of who owes nothing now. Who
// paid is activated by the payment, in the same transaction.
func (s *Onboardings) ActivateSubscription(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepActivation, func(o *Onboarding) error { return activationStep{o}.startUnpaid() })
}

// activationStep is how an account becomes active.
type activationStep struct{ *Onboarding }

// fulfilment says how an onboarding came to owe nothing.
type fulfilment struct {
	trialDays int             // above 0: a trial begins
	invoice   *domain.Invoice // the one that is closed by it; nil when none was needed
	payment   *domain.Payment // what paid it; nil when waived
	byStaff   bool
	opened    bool   // the subscription is new, and not stored yet
	message   string // what the payment step says
}

// startUnpaid starts the subscription of who owes nothing now: a free plan, or a
// trial. Should something be owed after all (another onboarding has used the
// trial meanwhile), it goes back to collecting the payment.
func (a activationStep) startUnpaid() error {
	trialDays, err := subscription{a.Onboarding}.trialDays()
	if err != nil {
		return err
	}
	if a.row.Plan.Amount > 0 && trialDays == 0 {
		a.set(domain.StepPayment, domain.StepPending, "")
		a.row.Redo(domain.StepPaymentMethod, a.Now)
		return nil
	}
	opened := a.row.Subscription == nil
	sub, err := subscription{a.Onboarding}.open(false)
	if err != nil {
		return err
	}
	return a.activate(sub, fulfilment{trialDays: trialDays, message: nothingOwed(sub.Plan), opened: opened})
}

// byStaff activates without the customer: the invoice is paid elsewhere, or
// waived. It also ends the wait for a payment method.
func (a activationStep) byStaff(cmd *domain.Command) error {
	if method := a.row.Step(domain.StepPaymentMethod); !method.Over() {
		method.Set(domain.StepSkipped, domain.Text(domain.TextMethodNotNeeded), a.Now)
	}
	opened := a.row.Subscription == nil && a.row.Plan.Amount == 0
	sub, err := subscription{a.Onboarding}.open(!opened)
	if err != nil {
		return err
	}
	if sub.Plan.Amount == 0 {
		return a.activate(sub, fulfilment{byStaff: true, opened: opened, message: nothingOwed(sub.Plan)})
	}
	invoice, err := paymentStep{a.Onboarding}.openInvoice()
	if err != nil {
		return err
	}
	by, err := a.invoices().ByStaff(invoice, cmd.Waive)
	if err != nil {
		return err
	}
	return a.activate(sub, fulfilment{invoice: invoice, payment: by, byStaff: true, message: paidMessage(invoice, by)})
}

// activate is the one way an account becomes active, whatever caused it: invoice
// closed, subscription and account active, credits granted, onboarding
// completed, all in the change under way. It happens once: the tables allow none
// of the moves twice, and each grant has its key.
func (a activationStep) activate(sub *domain.Subscription, by fulfilment) error {
	if err := a.advance(domain.OnboardingActivating); err != nil {
		return err
	}
	if by.invoice != nil {
		if err := a.invoices().Close(by.invoice, by.payment); err != nil {
			return err
		}
	}
	if err := a.endReplaced(); err != nil {
		return err
	}
	if err := a.start(sub, by); err != nil {
		return err
	}
	if err := (accountStep{a.Onboarding}).activate(); err != nil {
		return err
	}
	if err := a.grantCredits(sub); err != nil {
		return err
	}
	return a.complete(sub, by.message)
}

// endReplaced ends the subscription the account used until now: it has one.
func (a activationStep) endReplaced() error {
	if a.row.Kind == domain.KindSignup {
		return nil
	}
	replaced, err := billing.EndReplaced(a.Change, a.policy)
	a.row.Subscription.Replaced = replaced
	return err
}

// start begins the subscription's first period.
func (a activationStep) start(sub *domain.Subscription, by fulfilment) error {
	if err := sub.Start(by.trialDays, a.Now); err != nil {
		return err
	}
	if by.byStaff {
		sub.ManagedBy = domain.ManagedByAdmin
	}
	a.row.Subscription.Status = sub.Status
	a.Emit(domain.EventSubscriptionActivated, map[string]any{
		"plan": sub.PlanCode, "status": sub.Status, "current_period_end": sub.CurrentPeriodEnd,
	})
	if by.opened {
		return a.Tx.InsertSubscription(a.Ctx, sub)
	}
	return a.Tx.SaveSubscription(a.Ctx, sub)
}

// grantCredits gives the credits of the first period, in place of what an
// earlier subscription left in the plan's pool.
func (a activationStep) grantCredits(sub *domain.Subscription) error {
	credits := billing.Credits{Change: a.Change}
	if a.row.Kind == domain.KindActivation {
		return credits.ResetPeriod(sub)
	}
	return credits.GrantPeriod(sub)
}

func (a activationStep) complete(sub *domain.Subscription, message string) error {
	status := domain.StepDone
	if sub.Status == domain.SubscriptionTrialing || sub.Plan.Amount == 0 {
		status = domain.StepSkipped
	}
	a.set(domain.StepPayment, status, message)
	a.set(domain.StepActivation, domain.StepDone, activationMessage(sub)).Attempts++
	a.row.Error = nil
	a.Emit(domain.EventOnboardingCompleted, nil)
	return a.advance(domain.OnboardingCompleted)
}

func activationMessage(sub *domain.Subscription) string {
	if sub.TrialEnd != nil {
		return domain.Text(domain.TextInTrial, "date", sub.TrialEnd.Format("2 January 2006"))
	}
	return domain.Text(domain.TextActive)
}
