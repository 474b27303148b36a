package api

import (
	"context"

	"slipway/domain"
)

type subscriptionCancelInput struct {
	Idempotent
	Body struct {
		At     domain.CancelAt `json:"at,omitempty" enum:"now,period_end" default:"period_end" doc:"@subscriptionCancel.at"`
		Reason string          `json:"reason,omitempty" format:"paragraph" maxLength:"500" doc:"Why."`
	}
}

type changeOwnPlanInput struct {
	Idempotent
	Body struct {
		Plan string `json:"plan" format:"code" maxLength:"100" doc:"@changeOwnPlan.plan"`
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

// subscriptions are what accounts use the product by.
type subscriptions struct {
	*shared
	commands    commands
	onboardings onboardings
	plans       plans
	options     paymentOptions
}

// get answers the subscription in use.
func (s subscriptions) get(ctx context.Context, _ *struct{}) (*subscriptionOutput, error) {
	sub, err := s.store.LiveSubscription(ctx, callerOf(ctx).accountID)
	return &subscriptionOutput{Body: sub}, err
}

// cancel ends the subscription in use, now or at the end of what is paid for.
func (s subscriptions) cancel(ctx context.Context, in *subscriptionCancelInput) (*subscriptionOutput, error) {
	return s.give(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionCancel, At: in.Body.At, Reason: in.Body.Reason},
	})
}

// resume takes back a cancellation, or a change of plan, that is scheduled.
func (s subscriptions) resume(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return s.give(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionResume},
	})
}

// retry charges a late payment now.
func (s subscriptions) retry(ctx context.Context, in *subscriptionInput) (*subscriptionOutput, error) {
	return s.give(ctx, commandRequest{
		Idempotent: in.Idempotent, command: domain.Command{Action: domain.ActionRetryPayment},
	})
}

// changePlan changes the plan of the subscription in use.
func (s subscriptions) changePlan(ctx context.Context, in *changeOwnPlanInput) (*subscriptionOutput, error) {
	return s.give(ctx, commandRequest{
		Idempotent: in.Idempotent, body: in.Body,
		command: domain.Command{Action: domain.ActionChangePlan, Plan: in.Body.Plan},
		valid: func(t *target) error {
			if err := s.plans.check(ctx, in.Body.Plan); err != nil {
				return err
			}
			if t.subscription.Plan.Amount == 0 {
				return domain.Conflict(domain.TextPlanIsFree)
			}
			return nil
		},
	})
}

// give gives a command of the owner's and answers with the subscription after
// it.
func (s subscriptions) give(ctx context.Context, r commandRequest) (*subscriptionOutput, error) {
	sub, err := s.own(ctx)
	if err != nil {
		return nil, err
	}
	done, err := s.commands.give(ctx, subscriptionTarget(sub), r)
	if err != nil {
		return nil, err
	}
	return &subscriptionOutput{Replayable: replayed(done.replayed), Body: done.subscription}, nil
}

func subscriptionTarget(sub *domain.Subscription) *target {
	return &target{noun: domain.NounSubscription, id: sub.ID, subscription: sub, subscriptionID: sub.ID}
}

// own is the caller's subscription in use, or the newest there was: repeating a
// cancellation is no error.
func (s subscriptions) own(ctx context.Context) (*domain.Subscription, error) {
	accountID := callerOf(ctx).accountID
	sub, err := s.store.LiveSubscription(ctx, accountID)
	if domain.CodeOf(err) != domain.CodeNotFound {
		return sub, err
	}
	return s.store.LatestSubscription(ctx, accountID)
}
