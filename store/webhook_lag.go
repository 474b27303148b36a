package store

import (
	"context"
	"time"

	"slipway/domain"
)

// WebhookLag is since when the delivery that has been due longest waits to be posted:
// zero where none waits.
type WebhookLag struct {
	First time.Time // never posted
	Again time.Time // posted, and not taken
}

// WebhookLag looks at the next delivery of each endpoint, through the indexes that the
// endpoints' workflows go by: it costs the same however much waits.
func (s *Store) WebhookLag(ctx context.Context) (WebhookLag, error) {
	var lag WebhookLag
	for _, of := range []struct {
		condition, column string
		since             *time.Time
	}{{waits, "created_at", &lag.First}, {retries, "next_attempt_at", &lag.Again}} {
		var rows []domain.WebhookDelivery
		next := "d.endpoint_id = webhook_endpoints.id AND d.event_id = (SELECT n.event_id FROM webhook_deliveries n WHERE " +
			"n.endpoint_id = webhook_endpoints.id AND " + of.condition + " ORDER BY n." + of.column + " LIMIT 1)"
		err := s.conn(ctx).Table("webhook_endpoints").Select("d.*").
			Joins("CROSS JOIN webhook_deliveries d"). // in SQLite: for each endpoint
			Where("webhook_endpoints.removed_at IS NULL AND " + next).Order("d." + of.column).Limit(1).Find(&rows).Error
		if err != nil {
			return lag, s.wrap("read the lag of webhooks", "", err)
		}
		for _, d := range rows {
			if at := d.DueAt(); !at.After(s.now()) {
				*of.since = at
			}
		}
	}
	return lag, nil
}
