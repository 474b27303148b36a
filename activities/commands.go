package activities

import (
	"cmp"
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
	// At: when a signal's cancellation of a subscription takes effect.
	At domain.CancelAt `json:"at,omitempty"`
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
// was applied before changes nothing. The sender of a signal gets no answer: one
// that is refused leaves a trace. An event that does not fit is ignored.
func (a *Commands) ApplyCommand(ctx context.Context, in ApplyCommandInput) (ApplyCommandResult, error) {
	cmd, err := a.command(ctx, in)
	if err != nil {
		return ApplyCommandResult{}, err
	}
	if in.Signal && !cmd.Clean() {
		return a.refuse(ctx, in, cmd)
	}
	result, err := a.apply(ctx, in, cmd)
	switch domain.CodeOf(err) {
	case domain.CodeConflict, domain.CodeNotFound: // of the command: this noun does not know it
		if in.Signal {
			return a.refuse(ctx, in, cmd)
		}
		if in.Event {
			state, err := a.onboardings.Read(ctx, in.ID)
			return ApplyCommandResult{Onboarding: &state}, err
		}
	}
	return result, err
}

func (a *Commands) apply(ctx context.Context, in ApplyCommandInput, cmd *domain.Command) (ApplyCommandResult, error) {
	switch in.Noun {
	case domain.NounOnboarding:
		state, err := a.onboardings.Apply(ctx, in.ID, cmd)
		return ApplyCommandResult{Onboarding: &state}, err
	case domain.NounSubscription:
		state, err := a.subscriptions.Apply(ctx, in.ID, cmd)
		return ApplyCommandResult{Subscription: &state}, err
	}
	state, err := a.purchases.Apply(ctx, in.ID, cmd)
	return ApplyCommandResult{Purchase: &state}, err
}

func (a *Commands) refuse(ctx context.Context, in ApplyCommandInput, cmd *domain.Command) (ApplyCommandResult, error) {
	switch in.Noun {
	case domain.NounOnboarding:
		state, err := a.onboardings.Refuse(ctx, in.ID, cmd)
		return ApplyCommandResult{Onboarding: &state}, err
	case domain.NounSubscription:
		state, err := a.subscriptions.Refuse(ctx, in.ID, cmd)
		return ApplyCommandResult{Subscription: &state}, err
	}
	state, err := a.purchases.Refuse(ctx, in.ID, cmd)
	return ApplyCommandResult{Purchase: &state}, err
}

// command reads the stored command, or makes one of a signal or an event.
func (a *Commands) command(ctx context.Context, in ApplyCommandInput) (*domain.Command, error) {
	if in.CommandID == "" {
		return in.spelledOut(), nil
	}
	cmd, err := a.store.CommandByID(ctx, in.CommandID)
	if err == nil && cmd.Action != in.Action {
		return nil, domain.NotFound("command") // sent by hand, under another name
	}
	return cmd, err
}

// spelledOut is the command that a signal or an event says. A subscription that is
// canceled without saying when stays until its period ends, as with the API.
func (in ApplyCommandInput) spelledOut() *domain.Command {
	cmd := &domain.Command{Action: in.Action, ActorType: domain.ActorTemporal, Reason: in.Reason, At: in.At}
	if in.Event {
		cmd.ActorType = domain.ActorSystem
	}
	switch in.Noun {
	case domain.NounOnboarding:
		cmd.OnboardingID = in.ID
	case domain.NounSubscription:
		cmd.SubscriptionID, cmd.At = in.ID, cmp.Or(in.At, domain.CancelPeriodEnd)
	case domain.NounInvoice:
		cmd.InvoiceID = in.ID
	}
	return cmd
}
