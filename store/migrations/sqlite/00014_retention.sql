-- +goose Up
-- Rows that nothing needs any more are deleted in batches; each index finds those
-- that are due, and holds no others where it can.
CREATE INDEX webhook_deliveries_open ON webhook_deliveries (event_id) WHERE status IN ('pending', 'delivering');
CREATE INDEX provider_events_processed ON provider_events (processed_at) WHERE processed_at IS NOT NULL;
CREATE INDEX sites_deleted ON sites (deleted_at) WHERE deleted_at IS NOT NULL;
CREATE INDEX credits_debits ON credits (id) WHERE substr(idempotency_key, 1, 6) = 'debit/';

-- Deleting a user or an account looks for what names it.
CREATE INDEX sessions_user ON sessions (user_id);
CREATE INDEX sites_account ON sites (account_id);

-- A removed endpoint is gone at once; its row goes after its deliveries.
ALTER TABLE webhook_endpoints ADD COLUMN removed_at datetime;

-- When the retention of an onboarding that ended early was applied, and its row
-- stayed because an invoice does.
ALTER TABLE onboardings ADD COLUMN pruned_at datetime;
CREATE INDEX onboardings_ended_early ON onboardings (id)
    WHERE status IN ('failed', 'expired', 'canceled') AND pruned_at IS NULL;
