-- +goose Up
-- Part of a name, slug, e-mail or reference is found through its trigrams.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX accounts_search ON accounts USING gin (name gin_trgm_ops, slug gin_trgm_ops);
CREATE INDEX users_search ON users USING gin (email gin_trgm_ops);
CREATE INDEX payments_search ON payments USING gin (reference gin_trgm_ops) WHERE reference <> '';
-- An onboarding is found through its account; until that exists, by what it was received with.
CREATE INDEX onboardings_search ON onboardings USING gin (email gin_trgm_ops, account_name gin_trgm_ops)
    WHERE account IS NULL;

-- Every filter of a list reads the rows it finds in the list's order, and no others.
CREATE INDEX accounts_status ON accounts (status, id);
CREATE INDEX subscriptions_plan ON subscriptions (plan_code, id);
CREATE INDEX subscriptions_plan_account ON subscriptions (plan_code, account_id)
    WHERE status IN ('trialing', 'active', 'past_due');
CREATE INDEX subscriptions_plan_onboarding ON subscriptions (plan_code, onboarding_id);
CREATE INDEX onboardings_running ON onboardings (id)
    WHERE status NOT IN ('completed', 'failed', 'expired', 'canceled');
CREATE INDEX payments_flagged_late ON payments (id) WHERE late;
CREATE INDEX webhook_deliveries_status ON webhook_deliveries (endpoint_id, status, event_id);
CREATE INDEX job_failures_attempts ON job_failures (attempts DESC, job, item_id) WHERE attempts > 0;

-- Billing has not taken these over yet.
DROP INDEX subscriptions_unbilled;
CREATE INDEX subscriptions_unbilled ON subscriptions (due_at, id)
    WHERE due_at IS NULL AND status IN ('trialing', 'active', 'past_due');

-- What belongs to an account, in the order of its lists.
DROP INDEX onboardings_account;
CREATE INDEX onboardings_account ON onboardings (account_id, id);
DROP INDEX subscriptions_account;
CREATE INDEX subscriptions_account ON subscriptions (account_id, id);
DROP INDEX invoices_account;
CREATE INDEX invoices_account ON invoices (account_id, id);
DROP INDEX payments_account;
CREATE INDEX payments_account ON payments (account_id, id);
DROP INDEX payment_methods_account;
CREATE INDEX payment_methods_account ON payment_methods (account_id, id);

-- Noting that an onboarding was compared with its workflow changes no index: in one
-- that holds checked_at it would write the whole row, and an entry of every index, again.
DROP INDEX onboardings_unchecked;
DROP INDEX onboardings_received;
-- Nothing reads it.
DROP INDEX commands_onboarding;
