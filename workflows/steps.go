package workflows

import (
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// The steps are declared in domain.Steps: title, activity, the statuses they wait
// in, compensation. This file walks them. Every activity returns the state after
// it, as the database rows have it, with the step that is next. A finished step
// does not run again, unless a command made it pending (Onboarding.Redo), as when
// the customer chooses another plan. A step that waits is resumed where it waits.

// next takes the onboarding one move further.
func (w *walker) next(ctx workflow.Context) error {
	step, known := domain.StepOf(w.steps, w.state.Step)
	if !known {
		return fmt.Errorf("no step %q is declared", w.state.Step)
	}
	w.register(step)
	if (w.state.Waiting || w.state.AsksProvider) && w.crowded(ctx) {
		w.rest(ctx)
		return w.nextRun(ctx) // however much is said to it, its history stays small
	}
	switch {
	case w.asked != nil && (w.state.Waiting || w.state.AsksProvider):
		// An earlier call to the provider still runs: its result counts.
		return w.awaitAsked(ctx)
	case w.state.AsksProvider:
		return w.askProvider(ctx, step)
	case w.state.Waiting:
		// A person has to do something.
		w.window.stop()
		w.rest(ctx)
		return w.wait(ctx)
	}
	return w.run(ctx, step)
}

// run runs the step's activity.
func (w *walker) run(ctx workflow.Context, step domain.StepDeclaration) error {
	before := w.state
	running := stepPolicies[step.RetryPolicy](step.Title, step.Activity, activities.StepInput{OnboardingID: w.id})
	if err := w.execute(ctx, running); err != nil {
		return err
	}
	if w.state.Step == before.Step && w.state.Version == before.Version && !w.state.AsksProvider {
		w.state.Waiting = true // it can do nothing now: whatever changes the state resumes it
	}
	return nil
}

// register registers the compensations of the steps up to this one, before it
// runs: a failed step may have done a part of its work. The earlier ones may have
// run in a workflow that was lost, and that this one continues.
func (w *walker) register(step domain.StepDeclaration) {
	for _, s := range w.steps {
		if s.Compensation != "" && !slices.Contains(w.compensations, s.Compensation) {
			w.compensations = append(w.compensations, s.Compensation)
		}
		if s.Key == step.Key {
			return
		}
	}
}

// askProvider runs the activity that calls the payment provider, for as long as it
// takes: the activity decides what to retry, and when. A command that changes what
// the customer wants, or the end of the payment window, ends the wait.
func (w *walker) askProvider(ctx workflow.Context, step domain.StepDeclaration) error {
	asking, stop := workflow.WithCancel(ctx)
	defer stop()
	w.asked = workflow.ExecuteActivity(atProvider(asking, step.Title, PriorityPerson, w.id), step.ProviderActivity,
		activities.StepInput{OnboardingID: w.id})
	w.rest(ctx)
	w.window.start(ctx, w.state.DueAt, w.clock)
	version := w.state.Version
	err := workflow.Await(ctx, func() bool {
		return !w.turn.IsLocked() &&
			(w.asked.IsReady() || w.window.over() || w.state.Version != version || w.crowded(ctx))
	})
	switch {
	case err != nil:
		return err
	case w.state.Version != version, w.crowded(ctx) && !w.asked.IsReady():
		return nil // a command was faster; the call is awaited before the next one
	case w.asked.IsReady():
		answer := w.asked
		w.asked = nil
		return w.take(ctx, answer)
	}
	stop()
	return w.endWindow(ctx)
}

// window is the timer of the payment window while a provider is asked. One timer
// serves several calls in a row: a new timer for each would add two events.
type window struct {
	at     time.Time
	timer  workflow.Future
	cancel workflow.CancelFunc
}

// start starts the timer, unless one runs that fires no later. On a test clock
// there is none: the clock does not move while a provider is asked.
func (t *window) start(ctx workflow.Context, at *time.Time, clock string) {
	if at == nil || clock != "" || (t.timer != nil && !t.timer.IsReady() && !t.at.After(*at)) {
		return
	}
	t.stop()
	timing, cancel := workflow.WithCancel(ctx)
	t.at, t.cancel = *at, cancel
	t.timer = workflow.NewTimerWithOptions(timing, at.Sub(workflow.Now(ctx)),
		workflow.TimerOptions{Summary: domain.Text(domain.SummaryWindowEnds)})
}

func (t *window) over() bool { return t.timer != nil && t.timer.IsReady() }

func (t *window) stop() {
	if t.cancel != nil {
		t.cancel()
	}
	*t = window{}
}

// awaitAsked waits until an earlier call has ended, or the state changed; then it
// reads the rows.
func (w *walker) awaitAsked(ctx workflow.Context) error {
	w.rest(ctx)
	version := w.state.Version
	err := workflow.Await(ctx, func() bool {
		return !w.turn.IsLocked() && (w.asked.IsReady() || w.state.Version != version)
	})
	if err != nil || !w.asked.IsReady() {
		return err
	}
	w.asked = nil // whatever it brought is in the rows
	return w.read(ctx)
}

// read reads the rows: they say where the onboarding is.
func (w *walker) read(ctx workflow.Context) error {
	in := activities.StepInput{OnboardingID: w.id}
	return w.execute(ctx, ownDatabase(domain.Text(domain.SummaryReadOnboarding), a.ReadOnboarding, in))
}

// finishAsked waits for a call to the provider that still runs. Its result is in
// the rows; where the onboarding has ended, a compensation refunds it.
func (w *walker) finishAsked(ctx workflow.Context) {
	if w.asked != nil {
		_ = w.asked.Get(ctx, nil)
		w.asked = nil
	}
}

// endWindow ends the onboarding when the payment window is over, unless the last
// call to the provider brought the money.
func (w *walker) endWindow(ctx workflow.Context) error {
	w.finishAsked(ctx) // whatever it brought is in the rows
	w.window.stop()
	if err := w.read(ctx); err != nil || !w.state.AsksProvider {
		return err
	}
	if at := w.state.DueAt; at != nil && workflow.Now(ctx).Before(*at) {
		return nil // the window began while the provider was asked
	}
	return w.end(ctx, domain.OnboardingExpired, domain.ExpiredPayment)
}

// rest shows the state in Temporal's UI and lets waiting updates return: nothing
// happens until a person, or a provider, does something.
func (w *walker) rest(ctx workflow.Context) {
	w.show(ctx)
	w.resting = true
}

// execute runs one activity, in turn, and takes over the state it returns.
func (w *walker) execute(ctx workflow.Context, running call) error {
	return w.inTurn(ctx, func() error {
		if w.ended() {
			return nil
		}
		return w.take(ctx, running)
	})
}

// take makes the state an activity returned the walker's. It decodes into a new
// one: decoding into the old one would keep fields that the answer leaves out.
func (w *walker) take(ctx workflow.Context, answer call) error {
	var state onboarding.State
	if err := answer.Get(ctx, &state); err != nil {
		return err
	}
	w.enter(state)
	return nil
}

// enter makes the state the walker's. When it is another, the walker continues.
func (w *walker) enter(state onboarding.State) {
	if state.Version != w.state.Version {
		w.resting = false
	}
	w.state, w.clock = state, state.Clock
}
