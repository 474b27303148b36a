-- +goose Up
ALTER TABLE accounts ADD COLUMN test_clock_id text NOT NULL DEFAULT '';

ALTER TABLE onboardings ADD COLUMN payment_token text NOT NULL DEFAULT '';
ALTER TABLE onboardings ADD COLUMN test_clock_id text NOT NULL DEFAULT '';

ALTER TABLE subscriptions ADD COLUMN test_clock_id text NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN anchor datetime;
ALTER TABLE subscriptions ADD COLUMN periods integer NOT NULL DEFAULT 0 CHECK (periods >= 0);
ALTER TABLE subscriptions ADD COLUMN pending_plan text;
ALTER TABLE subscriptions ADD COLUMN past_due_since datetime;
ALTER TABLE subscriptions ADD COLUMN grace_ends_at datetime CHECK ((grace_ends_at IS NULL) = (past_due_since IS NULL));
ALTER TABLE subscriptions ADD COLUMN next_retry_at datetime;
ALTER TABLE subscriptions ADD COLUMN reminders integer NOT NULL DEFAULT 0 CHECK (reminders >= 0);
ALTER TABLE subscriptions ADD COLUMN due text NOT NULL DEFAULT '';
ALTER TABLE subscriptions ADD COLUMN due_at datetime;
-- Billing has not taken these over yet.
CREATE INDEX subscriptions_unbilled ON subscriptions (id)
    WHERE due_at IS NULL AND status IN ('trialing', 'active', 'past_due');
-- Billing should have acted on those long past.
CREATE INDEX subscriptions_due ON subscriptions (due_at)
    WHERE due_at IS NOT NULL AND status IN ('trialing', 'active', 'past_due');
CREATE INDEX onboardings_clock ON onboardings (test_clock_id) WHERE test_clock_id <> '';
CREATE INDEX subscriptions_clock ON subscriptions (test_clock_id) WHERE test_clock_id <> '';

ALTER TABLE invoices ADD COLUMN period_end datetime;
ALTER TABLE invoices ADD COLUMN lines text NOT NULL DEFAULT '[]';
ALTER TABLE invoices ADD COLUMN plan text;
ALTER TABLE invoices ADD COLUMN package_code text NOT NULL DEFAULT '' CHECK ((package_code <> '') = (type = 'credit_package'));
ALTER TABLE invoices ADD COLUMN credits integer NOT NULL DEFAULT 0 CHECK (credits >= 0);

ALTER TABLE payments ADD COLUMN payment_method_id text NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN idempotency_key text NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN provider_ref text NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN failure_class text NOT NULL DEFAULT '' CHECK (failure_class IN ('', 'declined_soft', 'declined_hard', 'unavailable'));
ALTER TABLE payments ADD COLUMN action_url text NOT NULL DEFAULT '';
ALTER TABLE payments ADD COLUMN refunded integer NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount);
CREATE UNIQUE INDEX payments_key ON payments (idempotency_key) WHERE idempotency_key <> '';
-- Charged when nobody waited for it any more, and not given back yet.
CREATE INDEX payments_late ON payments (updated_at) WHERE late AND refunded = 0 AND idempotency_key <> '';
-- What the janitor looks at: asked for at a provider, and not decided.
CREATE INDEX payments_unsettled ON payments (updated_at)
    WHERE status IN ('created', 'processing', 'unknown', 'requires_action');

ALTER TABLE payment_methods ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN provider_ref text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN customer_ref text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN setup_ref text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN brand text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN last4 text NOT NULL DEFAULT '';
ALTER TABLE payment_methods ADD COLUMN exp_month integer NOT NULL DEFAULT 0;
ALTER TABLE payment_methods ADD COLUMN exp_year integer NOT NULL DEFAULT 0;
-- An account pays by bank transfer once, but may have many cards.
DROP INDEX payment_methods_one_per_option;
CREATE UNIQUE INDEX payment_methods_one_per_option ON payment_methods (account_id, option_key, provider_ref) WHERE removed_at IS NULL;

ALTER TABLE commands ADD COLUMN "at" text NOT NULL DEFAULT '' CHECK ("at" IN ('', 'now', 'period_end'));
ALTER TABLE commands ADD COLUMN token text NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN payment_method_id text NOT NULL DEFAULT '';
ALTER TABLE commands ADD COLUMN applied_at datetime;

CREATE TABLE provider_events (
    provider     text NOT NULL,
    event_id     text NOT NULL,
    type         text NOT NULL CHECK (type IN ('charge', 'setup', 'other')),
    name         text NOT NULL,
    key          text NOT NULL DEFAULT '',
    occurred_at  datetime NOT NULL,
    received_at  datetime NOT NULL,
    processed_at datetime,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_events_unprocessed ON provider_events (received_at) WHERE processed_at IS NULL;

CREATE TABLE credit_packages (
    id         text PRIMARY KEY,
    code       text NOT NULL UNIQUE,
    name       text NOT NULL,
    credits    integer NOT NULL CHECK (credits > 0),
    amount     integer NOT NULL CHECK (amount > 0),
    currency   text NOT NULL CHECK (currency GLOB '[a-z][a-z][a-z]'),
    active     boolean NOT NULL DEFAULT true,
    sort       integer NOT NULL DEFAULT 0,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL
);

CREATE TABLE test_clocks (
    id         text PRIMARY KEY,
    name       text NOT NULL DEFAULT '',
    status     text NOT NULL CHECK (status IN ('ready', 'advancing')),
    now        datetime NOT NULL,
    target     datetime,
    created_at datetime NOT NULL,
    updated_at datetime NOT NULL,
    CHECK ((status = 'advancing') = (target IS NOT NULL))
);
-- Who waits for a test clock, and until when; without a time, for a command.
CREATE TABLE clock_waits (
    entity_id   text PRIMARY KEY,
    workflow_id text NOT NULL,
    clock_id    text NOT NULL REFERENCES test_clocks (id),
    wake_at     datetime
);
CREATE INDEX clock_waits_clock ON clock_waits (clock_id, wake_at);

-- Cards are charged now; who sees to it by hand has written instructions of their own.
UPDATE payment_options SET provider = 'sandbox', instructions = ''
    WHERE key = 'card' AND provider = 'manual' AND instructions LIKE 'Pay through the link on your invoice%';
