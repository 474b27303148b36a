package notify

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/store"
)

// Starter starts the workflows that deliver. The client of workflows is the one
// implementation; the interface keeps imports running one way.
type Starter interface {
	// Deliver starts the delivery's workflow. One that runs already is no error;
	// again ends it first, since it may be hours from its next attempt.
	Deliver(ctx context.Context, d *domain.WebhookDelivery, again bool) error
}

// Outbox holds the deliveries that no workflow makes yet.
type Outbox struct {
	Store   *store.Store
	Starter Starter // nil starts none
}

// How many deliveries are claimed, and started, at once.
const (
	dispatchBatch   = 100
	dispatchStarts  = 8
	reclaimBatch    = 500
	unstartedAfter  = time.Minute
	unfinishedAfter = 73 * time.Hour // an hour after a workflow's own end
)

// Dispatch starts a workflow for each delivery that waits in the outbox, in one
// batch, and returns how many there were and whether there may be more. What it
// claimed and could not start is found again by Redispatch.
func (o *Outbox) Dispatch(ctx context.Context) (started int, more bool, err error) {
	waiting, err := o.Store.ClaimDeliveries(ctx, dispatchBatch)
	if err != nil {
		return 0, false, err
	}
	return len(waiting), len(waiting) == dispatchBatch, o.start(ctx, waiting, true)
}

// Redispatch starts what was not dispatched, and what was claimed and has no
// workflow: the process died, or Temporal was away.
func (o *Outbox) Redispatch(ctx context.Context, round *store.Round) error {
	if o.Starter == nil {
		return nil
	}
	waiting, err := o.Store.ClaimDeliveries(ctx, dispatchBatch)
	if err != nil {
		return err
	}
	now := o.Store.Now()
	lost, err := o.Store.ReclaimDeliveries(ctx, now.Add(-unstartedAfter), now.Add(-unfinishedAfter), reclaimBatch)
	if err != nil {
		return err
	}
	round.More = len(waiting) == dispatchBatch || len(lost) == reclaimBatch
	round.AtOnce = dispatchStarts
	starting := func(again bool) func(context.Context, *domain.WebhookDelivery) error {
		return func(ctx context.Context, d *domain.WebhookDelivery) error { return o.Starter.Deliver(ctx, d, again) }
	}
	return errors.Join(
		store.Each(ctx, round, waiting, (*domain.WebhookDelivery).ItemID, starting(true)),
		store.Each(ctx, round, lost, (*domain.WebhookDelivery).ItemID, starting(false)))
}

// start starts the workflows of deliveries. One that cannot be started keeps no
// other waiting; Redispatch finds it again.
func (o *Outbox) start(ctx context.Context, deliveries []domain.WebhookDelivery, again bool) error {
	var starts errgroup.Group
	starts.SetLimit(dispatchStarts)
	failures := make([]error, len(deliveries))
	for i := range deliveries {
		starts.Go(func() error { failures[i] = o.Starter.Deliver(ctx, &deliveries[i], again); return nil })
	}
	_ = starts.Wait()
	return errors.Join(failures...)
}
