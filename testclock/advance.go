package testclock

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// How often an advance checks who sleeps, and signals those who should not. Only
// tests wait for it.
const (
	checkEvery  = 5 * time.Millisecond
	signalEvery = time.Second
	// eventEvery is how long somebody may fail to ask a provider before an event is
	// sent: the command may have been lost with the worker that carried it out.
	eventEvery = 20 * time.Second
)

// Advance moves a clock until its target and returns what it shows then. Run
// again, it continues from what the clock shows. It calls heartbeat while it waits.
func (c *Clocks) Advance(ctx context.Context, clockID string, heartbeat func()) (time.Time, error) {
	for {
		clock, err := c.Store.TestClockByID(ctx, clockID)
		if err != nil {
			return time.Time{}, err
		}
		if clock.Status == domain.ClockReady {
			return clock.Now, nil
		}
		next, err := c.waitForAll(ctx, clock, heartbeat)
		if err != nil {
			return time.Time{}, err
		}
		if err := c.move(ctx, clock.ID, next); err != nil {
			return time.Time{}, err
		}
	}
}

// move sets the clock to the next due time. Without one before the target, it
// sets it to the target, where it stops.
func (c *Clocks) move(ctx context.Context, clockID string, next *time.Time) error {
	return c.Store.Within(ctx, func(tx *store.Store) error {
		clock, err := tx.LockTestClock(ctx, clockID)
		if err != nil || clock.Status == domain.ClockReady {
			return err
		}
		if next != nil && !next.After(*clock.Target) {
			clock.Now = *next
		} else {
			clock.Now, clock.Target, clock.Status = *clock.Target, nil, domain.ClockReady
		}
		clock.UpdatedAt = tx.Now()
		return tx.SaveTestClock(ctx, clock)
	})
}

// waitForAll waits until everybody on the clock sleeps beyond what it shows, and
// returns the earliest time that somebody sleeps until.
func (c *Clocks) waitForAll(ctx context.Context, clock *domain.TestClock, heartbeat func()) (*time.Time, error) {
	signaled, sent := time.Time{}, time.Now()
	for {
		r := round{
			Clocks: c, clock: clock,
			signals: time.Since(signaled) >= signalEvery, events: time.Since(sent) >= eventEvery,
		}
		if r.events {
			sent = time.Now()
		}
		if err := r.run(ctx); err != nil || !r.busy {
			return r.next, err
		}
		if r.signals {
			signaled = time.Now()
		}
		heartbeat()
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(checkEvery):
		}
	}
}
