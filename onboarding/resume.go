package onboarding

import (
	"context"
	"slices"
	"time"

	"slipway/domain"
	"slipway/store"
)

// changeSeenWithin is how long after a change of the catalogue an onboarding may
// still come to wait for what it did not see.
const changeSeenWithin = time.Minute

// ResumeServed signals the onboardings that wait for a plan or a payment option
// which the catalogue has since its last change. Between changes nobody is signaled
// but those whose signal failed.
func (r *Reconciler) ResumeServed(ctx context.Context, round *store.Round) error {
	changed, err := r.Store.CatalogueChangedAt(ctx)
	if err != nil {
		return err
	}
	waiting := store.Waiting{PutAside: round.Last.After(changed.Add(changeSeenWithin)), Limit: reconcileBatch}
	plans, err := r.Store.PublicPlans(ctx)
	if err != nil {
		return err
	}
	options, err := r.Store.PaymentOptions(ctx)
	if err != nil {
		return err
	}
	waiting.Status = domain.OnboardingWaitingForPlan
	err = r.resume(ctx, round, waiting, func(o *domain.Onboarding) bool { return servesPlan(plans, o) })
	if err != nil {
		return err
	}
	waiting.Status = domain.OnboardingWaitingForPaymentMethod
	return r.resume(ctx, round, waiting, func(o *domain.Onboarding) bool { return r.servesOption(options, o) })
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
	if o.Plan == nil || !o.WaitsForOption() {
		return false
	}
	preferred := r.Policy.PreferredOption
	return domain.ChoosePaymentOption(options, o.WantedOption, preferred, o.Country, o.Plan.Currency) != nil
}

// resume signals those that wait and are served.
func (r *Reconciler) resume(
	ctx context.Context, round *store.Round, waiting store.Waiting, served func(*domain.Onboarding) bool,
) error {
	for {
		rows, err := r.Store.WaitingOnboardings(ctx, round.Job, waiting)
		if err != nil || len(rows) == 0 {
			return err
		}
		waiting.After = rows[len(rows)-1].ID
		rows = slices.DeleteFunc(rows, func(o domain.Onboarding) bool { return !served(&o) })
		err = store.Each(ctx, round, rows, idOf, r.Processes.Resume)
		if err != nil {
			return err
		}
	}
}
