package store

import (
	"context"
	"time"

	"slipway/domain"
)

// retention is how long the rows of a table are kept, and which are due. Every table
// has one, or stands in kept.
type retention struct {
	table  string
	always time.Duration                        // how long, where no setting says it
	kept   func(domain.Retention) time.Duration // how long, where one does; 0 is for ever
	key    string                               // columns that name a row
	due    string                               // which rows, of those before @before
	order  string                               // the oldest first
	// late finds whether any is due, where due alone does not find it by an index.
	late string
	// prune deletes a batch, where it is not enough to delete what is due.
	prune func(s *Store, ctx context.Context, before time.Time, limit int) (int64, error)
}

// keyLifetime is how long idempotency keys are good, and failuresKept for how long
// what a job put aside is kept after its next attempt was due: a job that found it
// still to be done has tried it by then.
const (
	keyLifetime  = 72 * time.Hour
	failuresKept = time.Hour
)

// prunableEvent is true of events but those that invariants of money need for ever, which
// are few: an account is imported once, and late payments are rare.
const prunableEvent = "type NOT IN ('" + string(domain.EventPaymentLate) + "', '" +
	string(domain.EventAccountImported) + "')"

// retentions are in the order in which rows go: a delivery before its event.
var retentions = []retention{
	{table: "sessions", key: "id", due: "expires_at < @before", order: "expires_at"},
	{table: "idempotency_keys", always: keyLifetime, key: "scope, key", due: "created_at < @before", order: "created_at"},
	{table: "job_failures", always: failuresKept, key: "job, item_id", due: "retry_at < @before", order: "retry_at"},
	{table: "webhook_endpoints", always: time.Hour, prune: (*Store).pruneEndpoints},
	{table: "webhook_deliveries", kept: func(r domain.Retention) time.Duration { return r.Deliveries },
		prune: (*Store).pruneDeliveries, late: "SELECT 1 FROM webhook_endpoints WHERE removed_at IS NULL AND " +
			"EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.endpoint_id = webhook_endpoints.id AND d.status = 'delivered' " +
			"AND d.event_id < @event AND d.delivered_at < @before)"},
	{table: "events", kept: func(r domain.Retention) time.Duration { return r.Events }, key: "id", order: "id",
		due: "id < @event AND " + prunableEvent + " AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d " +
			"WHERE d.event_id = events.id AND d.status IN ('pending', 'delivering'))"},
	{table: "commands", kept: func(r domain.Retention) time.Duration { return r.Commands }, key: "id",
		due: "id < @command", order: "id"},
	{table: "provider_events", kept: func(r domain.Retention) time.Duration { return r.ProviderEvents },
		key: "provider, event_id", due: "processed_at IS NOT NULL AND processed_at < @before", order: "processed_at"},
	{table: "api_keys", kept: func(r domain.Retention) time.Duration { return r.Removed }, key: "id",
		due: "revoked_at IS NOT NULL AND revoked_at < @before", order: "revoked_at"},
	{table: "sites", kept: func(r domain.Retention) time.Duration { return r.Removed }, key: "id",
		due: "deleted_at IS NOT NULL AND deleted_at < @before", order: "deleted_at"},
	{table: "onboardings", kept: func(r domain.Retention) time.Duration { return r.Onboardings },
		due: endedEarlyBefore, prune: (*Store).pruneOnboardings},
	{table: "credits", kept: func(r domain.Retention) time.Duration { return r.Debits },
		due: isDebit + " AND id < @credit", prune: (*Store).foldDebits},
}

// kept are the tables whose rows stay, with the reason.
var kept = map[string]string{
	"accounts":         "one for each customer; those that never became one go with their onboarding",
	"users":            "as accounts",
	"subscriptions":    "what invoices are for; those that never began go with their onboarding",
	"invoices":         "money",
	"payments":         "money",
	"balances":         "money, one row for each account",
	"payment_methods":  "named by payments; those of an onboarding that owed nothing go with it",
	"slugs":            "one for each account; a tombstone is there to stay",
	"plans":            "catalogue",
	"payment_options":  "catalogue",
	"credit_packages":  "catalogue",
	"test_clocks":      "made by hand, never in production",
	"clock_waits":      "one for each workflow on a test clock",
	"job_rounds":       "one row for each job",
	"goose_db_version": "one row for each migration",
}

// pruneDeliveries deletes deliveries that ended, endpoint by endpoint, in the order
// of their events. The status leads to them through the index of lists.
func (s *Store) pruneDeliveries(ctx context.Context, before time.Time, limit int) (deleted int64, err error) {
	endpoints, err := s.endpointIDs(ctx, "removed_at IS NULL")
	for _, id := range endpoints {
		for _, status := range []domain.DeliveryStatus{domain.DeliveryDelivered, domain.DeliveryFailed} {
			if err != nil || deleted >= int64(limit) {
				return deleted, err
			}
			args := pruneArgs(before)
			args["endpoint"], args["status"] = id, status
			var n int64
			n, err = s.deleteRows(ctx, "webhook_deliveries", "endpoint_id, event_id",
				"SELECT endpoint_id, event_id FROM webhook_deliveries WHERE endpoint_id = @endpoint AND status = @status "+
					"AND event_id < @event AND COALESCE(delivered_at, started_at, created_at) < @before ORDER BY event_id",
				limit, args)
			deleted += n
		}
	}
	return deleted, err
}

// pruneEndpoints deletes the deliveries of removed endpoints, and the endpoints that have
// none left and whom no transaction that saw them can give any more.
func (s *Store) pruneEndpoints(ctx context.Context, before time.Time, limit int) (deleted int64, err error) {
	removed, err := s.endpointIDs(ctx, "removed_at IS NOT NULL")
	for _, id := range removed {
		if err != nil || deleted >= int64(limit) {
			return deleted, err
		}
		args := map[string]any{"endpoint": id, "before": before}
		var n int64
		n, err = s.deleteRows(ctx, "webhook_deliveries", "endpoint_id, event_id",
			"SELECT endpoint_id, event_id FROM webhook_deliveries WHERE endpoint_id = @endpoint ORDER BY event_id", limit, args)
		if deleted += n; err == nil && n == 0 {
			err = s.writer(ctx).Exec("DELETE FROM webhook_endpoints WHERE id = @endpoint AND removed_at < @before "+
				"AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE endpoint_id = @endpoint)", args).Error
		}
	}
	return deleted, err
}

func (s *Store) endpointIDs(ctx context.Context, condition string) (ids []string, err error) {
	err = s.conn(ctx).Model(&domain.WebhookEndpoint{}).Where(condition).Order("id").Pluck("id", &ids).Error
	return ids, err
}
