package onboarding

import (
	"context"

	"slipway/domain"
)

// resumeServed signals the onboardings that wait for a plan or a payment option
// which the catalogue has now, and returns how many there are.
func (r *Reconciler) resumeServed(ctx context.Context, heartbeat func()) (int, error) {
	plans, err := r.Store.PublicPlans(ctx)
	if err != nil {
		return 0, err
	}
	options, err := r.Store.PaymentOptions(ctx)
	if err != nil {
		return 0, err
	}
	forPlan, err := r.resume(ctx, domain.OnboardingWaitingForPlan, heartbeat, func(o *domain.Onboarding) bool {
		return servesPlan(plans, o)
	})
	if err != nil {
		return forPlan, err
	}
	forOption, err := r.resume(ctx, domain.OnboardingWaitingForPaymentMethod, heartbeat,
		func(o *domain.Onboarding) bool { return r.servesOption(options, o) })
	return forPlan + forOption, err
}

func servesPlan(plans []domain.Plan, o *domain.Onboarding) bool {
	for _, p := range plans {
		if p.Code == o.WantedPlan || (o.WantedPlan == "" && p.Default) {
			return true
		}
	}
	return false
}

func (r *Reconciler) servesOption(options []domain.PaymentOption, o *domain.Onboarding) bool {
	if o.Plan == nil {
		return false
	}
	preferred := r.Policy.PreferredOption
	return domain.ChoosePaymentOption(options, o.WantedOption, preferred, o.Country, o.Plan.Currency) != nil
}

// resume signals those of the status that are served.
func (r *Reconciler) resume(
	ctx context.Context, status domain.OnboardingStatus, heartbeat func(), served func(*domain.Onboarding) bool,
) (int, error) {
	resumed, after := 0, ""
	for {
		waiting, err := r.Store.WaitingOnboardings(ctx, status, after, reconcileBatch)
		if err != nil || len(waiting) == 0 {
			return resumed, err
		}
		for i := range waiting {
			if !served(&waiting[i]) {
				continue
			}
			if err := r.Processes.Resume(ctx, &waiting[i]); err != nil {
				return resumed, err
			}
			resumed++
		}
		heartbeat()
		after = waiting[len(waiting)-1].ID
	}
}
