package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

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
	return one[domain.WebhookEndpoint](s, s.conn(ctx).Where("id = ? AND removed_at IS NULL", id), "webhook endpoint")
}

// LockEndpoint is EndpointByID that holds the row until the transaction ends.
func (s *Store) LockEndpoint(ctx context.Context, id string) (*domain.WebhookEndpoint, error) {
	q := s.locked(s.conn(ctx)).Where("id = ? AND removed_at IS NULL", id)
	return one[domain.WebhookEndpoint](s, q, "webhook endpoint")
}

// SaveEndpoint writes a changed webhook endpoint.
func (s *Store) SaveEndpoint(ctx context.Context, w *domain.WebhookEndpoint) error {
	w.Present()
	return s.save(ctx, "save webhook endpoint", w)
}

// DeleteEndpoint removes the webhook endpoint and forgets its secret, or returns
// not_found. Nobody sees it any more and nothing is posted to it; its deliveries, which
// may be millions, are pruned.
func (s *Store) DeleteEndpoint(ctx context.Context, id string) error {
	gone := s.writer(ctx).Table("webhook_endpoints").Where("id = ? AND removed_at IS NULL", id).
		Updates(map[string]any{
			"removed_at": s.now(), "enabled": false, "disabled_reason": domain.DisabledByHand, "secret": "",
		})
	if gone.Error == nil && gone.RowsAffected == 0 {
		return domain.NotFound("webhook endpoint")
	}
	return s.wrap("delete webhook endpoint", "", gone.Error)
}

// ListEndpoints returns a page of webhook endpoints, newest first.
func (s *Store) ListEndpoints(ctx context.Context, p Page) (List[domain.WebhookEndpoint], error) {
	q := s.conn(ctx).Where("removed_at IS NULL")
	return page(s, q, p, func(w *domain.WebhookEndpoint) string { return w.ID })
}

// waiting finds the endpoints with something in the outbox.
const waiting = "EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = webhook_endpoints.id AND " +
	"d.status = 'pending' AND d.started_at IS NULL"

// DispatchEndpoints returns endpoints that have something in the outbox and whose
// workflow rests, at most limit, and counts it as at work from now on: each is given to
// one caller only, who signals the workflow.
func (s *Store) DispatchEndpoints(ctx context.Context, limit int) ([]string, error) {
	resting := func(s *Store) *gorm.DB {
		return s.conn(ctx).Model(&domain.WebhookEndpoint{}).Limit(limit).
			Where("removed_at IS NULL AND dispatched_at IS NULL AND " + waiting + ")")
	}
	var ids []string
	if err := resting(s).Pluck("id", &ids).Error; err != nil || len(ids) == 0 { // nothing to write for
		return nil, s.wrap("read the outbox", "", err)
	}
	err := s.Within(ctx, func(tx *Store) error {
		q := resting(tx)
		if s.postgres {
			q = q.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
		}
		ids = nil
		if err := q.Pluck("id", &ids).Error; err != nil || len(ids) == 0 {
			return err
		}
		return tx.writer(ctx).Model(&domain.WebhookEndpoint{}).Where("id IN ?", ids).
			UpdateColumn("dispatched_at", tx.Now()).Error
	})
	return ids, s.wrap("dispatch endpoints", "", err)
}

// markedFor is how long a mark is good: those who look for overdue deliveries wait longer.
const markedFor = 10 * time.Second

// MarkEndpoint notes that the endpoint's workflow is at work, or that it rests: then the
// next event signals it.
func (s *Store) MarkEndpoint(ctx context.Context, id string, atWork bool) error {
	q, now := s.writer(ctx).Model(&domain.WebhookEndpoint{}).Where("id = ?", id), s.now()
	var at *time.Time
	if atWork { // said a moment ago, it is not written again
		at, q = &now, q.Where("dispatched_at IS NULL OR dispatched_at < ?", now.Add(-markedFor))
	}
	err := q.UpdateColumn("dispatched_at", at).Error
	return s.wrap("mark webhook endpoint", "", err)
}

// OverdueEndpoints returns endpoints with deliveries that were due before the time, and
// whose workflow has said nothing since then, at most limit. Those that are put aside are
// left out.
func (s *Store) OverdueEndpoints(ctx context.Context, before time.Time, limit int) ([]string, error) {
	overdue := "(" + waiting + " AND d.created_at < ?) OR EXISTS (SELECT 1 FROM webhook_deliveries d WHERE " +
		"d.endpoint_id = webhook_endpoints.id AND d.status = 'delivering' AND d.tries > 0 AND d.next_attempt_at < ?))"
	q := s.conn(ctx).Model(&domain.WebhookEndpoint{}).
		Where("removed_at IS NULL AND (dispatched_at IS NULL OR dispatched_at < ?)", before)
	q = s.notPutAside(q.Where(overdue, before, before), domain.JobRedispatch, "id")
	var ids []string
	err := q.Limit(limit).Pluck("id", &ids).Error
	return ids, s.wrap("read overdue endpoints", "", err)
}
