package onboarding

import (
	"slipway/billing"
	"slipway/domain"
)

// activateSubscription starts the subscription of who owes nothing now: a free
// plan, or a trial. Should something be owed after all (another onboarding has
// used the trial meanwhile), it goes back to collecting the payment.
func (o *Onboarding) activateSubscription() error {
	trialDays, err := o.trialDays()
	if err != nil {
		return err
	}
	if o.row.Plan.Amount > 0 && trialDays == 0 {
		o.set(domain.StepPayment, domain.StepPending, "")
		o.row.Redo(domain.StepPaymentMethod, o.Now)
		return nil
	}
	opened := o.row.Subscription == nil
	sub, err := o.openSubscription(false)
	if err != nil {
		return err
	}
	return o.activate(sub, activation{trialDays: trialDays, message: nothingOwed(sub.Plan), opened: opened})
}

// activation says how an onboarding came to owe nothing.
type activation struct {
	trialDays int             // above 0: a trial begins
	invoice   *domain.Invoice // the one that is closed by it; nil when none was needed
	payment   *domain.Payment // what paid it; nil when waived
	byStaff   bool
	opened    bool   // the subscription is new, and not stored yet
	message   string // what the payment step says
}

// activate is the one way an account becomes active, whoever caused it: invoice
// closed, subscription and account active, credits granted, onboarding
// completed, all in the change under way. It happens once: the tables allow none
// of the moves twice, and each grant has its key.
func (o *Onboarding) activate(sub *domain.Subscription, by activation) error {
	if err := o.advance(domain.OnboardingActivating); err != nil {
		return err
	}
	if by.invoice != nil {
		if err := o.invoices().Close(by.invoice, by.payment); err != nil {
			return err
		}
	}
	if err := o.endReplaced(); err != nil {
		return err
	}
	if err := o.start(sub, by); err != nil {
		return err
	}
	if err := o.activateAccount(); err != nil {
		return err
	}
	if err := o.grantCredits(sub); err != nil {
		return err
	}
	return o.complete(sub, by.message)
}

// endReplaced ends the subscription the account used until now: it has one.
func (o *Onboarding) endReplaced() error {
	if o.row.Kind == domain.KindSignup {
		return nil
	}
	replaced, err := billing.EndReplaced(o.Change, o.policy)
	o.row.Subscription.Replaced = replaced
	return err
}

// start begins the subscription's first period.
func (o *Onboarding) start(sub *domain.Subscription, by activation) error {
	if err := sub.Start(by.trialDays, o.Now); err != nil {
		return err
	}
	if by.byStaff {
		sub.ManagedBy = domain.ManagedByAdmin
	}
	o.row.Subscription.Status = sub.Status
	o.Emit(domain.EventSubscriptionActivated, map[string]any{
		"plan": sub.PlanCode, "status": sub.Status, "current_period_end": sub.CurrentPeriodEnd,
	})
	if by.opened {
		return o.Tx.InsertSubscription(o.Ctx, sub)
	}
	return o.Tx.SaveSubscription(o.Ctx, sub)
}

// grantCredits gives the credits of the first period, in place of what an
// earlier subscription left in the plan's pool.
func (o *Onboarding) grantCredits(sub *domain.Subscription) error {
	credits := billing.Credits{Change: o.Change}
	if o.row.Kind == domain.KindActivation {
		return credits.ResetPeriod(sub)
	}
	return credits.GrantPeriod(sub)
}

func (o *Onboarding) complete(sub *domain.Subscription, message string) error {
	status := domain.StepDone
	if sub.Status == domain.SubscriptionTrialing || sub.Plan.Amount == 0 {
		status = domain.StepSkipped
	}
	o.set(domain.StepPayment, status, message)
	o.set(domain.StepActivation, domain.StepDone, activationMessage(sub)).Attempts++
	o.row.Error = nil
	o.Emit(domain.EventOnboardingCompleted, nil)
	return o.advance(domain.OnboardingCompleted)
}

func activationMessage(sub *domain.Subscription) string {
	if sub.TrialEnd != nil {
		return "In use; the trial ends on " + sub.TrialEnd.Format("2 January 2006") + "."
	}
	return "Active."
}
