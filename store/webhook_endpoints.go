package store

import (
	"context"

	"slipway/domain"
)

// InsertEndpoint stores a webhook endpoint. Events that commit from now on are
// delivered to it.
func (s *Store) InsertEndpoint(ctx context.Context, w *domain.WebhookEndpoint) error {
	w.Present()
	return s.create(ctx, "insert webhook endpoint", w)
}

// EndpointByID returns the webhook endpoint, or not_found.
func (s *Store) EndpointByID(ctx context.Context, id string) (*domain.WebhookEndpoint, error) {
	return one[domain.WebhookEndpoint](s, s.conn(ctx).Where("id = ?", id), "webhook endpoint")
}

// LockEndpoint is EndpointByID that holds the row until the transaction ends.
func (s *Store) LockEndpoint(ctx context.Context, id string) (*domain.WebhookEndpoint, error) {
	return one[domain.WebhookEndpoint](s, s.locked(s.conn(ctx)).Where("id = ?", id), "webhook endpoint")
}

// SaveEndpoint writes a changed webhook endpoint.
func (s *Store) SaveEndpoint(ctx context.Context, w *domain.WebhookEndpoint) error {
	w.Present()
	return s.save(ctx, "save webhook endpoint", w)
}

// DeleteEndpoint removes the webhook endpoint with all its deliveries, or
// returns not_found.
func (s *Store) DeleteEndpoint(ctx context.Context, id string) error {
	return s.Within(ctx, func(tx *Store) error {
		// The order in which a delivery that ends locks them, too.
		err := tx.writer(ctx).Where("endpoint_id = ?", id).Delete(&domain.WebhookDelivery{}).Error
		if err != nil {
			return tx.wrap("delete deliveries", "", err)
		}
		gone := tx.writer(ctx).Where("id = ?", id).Delete(&domain.WebhookEndpoint{})
		if gone.Error == nil && gone.RowsAffected == 0 {
			return domain.NotFound("webhook endpoint")
		}
		return tx.wrap("delete webhook endpoint", "", gone.Error)
	})
}

// ListEndpoints returns a page of webhook endpoints, newest first.
func (s *Store) ListEndpoints(ctx context.Context, p Page) (List[domain.WebhookEndpoint], error) {
	return page(s, s.conn(ctx), p, func(w *domain.WebhookEndpoint) string { return w.ID })
}
