package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/domain"
	"slipway/store"
)

// WaitForClockInput says who sleeps on a test clock, and until when.
type WaitForClockInput struct {
	ClockID    string     `json:"clock_id"`
	EntityID   string     `json:"entity_id"` // onboarding or subscription
	WorkflowID string     `json:"workflow_id"`
	WakeAt     *time.Time `json:"wake_at,omitempty"` // nil: until somebody speaks to it
}

// WaitForClockResult is what the clock shows.
type WaitForClockResult struct {
	Now time.Time `json:"now"`
}

// WaitForClock notes that a workflow sleeps until its test clock shows a time,
// and returns what it shows now: an advance that came before is not missed.
func (a *Activities) WaitForClock(ctx context.Context, in WaitForClockInput) (WaitForClockResult, error) {
	var result WaitForClockResult
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		clock, err := tx.LockTestClock(ctx, in.ClockID)
		if err != nil {
			return err
		}
		result.Now = clock.Now
		return tx.WaitForClock(ctx, &store.ClockWait{
			EntityID: in.EntityID, WorkflowID: in.WorkflowID, ClockID: in.ClockID, WakeAt: in.WakeAt,
		})
	})
	return result, err
}

// LeaveClockInput names who sleeps no more.
type LeaveClockInput struct {
	EntityID string `json:"entity_id"`
}

// LeaveClock notes that a workflow is about to close.
func (a *Activities) LeaveClock(ctx context.Context, in LeaveClockInput) error {
	return a.Store.LeaveClock(ctx, in.EntityID)
}

// AdvanceClockInput names the clock; where to is in its row.
type AdvanceClockInput struct {
	ClockID string `json:"clock_id"`
}

// How often an advance looks whether those it woke sleep again, and how long
// before it wakes them once more. Only tests wait for it.
const (
	clockGlance = 5 * time.Millisecond
	clockNudge  = time.Second
	// clockTell is after how long somebody who should ask a provider, and does not,
	// is told: the command may have been lost with the worker that carried it out.
	clockTell = 20 * time.Second
)

// AdvanceClock moves a test clock from one due time to the next until its
// target: at each, everybody who slept until then is woken, and all who live by
// the clock must sleep again before it goes on. Run again, it goes on from what
// the clock shows.
func (a *Activities) AdvanceClock(ctx context.Context, in AdvanceClockInput) (WaitForClockResult, error) {
	for {
		clock, err := a.Store.TestClockByID(ctx, in.ClockID)
		if err != nil || clock.Status == domain.ClockReady {
			return WaitForClockResult{Now: clockNow(clock)}, err
		}
		next, err := a.settled(ctx, clock)
		if err != nil {
			return WaitForClockResult{}, err
		}
		if err := a.moveClock(ctx, clock.ID, next); err != nil {
			return WaitForClockResult{}, err
		}
	}
}

func clockNow(c *domain.TestClock) time.Time {
	if c == nil {
		return time.Time{}
	}
	return c.Now
}

// moveClock sets the clock to the next due time, or, without one before it, to
// its target, where it stands.
func (a *Activities) moveClock(ctx context.Context, clockID string, next *time.Time) error {
	return a.Store.Within(ctx, func(tx *store.Store) error {
		clock, err := tx.LockTestClock(ctx, clockID)
		if err != nil || clock.Status == domain.ClockReady {
			return err
		}
		if next != nil && !next.After(*clock.Target) {
			clock.Now = *next
		} else {
			clock.Now, clock.Target, clock.Status = *clock.Target, nil, domain.ClockReady
		}
		clock.UpdatedAt = tx.Now()
		return tx.SaveTestClock(ctx, clock)
	})
}

// settled waits until all who live by the clock sleep beyond what it shows, and
// returns the earliest time any of them sleeps until.
func (a *Activities) settled(ctx context.Context, clock *domain.TestClock) (*time.Time, error) {
	nudged, told := time.Time{}, time.Now()
	for {
		nudge, tell := time.Since(nudged) >= clockNudge, time.Since(told) >= clockTell
		if tell {
			told = time.Now()
		}
		awake, next, err := a.awake(ctx, clock, nudge, tell)
		if err != nil || !awake {
			return next, err
		}
		if nudge {
			nudged = time.Now()
		}
		activity.RecordHeartbeat(ctx)
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(clockGlance):
		}
	}
}

// awake looks once at everybody who lives by the clock; with nudge it wakes
// those who should be, and starts a Billing that does not run: it was not begun,
// or stopped by hand. With tell it tells those who are not doing what they should.
func (a *Activities) awake(ctx context.Context, clock *domain.TestClock, nudge, tell bool) (awake bool, next *time.Time, err error) {
	waits, err := a.Store.ClockWaits(ctx, clock.ID)
	if err != nil {
		return false, nil, err
	}
	onboardings, subscriptions, err := a.Store.BoundToClock(ctx, clock.ID)
	if err != nil {
		return false, nil, err
	}
	// look returns not_found when the one that should wake does not run.
	look := func(entityID string) error {
		wait, sleeps := waits[entityID]
		delete(waits, entityID)
		late := sleeps && wait.WakeAt != nil && !wait.WakeAt.After(clock.Now)
		awake = awake || !sleeps || late
		switch {
		case late && nudge:
			return a.Processes.Tick(ctx, wait.WorkflowID)
		case !sleeps && nudge:
			return domain.NotFound("running workflow")
		case late || wait.WakeAt == nil:
		case next == nil || wait.WakeAt.Before(*next):
			next = wait.WakeAt
		}
		return nil
	}
	for i := range onboardings {
		o := &onboardings[i]
		err := look(o.ID)
		if tell && domain.CodeOf(err) == domain.CodeNotFound && o.AsksProvider() && o.CurrentStep().Status == domain.StepRunning {
			err = a.Processes.ProviderEvent(ctx, &domain.PaymentOwner{Onboarding: o, SubscriptionID: o.SubscriptionID})
		}
		if err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return false, nil, err // who does not run is seen to by reconcile
		}
	}
	for i := range subscriptions {
		err := look(subscriptions[i].ID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			err = a.Processes.StartBilling(ctx, &subscriptions[i])
		}
		if err != nil {
			return false, nil, err
		}
	}
	for id := range waits { // whoever buys credits is bound by waiting alone
		err := look(id)
		if domain.CodeOf(err) == domain.CodeNotFound {
			err = a.Store.LeaveClock(ctx, id)
		}
		if err != nil {
			return false, nil, err
		}
	}
	return awake, next, nil
}
