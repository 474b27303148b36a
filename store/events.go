package store

import (
	"context"

	"slipway/domain"
)

// InsertEvents stores what happened, in the order given, with fresh ids where
// they have none. Call it inside the transaction that made it happen.
func (s *Store) InsertEvents(ctx context.Context, events ...domain.Event) error {
	for i := range events {
		if events[i].CreatedAt = s.now(); events[i].ID == "" {
			events[i].ID = NewID(domain.PrefixEvent)
		}
	}
	err := s.create(ctx, "insert events", &events)
	s.announceOutbox()
	return err
}

// EventByID returns the event, or not_found.
func (s *Store) EventByID(ctx context.Context, id string) (*domain.Event, error) {
	return one[domain.Event](s, s.conn(ctx).Where("id = ?", id), "event")
}

// EventsByID returns those of the events that are there, by id.
func (s *Store) EventsByID(ctx context.Context, ids []string) (map[string]*domain.Event, error) {
	var rows []domain.Event
	err := s.conn(ctx).Where("id IN ?", ids).Find(&rows).Error
	presentAll(rows)
	events := make(map[string]*domain.Event, len(rows))
	for i := range rows {
		events[rows[i].ID] = &rows[i]
	}
	return events, s.wrap("read events", "", err)
}

// EventFilter narrows a list of events; empty fields do not.
type EventFilter struct {
	AccountID    string
	OnboardingID string
	Type         string
	Page
}

// ListEvents returns a page of events, newest first.
func (s *Store) ListEvents(ctx context.Context, f EventFilter) (List[domain.Event], error) {
	db := s.lists(ctx)
	if f.AccountID != "" { // a customer's own
		db = s.conn(ctx)
	}
	q := where(where(where(db, "account_id", f.AccountID), "onboarding_id", f.OnboardingID), "type", f.Type)
	return page(s, q, f.Page, func(e *domain.Event) string { return e.ID })
}
