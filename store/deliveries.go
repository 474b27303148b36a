package store

import (
	"context"
	"slices"
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

// DueDeliveries returns what is to be posted to the endpoint now, longest due first, at
// most limit: what waits in the outbox, and what is to be tried again. Inside a
// transaction it holds the rows, and leaves out those that somebody else holds.
func (s *Store) DueDeliveries(ctx context.Context, endpointID string, limit int) ([]domain.WebhookDelivery, error) {
	var due []domain.WebhookDelivery
	for _, q := range []*gorm.DB{
		s.conn(ctx).Where(waits).Order("created_at"),
		s.conn(ctx).Where(retries+" AND next_attempt_at <= ?", s.now()).Order("next_attempt_at"),
	} {
		if s.postgres && s.changed != nil {
			q = q.Clauses(clause.Locking{Strength: "UPDATE", Options: "SKIP LOCKED"})
		}
		var rows []domain.WebhookDelivery
		if err := q.Where("endpoint_id = ?", endpointID).Limit(limit).Find(&rows).Error; err != nil {
			return nil, s.wrap("read due deliveries", "", err)
		}
		due = append(due, rows...)
	}
	slices.SortStableFunc(due, func(a, b domain.WebhookDelivery) int { return a.DueAt().Compare(b.DueAt()) })
	due = due[:min(limit, len(due))]
	presentAll(due)
	return due, nil
}

// What an endpoint's workflow takes: what nobody has tried, and what it tried itself. A
// delivery that was started and has no tries belongs to a workflow of its own.
const (
	waits   = "status = 'pending' AND started_at IS NULL"
	retries = "status = 'delivering' AND tries > 0"
)

// NextAttempt returns when the endpoint's next delivery is due, which may be past; nil
// when none is left.
func (s *Store) NextAttempt(ctx context.Context, endpointID string) (*time.Time, error) {
	var next *time.Time
	for column, condition := range map[string]string{"created_at": waits, "next_attempt_at": retries} {
		var rows []domain.WebhookDelivery
		err := s.conn(ctx).Where(condition).Where("endpoint_id = ?", endpointID).Order(column).Limit(1).Find(&rows).Error
		if err != nil {
			return nil, s.wrap("read the next attempt", "", err)
		}
		for _, d := range rows {
			if at := d.DueAt(); next == nil || at.Before(*next) {
				next = &at
			}
		}
	}
	return next, nil
}

// LockDeliveries returns those of an endpoint's deliveries that are still there, and
// holds them until the transaction ends.
func (s *Store) LockDeliveries(
	ctx context.Context, endpointID string, eventIDs []string,
) ([]domain.WebhookDelivery, error) {
	var rows []domain.WebhookDelivery
	q := s.locked(s.conn(ctx)).Where("endpoint_id = ? AND event_id IN ?", endpointID, eventIDs)
	err := q.Order("event_id").Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read deliveries", "", err)
}

// SaveDeliveries writes changed deliveries, which the transaction holds.
func (s *Store) SaveDeliveries(ctx context.Context, rows []domain.WebhookDelivery) error {
	if len(rows) == 0 {
		return nil
	}
	err := s.writer(ctx).Clauses(clause.OnConflict{UpdateAll: true}).Create(&rows).Error
	return s.wrap("save deliveries", "", err)
}

// EndDeliveries fails what is on its way to the endpoint, with a code, at most limit, and
// returns how many there were.
func (s *Store) EndDeliveries(ctx context.Context, endpointID, code string, limit int) (int, error) {
	open := s.conn(ctx).Model(&domain.WebhookDelivery{}).Select("event_id").Limit(limit).
		Where("endpoint_id = ? AND (("+waits+") OR ("+retries+"))", endpointID)
	q := s.writer(ctx).Model(&domain.WebhookDelivery{}).Where("endpoint_id = ? AND event_id IN (?)", endpointID, open)
	result := q.UpdateColumns(map[string]any{"status": domain.DeliveryFailed, "last_error": code, "next_attempt_at": nil})
	return int(result.RowsAffected), s.wrap("end deliveries", "", result.Error)
}

// LostDeliveries returns deliveries of workflows of their own that probably do not run:
// pending since before one time, or delivering since before another. Those that are put
// aside are left out.
func (s *Store) LostDeliveries(
	ctx context.Context, pending, delivering time.Time, limit int,
) ([]domain.WebhookDelivery, error) {
	var rows []domain.WebhookDelivery
	q := s.conn(ctx).Where("status IN ('pending', 'delivering') AND started_at IS NOT NULL AND tries = 0 AND "+
		"((status = 'pending' AND started_at < ?) OR (status = 'delivering' AND started_at < ?))", pending, delivering)
	q = s.notPutAside(q, domain.JobRedispatch, "endpoint_id || '/' || event_id")
	err := q.Order("started_at").Limit(limit).Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read lost deliveries", "", err)
}
