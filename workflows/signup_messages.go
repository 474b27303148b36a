package workflows

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// takeMessages registers everything that may be said to a running onboarding.
// It comes first in the workflow, so that nothing said early is missed.
func (w *walker) takeMessages(ctx workflow.Context) error {
	taker := commandTaker{
		entity: &w.entity, nouns: []domain.Noun{domain.NounOnboarding}, validate: w.validate, apply: w.applyAndRest,
	}
	w.takeSignal(ctx, SignalActivate, w.signaled(domain.ActionActivate))
	w.takeSignal(ctx, SignalCancel, w.signaled(domain.ActionCancel))
	w.takeSignal(ctx, SignalCatalogueChanged, w.resume)
	w.takeSignal(ctx, SignalProviderEvent, w.providerEvent)
	w.receiveTicks(ctx)
	return errors.Join(
		taker.take(ctx),
		workflow.SetUpdateHandler(ctx, UpdateBegin, w.begin),
		workflow.SetUpdateHandler(ctx, string(domain.ActionRefresh), w.refresh),
	)
}

// begin answers the kick-off: the account exists, this is next.
func (w *walker) begin(ctx workflow.Context) (onboarding.State, error) {
	err := workflow.Await(ctx, w.atRest)
	return w.state, err
}

// atRest reports whether nothing more happens by itself.
func (w *walker) atRest() bool { return w.resting || w.ended() }

// validate refuses what the status does not allow. While a step runs, the
// activity decides, in turn.
func (w *walker) validate(_ workflow.Context, action domain.Action) error {
	o := domain.Onboarding{Status: w.state.Status}
	if err := o.Check(action); err != nil && w.atRest() && !o.Subject().Done(action) {
		text := domain.Text(domain.TextInvalidTransition)
		return temporal.NewNonRetryableApplicationError(text, domain.ReasonOf(err), nil)
	}
	return nil
}

// apply applies one command and takes over the state after it.
func (w *walker) apply(ctx workflow.Context, in activities.ApplyCommandInput) (activities.ApplyCommandResult, error) {
	return w.applyCommand(ctx, in, func(result activities.ApplyCommandResult) { w.enter(*result.Onboarding) })
}

// applyAndRest applies one command and answers when the steps that follow
// from it have run.
func (w *walker) applyAndRest(
	ctx workflow.Context, in activities.ApplyCommandInput,
) (activities.ApplyCommandResult, error) {
	result, err := w.apply(ctx, in)
	if err != nil {
		return result, err
	}
	if err := workflow.Await(ctx, w.atRest); err != nil {
		return result, err
	}
	result.Onboarding = &w.state
	return result, nil
}

// refresh repairs the rows, takes over what is true and returns what differed.
func (w *walker) refresh(ctx workflow.Context, in CommandInput) (onboarding.Repaired, error) {
	var result onboarding.Repaired
	err := w.inTurn(ctx, func() error {
		input := activities.RefreshInput{OnboardingID: w.id, Workflow: w.state.Status, CommandID: in.CommandID}
		refreshing := ownDatabase(ctx, domain.Text(domain.SummaryRefresh))
		err := workflow.ExecuteLocalActivity(refreshing, a.RefreshOnboarding, input).Get(ctx, &result)
		if err == nil {
			w.enter(result.State)
		}
		return err
	})
	return result, err
}

// takeSignal runs handle for each signal of the name. Input that is not what it
// should be counts as none: an operator's typing mistake must not lose the signal.
func (w *walker) takeSignal(ctx workflow.Context, name string, handle func(workflow.Context, SignalInput)) {
	signals := workflow.GetSignalChannel(ctx, name)
	workflow.GoNamed(ctx, name, func(ctx workflow.Context) {
		for {
			var raw converter.RawValue
			signals.Receive(ctx, &raw)
			var in SignalInput
			if payload := raw.Payload(); payload != nil {
				_ = converter.GetDefaultDataConverter().FromPayload(payload, &in)
			}
			handle(ctx, in)
		}
	})
}

// signaled applies a command that came as a plain signal. One that is not
// allowed changes nothing and leaves an event.
func (w *walker) signaled(action domain.Action) func(workflow.Context, SignalInput) {
	return func(ctx workflow.Context, in SignalInput) {
		input := w.input(action, "")
		input.Signal, input.Reason = true, in.Reason
		if _, err := w.apply(ctx, input); err != nil {
			workflow.GetLogger(ctx).Warn("signal refused", "signal", action, "status", w.state.Status)
		}
	}
}

// providerEvent has the provider asked again: it has news.
func (w *walker) providerEvent(ctx workflow.Context, _ SignalInput) {
	input := w.input(domain.ActionConfirmPayment, "")
	input.Event = true
	if _, err := w.apply(ctx, input); err != nil {
		workflow.GetLogger(ctx).Error("provider event", "error", err)
	}
}

// resume runs the step again that waits for what the catalogue has now; none
// before it.
func (w *walker) resume(ctx workflow.Context, _ SignalInput) {
	step, known := domain.StepOf(w.steps, w.state.Step)
	if !known || !w.state.Waiting || (step.Key != domain.StepPlan && step.Key != domain.StepPaymentMethod) {
		return
	}
	if err := w.run(ctx, step); err != nil {
		workflow.GetLogger(ctx).Error("resume", "step", step.Key, "error", err)
	}
}
