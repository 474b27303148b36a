-- +goose Up
-- One workflow per endpoint makes its deliveries. tries counts the attempts since a
-- delivery was last put into the outbox; a delivery that was tried and has none is one
-- of a workflow of its own, from before. dispatched_at is when the endpoint's workflow
-- was signalled, or last said that it is at work; NULL while it rests.
ALTER TABLE webhook_deliveries ADD COLUMN tries integer NOT NULL DEFAULT 0 CHECK (tries >= 0);
ALTER TABLE webhook_endpoints ADD COLUMN dispatched_at timestamptz;

DROP INDEX webhook_deliveries_waiting;
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (endpoint_id, created_at)
    WHERE status = 'pending' AND started_at IS NULL;
CREATE INDEX webhook_deliveries_due ON webhook_deliveries (endpoint_id, next_attempt_at)
    WHERE status = 'delivering' AND tries > 0;
DROP INDEX webhook_deliveries_started;
CREATE INDEX webhook_deliveries_started ON webhook_deliveries (status, started_at)
    WHERE status IN ('pending', 'delivering') AND started_at IS NOT NULL AND tries = 0;
