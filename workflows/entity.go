package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// a is only for the names of the activities.
var a activities.Activities

// entity is what the workflows share that run for as long as something lives: an
// onboarding, a subscription, a purchase. One change is made at a time, and time
// is Temporal's, or that of the test clock its account lives by.
type entity struct {
	noun     domain.Noun
	id       string
	clock    string         // empty for real time
	ticks    int            // how often the test clock moved
	turn     workflow.Mutex // held by whatever changes something
	commands int            // taken in this run, signals included
}

func newEntity(ctx workflow.Context, noun domain.Noun, id string) entity {
	return entity{noun: noun, id: id, turn: workflow.NewMutex(ctx)}
}

// inTurn runs fn while nothing else is changed.
func (e *entity) inTurn(ctx workflow.Context, fn func() error) error {
	if err := e.turn.Lock(ctx); err != nil {
		return err
	}
	defer e.turn.Unlock()
	return fn()
}

// receiveTicks counts how often the test clock moved.
func (e *entity) receiveTicks(ctx workflow.Context) {
	ticks := workflow.GetSignalChannel(ctx, SignalClock)
	workflow.GoNamed(ctx, SignalClock, func(ctx workflow.Context) {
		for {
			ticks.Receive(ctx, nil)
			e.ticks++
		}
	})
}

// sleep sleeps until the time and reports true, or false when something changed
// before; without a time, until then. A timer does not outlive the wait.
func (e *entity) sleep(
	ctx workflow.Context, at *time.Time, summary string, changed func() bool,
) (reached bool, err error) {
	if e.clock != "" {
		return e.sleepOnClock(ctx, at, changed)
	}
	if at == nil {
		return false, workflow.Await(ctx, changed)
	}
	wait := at.Sub(workflow.Now(ctx))
	if wait <= 0 {
		return true, nil
	}
	timing, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timing, wait, workflow.TimerOptions{Summary: summary})
	err = workflow.Await(ctx, func() bool { return !e.turn.IsLocked() && (changed() || timer.IsReady()) })
	// What changed while the timer fired counts, not the timer.
	return err == nil && timer.IsReady() && !changed(), err
}

// sleepOnClock sleeps until the test clock shows the time, and reads the clock
// whenever it moved.
func (e *entity) sleepOnClock(ctx workflow.Context, at *time.Time, changed func() bool) (bool, error) {
	for {
		seen := e.ticks
		var shown activities.WaitForClockResult
		input := activities.WaitForClockInput{
			ClockID: e.clock, EntityID: e.id, WorkflowID: workflow.GetInfo(ctx).WorkflowExecution.ID, Until: at,
		}
		sleeping := ownDatabase(ctx, domain.Text(domain.SummarySleepOnClock))
		err := workflow.ExecuteLocalActivity(sleeping, a.WaitForClock, input).Get(ctx, &shown)
		if err != nil {
			return false, err
		}
		if at != nil && !shown.Now.Before(*at) {
			return true, nil
		}
		err = workflow.Await(ctx, func() bool { return !e.turn.IsLocked() && (changed() || e.ticks > seen) })
		if err != nil || changed() {
			return false, err
		}
	}
}

// close answers what is still asked, and takes the workflow off its test clock.
func (e *entity) close(ctx workflow.Context) error {
	err := finishHandlers(ctx)
	if e.clock == "" {
		return err
	}
	leaving := ownDatabase(ctx, domain.Text(domain.SummaryLeaveClock))
	return errors.Join(err, workflow.ExecuteLocalActivity(leaving, a.LeaveClock,
		activities.LeaveClockInput{EntityID: e.id}).Get(ctx, nil))
}

// finishHandlers waits until every update that was accepted has its answer.
func finishHandlers(ctx workflow.Context) error {
	return workflow.Await(ctx, func() bool { return workflow.AllHandlersFinished(ctx) })
}

// updateFailure is an activity's failure as the failure of the update that ran
// it: the type travels, a cause does not.
func updateFailure(err error) error {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) {
		return temporal.NewNonRetryableApplicationError(failure.Message(), failure.Type(), nil)
	}
	return err
}
