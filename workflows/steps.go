package workflows

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// The steps themselves are declared in domain.Steps: what each is called, the
// activity that does it, who is waited for, and what takes it back. This file
// walks them. Where the onboarding is, its rows say: every activity returns the
// state after it, with the step that is next. A step that is over is never run
// again; one that waits is resumed where it waits.

// next takes the onboarding one move further.
func (w *walker) next(ctx workflow.Context) error {
	step, known := domain.StepOf(w.steps, w.state.Step)
	switch {
	case !known:
		return fmt.Errorf("no step %q is declared", w.state.Step)
	case w.asked != nil && (w.state.Waiting || w.state.AsksProvider):
		// An earlier call to the provider is still under way: what it brings counts.
		return w.awaitAsked(ctx)
	case w.state.AsksProvider:
		// The provider is asked for as long as it takes.
		return w.askProvider(ctx, step)
	case w.state.Waiting:
		// A person has to do something.
		w.window.stop()
		w.rest(ctx)
		return w.wait(ctx)
	}
	return w.run(ctx, step)
}

// run runs the step's activity. Its compensation is registered first, as it is
// not known how far a step came that failed.
func (w *walker) run(ctx workflow.Context, step domain.StepDeclaration) error {
	w.register(step.Compensation)
	before := w.state
	running := stepPolicies[step.RetryPolicy](ctx, step.Title)
	if err := w.execute(running, step.Activity, activities.StepInput{OnboardingID: w.id}); err != nil {
		return err
	}
	if w.state.Step == before.Step && w.state.Version == before.Version && !w.state.AsksProvider {
		w.state.Waiting = true // it can do nothing now: whatever changes the state resumes it
	}
	return nil
}

// register notes the compensation of a step that is about to run.
func (w *walker) register(compensation string) {
	for _, known := range w.compensations {
		if known == compensation {
			return
		}
	}
	if compensation != "" {
		w.compensations = append(w.compensations, compensation)
	}
}

// askProvider has a payment provider asked, for as long as it takes: the activity
// retries what can be retried and says when. A command that changes what is
// wanted, or the end of the payment window, ends the asking.
func (w *walker) askProvider(ctx workflow.Context, step domain.StepDeclaration) error {
	asking, stop := workflow.WithCancel(ctx)
	defer stop()
	w.register(step.Compensation)
	w.asked = workflow.ExecuteActivity(atProvider(asking, step.Title), step.ProviderActivity,
		activities.StepInput{OnboardingID: w.id})
	w.rest(ctx)
	w.window.start(ctx, w.state.DueAt, w.clock)
	version := w.state.Version
	err := workflow.Await(ctx, func() bool {
		return !w.turn.IsLocked() && (w.asked.IsReady() || w.window.over() || w.state.Version != version)
	})
	switch {
	case err != nil:
		return err
	case w.state.Version != version:
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
// serves several calls in a row: each would cost two events more.
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

// awaitAsked waits for a call that was given up to come back, or for another
// change; then the rows say where the onboarding is.
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
	reading := ownDatabase(ctx, domain.Text(domain.SummaryReadOnboarding))
	return w.execute(reading, a.ReadOnboarding, activities.StepInput{OnboardingID: w.id})
}

// finishAsked waits for a call to the provider that is still under way when the
// onboarding has ended: what it brings is given back, not lost.
func (w *walker) finishAsked(ctx workflow.Context) {
	if w.asked != nil {
		_ = w.asked.Get(ctx, nil)
		w.asked = nil
	}
}

// endWindow ends the onboarding, when the payment window is over and the last
// call to the provider has not brought the money.
func (w *walker) endWindow(ctx workflow.Context) error {
	w.finishAsked(ctx) // whatever it brought is in the rows
	w.window.stop()
	if err := w.read(ctx); err != nil || !w.state.AsksProvider {
		return err
	}
	if at := w.state.DueAt; at != nil && workflow.Now(ctx).Before(*at) {
		return nil // the window began while the provider was asked
	}
	return w.end(ctx, domain.OnboardingExpired, "payment_expired")
}

// rest shows where the onboarding is, and answers who waits for that: nothing
// more happens until a person, or a provider, does something.
func (w *walker) rest(ctx workflow.Context) {
	w.show(ctx)
	w.resting = true
}

// execute runs one local activity, in turn and under the policy of ctx, and
// takes over the state it returns.
func (w *walker) execute(ctx workflow.Context, activity, input any) error {
	return w.inTurn(ctx, func() error {
		if w.ended() {
			return nil
		}
		return w.take(ctx, workflow.ExecuteLocalActivity(ctx, activity, input))
	})
}

// take takes over the state an activity returned: all of it, as what is absent
// from an answer would keep its old value in the one there is.
func (w *walker) take(ctx workflow.Context, answer workflow.Future) error {
	var state onboarding.State
	if err := answer.Get(ctx, &state); err != nil {
		return err
	}
	w.enter(state)
	return nil
}

// enter makes the state the walker's. When it is another, the walker goes on.
func (w *walker) enter(state onboarding.State) {
	if state.Version != w.state.Version {
		w.resting = false
	}
	w.state, w.clock = state, state.Clock
}
