-- +goose Up
-- For a list of more than two values SQLite builds a table in memory, for each index that
-- has it and each row that is written: eleven of them when an onboarding changed.
DROP INDEX onboardings_email;
CREATE UNIQUE INDEX onboardings_email ON onboardings (email)
    WHERE kind = 'signup' AND status <> 'failed' AND status <> 'expired' AND status <> 'canceled';
DROP INDEX onboardings_one_activation;
CREATE UNIQUE INDEX onboardings_one_activation ON onboardings (account_id)
    WHERE kind = 'activation' AND status <> 'completed' AND status <> 'failed' AND status <> 'expired'
        AND status <> 'canceled';
DROP INDEX onboardings_running;
CREATE INDEX onboardings_running ON onboardings (id)
    WHERE status <> 'completed' AND status <> 'failed' AND status <> 'expired' AND status <> 'canceled';
DROP INDEX onboardings_unchanged;
CREATE INDEX onboardings_unchanged ON onboardings (updated_at, id)
    WHERE status <> 'completed' AND status <> 'failed' AND status <> 'expired' AND status <> 'canceled';
DROP INDEX onboardings_ended_early;
CREATE INDEX onboardings_ended_early ON onboardings (id)
    WHERE (status = 'failed' OR status = 'expired' OR status = 'canceled') AND pruned_at IS NULL;
DROP INDEX payments_undecided;
CREATE INDEX payments_undecided ON payments (updated_at)
    WHERE (status = 'created' OR status = 'processing' OR status = 'unknown' OR status = 'requires_action');
DROP INDEX subscriptions_one_live;
CREATE UNIQUE INDEX subscriptions_one_live ON subscriptions (account_id)
    WHERE (status = 'trialing' OR status = 'active' OR status = 'past_due');
DROP INDEX subscriptions_due;
CREATE INDEX subscriptions_due ON subscriptions (due_at)
    WHERE due_at IS NOT NULL AND (status = 'trialing' OR status = 'active' OR status = 'past_due');
DROP INDEX subscriptions_plan_account;
CREATE INDEX subscriptions_plan_account ON subscriptions (plan_code, account_id)
    WHERE (status = 'trialing' OR status = 'active' OR status = 'past_due');
DROP INDEX subscriptions_unbilled;
CREATE INDEX subscriptions_unbilled ON subscriptions (due_at, id)
    WHERE due_at IS NULL AND (status = 'trialing' OR status = 'active' OR status = 'past_due');
