// Package onboarding is what happens to an onboarding, step by step, each in one
// transaction: the account, the plan, the payment method, the payment, the
// activation; and what commands, providers and early ends do to it.
//
// A step is a small type over the change under way, in the file of its name.
// Every step can run twice: it checks whether the onboarding is in it. Money is
// the business of package billing, whose nouns take part in the same change.
package onboarding

import (
	"context"

	"slipway/billing"
	"slipway/domain"
	"slipway/store"
)

// Onboardings changes onboardings.
type Onboardings struct {
	Store   *store.Store
	Policy  domain.Policy
	Charger *billing.Charger
}

// Read says where the onboarding is, and changes nothing.
func (s *Onboardings) Read(ctx context.Context, id string) (State, error) {
	o, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return State{}, err
	}
	return stateOf(o, s.Policy), nil
}

// change runs fn on the locked onboarding in one transaction, then saves it
// with the events fn emitted. A fn that finds nothing to do returns nil and
// leaves the version as it is; then the row is not saved.
func (s *Onboardings) change(ctx context.Context, id string, fn func(*Onboarding) error) (State, error) {
	var state State
	err := s.Store.Change(ctx, func(c *store.Change) error {
		row, err := c.Tx.LockOnboarding(ctx, id)
		if err != nil {
			return err
		}
		if err := c.On(row.TestClockID); err != nil {
			return err
		}
		c.About(domain.Event{AccountID: row.AccountID, OnboardingID: row.ID, SubscriptionID: row.SubscriptionID})
		before := row.Version
		if err := fn(&Onboarding{Change: c, policy: s.Policy, row: row}); err != nil {
			return err
		}
		state = stateOf(row, s.Policy)
		if row.Version == before {
			return nil
		}
		if state.AsksProvider {
			if err := billing.LeaveClock(c, row.TestClockID, row.ID); err != nil {
				return err
			}
		}
		return c.Tx.SaveOnboarding(ctx, row)
	})
	return state, err
}

// step runs fn when the onboarding is in the step, has not ended, and no provider
// is to be called. A step that waits may run again, as after a change of the
// catalogue.
func (s *Onboardings) step(
	ctx context.Context, id string, key domain.StepKey, fn func(*Onboarding) error,
) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		if o.row.Status.Ended() || !isIn(o.row, key) || o.row.AsksProvider() {
			return nil
		}
		return fn(o)
	})
}

// isIn reports whether the step is the one the onboarding is in.
func isIn(row *domain.Onboarding, key domain.StepKey) bool {
	current := row.CurrentStep()
	return current != nil && current.Key == key
}

// Onboarding is one onboarding, in a change: what its steps share.
type Onboarding struct {
	*store.Change
	policy domain.Policy
	row    *domain.Onboarding
}

// advance moves the onboarding; see domain.Onboarding.Advance.
func (o *Onboarding) advance(to domain.OnboardingStatus) error { return o.row.Advance(to, o.Now) }

// set sets a step's status and message.
func (o *Onboarding) set(key domain.StepKey, status domain.StepStatus, message string) *domain.Step {
	step := o.row.Step(key)
	step.Set(status, message, o.Now)
	return step
}

// done finishes a step and moves on to the next.
func (o *Onboarding) done(key domain.StepKey, status domain.StepStatus, message string) {
	if step := o.set(key, status, message); status == domain.StepDone {
		step.Attempts++
	}
	o.row.MoveOn(o.Now)
}

// wait keeps the onboarding in a step until something moves it on.
func (o *Onboarding) wait(status domain.OnboardingStatus, key domain.StepKey, message string) error {
	if step := o.row.Step(key); o.row.Status == status && step.Status == domain.StepWaiting && step.Message == message {
		return nil // waiting already
	}
	if err := o.advance(status); err != nil {
		return err
	}
	o.row.NextAction = o.row.DefaultNextAction()
	o.set(key, domain.StepWaiting, message)
	o.Emit(domain.EventOnboardingWaiting, map[string]any{"blocked_on": status.BlockedOn()})
	return nil
}

// askAgain makes the step call its provider again: it may have news.
func (o *Onboarding) askAgain(key domain.StepKey, message string) {
	o.set(key, domain.StepRunning, message)
	o.row.Touch(o.Now)
}

// notAllowed is the answer to a command that the state does not allow.
func (o *Onboarding) notAllowed() error {
	return domain.InvalidTransition(string(o.row.Status), string(domain.OnboardingActivating), o.row.Actions())
}

func (o *Onboarding) invoices() billing.Invoices { return billing.Invoices{Change: o.Change} }
func (o *Onboarding) payments() billing.Payments { return billing.Payments{Change: o.Change} }
func (o *Onboarding) methods() billing.Methods   { return billing.Methods{Change: o.Change} }

// none turns not_found into nil: the absence is an answer.
func none[T any](row *T, err error) (*T, error) {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return row, nil
}
