-- +goose Up
ALTER TABLE accounts ADD COLUMN test_clock_id text NOT NULL DEFAULT '';

ALTER TABLE onboardings
    ADD COLUMN payment_token text NOT NULL DEFAULT '',
    ADD COLUMN test_clock_id text NOT NULL DEFAULT '';

ALTER TABLE subscriptions
    ADD COLUMN test_clock_id  text NOT NULL DEFAULT '',
    ADD COLUMN anchor         timestamptz,
    ADD COLUMN periods        integer NOT NULL DEFAULT 0 CHECK (periods >= 0),
    ADD COLUMN pending_plan   jsonb,
    ADD COLUMN past_due_since timestamptz,
    ADD COLUMN grace_ends_at  timestamptz,
    ADD COLUMN next_retry_at  timestamptz,
    ADD COLUMN reminders      integer NOT NULL DEFAULT 0 CHECK (reminders >= 0),
    ADD COLUMN due            text NOT NULL DEFAULT '',
    ADD COLUMN due_at         timestamptz,
    ADD CHECK ((past_due_since IS NULL) = (grace_ends_at IS NULL));
-- Billing has not taken these over yet.
CREATE INDEX subscriptions_unbilled ON subscriptions (id)
    WHERE due_at IS NULL AND status IN ('trialing', 'active', 'past_due');
-- Billing should have acted on those long past.
CREATE INDEX subscriptions_due ON subscriptions (due_at)
    WHERE due_at IS NOT NULL AND status IN ('trialing', 'active', 'past_due');
CREATE INDEX onboardings_clock ON onboardings (test_clock_id) WHERE test_clock_id <> '';
CREATE INDEX subscriptions_clock ON subscriptions (test_clock_id) WHERE test_clock_id <> '';

ALTER TABLE invoices
    ADD COLUMN period_end   timestamptz,
    ADD COLUMN lines        jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN plan         jsonb,
    ADD COLUMN package_code text NOT NULL DEFAULT '',
    ADD COLUMN credits      bigint NOT NULL DEFAULT 0 CHECK (credits >= 0),
    ADD CHECK ((type = 'credit_package') = (package_code <> ''));

ALTER TABLE payments
    ADD COLUMN payment_method_id text NOT NULL DEFAULT '',
    ADD COLUMN idempotency_key   text NOT NULL DEFAULT '',
    ADD COLUMN provider_ref      text NOT NULL DEFAULT '',
    ADD COLUMN failure_class     text NOT NULL DEFAULT '' CHECK (failure_class IN ('', 'declined_soft', 'declined_hard', 'unavailable')),
    ADD COLUMN action_url        text NOT NULL DEFAULT '',
    ADD COLUMN refunded          bigint NOT NULL DEFAULT 0 CHECK (refunded >= 0 AND refunded <= amount);
CREATE UNIQUE INDEX payments_key ON payments (idempotency_key) WHERE idempotency_key <> '';
-- Charged when nobody waited for it any more, and not given back yet.
CREATE INDEX payments_late ON payments (updated_at) WHERE late AND refunded = 0 AND idempotency_key <> '';
-- What the janitor looks at: asked for at a provider, and not decided.
CREATE INDEX payments_unsettled ON payments (updated_at)
    WHERE status IN ('created', 'processing', 'unknown', 'requires_action');

ALTER TABLE payment_methods
    ADD COLUMN token        text NOT NULL DEFAULT '',
    ADD COLUMN provider_ref text NOT NULL DEFAULT '',
    ADD COLUMN customer_ref text NOT NULL DEFAULT '',
    ADD COLUMN setup_ref    text NOT NULL DEFAULT '',
    ADD COLUMN brand        text NOT NULL DEFAULT '',
    ADD COLUMN last4        text NOT NULL DEFAULT '',
    ADD COLUMN exp_month    integer NOT NULL DEFAULT 0,
    ADD COLUMN exp_year     integer NOT NULL DEFAULT 0;
-- An account pays by bank transfer once, but may have many cards.
DROP INDEX payment_methods_one_per_option;
CREATE UNIQUE INDEX payment_methods_one_per_option ON payment_methods (account_id, option_key, provider_ref) WHERE removed_at IS NULL;

ALTER TABLE commands
    ADD COLUMN "at"              text NOT NULL DEFAULT '' CHECK ("at" IN ('', 'now', 'period_end')),
    ADD COLUMN token             text NOT NULL DEFAULT '',
    ADD COLUMN payment_method_id text NOT NULL DEFAULT '',
    ADD COLUMN applied_at        timestamptz;

CREATE TABLE provider_events (
    provider     text NOT NULL,
    event_id     text NOT NULL,
    type         text NOT NULL CHECK (type IN ('charge', 'setup', 'other')),
    name         text NOT NULL,
    key          text NOT NULL DEFAULT '',
    occurred_at  timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    processed_at timestamptz,
    PRIMARY KEY (provider, event_id)
);
CREATE INDEX provider_events_unprocessed ON provider_events (received_at) WHERE processed_at IS NULL;

CREATE TABLE credit_packages (
    id         text PRIMARY KEY,
    code       text NOT NULL UNIQUE,
    name       text NOT NULL,
    credits    bigint NOT NULL CHECK (credits > 0),
    amount     bigint NOT NULL CHECK (amount > 0),
    currency   text NOT NULL CHECK (currency ~ '^[a-z]{3}$'),
    active     boolean NOT NULL DEFAULT true,
    sort       integer NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE test_clocks (
    id         text PRIMARY KEY,
    name       text NOT NULL DEFAULT '',
    status     text NOT NULL CHECK (status IN ('ready', 'advancing')),
    now        timestamptz NOT NULL,
    target     timestamptz,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CHECK ((status = 'advancing') = (target IS NOT NULL))
);
-- Who waits for a test clock, and until when; without a time, for a command.
CREATE TABLE clock_waits (
    entity_id   text PRIMARY KEY,
    workflow_id text NOT NULL,
    clock_id    text NOT NULL REFERENCES test_clocks (id),
    wake_at     timestamptz
);
CREATE INDEX clock_waits_clock ON clock_waits (clock_id, wake_at);

-- Cards are charged now; who sees to it by hand has written instructions of their own.
UPDATE payment_options SET provider = 'sandbox', instructions = ''
    WHERE key = 'card' AND provider = 'manual' AND instructions LIKE 'Pay through the link on your invoice%';
