package activities_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/activities/activitiestest"
	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
)

// The activities as a workflow runs them: steps walked, commands followed by the
// steps they lead to.

func stepInput(o *domain.Onboarding) activities.StepInput {
	return activities.StepInput{OnboardingID: o.ID}
}

// create runs the first step, twice.
func (f *fixture) create(o *domain.Onboarding) onboarding.State {
	f.t.Helper()
	return twice(f, func() (onboarding.State, error) { return f.CreateAccount(f.t.Context(), stepInput(o)) })
}

// open takes the onboarding as far as it goes by itself, each step run twice. One
// that waits for the catalogue is resumed first.
func (f *fixture) open(o *domain.Onboarding) onboarding.State {
	f.t.Helper()
	twice(f, func() (onboarding.State, error) { return activitiestest.Resume(f.t.Context(), f.Activities, o.ID) })
	return f.walk(o)
}

// walk runs each step's activity twice until the onboarding waits or has ended.
func (f *fixture) walk(o *domain.Onboarding) onboarding.State {
	f.t.Helper()
	state, err := f.ReadOnboarding(f.t.Context(), stepInput(o))
	require.NoError(f.t, err)
	for !state.Status.Ended() && !state.Waiting && !state.AsksProvider {
		state = twice(f, func() (onboarding.State, error) { return activitiestest.Step(f.t.Context(), f.Activities, state) })
	}
	return state
}

// Apply carries out a command and walks the steps that follow from it.
func (f *fixture) Apply(ctx context.Context, in activities.ApplyCommandInput) (onboarding.State, error) {
	result, err := f.ApplyCommand(ctx, in)
	if err != nil {
		return onboarding.State{}, err
	}
	if result.Onboarding.AsksProvider || in.Signal {
		return *result.Onboarding, nil
	}
	return activitiestest.Walk(ctx, f.Activities, in.ID)
}

// ApplyBilling applies a command to a subscription.
func (f *fixture) ApplyBilling(
	ctx context.Context, in activities.ApplyCommandInput,
) (billing.SubscriptionState, error) {
	result, err := f.ApplyCommand(ctx, in)
	if err != nil {
		return billing.SubscriptionState{}, err
	}
	return *result.Subscription, nil
}

// billingInput is a stored command for the onboarding's subscription.
func (f *fixture) billingInput(o *domain.Onboarding, commandID string) activities.ApplyCommandInput {
	f.t.Helper()
	in := activities.ApplyCommandInput{Noun: domain.NounSubscription, ID: o.SubscriptionID, CommandID: commandID}
	if cmd, err := f.store.CommandByID(f.t.Context(), commandID); err == nil {
		in.Action = cmd.Action
	}
	return in
}

// Process does what is due; nothing, when nothing is named.
func (f *fixture) Process(ctx context.Context, in activities.ProcessDueInput) (billing.SubscriptionState, error) {
	if in.Due == "" {
		return f.ReadSubscription(ctx, activities.SubscriptionInput{SubscriptionID: in.SubscriptionID})
	}
	return f.ProcessDue(ctx, in)
}

// purchaseInput says what happens to a purchase; nothing when only its id is given.
type purchaseInput struct {
	InvoiceID, AccountID, Package, CommandID string
	Expire                                   bool
}

// Purchase does what a Purchase does with the input.
func (f *fixture) Purchase(ctx context.Context, in purchaseInput) (billing.PurchaseState, error) {
	switch {
	case in.Package != "":
		return f.OpenPurchase(ctx, activities.OpenPurchaseInput{
			InvoiceID: in.InvoiceID, AccountID: in.AccountID, Package: in.Package,
		})
	case in.Expire:
		return f.ExpirePurchase(ctx, activities.PurchaseInput{InvoiceID: in.InvoiceID})
	case in.CommandID == "":
		return f.ReadPurchase(ctx, activities.PurchaseInput{InvoiceID: in.InvoiceID})
	}
	cmd, err := f.store.CommandByID(ctx, in.CommandID)
	require.NoError(f.t, err)
	result, err := f.ApplyCommand(ctx, activities.ApplyCommandInput{
		Noun: domain.NounInvoice, ID: in.InvoiceID, Action: cmd.Action, CommandID: in.CommandID,
	})
	if err != nil {
		return billing.PurchaseState{}, err
	}
	return *result.Purchase, nil
}

func TestActivities_EveryDeclaredStepHasItsActivities(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, step := range domain.Steps {
		for _, name := range []string{step.Activity, step.ProviderActivity, step.Compensation} {
			if name != "" {
				require.True(t, activitiestest.Has(f.Activities, name), "step %s names the activity %s", step.Key, name)
			}
		}
	}
}
