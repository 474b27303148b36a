package activities

import (
	"context"

	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// Commands is the activity that applies commands, whatever they are about.
type Commands struct {
	store         *store.Store
	onboardings   *onboarding.Onboardings
	subscriptions *billing.Subscriptions
	purchases     *billing.Purchases
}

// ApplyCommandInput is a command for what a workflow is about: one that the API
// stored, by its id, or one that came as a plain Temporal signal or as a
// provider's event, spelled out.
type ApplyCommandInput struct {
	Noun      domain.Noun   `json:"noun"` // onboarding, subscription or invoice
	ID        string        `json:"id"`
	Action    domain.Action `json:"action"`
	CommandID string        `json:"command_id,omitempty"`
	// Signal marks a command from Temporal's own UI or CLI; Reason is what its
	// operator gave.
	Signal bool   `json:"signal,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Event marks news of a payment provider; it is ignored where it does not fit.
	Event bool `json:"event,omitempty"`
}

// ApplyCommandResult is the state after the command, of the noun it was about.
type ApplyCommandResult struct {
	Onboarding   *onboarding.State          `json:"onboarding,omitempty"`
	Subscription *billing.SubscriptionState `json:"subscription,omitempty"`
	Purchase     *billing.PurchaseState     `json:"purchase,omitempty"`
}

// ApplyCommand applies a command in one transaction, or returns
// invalid_transition when the state does not allow it (any more). A command that
// was applied before changes nothing.
func (a *Commands) ApplyCommand(ctx context.Context, in ApplyCommandInput) (ApplyCommandResult, error) {
	cmd, err := a.command(ctx, in)
	if err != nil {
		return ApplyCommandResult{}, err
	}
	switch in.Noun {
	case domain.NounOnboarding:
		state, err := a.toOnboarding(in)(ctx, in.ID, cmd)
		return ApplyCommandResult{Onboarding: &state}, err
	case domain.NounSubscription:
		state, err := a.subscriptions.Apply(ctx, in.ID, cmd)
		return ApplyCommandResult{Subscription: &state}, err
	}
	state, err := a.purchases.Apply(ctx, in.ID, cmd)
	return ApplyCommandResult{Purchase: &state}, err
}

// command reads the stored command, or makes one of a signal or an event.
func (a *Commands) command(ctx context.Context, in ApplyCommandInput) (*domain.Command, error) {
	if in.CommandID == "" {
		actor := domain.ActorTemporal
		if in.Event {
			actor = domain.ActorSystem
		}
		return &domain.Command{Action: in.Action, OnboardingID: in.ID, ActorType: actor, Reason: in.Reason}, nil
	}
	cmd, err := a.store.CommandByID(ctx, in.CommandID)
	if err == nil && cmd.Action != in.Action {
		return nil, domain.NotFound("command") // sent by hand, under another name
	}
	return cmd, err
}

// toOnboarding chooses by where the command came from: the sender of a signal or
// an event gets no answer.
func (a *Commands) toOnboarding(
	in ApplyCommandInput,
) func(context.Context, string, *domain.Command) (onboarding.State, error) {
	switch {
	case in.Event:
		return a.onboardings.ApplyEvent
	case in.Signal:
		return a.onboardings.ApplySignal
	}
	return a.onboardings.Apply
}
