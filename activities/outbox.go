package activities

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/store"
)

// Deliveries starts the workflows that deliver. The workflows package's client
// is the one implementation; the interface keeps imports running one way.
type Deliveries interface {
	// Deliver starts the delivery's workflow. One that runs already is no error;
	// anew ends it first, since it may be hours from its next attempt.
	Deliver(ctx context.Context, d *domain.WebhookDelivery, anew bool) error
}

// How many deliveries are claimed, and started, at once.
const (
	dispatchBatch   = 100
	dispatchStarts  = 8
	unstartedAfter  = time.Minute
	unfinishedAfter = 73 * time.Hour // an hour after a workflow's own end
)

// Dispatch starts a workflow for each delivery that waits in the outbox, in one
// batch, and returns how many there were and whether there may be more. What it
// claimed and could not start is found again by Reconcile.
func Dispatch(ctx context.Context, s *store.Store, to Deliveries) (started int, more bool, err error) {
	waiting, err := s.ClaimDeliveries(ctx, dispatchBatch)
	if err != nil {
		return 0, false, err
	}
	return len(waiting), len(waiting) == dispatchBatch, startAll(ctx, waiting, to, true)
}

func startAll(ctx context.Context, deliveries []domain.WebhookDelivery, to Deliveries, anew bool) error {
	starts, ctx := errgroup.WithContext(ctx)
	starts.SetLimit(dispatchStarts)
	for i := range deliveries {
		starts.Go(func() error { return to.Deliver(ctx, &deliveries[i], anew) })
	}
	return starts.Wait()
}

// redispatch starts what nobody dispatched, and what was claimed and has no
// workflow: the process died, or Temporal was away.
func (a *Activities) redispatch(ctx context.Context) (int, error) {
	if a.Deliveries == nil {
		return 0, nil
	}
	started, _, err := Dispatch(ctx, a.Store, a.Deliveries)
	if err != nil {
		return started, err
	}
	now := a.Store.Now()
	lost, err := a.Store.ReclaimDeliveries(ctx, now.Add(-unstartedAfter), now.Add(-unfinishedAfter), reconcileBatch)
	if err != nil {
		return started, err
	}
	return started + len(lost), startAll(ctx, lost, a.Deliveries, false)
}
