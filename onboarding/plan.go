package onboarding

import (
	"reflect"
	"strings"

	"github.com/Rhymond/go-money"

	"slipway/domain"
)

// choosePlan takes the plan the customer named, or the catalogue's default.
// Never one picked by its price: where neither can be had it waits.
func (o *Onboarding) choosePlan() error {
	plan, err := none(o.Tx.PlanOnOffer(o.Ctx, o.row.WantedPlan))
	if err != nil {
		return err
	}
	if plan == nil {
		return o.waitForPlan()
	}
	o.row.Plan = plan.Ref()
	if err := o.moveSubscription(); err != nil {
		return err
	}
	trialDays, err := o.trialDays()
	if err != nil {
		return err
	}
	for _, key := range []domain.StepKey{domain.StepPaymentMethod, domain.StepPayment} {
		if o.row.Step(key).Status == domain.StepSkipped { // of another plan
			o.set(key, domain.StepPending, "")
		}
	}
	if o.row.Plan.Amount == 0 || trialDays > 0 {
		o.set(domain.StepPayment, domain.StepSkipped, nothingOwed(o.row.Plan))
	}
	o.done(domain.StepPlan, domain.StepDone, planMessage(plan))
	return nil
}

func (o *Onboarding) waitForPlan() error {
	plans, err := o.Tx.PublicPlans(o.Ctx)
	if err != nil {
		return err
	}
	message := "Choose a plan."
	if len(plans) == 0 {
		message = "No plan is on offer yet; this goes on by itself when one is."
	}
	return o.wait(domain.OnboardingWaitingForPlan, domain.StepPlan, message)
}

// moveSubscription moves the subscription that was opened for another plan to
// the plan chosen now.
func (o *Onboarding) moveSubscription() error {
	if o.row.Subscription == nil {
		return nil
	}
	sub, err := o.Tx.LockSubscription(o.Ctx, o.row.SubscriptionID)
	if err != nil || reflect.DeepEqual(sub.Plan, o.row.Plan) {
		return err
	}
	sub.Plan, sub.PlanCode, sub.UpdatedAt = o.row.Plan, o.row.Plan.Code, o.Now
	return o.Tx.SaveSubscription(o.Ctx, sub)
}

// trialDays is the trial this account gets with the plan: one per account.
func (o *Onboarding) trialDays() (int, error) {
	days := o.row.Plan.TrialDays
	if days == 0 || o.row.Kind == domain.KindSignup {
		return days, nil
	}
	had, err := o.Tx.HadTrial(o.Ctx, o.row.AccountID)
	if err != nil || had {
		return 0, err
	}
	return days, nil
}

// owes reports whether the plan has to be paid before it begins.
func (o *Onboarding) owes() bool {
	return o.row.Step(domain.StepPayment).Status != domain.StepSkipped
}

func nothingOwed(plan *domain.PlanRef) string {
	if plan.Amount == 0 {
		return "Free of charge."
	}
	return "Nothing to pay during the trial."
}

func planMessage(p *domain.Plan) string {
	if p.Amount == 0 {
		return p.Name + ", free of charge."
	}
	return p.Name + ", " + Price(p.Amount, p.Currency) + " a " + string(p.Interval) + "."
}

// Price writes an amount in minor units the way people read it, such as $139.00.
func Price(amount int64, currency string) string {
	return money.New(amount, strings.ToUpper(currency)).Display()
}
