package billing

import (
	"context"
	"reflect"
	"time"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Subscriptions changes subscriptions whose onboarding has ended.
type Subscriptions struct {
	Store  *store.Store
	Policy domain.Policy
}

// SubscriptionState is where a subscription is after a change: all its workflow
// needs to know to continue.
type SubscriptionState struct {
	SubscriptionID string                    `json:"subscription_id"`
	AccountID      string                    `json:"account_id,omitempty"`
	Status         domain.SubscriptionStatus `json:"status"`
	PlanCode       string                    `json:"plan_code"`
	// Due is what comes next, and DueAt when; without one, nothing but a command.
	Due   domain.DueKind `json:"due,omitempty"`
	DueAt *time.Time     `json:"due_at,omitempty"`
	// Charge: a payment provider is to be asked now.
	Charge bool `json:"charge,omitempty"`
	// BlockedOn is what or whom it waits for, and Amount what is owed late.
	BlockedOn domain.BlockedOn `json:"blocked_on,omitempty"`
	Amount    int64            `json:"amount,omitempty"`
	Currency  string           `json:"currency,omitempty"`
	// Clock is the test clock the subscription lives by.
	Clock string `json:"clock,omitempty"`
}

// change runs fn on the locked subscription in one transaction, computes what is
// due next, and saves what changed with the events fn emitted.
func (s *Subscriptions) change(
	ctx context.Context, id string, fn func(*Subscription) error,
) (SubscriptionState, error) {
	var state SubscriptionState
	err := s.Store.Change(ctx, func(c *store.Change) error {
		row, err := c.Tx.LockSubscription(ctx, id)
		if err != nil {
			return err
		}
		if err := c.On(row.TestClockID); err != nil {
			return err
		}
		sub := newSubscription(c, s.Policy, row)
		before := *row
		if err := fn(sub); err != nil {
			return err
		}
		if state, err = sub.state(); err != nil {
			return err
		}
		if !reflect.DeepEqual(before, *row) {
			if err := c.Tx.SaveSubscription(ctx, row); err != nil {
				return err
			}
		}
		if state.Charge {
			return LeaveClock(c, row.TestClockID, row.ID)
		}
		return nil
	})
	return state, err
}

// LeaveClock notes that who lives by the test clock is about to ask a
// provider, and does not sleep: the clock does not move until it sleeps again.
func LeaveClock(c *store.Change, clockID, entityID string) error {
	if clockID == "" {
		return nil
	}
	return c.Tx.LeaveClock(c.Ctx, entityID)
}

// Read computes what is due next and says where the subscription is.
func (s *Subscriptions) Read(ctx context.Context, id string) (SubscriptionState, error) {
	return s.change(ctx, id, func(*Subscription) error { return nil })
}

// Apply applies a command on the subscription; again changes nothing.
func (s *Subscriptions) Apply(ctx context.Context, id string, cmd *domain.Command) (SubscriptionState, error) {
	return s.change(ctx, id, func(sub *Subscription) error { return sub.apply(cmd) })
}

// Refuse leaves a trace of a signal that changed nothing.
func (s *Subscriptions) Refuse(ctx context.Context, id string, cmd *domain.Command) (SubscriptionState, error) {
	return s.change(ctx, id, func(sub *Subscription) error {
		sub.Change.Refuse(cmd, string(sub.row.Status))
		return nil
	})
}

// Save writes what a provider says of a payment of the subscription's.
func (s *Subscriptions) Save(ctx context.Context, id, paymentID string, out payment.Outcome) error {
	_, err := s.change(ctx, id, func(sub *Subscription) error {
		return SaveOutcome(sub.Change, sub, paymentID, out)
	})
	return err
}

// dues says what is done for a subscription when it is due.
var dues = map[domain.DueKind]func(*Subscription) error{
	domain.DueNotice:    func(s *Subscription) error { return cycle{s}.giveNotice() },
	domain.DueReminder:  func(s *Subscription) error { return cycle{s}.remind() },
	domain.DuePeriodEnd: func(s *Subscription) error { return cycle{s}.endPeriod() },
	domain.DueRetry:     func(s *Subscription) error { return dunning{s}.retry() },
	domain.DueGiveUp:    func(s *Subscription) error { return dunning{s}.giveUp() },
}

// Process does what is due for the subscription now. What was done before, or
// is not due any more, changes nothing.
func (s *Subscriptions) Process(ctx context.Context, id string, due domain.DueKind) (SubscriptionState, error) {
	return s.change(ctx, id, func(sub *Subscription) error {
		byHand, err := sub.byHand()
		if err != nil {
			return err
		}
		next, at, found := s.Policy.Billing.NextDue(sub.row, byHand)
		if !found || next != due || at.After(sub.Now.Add(sub.skew())) {
			return nil
		}
		return dues[due](sub)
	})
}
