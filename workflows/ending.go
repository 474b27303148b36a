package workflows

import (
	"errors"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// compensation gives back what a step may have reserved. It is registered
// before its step and safe when the step never happened.
type compensation func(ctx workflow.Context, in activities.EndInput) error

// giveBack is the compensation of everything in our own database: one
// transaction that also records the end.
func (p *onboarding) giveBack(ctx workflow.Context, in activities.EndInput) error {
	return p.take(workflow.ExecuteLocalActivity(ownDatabase(ctx, "Give back what was reserved"), a.End, in), ctx)
}

// settle gives back what a provider was asked for by an onboarding that has
// ended without it. It is safe when nothing was.
func (p *onboarding) settle(ctx workflow.Context) error {
	if !p.asked || p.standing.Status == domain.OnboardingCompleted {
		return nil
	}
	return workflow.ExecuteActivity(atProvider(ctx, "Give back what was charged"), a.Settle,
		activities.SettleInput{OnboardingID: p.id()}).Get(ctx, nil)
}

// tellReplaced tells the Billing of the subscription that this one replaced: its
// rows say that nothing comes due any more. One that does not run need not know.
func (p *onboarding) tellReplaced(ctx workflow.Context) {
	if p.standing.Replaced != "" {
		_ = workflow.SignalExternalWorkflow(ctx, billingID(p.standing.Replaced), "", SignalMethodChanged, nil).Get(ctx, nil)
	}
}

// end compensates, latest first, on a context that a cancellation does not
// reach. Every compensation is tried, whatever became of the others.
func (p *onboarding) end(ctx workflow.Context, status domain.OnboardingStatus, errorCode string) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	if err := p.turn.Lock(ctx); err != nil {
		return err
	}
	defer p.turn.Unlock()
	var failures []error
	in := activities.EndInput{OnboardingID: p.id(), Status: status, ErrorCode: errorCode}
	for i := len(p.compensate) - 1; i >= 0; i-- {
		failures = append(failures, p.compensate[i](ctx, in))
	}
	return errors.Join(failures...)
}

// fail ends the onboarding for an error no retry cures, or, when an operator
// asked Temporal to cancel the workflow, as canceled.
func (p *onboarding) fail(ctx workflow.Context, err error) error {
	p.begun = true // nobody is to wait for more
	if temporal.IsCanceledError(err) {
		return p.cancel(ctx)
	}
	workflow.GetLogger(ctx).Error("onboarding fails", "error", err)
	return errors.Join(err, p.end(ctx, domain.OnboardingFailed, string(domain.CodeInternal)))
}

// cancel is Temporal's own cancellation: the cancel command, by an operator.
func (p *onboarding) cancel(ctx workflow.Context) error {
	ctx, _ = workflow.NewDisconnectedContext(ctx)
	return p.apply(ctx, activities.ApplyInput{OnboardingID: p.id(), Action: domain.ActionCancel, Signal: true})
}
