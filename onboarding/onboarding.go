// Package onboarding is what happens to an onboarding, step by step, each in one
// transaction: the account, the plan, the payment method, the payment, the
// activation; and what commands, providers and early ends do to it.
//
// Every step can run twice: it looks whether the onboarding is in it. Money is
// the business of package billing, whose nouns take part in the same change.
package onboarding

import (
	"context"
	"time"

	"slipway/billing"
	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Onboardings changes onboardings.
type Onboardings struct {
	Store   *store.Store
	Policy  domain.Policy
	Charger *billing.Charger
}

// State is where an onboarding is after a change: all a workflow needs to know
// to go on, and all it remembers.
type State struct {
	OnboardingID string                  `json:"onboarding_id"`
	Status       domain.OnboardingStatus `json:"status"`
	Version      int64                   `json:"version"`
	// Step is the one the onboarding is in; empty when all are over.
	Step domain.StepKey `json:"step,omitempty"`
	// Waiting: the step waits for somebody. AsksProvider: a payment provider is to
	// be asked now, for a method or for money. Neither: the step is to be run.
	Waiting      bool `json:"waiting,omitempty"`
	AsksProvider bool `json:"asks_provider,omitempty"`

	PlanCode           string                    `json:"plan_code,omitempty"`
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status,omitempty"`
	InvoiceID          string                    `json:"invoice_id,omitempty"`
	Amount             int64                     `json:"amount,omitempty"`
	Currency           string                    `json:"currency,omitempty"`
	DueAt              *time.Time                `json:"due_at,omitempty"`    // end of the payment window
	RemindAt           []time.Time               `json:"remind_at,omitempty"` // within it
	Clock              string                    `json:"clock,omitempty"`     // the test clock it lives by
	Replaced           string                    `json:"replaced,omitempty"`  // the subscription that ended for the new one
}

// state describes the onboarding as it was just saved or found.
func (s *Onboardings) state(o *domain.Onboarding) State {
	state := State{OnboardingID: o.ID, Status: o.Status, Version: o.Version, Clock: o.TestClockID, AsksProvider: o.AsksProvider()}
	if step := o.CurrentStep(); step != nil {
		state.Step, state.Waiting = step.Key, step.Status == domain.StepWaiting
	}
	if o.Plan != nil {
		state.PlanCode = o.Plan.Code
	}
	if o.Subscription != nil {
		state.SubscriptionStatus, state.Replaced = o.Subscription.Status, o.Subscription.Replaced
	}
	if next := o.NextAction; o.Status == domain.OnboardingAwaitingPayment && next != nil {
		state.InvoiceID, state.Currency, state.DueAt = next.InvoiceID, next.Currency, next.ExpiresAt
		if next.Amount != nil {
			state.Amount = *next.Amount
		}
		state.RemindAt = s.Policy.RemindAt(next.ExpiresAt)
	}
	if state.AsksProvider && state.DueAt == nil { // a window may begin while the provider is asked
		due := o.UpdatedAt.Add(s.Policy.PaymentWindow)
		state.DueAt = &due
	}
	return state
}

// Onboarding is one onboarding, in a change.
type Onboarding struct {
	*store.Change
	policy domain.Policy
	row    *domain.Onboarding
}

// change runs fn on the locked onboarding in one transaction, then saves it
// with the events fn emitted. A fn that finds nothing to do returns nil without
// counting the version up, and nothing is written.
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
		state = s.state(row)
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

// step runs fn when the onboarding is in the step and neither it nor a provider
// has to be waited for. A step that waits for what the catalogue may have now is
// run again.
func (s *Onboardings) step(ctx context.Context, id string, key domain.StepKey, fn func(*Onboarding) error) (State, error) {
	return s.change(ctx, id, func(o *Onboarding) error {
		current := o.row.CurrentStep()
		if o.row.Status.Ended() || current == nil || current.Key != key || o.row.AsksProvider() {
			return nil
		}
		return fn(o)
	})
}

// CreateAccount creates the account and its owner, under a slug of its own.
func (s *Onboardings) CreateAccount(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepAccount, (*Onboarding).createAccount)
}

// ChoosePlan takes the plan the customer named, or the catalogue's default, or
// waits for one.
func (s *Onboardings) ChoosePlan(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPlan, (*Onboarding).choosePlan)
}

// AttachPaymentMethod makes the payment option that the server's rule chooses
// the account's default, or waits for one, or has a provider asked.
func (s *Onboardings) AttachPaymentMethod(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPaymentMethod, (*Onboarding).attachPaymentMethod)
}

// CollectPayment opens the subscription and its first invoice, and asks the
// customer, or a provider, for the money.
func (s *Onboardings) CollectPayment(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepPayment, (*Onboarding).collectPayment)
}

// ActivateSubscription starts the subscription of who owes nothing now. Who
// paid is activated by the payment, in the same transaction.
func (s *Onboardings) ActivateSubscription(ctx context.Context, id string) (State, error) {
	return s.step(ctx, id, domain.StepActivation, (*Onboarding).activateSubscription)
}

// Read says where the onboarding is, and changes nothing.
func (s *Onboardings) Read(ctx context.Context, id string) (State, error) {
	o, err := s.Store.OnboardingByID(ctx, id)
	if err != nil {
		return State{}, err
	}
	return s.state(o), nil
}

// Save writes what a provider says of a payment of the subscription that the
// onboarding opens.
func (s *Onboardings) Save(ctx context.Context, subscriptionID, paymentID string, out payment.Outcome) error {
	o, err := s.Store.OnboardingBySubscription(ctx, subscriptionID)
	if err != nil {
		return err
	}
	_, err = s.change(ctx, o.ID, func(o *Onboarding) error { return billing.SaveOutcome(o.Change, o, paymentID, out) })
	return err
}

// advance moves the onboarding; see domain.Onboarding.Advance.
func (o *Onboarding) advance(to domain.OnboardingStatus) error { return o.row.Advance(to, o.Now) }

// set says what became of a step.
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

// wait parks the onboarding in a step until somebody or something moves it on.
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
