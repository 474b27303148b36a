package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// takeMessages registers every message that a running onboarding takes. It comes
// first in the workflow, so that an early message is not missed.
func (w *walker) takeMessages(ctx workflow.Context) error {
	taker := commandTaker{
		entity: &w.entity, nouns: []domain.Noun{domain.NounOnboarding}, validate: w.validate, apply: w.applyAndRest,
		signaled: w.apply,
	}
	takeSignal(ctx, &w.entity, SignalCatalogueChanged, w.resume)
	takeSignal(ctx, &w.entity, SignalProviderEvent, w.providerEvent)
	w.receiveTicks(ctx)
	return errors.Join(
		taker.take(ctx),
		workflow.SetUpdateHandler(ctx, UpdateBegin, w.begin),
		workflow.SetUpdateHandlerWithOptions(ctx, string(domain.ActionRefresh), w.refresh, workflow.UpdateHandlerOptions{
			Validator: func(ctx workflow.Context, _ CommandInput) error { return w.takesCommands(ctx, w.atRest()) },
		}),
	)
}

// begin returns when the account exists and the next action is known.
func (w *walker) begin(ctx workflow.Context) (onboarding.State, error) {
	err := workflow.Await(ctx, w.atRest)
	return w.state, err
}

// atRest reports whether nothing happens before somebody, or a provider, acts, or
// in this run.
func (w *walker) atRest() bool { return w.resting || w.ended() || w.ending }

// validate refuses what the status does not allow. While a step runs, the
// activity decides, in turn.
func (w *walker) validate(ctx workflow.Context, action domain.Action) error {
	if err := w.takesCommands(ctx, w.atRest()); err != nil {
		return err
	}
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
	w.commands++
	err := w.inTurn(ctx, func() error {
		input := activities.RefreshInput{OnboardingID: w.id, Workflow: w.state.Status, CommandID: in.CommandID}
		err := ownDatabase(domain.Text(domain.SummaryRefresh), a.RefreshOnboarding, input).Get(ctx, &result)
		if err == nil {
			w.enter(result.State)
		}
		return err
	})
	return result, err
}

// providerEvent runs the provider's activity again, after an event.
func (w *walker) providerEvent(ctx workflow.Context, _ SignalInput) {
	input := w.input(domain.ActionConfirmPayment, "")
	input.Event = true
	if _, err := w.apply(ctx, input); err != nil {
		workflow.GetLogger(ctx).Error("provider event", "error", err)
	}
}

// resume runs the waiting plan or payment-method step again after a change of the
// catalogue. Earlier steps do not run.
func (w *walker) resume(ctx workflow.Context, _ SignalInput) {
	step, known := domain.StepOf(w.steps, w.state.Step)
	if !known || !w.state.Waiting || (step.Key != domain.StepPlan && step.Key != domain.StepPaymentMethod) {
		return
	}
	if err := w.run(ctx, step); err != nil {
		workflow.GetLogger(ctx).Error("resume", "step", step.Key, "error", err)
	}
}
