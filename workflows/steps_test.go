package workflows_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/workflows"
)

// workspace is a step that does not exist: one declaration, and its activity.
var workspace = domain.StepDeclaration{
	Key: "workspace", Title: "Prepare the workspace", Activity: "PrepareWorkspace", RetryPolicy: domain.RetryOwnDatabase,
	Compensation: "RemoveWorkspace",
}

// withWorkspace puts the step before the activation.
func withWorkspace() []domain.StepDeclaration {
	return slices.Insert(slices.Clone(domain.Steps), len(domain.Steps)-1, workspace)
}

// prepareWorkspace is the activity of the step.
func (f *flow) prepareWorkspace(ctx context.Context, in activities.StepInput) (onboarding.State, error) {
	err := f.store.Within(ctx, func(tx *store.Store) error {
		o, err := tx.LockOnboarding(ctx, in.OnboardingID)
		if err != nil {
			return err
		}
		o.Step(workspace.Key).Set(domain.StepDone, "Prepared.", f.Now())
		o.Touch(f.Now())
		return tx.SaveOnboarding(ctx, o)
	})
	if err != nil {
		return onboarding.State{}, err
	}
	return f.acts.ReadOnboarding(ctx, in)
}

func (f *flow) signupWithWorkspace(removed *int, wishes ...wish) {
	f.t.Helper()
	f.RegisterActivityWithOptions(f.prepareWorkspace, activity.RegisterOptions{Name: workspace.Activity})
	f.RegisterActivityWithOptions(func(context.Context, activities.StepInput) error { *removed++; return nil },
		activity.RegisterOptions{Name: workspace.Compensation})
	f.receive(append(wishes, func(o *domain.Onboarding) {
		o.Steps = slices.Insert(o.Steps, len(o.Steps)-1, domain.Step{Key: workspace.Key, Status: domain.StepPending})
	})...)
	f.ExecuteWorkflow(workflows.Walk(withWorkspace()), workflows.OnboardingInput{OnboardingID: f.o.ID})
}

func TestSteps_ANewOneIsOneDeclarationAndItsActivity(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	removed := 0
	f.signupWithWorkspace(&removed, plan("starter"))
	f.assertEnd(domain.OnboardingCompleted)
	assert.Equal(t, domain.StepDone, f.row().Step(workspace.Key).Status)
	assert.Equal(t, 1, f.ran(workspace.Activity))
	assert.Zero(t, removed)
}

func TestSteps_ACompensationRunsOnlyForAStepThatWasBegun(t *testing.T) {
	t.Parallel()
	for action, removes := range map[domain.Action]int{domain.ActionCancel: 0} {
		f := newFlow(t) // it waits for the payment, which comes before the workspace
		removed := 0
		f.at(time.Minute, func() { f.give(action) })
		f.signupWithWorkspace(&removed, plan("growth"))
		f.assertEnd(domain.OnboardingCanceled)
		assert.Equal(t, removes, removed)
	}
	f := newFlow(t)
	removed := 0
	f.before = func(name string, _ int) error {
		if name == "ActivateSubscription" {
			return &domain.Error{Code: domain.CodeForbidden, Detail: "Never."}
		}
		return nil
	}
	f.signupWithWorkspace(&removed, plan("starter"))
	f.assertStatus(domain.OnboardingFailed)
	assert.Equal(t, 1, removed, "what the step had prepared is taken back")
}

func TestSteps_OneThatWaitsIsResumedAndNoEarlierOneRunsAgain(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.exec("UPDATE payment_options SET enabled = false")
	changed := func() { f.SignalWorkflow(workflows.SignalCatalogueChanged, nil) }
	f.at(time.Hour, changed) // for something else
	f.at(2*time.Hour, func() {
		f.assertStatus(domain.OnboardingWaitingForPaymentMethod)
		f.exec("UPDATE payment_options SET enabled = true")
		changed()
	})
	f.at(3*time.Hour, func() { f.give(domain.ActionCancel) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCanceled)
	assert.Equal(t, 1, f.ran("CreateAccount"))
	assert.Equal(t, 1, f.ran("ChoosePlan"))
	assert.Equal(t, 3, f.ran("AttachPaymentMethod"))
	assert.Equal(t, 1, f.ran("CollectPayment"))
}

func TestSteps_ACardThatIsBeingAttachedIsNotForgottenWhileThePlanIsEdited(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	s.away = func(now time.Time) bool { return now.Before(noon.Add(10 * time.Minute)) }
	for i := range 20 {
		f.at(time.Duration(i)*20*time.Second, func() {
			f.exec("UPDATE plans SET sort = sort + 1 WHERE code = 'starter'")
			f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
		})
	}
	f.signup(plan("starter"), card("tok_ok"))
	f.assertEnd(domain.OnboardingCompleted)
	methods, err := f.store.ListMethods(t.Context(), f.o.AccountID, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Len(t, methods.Data, 1)
	assert.Equal(t, 1, f.ran("AttachPaymentMethod"), "no step runs while a provider is asked")
	assert.Equal(t, "card", methods.Data[0].Option)
	assert.True(t, methods.Data[0].Default)
	assert.Equal(t, domain.SubscriptionTrialing, f.subscription().Status)
}

func TestSteps_EveryOneNamesAPolicyThatThereIs(t *testing.T) {
	t.Parallel()
	for _, step := range domain.Steps {
		assert.True(t, workflows.HasPolicy(step.RetryPolicy), "%s: %s", step.Key, step.RetryPolicy)
	}
}
