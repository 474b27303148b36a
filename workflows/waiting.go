package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
)

// alarm wakes a workflow: by Temporal's timers, or by the test clock its account
// lives by, which knows who sleeps until when.
type alarm struct {
	clock  string         // empty for real time
	entity string         // the onboarding or subscription that sleeps
	ticks  int            // how often the clock spoke
	turn   workflow.Mutex // held by whatever changes something: one at a time
}

// listen receives what the test clock says.
func (w *alarm) listen(ctx workflow.Context) {
	ticks := workflow.GetSignalChannel(ctx, SignalClock)
	workflow.GoNamed(ctx, SignalClock, func(ctx workflow.Context) {
		for {
			ticks.Receive(ctx, nil)
			w.ticks++
		}
	})
}

// sleep sleeps until the time and reports true, or false when woken before;
// without a time, until woken. A timer does not outlive the wait.
func (w *alarm) sleep(ctx workflow.Context, at *time.Time, summary string, woken func() bool) (reached bool, err error) {
	if w.clock != "" {
		return w.sleepOnClock(ctx, at, woken)
	}
	if at == nil {
		return false, workflow.Await(ctx, woken)
	}
	wait := at.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return true, nil
	}
	timing, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timing, wait, workflow.TimerOptions{Summary: summary})
	err = workflow.Await(ctx, func() bool { return !w.turn.IsLocked() && (woken() || timer.IsReady()) })
	// What woke it while the timer fired counts, not the timer.
	return err == nil && timer.IsReady() && !woken(), err
}

// sleepOnClock tells the clock that it sleeps and looks again whenever it moved.
func (w *alarm) sleepOnClock(ctx workflow.Context, at *time.Time, woken func() bool) (bool, error) {
	for {
		seen := w.ticks
		var shown activities.WaitForClockResult
		input := activities.WaitForClockInput{
			ClockID: w.clock, EntityID: w.entity, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, WakeAt: at,
		}
		err := workflow.ExecuteLocalActivity(ownDatabase(ctx, "Sleep on the test clock"), a.WaitForClock, input).Get(ctx, &shown)
		if err != nil {
			return false, err
		}
		if at != nil && !shown.Now.Before(*at) {
			return true, nil
		}
		if err := workflow.Await(ctx, func() bool { return !w.turn.IsLocked() && (woken() || w.ticks > seen) }); err != nil || woken() {
			return false, err
		}
	}
}

// leave tells the clock that nobody sleeps here any more.
func (w *alarm) leave(ctx workflow.Context) error {
	if w.clock == "" {
		return nil
	}
	return workflow.ExecuteLocalActivity(ownDatabase(ctx, "Leave the test clock"), a.LeaveClock,
		activities.LeaveClockInput{EntityID: w.entity}).Get(ctx, nil)
}
