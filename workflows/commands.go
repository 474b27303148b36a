package workflows

import (
	"errors"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// commands are the updates an onboarding takes, each named after its action.
var commands = []domain.Action{
	domain.ActionChoosePlan, domain.ActionAddPaymentMethod, domain.ActionSubmitPayment, domain.ActionConfirmPayment,
	domain.ActionApprovePayment, domain.ActionRejectPayment, domain.ActionActivate, domain.ActionCancel,
}

// takeMessages registers everything that may be said to a running onboarding.
// It comes first in the workflow, so that nothing said early is missed.
func (p *onboarding) takeMessages(ctx workflow.Context) error {
	for _, action := range commands {
		handler := func(ctx workflow.Context, in CommandInput) (activities.Standing, error) {
			err := p.apply(ctx, activities.ApplyInput{OnboardingID: p.id(), CommandID: in.CommandID, Action: action})
			return p.standing, err
		}
		err := workflow.SetUpdateHandlerWithOptions(ctx, string(action), handler, workflow.UpdateHandlerOptions{
			Validator:   func(CommandInput) error { return p.check(action) },
			Description: "A command stored by the API; send it through the API, which stores who gave it and why.",
		})
		if err != nil {
			return err
		}
	}
	p.takeSignal(ctx, SignalActivate, p.signaled(domain.ActionActivate))
	p.takeSignal(ctx, SignalCancel, p.signaled(domain.ActionCancel))
	p.takeSignal(ctx, SignalCatalogueChanged, p.lookAgain)
	p.takeSignal(ctx, SignalProviderEvent, p.providerEvent)
	p.listen(ctx)
	return errors.Join(
		workflow.SetUpdateHandler(ctx, UpdateBegin, p.begin),
		workflow.SetUpdateHandler(ctx, string(domain.ActionRefresh), p.refresh),
	)
}

// begin answers the kick-off: the account exists, this is next.
func (p *onboarding) begin(ctx workflow.Context) (activities.Standing, error) {
	err := workflow.Await(ctx, func() bool { return p.begun })
	return p.standing, err
}

// check refuses, before anything is recorded, what the status does not allow.
func (p *onboarding) check(action domain.Action) error {
	o := domain.Onboarding{Status: p.standing.Status}
	if err := o.Check(action); err != nil && p.begun {
		return temporal.NewNonRetryableApplicationError("the current state does not allow this", domain.ReasonOf(err), nil)
	}
	return nil // while the first steps run, the activity decides, in turn
}

// apply carries out one command, in turn. The activity checks it again: the
// state may have moved on while it waited for its turn.
func (p *onboarding) apply(ctx workflow.Context, in activities.ApplyInput) error {
	if err := p.turn.Lock(ctx); err != nil {
		return err
	}
	defer p.turn.Unlock()
	err := p.take(workflow.ExecuteLocalActivity(ownDatabase(ctx, "Command: "+string(in.Action)), a.Apply, in), ctx)
	if err != nil {
		return updateFailure(err)
	}
	return nil
}

// refresh repairs the rows, takes over what is true and returns what differed.
func (p *onboarding) refresh(ctx workflow.Context, in CommandInput) (activities.RefreshResult, error) {
	var result activities.RefreshResult
	if err := p.turn.Lock(ctx); err != nil {
		return result, err
	}
	defer p.turn.Unlock()
	input := activities.RefreshInput{OnboardingID: p.id(), Workflow: p.standing.Status, CommandID: in.CommandID}
	err := workflow.ExecuteLocalActivity(ownDatabase(ctx, "Refresh"), a.Refresh, input).Get(ctx, &result)
	if err == nil {
		p.standing = result.Standing
	}
	return result, err
}

// takeSignal runs handle for each signal of the name. Input that is not what it
// should be counts as none: an operator's typing mistake must not lose the signal.
func (p *onboarding) takeSignal(ctx workflow.Context, name string, handle func(workflow.Context, SignalInput)) {
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

// signaled carries out a command that came as a plain signal. One that is not
// allowed changes nothing and is recorded as refused.
func (p *onboarding) signaled(action domain.Action) func(workflow.Context, SignalInput) {
	return func(ctx workflow.Context, in SignalInput) {
		err := p.apply(ctx, activities.ApplyInput{
			OnboardingID: p.id(), Action: action, Signal: true, Reason: in.Reason,
		})
		if err != nil {
			workflow.GetLogger(ctx).Warn("signal refused", "signal", action, "status", p.standing.Status)
		}
	}
}

// providerEvent has the provider asked again: it has news.
func (p *onboarding) providerEvent(ctx workflow.Context, _ SignalInput) {
	err := p.apply(ctx, activities.ApplyInput{OnboardingID: p.id(), Action: domain.ActionConfirmPayment, Event: true})
	if err != nil {
		workflow.GetLogger(ctx).Error("provider event", "error", err)
	}
}

// lookAgain goes on when the catalogue has what was waited for.
func (p *onboarding) lookAgain(ctx workflow.Context, _ SignalInput) {
	switch p.standing.Status.BlockedOn() {
	case domain.BlockedOnPlan, domain.BlockedOnPaymentMethod:
		if err := p.open(ctx); err != nil {
			workflow.GetLogger(ctx).Error("look again", "error", err)
		}
	}
}
