package api

import (
	"context"

	"slipway/domain"
)

type subscriptionCancelInput struct {
	Idempotent
	Body struct {
		At     domain.CancelAt `json:"at,omitempty" enum:"now,period_end" default:"period_end" doc:"@subscriptionCancel.at"`
		Reason string          `json:"reason,omitempty" doc:"Why, in at most 500 visible characters."`
	}
}

type changeOwnPlanInput struct {
	Idempotent
	Body struct {
		Plan string `json:"plan" maxLength:"100" doc:"@changeOwnPlan.plan"`
	}
}

type subscriptionInput struct {
	Idempotent
	Body *struct{}
}

type subscriptionOutput struct {
	Replayable
	Body *domain.Subscription
}

// getSubscription answers the subscription in use.
func (a *API) getSubscription(ctx context.Context, _ *struct{}) (*subscriptionOutput, error) {
	sub, err := a.store.LiveSubscription(ctx, callerOf(ctx).accountID)
	return &subscriptionOutput{Body: sub}, err
}

// cancelOwn ends the subscription in use, now or at the end of what is paid for.
func (a *API) cancelOwn(ctx context.Context, in *subscriptionCancelInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionCancel, At: in.Body.At, Reason: in.Body.Reason},
		valid: func(*target) error {
			var wrong fieldErrors
			wrong.require(in.Body.Reason == "" || validLine(in.Body.Reason, 1, 500), "reason",
				"It cannot be a reason.", "at most 500 visible characters")
			return wrong.err()
		},
	})
}

// resumeOwn takes back a cancellation, or a change of plan, that is scheduled.
func (a *API) resumeOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionResume},
	})
}

// retryOwn charges a late payment now.
func (a *API) retryOwn(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionRetryPayment},
	})
}

// changeOwnPlan changes the plan of the subscription in use.
func (a *API) changeOwnPlan(ctx context.Context, in *changeOwnPlanInput) (*subscriptionOutput, error) {
	return a.subscriptionCommand(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionChangePlan, Plan: in.Body.Plan},
		valid: func(t *target) error {
			if err := a.checkPlan(ctx, in.Body.Plan); err != nil {
				return err
			}
			if t.subscription.Plan.Amount == 0 {
				return domain.Conflict(domain.TextPlanIsFree)
			}
			return nil
		},
	})
}

// subscriptionCommand gives a command of the owner's and answers with the
// subscription after it.
func (a *API) subscriptionCommand(ctx context.Context, r commandRequest) (*subscriptionOutput, error) {
	sub, err := a.ownSubscription(ctx)
	if err != nil {
		return nil, err
	}
	done, err := a.command(ctx, subscriptionTarget(sub), r)
	if err != nil {
		return nil, err
	}
	return &subscriptionOutput{Replayable: replayed(done.replayed), Body: done.subscription}, nil
}

func subscriptionTarget(sub *domain.Subscription) *target {
	return &target{noun: domain.NounSubscription, id: sub.ID, subscription: sub, subscriptionID: sub.ID}
}

// ownSubscription is the caller's subscription in use, or the newest there was:
// repeating a cancellation is no error.
func (a *API) ownSubscription(ctx context.Context) (*domain.Subscription, error) {
	accountID := callerOf(ctx).accountID
	sub, err := a.store.LiveSubscription(ctx, accountID)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return sub, err
	}
	return a.store.LatestSubscription(ctx, accountID)
}

// liveSubscription returns the subscription in use; nil without one.
func (a *API) liveSubscription(ctx context.Context, accountID string) (*domain.Subscription, error) {
	live, err := a.store.LiveSubscription(ctx, accountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return live, err
}
