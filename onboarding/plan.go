package onboarding

import (
	"context"
	"strings"

	"github.com/Rhymond/go-money"

	"slipway/domain"
)

// ChoosePlan takes the plan the customer named, or the catalogue's default, or
// waits for one.
func (s *Onboardings) ChoosePlan(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPlan, func(o *Onboarding) error { return planStep{o}.choose() })
}

// planStep is what happens to the plan of an onboarding.
type planStep struct{ *Onboarding }

// choose takes the plan the customer named, or the catalogue's default. Never
// one picked by its price: where neither can be had it waits.
func (p planStep) choose() error {
	plan, err := none(p.Tx.PlanOnOffer(p.Ctx, p.row.WantedPlan))
	if err != nil {
		return err
	}
	if plan == nil {
		return p.waitForOne()
	}
	p.row.Plan = plan.Ref()
	if err := (subscription{p.Onboarding}).move(); err != nil {
		return err
	}
	trialDays, err := subscription{p.Onboarding}.trialDays()
	if err != nil {
		return err
	}
	for _, key := range []domain.StepKey{domain.StepPaymentMethod, domain.StepPayment} {
		if p.row.Step(key).Status == domain.StepSkipped { // of another plan
			p.set(key, domain.StepPending, "")
		}
	}
	if p.row.Plan.Amount == 0 || trialDays > 0 {
		p.set(domain.StepPayment, domain.StepSkipped, nothingOwed(p.row.Plan))
	}
	p.done(domain.StepPlan, domain.StepDone, planMessage(plan))
	return nil
}

func (p planStep) waitForOne() error {
	plans, err := p.Tx.PublicPlans(p.Ctx)
	if err != nil {
		return err
	}
	message := domain.Text(domain.TextChoosePlan)
	if len(plans) == 0 {
		message = domain.Text(domain.TextNoPlanOnOffer)
	}
	return p.wait(domain.OnboardingWaitingForPlan, domain.StepPlan, message)
}

// change has the plan, and what follows from it, chosen again. A card that was
// to pay for one plan pays for the other.
func (p planStep) change(cmd *domain.Command) error {
	row := p.row
	if row.Status == domain.OnboardingAwaitingPayment && row.Plan != nil && row.Plan.Code == cmd.Plan {
		return nil
	}
	if row.WantedPlan != cmd.Plan {
		row.WantedPlan = cmd.Plan
		p.Emit(domain.EventPlanChosen, map[string]any{"plan": cmd.Plan})
	}
	if err := (paymentStep{p.Onboarding}).void(domain.FailureSuperseded); err != nil {
		return err
	}
	row.Redo(domain.StepPlan, p.Now)
	return nil
}

func nothingOwed(plan *domain.PlanRef) string {
	if plan.Amount == 0 {
		return domain.Text(domain.TextFreeOfCharge)
	}
	return domain.Text(domain.TextNothingInTrial)
}

func planMessage(p *domain.Plan) string {
	if p.Amount == 0 {
		return domain.Text(domain.TextPlanFree, "plan", p.Name)
	}
	return domain.Text(domain.TextPlanPrice, "plan", p.Name, "price", Price(p.Amount, p.Currency),
		"interval", string(p.Interval))
}

// Price writes an amount in minor units the way people read it, such as $139.00.
func Price(amount int64, currency string) string {
	return money.New(amount, strings.ToUpper(currency)).Display()
}
