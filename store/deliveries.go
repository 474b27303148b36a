package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"slipway/domain"
)

// EnqueueDelivery puts a delivery into the outbox, a new one or one to send
// again, and notifies the dispatcher once it is committed. Call it inside Within.
// Deliveries of ordinary events need no call: the database makes them.
func (s *Store) EnqueueDelivery(ctx context.Context, d *domain.WebhookDelivery) error {
	d.Present()
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(d).Error
	if err == nil && s.postgres {
		err = s.writer(ctx).Exec("SELECT pg_notify('" + channelOutbox + "', '')").Error
	}
	s.announceOutbox()
	return s.wrap("enqueue delivery", "", err)
}

// DeliveryByID returns the delivery of an event to an endpoint, or not_found.
func (s *Store) DeliveryByID(ctx context.Context, endpointID, eventID string) (*domain.WebhookDelivery, error) {
	return one[domain.WebhookDelivery](s, s.delivery(ctx, endpointID, eventID), "delivery")
}

// LockDelivery is DeliveryByID that holds the row until the transaction ends.
func (s *Store) LockDelivery(ctx context.Context, endpointID, eventID string) (*domain.WebhookDelivery, error) {
	return one[domain.WebhookDelivery](s, s.locked(s.delivery(ctx, endpointID, eventID)), "delivery")
}

func (s *Store) delivery(ctx context.Context, endpointID, eventID string) *gorm.DB {
	return s.conn(ctx).Where("endpoint_id = ? AND event_id = ?", endpointID, eventID)
}

// SaveDelivery writes a changed delivery.
func (s *Store) SaveDelivery(ctx context.Context, d *domain.WebhookDelivery) error {
	return s.save(ctx, "save delivery", d)
}

// DeliveryFilter narrows a list of deliveries.
type DeliveryFilter struct {
	EndpointID string
	Status     string // empty for all
	Page              // its cursor is an event's id
}

// ListDeliveries returns a page of an endpoint's deliveries, newest event first.
func (s *Store) ListDeliveries(ctx context.Context, f DeliveryFilter) (List[domain.WebhookDelivery], error) {
	q := where(s.lists(ctx).Where("endpoint_id = ?", f.EndpointID), "status", f.Status)
	return pageBy(s, q, "event_id", f.Page, func(d *domain.WebhookDelivery) string { return d.EventID })
}

// ClaimDeliveries takes what waits in the outbox, oldest first, at most limit:
// each delivery is given to one caller only, who starts its workflow.
func (s *Store) ClaimDeliveries(ctx context.Context, limit int) ([]domain.WebhookDelivery, error) {
	return s.claim(ctx, "created_at", limit, "status = 'pending' AND started_at IS NULL")
}

// ReclaimDeliveries takes deliveries that were claimed and probably never
// started: pending since before one time, or delivering since before another. Those
// whose start failed are left out until their next attempt is due.
func (s *Store) ReclaimDeliveries(
	ctx context.Context, pending, delivering time.Time, limit int,
) ([]domain.WebhookDelivery, error) {
	return s.claim(ctx, "started_at", limit, "status IN ('pending', 'delivering') AND "+
		"((status = 'pending' AND started_at < ?) OR (status = 'delivering' AND started_at < ?)) AND "+
		"endpoint_id || '/' || event_id NOT IN (SELECT item_id FROM job_failures WHERE job = ? AND retry_at > ?)",
		pending, delivering, domain.JobRedispatch, s.now())
}

func (s *Store) claim(
	ctx context.Context, order string, limit int, condition string, args ...any,
) ([]domain.WebhookDelivery, error) {
	var found []string
	err := s.conn(ctx).Model(&domain.WebhookDelivery{}).Where(condition, args...).Limit(1).Pluck("event_id", &found).Error
	if err != nil || len(found) == 0 { // nothing to write for, which is nearly always
		return nil, s.wrap("read the outbox", "", err)
	}
	var rows []domain.WebhookDelivery
	err = s.Within(ctx, func(tx *Store) error {
		q := tx.conn(ctx).Where(condition, args...).Order(order).Limit(limit)
		if s.postgres {
			q = q.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
		}
		if err := q.Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		now := tx.Now()
		keys := make([][]any, len(rows))
		for i := range rows {
			rows[i].StartedAt, keys[i] = &now, []any{rows[i].EndpointID, rows[i].EventID}
		}
		return tx.writer(ctx).Model(&domain.WebhookDelivery{}).Where("(endpoint_id, event_id) IN ?", keys).
			UpdateColumn("started_at", now).Error
	})
	presentAll(rows)
	return rows, s.wrap("claim deliveries", "", err)
}
