-- +goose Up
CREATE TABLE plans (
    id                        text PRIMARY KEY,
    code                      text NOT NULL UNIQUE,
    name                      text NOT NULL,
    description               text NOT NULL DEFAULT '',
    amount                    integer NOT NULL CHECK (amount >= 0),
    currency                  text NOT NULL CHECK (currency GLOB '[a-z][a-z][a-z]'),
    interval                  text NOT NULL CHECK (interval IN ('month', 'year')),
    trial_days                integer NOT NULL DEFAULT 0 CHECK (trial_days >= 0),
    payment_method_collection text NOT NULL DEFAULT 'if_required' CHECK (payment_method_collection IN ('if_required', 'always')),
    credits                   integer NOT NULL DEFAULT 0 CHECK (credits >= 0),
    features                  text NOT NULL DEFAULT '[]',
    limits                    text NOT NULL DEFAULT '{}',
    public                    boolean NOT NULL DEFAULT true,
    active                    boolean NOT NULL DEFAULT true,
    is_default                boolean NOT NULL DEFAULT false,
    sort                      integer NOT NULL DEFAULT 0,
    created_at                timestamp NOT NULL,
    updated_at                timestamp NOT NULL
);
CREATE UNIQUE INDEX plans_one_default ON plans (is_default) WHERE is_default;

CREATE TABLE payment_options (
    id           text PRIMARY KEY,
    key          text NOT NULL UNIQUE,
    external_id  text NOT NULL DEFAULT '',
    provider     text NOT NULL,
    type         text NOT NULL CHECK (type IN ('card', 'bank_transfer', 'wallet', 'invoice')),
    name         text NOT NULL,
    instructions text NOT NULL DEFAULT '',
    countries    text NOT NULL DEFAULT '[]',
    currencies   text NOT NULL DEFAULT '[]',
    enabled      boolean NOT NULL DEFAULT true,
    preferred    boolean NOT NULL DEFAULT false,
    sort         integer NOT NULL DEFAULT 0,
    created_at   timestamp NOT NULL,
    updated_at   timestamp NOT NULL
);
CREATE UNIQUE INDEX payment_options_one_preferred ON payment_options (preferred) WHERE preferred;
CREATE UNIQUE INDEX payment_options_external_id ON payment_options (external_id) WHERE external_id <> '';

CREATE TABLE accounts (
    id         text PRIMARY KEY,
    status     text NOT NULL CHECK (status IN ('pending', 'active', 'suspended', 'closed')),
    name       text NOT NULL,
    slug       text NOT NULL CHECK (slug = lower(slug) AND length(slug) BETWEEN 3 AND 48),
    country    text NOT NULL DEFAULT '',
    created_at timestamp NOT NULL,
    updated_at timestamp NOT NULL,
    closed_at  timestamp
);
-- A closed account keeps its slug's text; whether anybody may have the slug again is in slugs.
CREATE UNIQUE INDEX accounts_slug ON accounts (slug) WHERE status <> 'closed';

-- Every slug that is held or may never be had again. base and number are the
-- slug taken apart ("acme-7" is acme, 7), so that the next free number of a base
-- is one look into an index however many there are.
CREATE TABLE slugs (
    slug       text PRIMARY KEY CHECK (slug = lower(slug) AND length(slug) BETWEEN 3 AND 48),
    base       text NOT NULL,
    number     integer NOT NULL,
    account_id text NOT NULL,
    status     text NOT NULL CHECK (status IN ('held', 'tombstoned'))
);
CREATE INDEX slugs_base_number ON slugs (base, number);
CREATE INDEX slugs_account ON slugs (account_id);

CREATE TABLE users (
    id            text PRIMARY KEY,
    account_id    text NOT NULL,
    role          text NOT NULL CHECK (role IN ('owner', 'admin')),
    email         text NOT NULL CHECK (email = lower(email)),
    password_hash text NOT NULL,
    released_at   timestamp,
    created_at    timestamp NOT NULL
);
CREATE UNIQUE INDEX users_email ON users (email) WHERE released_at IS NULL;
CREATE INDEX users_account ON users (account_id);

CREATE TABLE sessions (
    id         text PRIMARY KEY,
    token_hash blob NOT NULL UNIQUE,
    user_id    text NOT NULL REFERENCES users (id),
    account_id text NOT NULL,
    role       text NOT NULL CHECK (role IN ('owner', 'admin')),
    created_at timestamp NOT NULL,
    expires_at timestamp NOT NULL
);
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_account ON sessions (account_id);

CREATE TABLE api_keys (
    id          text PRIMARY KEY,
    name        text NOT NULL,
    secret_hash blob NOT NULL UNIQUE,
    created_by  text NOT NULL,
    created_at  timestamp NOT NULL,
    revoked_at  timestamp
);

CREATE TABLE onboardings (
    id              text PRIMARY KEY,
    kind            text NOT NULL CHECK (kind IN ('signup', 'activation')),
    status          text NOT NULL CHECK (status IN ('received', 'creating_account', 'waiting_for_plan', 'waiting_for_payment_method',
                        'awaiting_payment', 'awaiting_approval', 'activating', 'compensating', 'completed', 'failed', 'expired', 'canceled')),
    version         integer NOT NULL,
    account         text,
    plan            text,
    subscription    text,
    steps           text NOT NULL,
    next_action     text,
    error           text,
    email           text NOT NULL DEFAULT '',
    password_hash   text NOT NULL DEFAULT '',
    account_name    text NOT NULL DEFAULT '',
    wanted_slug     text NOT NULL DEFAULT '',
    wanted_plan     text NOT NULL DEFAULT '',
    wanted_option   text NOT NULL DEFAULT '',
    country         text NOT NULL DEFAULT '',
    account_id      text NOT NULL,
    owner_id        text NOT NULL,
    subscription_id text NOT NULL UNIQUE,
    reminders       integer NOT NULL DEFAULT 0,
    checked_at      timestamp NOT NULL,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL
);
-- A person has at most one sign-up that runs or succeeded.
CREATE UNIQUE INDEX onboardings_email ON onboardings (email)
    WHERE kind = 'signup' AND status NOT IN ('failed', 'expired', 'canceled');
-- An account chooses one plan at a time.
CREATE UNIQUE INDEX onboardings_one_activation ON onboardings (account_id)
    WHERE kind = 'activation' AND status NOT IN ('completed', 'failed', 'expired', 'canceled');
CREATE INDEX onboardings_account ON onboardings (account_id);
CREATE INDEX onboardings_unchecked ON onboardings (checked_at)
    WHERE status NOT IN ('completed', 'failed', 'expired', 'canceled');
CREATE INDEX onboardings_status ON onboardings (status, id);

CREATE TABLE subscriptions (
    id                   text PRIMARY KEY,
    account_id           text NOT NULL REFERENCES accounts (id),
    onboarding_id        text NOT NULL,
    status               text NOT NULL CHECK (status IN ('incomplete', 'incomplete_expired', 'trialing', 'active', 'past_due', 'unpaid', 'canceled')),
    plan_code            text NOT NULL,
    plan                 text NOT NULL,
    managed_by           text NOT NULL CHECK (managed_by IN ('provider', 'admin')),
    current_period_start timestamp,
    current_period_end   timestamp,
    trial_end            timestamp,
    cancel_at_period_end boolean NOT NULL DEFAULT false,
    cancel_at            timestamp,
    ended_at             timestamp,
    cancellation_reason  text NOT NULL DEFAULT '',
    created_at           timestamp NOT NULL,
    updated_at           timestamp NOT NULL
);
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (account_id)
    WHERE status IN ('trialing', 'active', 'past_due');
CREATE UNIQUE INDEX subscriptions_one_incomplete ON subscriptions (account_id)
    WHERE status = 'incomplete';
CREATE INDEX subscriptions_account ON subscriptions (account_id);
CREATE INDEX subscriptions_status ON subscriptions (status, id);

CREATE TABLE invoices (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES accounts (id),
    subscription_id text NOT NULL,
    type            text NOT NULL CHECK (type IN ('subscription', 'credit_package')),
    reason          text NOT NULL,
    status          text NOT NULL CHECK (status IN ('draft', 'open', 'paid', 'void', 'uncollectible')),
    amount          integer NOT NULL CHECK (amount >= 0),
    currency        text NOT NULL CHECK (currency GLOB '[a-z][a-z][a-z]'),
    period_start    timestamp NOT NULL,
    due_at          timestamp,
    paid_out_of_band boolean NOT NULL DEFAULT false,
    waived          boolean NOT NULL DEFAULT false,
    paid_at         timestamp,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL,
    CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);
CREATE UNIQUE INDEX invoices_one_per_period ON invoices (subscription_id, period_start, reason)
    WHERE status <> 'void' AND subscription_id <> '';
CREATE INDEX invoices_account ON invoices (account_id);
CREATE INDEX invoices_subscription ON invoices (subscription_id);

CREATE TABLE payments (
    id           text PRIMARY KEY,
    account_id   text NOT NULL REFERENCES accounts (id),
    invoice_id   text NOT NULL REFERENCES invoices (id),
    provider     text NOT NULL,
    option_key   text NOT NULL,
    attempt      integer NOT NULL CHECK (attempt > 0),
    status       text NOT NULL CHECK (status IN ('created', 'processing', 'requires_action', 'pending_approval', 'unknown', 'succeeded', 'failed')),
    amount       integer NOT NULL CHECK (amount > 0),
    currency     text NOT NULL CHECK (currency GLOB '[a-z][a-z][a-z]'),
    reference    text NOT NULL DEFAULT '',
    failure_code text NOT NULL DEFAULT '',
    reason       text NOT NULL DEFAULT '',
    late         boolean NOT NULL DEFAULT false,
    created_at   timestamp NOT NULL,
    updated_at   timestamp NOT NULL,
    UNIQUE (invoice_id, attempt)
);
CREATE UNIQUE INDEX payments_one_success ON payments (invoice_id) WHERE status = 'succeeded';
CREATE UNIQUE INDEX payments_one_pending ON payments (invoice_id) WHERE status = 'pending_approval';
CREATE INDEX payments_account ON payments (account_id);
CREATE INDEX payments_status ON payments (status, id);

CREATE TABLE payment_methods (
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    option_key text NOT NULL,
    provider   text NOT NULL,
    type       text NOT NULL CHECK (type IN ('card', 'bank_transfer', 'wallet', 'invoice')),
    name       text NOT NULL,
    is_default boolean NOT NULL,
    created_at timestamp NOT NULL,
    removed_at timestamp,
    CHECK (NOT is_default OR removed_at IS NULL)
);
CREATE UNIQUE INDEX payment_methods_one_default ON payment_methods (account_id) WHERE is_default;
CREATE UNIQUE INDEX payment_methods_one_per_option ON payment_methods (account_id, option_key) WHERE removed_at IS NULL;

CREATE TABLE credits (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES accounts (id),
    pool            text NOT NULL CHECK (pool IN ('plan', 'bonus')),
    amount          integer NOT NULL CHECK (amount <> 0),
    reason          text NOT NULL,
    subscription_id text NOT NULL DEFAULT '',
    idempotency_key text NOT NULL,
    created_at      timestamp NOT NULL,
    UNIQUE (account_id, idempotency_key)
);

CREATE TABLE balances (
    account_id    text PRIMARY KEY REFERENCES accounts (id),
    plan_credits  integer NOT NULL CHECK (plan_credits >= 0),
    bonus_credits integer NOT NULL CHECK (bonus_credits >= 0),
    updated_at    timestamp NOT NULL
);

CREATE TABLE events (
    id              text PRIMARY KEY,
    type            text NOT NULL,
    account_id      text NOT NULL DEFAULT '',
    onboarding_id   text NOT NULL DEFAULT '',
    subscription_id text NOT NULL DEFAULT '',
    actor_type      text NOT NULL CHECK (actor_type IN ('customer', 'admin', 'system', 'temporal', 'api_key')),
    actor_id        text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    data            text,
    created_at      timestamp NOT NULL
);
CREATE INDEX events_account ON events (account_id, id);
CREATE INDEX events_onboarding ON events (onboarding_id, id);

CREATE TABLE commands (
    id              text PRIMARY KEY,
    action          text NOT NULL,
    onboarding_id   text NOT NULL DEFAULT '',
    subscription_id text NOT NULL DEFAULT '',
    payment_id      text NOT NULL DEFAULT '',
    actor_type      text NOT NULL CHECK (actor_type IN ('customer', 'admin', 'system', 'temporal', 'api_key')),
    actor_id        text NOT NULL DEFAULT '',
    reason          text NOT NULL DEFAULT '',
    plan            text NOT NULL DEFAULT '',
    option_key      text NOT NULL DEFAULT '',
    reference       text NOT NULL DEFAULT '',
    waive           boolean NOT NULL DEFAULT false,
    created_at      timestamp NOT NULL
);
CREATE INDEX commands_onboarding ON commands (onboarding_id);

CREATE TABLE idempotency_keys (
    scope       text NOT NULL,
    key         text NOT NULL,
    fingerprint blob NOT NULL,
    resource_id text NOT NULL,
    created_at  timestamp NOT NULL,
    PRIMARY KEY (scope, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
