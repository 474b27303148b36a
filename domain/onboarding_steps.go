package domain

import (
	"slices"
	"time"
)

// Step returns the step with the key, to be changed in place. One that the
// onboarding did not have, because it was received before there was such a step,
// is added as pending, in the place that Steps declares.
func (o *Onboarding) Step(key StepKey) *Step {
	i := slices.IndexFunc(o.Steps, func(s Step) bool { return s.Key == key })
	if i < 0 {
		i = o.placeOf(key)
		o.Steps = slices.Insert(o.Steps, i, Step{Key: key, Status: StepPending})
	}
	return &o.Steps[i]
}

// placeOf is where a step belongs that the onboarding does not have: before the
// first that is declared after it.
func (o *Onboarding) placeOf(key StepKey) int {
	declared := func(key StepKey) int {
		return slices.IndexFunc(Steps, func(s StepDeclaration) bool { return s.Key == key })
	}
	own := declared(key)
	i := slices.IndexFunc(o.Steps, func(s Step) bool { return own >= 0 && declared(s.Key) > own })
	if i < 0 {
		return len(o.Steps)
	}
	return i
}

// CurrentStep is the first step that is not over; nil when all are.
func (o *Onboarding) CurrentStep() *Step {
	for i := range o.Steps {
		if !o.Steps[i].Over() {
			return &o.Steps[i]
		}
	}
	return nil
}

// WaitsForOption reports whether it waits for a payment option, and not for its
// customer to enter a card or to give another one.
func (o *Onboarding) WaitsForOption() bool {
	current := o.CurrentStep()
	return o.Status == OnboardingWaitingForPaymentMethod && current != nil && current.Status == StepWaiting &&
		current.Error == nil && o.NextAction != nil && o.NextAction.ExpiresAt == nil
}

// AsksProvider reports whether the current step needs a call to a third party, or
// asked again later, and waits for no person.
func (o *Onboarding) AsksProvider() bool {
	current := o.CurrentStep()
	if current == nil || (current.Status != StepRunning && current.Status != StepRetrying) {
		return false
	}
	step, known := StepOf(Steps, current.Key)
	return known && slices.Contains(step.WaitsIn, o.Status)
}

// Redo makes the step, and all after it that were not skipped, pending again:
// the customer wants something else.
func (o *Onboarding) Redo(from StepKey, now time.Time) {
	reached := false
	for i := range o.Steps {
		step := &o.Steps[i]
		if reached = reached || step.Key == from; step.Key == from || (reached && step.Status != StepSkipped) {
			step.Set(StepPending, "", now)
		}
	}
	o.MoveOn(now)
}

// MoveOn counts a change after which the onboarding waits for no person.
func (o *Onboarding) MoveOn(now time.Time) {
	if o.Status.BlockedOn() != BlockedOnNothing {
		o.NextAction = &NextAction{Type: NextWait, URL: OnboardingURL(o.ID)}
	}
	o.Touch(now)
}
