package testclock

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// round is one check of everybody on a clock.
type round struct {
	*Clocks
	clock *domain.TestClock
	// signals: signal those whose time has come, and start a Billing that does not
	// run: it was not begun, or stopped by hand.
	signals bool
	// events: send an event to those who should ask a provider and do not.
	events bool

	waits map[string]store.ClockWait // of those not checked yet, by entity
	busy  bool                       // somebody does not sleep beyond what the clock shows
	next  *time.Time                 // the earliest time that somebody sleeps until
}

func (r *round) run(ctx context.Context) error {
	var err error
	if r.waits, err = r.Store.ClockWaits(ctx, r.clock.ID); err != nil {
		return err
	}
	onboardings, subscriptions, err := r.Store.BoundToClock(ctx, r.clock.ID)
	for i := range onboardings {
		if err == nil {
			err = r.checkOnboarding(ctx, &onboardings[i])
		}
	}
	for i := range subscriptions {
		if err == nil {
			err = r.checkSubscription(ctx, &subscriptions[i])
		}
	}
	for id := range r.waits { // only its wait binds a purchase to the clock
		if err == nil {
			err = r.checkPurchase(ctx, id)
		}
	}
	return err
}

// checkOnboarding leaves an onboarding whose workflow does not run to reconcile.
func (r *round) checkOnboarding(ctx context.Context, o *domain.Onboarding) error {
	err := r.check(ctx, o.ID)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return err
	}
	if !r.events || !o.AsksProvider() || o.CurrentStep().Status != domain.StepRunning {
		return nil
	}
	err = r.Processes.ProviderEvent(ctx, &domain.PaymentOwner{Onboarding: o, SubscriptionID: o.SubscriptionID})
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil
	}
	return err
}

// checkSubscription starts a Billing that does not run.
func (r *round) checkSubscription(ctx context.Context, sub *domain.Subscription) error {
	err := r.check(ctx, sub.ID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return r.Processes.StartBilling(ctx, sub)
	}
	return err
}

// checkPurchase forgets a purchase whose workflow is gone.
func (r *round) checkPurchase(ctx context.Context, invoiceID string) error {
	err := r.check(ctx, invoiceID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return r.Store.LeaveClock(ctx, invoiceID)
	}
	return err
}

// check notes whether one sleeps, and until when. It returns not_found when a
// workflow that should do something now does not run.
func (r *round) check(ctx context.Context, entityID string) error {
	wait, sleeps := r.waits[entityID]
	delete(r.waits, entityID)
	due := sleeps && wait.Until != nil && !wait.Until.After(r.clock.Now)
	r.busy = r.busy || !sleeps || due
	switch {
	case due && r.signals:
		return r.Processes.Tick(ctx, wait.WorkflowID)
	case !sleeps && r.signals:
		return domain.NotFound("running workflow")
	case due || wait.Until == nil:
	case r.next == nil || wait.Until.Before(*r.next):
		r.next = wait.Until
	}
	return nil
}
