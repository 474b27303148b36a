package workflows

import (
	"errors"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// a is only for the names of the activities.
var a activities.Activities

// entity is what the workflows of an onboarding, a subscription and a purchase
// share. It makes one change at a time. Its time is Temporal's, or that of the
// account's test clock.
type entity struct {
	waits    waits
	noun     domain.Noun
	id       string
	clock    string         // empty for real time
	ticks    int            // how often the test clock moved
	turn     workflow.Mutex // held by whatever changes something
	commands int            // taken in this run, signals included
	signals  []workflow.ReceiveChannel
	handling int  // signals whose handling is under way
	ending   bool // a new run is about to take over
}

func newEntity(ctx workflow.Context, noun domain.Noun, id string) entity {
	return entity{waits: newWaits(ctx), noun: noun, id: id, turn: workflow.NewMutex(ctx)}
}

// underOwnID fails a workflow that was started by hand under another id than its
// own: no message and no job would ever find it. One that began before this was
// checked goes on.
func underOwnID(ctx workflow.Context, id string) error {
	const change, since = "own-id", 1
	if workflow.GetInfo(ctx).WorkflowExecution.ID == id ||
		workflow.GetVersion(ctx, change, workflow.DefaultVersion, since) < since {
		return nil
	}
	return temporal.NewNonRetryableApplicationError(domain.Text(domain.TextOtherID, "id", id), TypeOtherID, nil)
}

// crowded reports whether this run has received so many messages that a new run
// should take over. The server suggests it before its own limits: on updates, on
// events and on the size of the history.
func (e *entity) crowded(ctx workflow.Context) bool {
	return e.commands >= commandsPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested()
}

// takesCommands refuses what comes when the run is about to end: the next one
// takes it, when the client asks again. Else a stream of commands, each waiting for
// its turn, would never let it end.
func (e *entity) takesCommands(ctx workflow.Context, atRest bool) error {
	if e.ending || (atRest && e.crowded(ctx)) {
		return temporal.NewApplicationError(domain.Text(domain.TextRunEnds), TypeRunEnds)
	}
	return nil
}

// continueAsNew lets a new run take over, which finds everything else in the rows. No
// command and no signal is lost: those that came are applied first, and those that
// come go to the next run. Its input is asked for last.
func (e *entity) continueAsNew(ctx workflow.Context, input func() any) error {
	e.ending = true
	err := workflow.Await(ctx, func() bool {
		return workflow.AllHandlersFinished(ctx) && !e.turn.IsLocked() && e.handling == 0 &&
			!slices.ContainsFunc(e.signals, func(c workflow.ReceiveChannel) bool { return c.Len() > 0 })
	})
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, workflow.GetInfo(ctx).WorkflowType.Name, input())
}

// takeSignal runs handle for each signal of the name. Input that is not what it
// should be counts as none: an operator's typing mistake must not lose the signal.
func takeSignal[T any](ctx workflow.Context, e *entity, name string, handle func(workflow.Context, T)) {
	signals := workflow.GetSignalChannel(ctx, name)
	e.signals = append(e.signals, signals)
	workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
		for {
			var raw converter.RawValue
			signals.Receive(ctx, &raw)
			e.commands++
			e.handling++
			var in T
			if payload := raw.Payload(); payload != nil {
				_ = converter.GetDefaultDataConverter().FromPayload(payload, &in)
			}
			handle(ctx, in)
			e.handling--
		}
	})
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
		err := ownDatabase(domain.Text(domain.SummarySleepOnClock), a.WaitForClock, input).Get(ctx, &shown)
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
	leaving := ownDatabase(
		domain.Text(domain.SummaryLeaveClock),
		a.LeaveClock,
		activities.LeaveClockInput{EntityID: e.id},
	)
	return errors.Join(err, leaving.Get(ctx, nil))
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
