package notify

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
	"slipway/store"
)

// Starter signals the workflows that deliver. The client of workflows is the one
// implementation; the interface keeps imports running one way.
type Starter interface {
	// DeliverTo signals the endpoint's workflow that something is due, and starts it
	// where it does not run.
	DeliverTo(ctx context.Context, endpointID string) error
}

// Outbox holds what is due to endpoints whose workflow does not know of it yet.
type Outbox struct {
	Store   *store.Store
	Starter Starter // nil signals none
}

// How many endpoints are dispatched at once, and when one is looked after whose workflow
// says nothing.
const (
	dispatchBatch = 100
	dispatchSends = 8
	reclaimBatch  = 500
	// overdueAfter is longer than a run lasts.
	overdueAfter = time.Minute
	// signalPause keeps a workflow that cannot work from being signalled without end.
	signalPause = 10 * time.Minute
	// unfinishedAfter is an hour after the end of a delivery's own workflow.
	unfinishedAfter = domain.DeliveryPatience + time.Hour
)

// Dispatch signals the workflow of each endpoint that has something in the outbox and
// rests, in one batch, and returns how many there were and whether there may be more. One
// that is at work finds what is due by itself. Of those that could not be signalled the
// next call tries again.
func (o *Outbox) Dispatch(ctx context.Context) (signalled int, more bool, err error) {
	ids, err := o.Store.DispatchEndpoints(ctx, dispatchBatch)
	if err != nil {
		return 0, false, err
	}
	var sends errgroup.Group
	sends.SetLimit(dispatchSends)
	failures := make([]error, len(ids))
	for i, id := range ids {
		sends.Go(func() error {
			if failures[i] = o.Starter.DeliverTo(ctx, id); failures[i] != nil {
				failures[i] = errors.Join(failures[i], o.Store.MarkEndpoint(ctx, id, false))
			}
			return nil
		})
	}
	_ = sends.Wait()
	return len(ids), len(ids) == dispatchBatch, errors.Join(failures...)
}

// Redispatch signals the workflows of endpoints that let something wait: the process that
// was to do so died, or the workflow was stopped. It puts into the outbox what workflows
// of single deliveries, which ran up to 0.1.0, left behind.
func (o *Outbox) Redispatch(ctx context.Context, round *store.Round) error {
	if o.Starter == nil {
		return nil
	}
	now := o.Store.Now()
	lost, err := o.Store.LostDeliveries(ctx, now.Add(-overdueAfter), now.Add(-unfinishedAfter), reclaimBatch)
	if err != nil {
		return err
	}
	overdue, err := o.Store.OverdueEndpoints(ctx, now.Add(-overdueAfter), reclaimBatch)
	if err != nil {
		return err
	}
	round.More = len(lost) == reclaimBatch || len(overdue) == reclaimBatch
	round.AtOnce = dispatchSends
	signal := func(ctx context.Context, id *string) error {
		if err := o.Starter.DeliverTo(ctx, *id); err != nil {
			return err
		}
		return store.Later(signalPause)
	}
	return errors.Join(
		store.Each(ctx, round, lost, (*domain.WebhookDelivery).ItemID, o.Adopt),
		store.Each(ctx, round, overdue, func(id *string) string { return *id }, signal))
}

// Adopt puts a delivery that had a workflow of its own into the outbox: its endpoint's
// workflow makes it from now on, and its own posts it no more. Its attempts stay.
func (o *Outbox) Adopt(ctx context.Context, lost *domain.WebhookDelivery) error {
	return o.Store.Within(ctx, func(tx *store.Store) error {
		d, err := tx.LockDelivery(ctx, lost.EndpointID, lost.EventID)
		switch {
		case domain.CodeOf(err) == domain.CodeNotFound:
			return nil
		case err != nil:
			return err
		case !open(d) || !d.Alone():
			return nil
		}
		d.Again()
		return tx.EnqueueDelivery(ctx, d)
	})
}
