package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type deliveriesInput struct {
	OfEndpoint
	Page
	Status string `query:"status" enum:"pending,delivering,delivered,failed" doc:"Only those that stand there."`
}

// listDeliveries lists what an endpoint was sent and what became of it.
func (a *API) listDeliveries(ctx context.Context, in *deliveriesInput) (*listOutput[domain.WebhookDelivery], error) {
	if err := in.check(); err != nil {
		return nil, err
	}
	p, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	if _, err := a.store.EndpointByID(ctx, in.ID); err != nil {
		return nil, err
	}
	return listed(a.store.ListDeliveries(ctx, store.DeliveryFilter{EndpointID: in.ID, Status: in.Status, Page: p}))
}

type redeliverInput struct {
	OfEndpoint
	EventID string `path:"event_id" doc:"Id of the event."`
}

type deliveryOutput struct {
	Body *domain.WebhookDelivery
}

// errEndpointDisabled: nothing is posted there, so nothing is promised.
var errEndpointDisabled = domain.Conflict(domain.TextEndpointDisabled)

// redeliver puts a delivery back into the outbox: at once, whatever its status,
// with three days of attempts before it. One that was not tried yet stays as it is.
func (a *API) redeliver(ctx context.Context, in *redeliverInput) (*deliveryOutput, error) {
	if !store.ValidID(domain.PrefixEvent, in.EventID) {
		return nil, domain.NotFound("delivery")
	}
	var d *domain.WebhookDelivery
	err := a.withEnabled(ctx, in.OfEndpoint, func(tx *store.Store, w *domain.WebhookEndpoint) (err error) {
		d, err = tx.LockDelivery(ctx, w.ID, in.EventID)
		if err != nil || d.Status == domain.DeliveryPending {
			return err
		}
		d.Again()
		return tx.EnqueueDelivery(ctx, d)
	})
	return &deliveryOutput{Body: d}, err
}

// withEnabled runs fn on the endpoint, in one transaction, or refuses a disabled
// one. It holds no lock on it: deliveries that end lock theirs first.
func (a *API) withEnabled(
	ctx context.Context, in OfEndpoint, fn func(tx *store.Store, w *domain.WebhookEndpoint) error,
) error {
	if err := in.check(); err != nil {
		return err
	}
	return a.store.Within(ctx, func(tx *store.Store) error {
		w, err := tx.EndpointByID(ctx, in.ID)
		switch {
		case err != nil:
			return err
		case !w.Enabled:
			return errEndpointDisabled
		}
		return fn(tx, w)
	})
}

type testEndpointInput struct {
	OfEndpoint
	Idempotent
}

type testEndpointOutput struct {
	Replayable
	Body *domain.WebhookDelivery
}

// testEndpoint sends a webhook.test event to this endpoint alone, whatever it
// filters.
func (a *API) testEndpoint(ctx context.Context, in *testEndpointInput) (*testEndpointOutput, error) {
	who := callerOf(ctx)
	k, err := a.key(in.Idempotent, "test_webhook_endpoint", who.scope(), in.ID)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	event := adminEvent(domain.EventWebhookTest, who, map[string]any{"webhook_endpoint": in.ID})
	event.ID = store.NewID(domain.PrefixEvent)
	id, again, err := a.once(
		ctx, k, event.ID, unchecked, func(tx *store.Store) error { return enqueueTest(ctx, tx, in.ID, event) },
	)
	if err != nil {
		return nil, err
	}
	d, err := a.store.DeliveryByID(ctx, in.ID, id)
	return &testEndpointOutput{Replayable: replayed(again), Body: d}, err
}

func enqueueTest(ctx context.Context, tx *store.Store, endpointID string, event domain.Event) error {
	w, err := tx.EndpointByID(ctx, endpointID)
	switch {
	case err != nil:
		return err
	case !w.Enabled:
		return errEndpointDisabled
	}
	if err := tx.InsertEvents(ctx, event); err != nil {
		return err
	}
	return tx.EnqueueDelivery(ctx, &domain.WebhookDelivery{
		EndpointID: w.ID, EventID: event.ID, EventType: event.Type, Status: domain.DeliveryPending, CreatedAt: tx.Now(),
	})
}
