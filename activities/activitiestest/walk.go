// Package activitiestest runs activities the way workflows do, without Temporal.
package activitiestest

import (
	"context"
	"fmt"
	"reflect"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// Walk takes the onboarding through its steps until it waits for somebody or for
// a provider, or has ended.
func Walk(ctx context.Context, a *activities.Activities, id string) (onboarding.State, error) {
	state, err := a.ReadOnboarding(ctx, activities.StepInput{OnboardingID: id})
	for err == nil && !state.Status.Ended() && !state.Waiting && !state.AsksProvider {
		state, err = next(ctx, a, state)
	}
	return state, err
}

// Resume runs the step again that waits for the catalogue, and walks on.
func Resume(ctx context.Context, a *activities.Activities, id string) (onboarding.State, error) {
	state, err := a.ReadOnboarding(ctx, activities.StepInput{OnboardingID: id})
	if err == nil && state.Waiting && (state.Step == domain.StepPlan || state.Step == domain.StepPaymentMethod) {
		if _, err = run(ctx, a, step(state).Activity, id); err != nil {
			return state, err
		}
	}
	if err != nil {
		return state, err
	}
	return Walk(ctx, a, id)
}

// AskProvider runs the provider's activity once for each step that needs it, and
// walks on, until the onboarding waits for somebody or a provider could not answer.
func AskProvider(ctx context.Context, a *activities.Activities, id string) (onboarding.State, error) {
	state, err := Walk(ctx, a, id)
	for err == nil && state.AsksProvider {
		if _, err = run(ctx, a, step(state).ProviderActivity, id); err == nil {
			state, err = Walk(ctx, a, id)
		}
	}
	return state, err
}

// Step runs the activity of the step the onboarding is in.
func Step(ctx context.Context, a *activities.Activities, state onboarding.State) (onboarding.State, error) {
	return run(ctx, a, step(state).Activity, state.OnboardingID)
}

// Has reports whether there is an activity with the name.
func Has(a *activities.Activities, name string) bool {
	return reflect.ValueOf(a).MethodByName(name).IsValid()
}

// next runs the activity of the step the onboarding is in.
func next(ctx context.Context, a *activities.Activities, state onboarding.State) (onboarding.State, error) {
	after, err := Step(ctx, a, state)
	if err == nil && after.Version == state.Version {
		err = fmt.Errorf("step %s makes no progress", state.Step)
	}
	return after, err
}

func step(state onboarding.State) domain.StepDeclaration {
	declared, _ := domain.StepOf(domain.Steps, state.Step)
	return declared
}

// run calls the activity by its name.
func run(ctx context.Context, a *activities.Activities, name, id string) (onboarding.State, error) {
	method := reflect.ValueOf(a).MethodByName(name)
	if !method.IsValid() {
		return onboarding.State{}, fmt.Errorf("no activity %q", name)
	}
	out := method.Call([]reflect.Value{reflect.ValueOf(ctx), reflect.ValueOf(activities.StepInput{OnboardingID: id})})
	err, _ := out[1].Interface().(error)
	return out[0].Interface().(onboarding.State), err
}
