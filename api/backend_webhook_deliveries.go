package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type deliveriesInput struct {
	OfEndpoint
	Page
	Status string `query:"status" enum:"pending,delivering,delivered,failed" doc:"Only those in this status."`
}

// webhookDeliveries are events on their way to an endpoint.
type webhookDeliveries struct{ *shared }

// list lists what an endpoint was sent, and the outcome.
func (d webhookDeliveries) list(ctx context.Context, in *deliveriesInput) (*listOutput[domain.WebhookDelivery], error) {
	if err := endpointKind.check(in.ID); err != nil {
		return nil, err
	}
	page, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	if _, err := d.store.EndpointByID(ctx, in.ID); err != nil {
		return nil, err
	}
	return listed(d.store.ListDeliveries(ctx, store.DeliveryFilter{EndpointID: in.ID, Status: in.Status, Page: page}))
}

type redeliverInput struct {
	OfEndpoint
	EventID string `path:"event_id" doc:"Id of the event."`
}

type deliveryOutput struct {
	Body *domain.WebhookDelivery
}

// redeliver puts a delivery back into the outbox: at once, whatever its status,
// with three days of attempts before it. One that was not tried yet stays as it is.
func (d webhookDeliveries) redeliver(ctx context.Context, in *redeliverInput) (*deliveryOutput, error) {
	if !store.ValidID(domain.PrefixEvent, in.EventID) {
		return nil, domain.NotFound("delivery")
	}
	if err := endpointKind.check(in.ID); err != nil {
		return nil, err
	}
	var delivery *domain.WebhookDelivery
	err := d.store.Within(ctx, func(tx *store.Store) error {
		w, err := enabledEndpoint(ctx, tx, in.ID)
		if err != nil {
			return err
		}
		delivery, err = tx.LockDelivery(ctx, w.ID, in.EventID)
		if err != nil || delivery.Status == domain.DeliveryPending {
			return err
		}
		delivery.Again()
		return tx.EnqueueDelivery(ctx, delivery)
	})
	return &deliveryOutput{Body: delivery}, err
}

type testEndpointInput struct {
	OfEndpoint
	Idempotent
}

type testEndpointOutput struct {
	Replayable
	Body *domain.WebhookDelivery
}

// sendTest sends a webhook.test event to this endpoint alone, whatever it filters.
func (d webhookDeliveries) sendTest(ctx context.Context, in *testEndpointInput) (*testEndpointOutput, error) {
	if err := endpointKind.check(in.ID); err != nil {
		return nil, err
	}
	event := adminEvent(domain.EventWebhookTest, callerOf(ctx), map[string]any{"webhook_endpoint": in.ID})
	event.ID = store.NewID(domain.PrefixEvent)
	id, again, err := d.makeOnce(ctx, in.Idempotent, "test_webhook_endpoint", in.ID, creation{
		id:   event.ID,
		save: func(tx *store.Store) error { return enqueueTest(ctx, tx, in.ID, event) },
	})
	if err != nil {
		return nil, err
	}
	delivery, err := d.store.DeliveryByID(ctx, in.ID, id)
	return &testEndpointOutput{Replayable: replayed(again), Body: delivery}, err
}

func enqueueTest(ctx context.Context, tx *store.Store, endpointID string, event domain.Event) error {
	w, err := enabledEndpoint(ctx, tx, endpointID)
	if err != nil {
		return err
	}
	if err := tx.InsertEvents(ctx, event); err != nil {
		return err
	}
	return tx.EnqueueDelivery(ctx, &domain.WebhookDelivery{
		EndpointID: w.ID, EventID: event.ID, EventType: event.Type, Status: domain.DeliveryPending, CreatedAt: tx.Now(),
	})
}

// enabledEndpoint reads the endpoint, or refuses a disabled one: nothing is
// posted there, so nothing is promised. It takes no lock: a delivery that ends
// locks its own row before the endpoint's.
func enabledEndpoint(ctx context.Context, tx *store.Store, id string) (*domain.WebhookEndpoint, error) {
	w, err := tx.EndpointByID(ctx, id)
	if err == nil && !w.Enabled {
		return nil, domain.Conflict(domain.TextEndpointDisabled)
	}
	return w, err
}
