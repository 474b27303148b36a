// Package testclock moves test clocks. A clock goes from one due time to the next
// until its target, and at each it waits until the workflows of all accounts that
// are bound to it sleep again.
package testclock

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// Processes is what moving a clock asks of running workflows.
type Processes interface {
	// Tick signals a workflow that its test clock has moved; not_found when it does
	// not run.
	Tick(ctx context.Context, workflowID string) error
	// StartBilling starts the subscription's Billing; one that runs is no error.
	StartBilling(ctx context.Context, sub *domain.Subscription) error
	// ProviderEvent signals the owner that a provider has news.
	ProviderEvent(ctx context.Context, owner *domain.PaymentOwner) error
}

// Clocks are the test clocks and the workflows that sleep on them.
type Clocks struct {
	Store     *store.Store
	Processes Processes
}

// Wait stores that a workflow sleeps on its clock, and returns what the clock
// shows now: an advance that came before is not missed.
func (c *Clocks) Wait(ctx context.Context, w *store.ClockWait) (time.Time, error) {
	var now time.Time
	err := c.Store.Within(ctx, func(tx *store.Store) error {
		clock, err := tx.LockTestClock(ctx, w.ClockID)
		if err != nil {
			return err
		}
		now = clock.Now
		return tx.WaitForClock(ctx, w)
	})
	return now, err
}

// Leave stores that the workflow of an onboarding, a subscription or an invoice
// sleeps on no clock.
func (c *Clocks) Leave(ctx context.Context, entityID string) error {
	return c.Store.LeaveClock(ctx, entityID)
}
