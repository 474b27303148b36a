-- +goose Up
-- The secret is stored as it is: signing needs it.
CREATE TABLE webhook_endpoints (
    id              text PRIMARY KEY,
    url             text NOT NULL,
    secret          text NOT NULL,
    description     text NOT NULL DEFAULT '',
    events          jsonb NOT NULL DEFAULT '[]',
    enabled         boolean NOT NULL DEFAULT true,
    disabled_reason text NOT NULL DEFAULT '' CHECK (disabled_reason IN ('', 'by_hand', 'gone', 'failing')),
    failing_since   timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL,
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
    next_attempt_at  timestamptz,
    started_at       timestamptz,
    delivered_at     timestamptz,
    created_at       timestamptz NOT NULL,
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
CREATE FUNCTION slipway_fill_outbox() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO webhook_deliveries (endpoint_id, event_id, event_type, account_id, status, created_at)
    SELECT w.id, e.id, e.type, e.account_id, 'pending', e.created_at
    FROM webhook_endpoints w, inserted e
    WHERE w.enabled AND e.type <> 'webhook.test' AND (
        (w.events = '[]' AND e.account_id <> '')
        OR w.events @> to_jsonb(e.type)
        OR w.events @> to_jsonb(split_part(e.type, '.', 1) || '.*'));
    IF FOUND THEN
        PERFORM pg_notify('slipway_outbox', '');
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER events_outbox AFTER INSERT ON events
    REFERENCING NEW TABLE AS inserted
    FOR EACH STATEMENT EXECUTE FUNCTION slipway_fill_outbox();
