package activities

import (
	"context"

	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
)

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
	// Event marks news of a payment provider's; what it does not fit is ignored.
	Event bool `json:"event,omitempty"`
}

// ApplyCommandResult is the state after the command, of the noun it was about.
type ApplyCommandResult struct {
	Onboarding   *onboarding.State          `json:"onboarding,omitempty"`
	Subscription *billing.SubscriptionState `json:"subscription,omitempty"`
	Purchase     *billing.PurchaseState     `json:"purchase,omitempty"`
}

// ApplyCommand carries out a command in one transaction, or returns
// invalid_transition when the state does not allow it (any more). A command that
// was carried out before changes nothing.
func (a *Activities) ApplyCommand(ctx context.Context, in ApplyCommandInput) (ApplyCommandResult, error) {
	cmd, err := a.command(ctx, in)
	if err != nil {
		return ApplyCommandResult{}, err
	}
	switch in.Noun {
	case domain.NounOnboarding:
		state, err := a.applyToOnboarding(ctx, in, cmd)
		return ApplyCommandResult{Onboarding: &state}, err
	case domain.NounSubscription:
		state, err := a.subscriptions.Apply(ctx, in.ID, cmd)
		return ApplyCommandResult{Subscription: &state}, err
	}
	state, err := a.purchases.Apply(ctx, in.ID, cmd)
	return ApplyCommandResult{Purchase: &state}, err
}

// command reads the stored command, or makes one of a signal or an event.
func (a *Activities) command(ctx context.Context, in ApplyCommandInput) (*domain.Command, error) {
	if in.CommandID == "" {
		cmd := &domain.Command{Action: in.Action, OnboardingID: in.ID, ActorType: domain.ActorTemporal, Reason: in.Reason}
		if in.Event {
			cmd.ActorType = domain.ActorSystem
		}
		return cmd, nil
	}
	cmd, err := a.Store.CommandByID(ctx, in.CommandID)
	if err == nil && cmd.Action != in.Action {
		return nil, domain.NotFound("command") // sent by hand, under another name
	}
	return cmd, err
}

// applyToOnboarding also says what becomes of a signal or an event that the
// state does not allow: nobody waits for their answer.
func (a *Activities) applyToOnboarding(ctx context.Context, in ApplyCommandInput, cmd *domain.Command) (onboarding.State, error) {
	state, err := a.onboardings.Apply(ctx, in.ID, cmd)
	switch {
	case domain.CodeOf(err) != domain.CodeConflict || err == nil:
		return state, err
	case in.Event:
		return a.onboardings.Read(ctx, in.ID)
	case in.Signal:
		return a.onboardings.Refused(ctx, cmd)
	}
	return state, err
}
