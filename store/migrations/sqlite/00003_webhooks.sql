-- +goose Up
-- The secret is stored as it is: signing needs it.
CREATE TABLE webhook_endpoints (
    id              text PRIMARY KEY,
    url             text NOT NULL,
    secret          text NOT NULL,
    description     text NOT NULL DEFAULT '',
    events          text NOT NULL DEFAULT '[]',
    enabled         boolean NOT NULL DEFAULT true,
    disabled_reason text NOT NULL DEFAULT '' CHECK (disabled_reason IN ('', 'by_hand', 'gone', 'failing')),
    failing_since   timestamp,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL,
    CHECK (enabled = (disabled_reason = ''))
);

-- The outbox: what is to be told to whom, and what became of it. Nothing refers
-- to webhook_endpoints, so that removing one can fail no business change.
CREATE TABLE webhook_deliveries (
    endpoint_id      text NOT NULL,
    event_id         text NOT NULL,
    event_type       text NOT NULL,
    account_id       text NOT NULL DEFAULT '',
    status           text NOT NULL CHECK (status IN ('pending', 'delivering', 'delivered', 'failed')),
    attempts         integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    last_status_code integer NOT NULL DEFAULT 0,
    last_error       text NOT NULL DEFAULT '',
    next_attempt_at  timestamp,
    started_at       timestamp,
    delivered_at     timestamp,
    created_at       timestamp NOT NULL,
    PRIMARY KEY (endpoint_id, event_id),
    CHECK (status <> 'delivered' OR delivered_at IS NOT NULL)
);
CREATE INDEX webhook_deliveries_waiting ON webhook_deliveries (created_at)
    WHERE status = 'pending' AND started_at IS NULL;
CREATE INDEX webhook_deliveries_started ON webhook_deliveries (status, started_at)
    WHERE status IN ('pending', 'delivering');

-- Every event goes into the outbox of who wants it, in its own transaction and
-- without a statement of the writer's. An empty filter wants what concerns an
-- account; 'invoice.*' wants every invoice event. A test is for one endpoint
-- only, which the API sees to. Nobody enabled: one look at an empty table.
-- +goose StatementBegin
CREATE TRIGGER events_outbox AFTER INSERT ON events
WHEN NEW.type <> 'webhook.test' AND EXISTS (SELECT 1 FROM webhook_endpoints WHERE enabled)
BEGIN
    INSERT INTO webhook_deliveries (endpoint_id, event_id, event_type, account_id, status, created_at)
    SELECT w.id, NEW.id, NEW.type, NEW.account_id, 'pending', NEW.created_at
    FROM webhook_endpoints w
    WHERE w.enabled AND (
        (w.events = '[]' AND NEW.account_id <> '')
        OR EXISTS (SELECT 1 FROM json_each(w.events)
            WHERE value IN (NEW.type, substr(NEW.type, 1, instr(NEW.type, '.')) || '*')));
END;
-- +goose StatementEnd
