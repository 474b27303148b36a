-- +goose NO TRANSACTION
-- +goose Up
-- Rows that belong together are tied by foreign keys, so that neither a fault nor a hand
-- leaves one without the other. Nothing is deleted along with what it names: whoever
-- deletes says so, row by row. Who belongs to no account, and what is for no
-- subscription, is NULL.
--
-- Each statement is a transaction of its own and can run again: writes go on while
-- indexes are built and rows are compared with what they name.
ALTER TABLE users ALTER COLUMN account_id DROP NOT NULL;
UPDATE users SET account_id = NULL WHERE account_id = '';
ALTER TABLE users DROP CONSTRAINT IF EXISTS users_account_id_fkey;
ALTER TABLE users ADD CONSTRAINT users_account_id_fkey FOREIGN KEY (account_id) REFERENCES accounts (id) NOT VALID;
ALTER TABLE users VALIDATE CONSTRAINT users_account_id_fkey;

DROP INDEX CONCURRENTLY IF EXISTS subscriptions_onboarding;
CREATE INDEX CONCURRENTLY subscriptions_onboarding ON subscriptions (onboarding_id);
ALTER TABLE subscriptions DROP CONSTRAINT IF EXISTS subscriptions_onboarding_id_fkey;
ALTER TABLE subscriptions ADD CONSTRAINT subscriptions_onboarding_id_fkey
    FOREIGN KEY (onboarding_id) REFERENCES onboardings (id) NOT VALID;
ALTER TABLE subscriptions VALIDATE CONSTRAINT subscriptions_onboarding_id_fkey;

ALTER TABLE invoices ALTER COLUMN subscription_id DROP NOT NULL;
UPDATE invoices SET subscription_id = NULL WHERE subscription_id = '';
ALTER TABLE invoices DROP CONSTRAINT IF EXISTS invoices_subscription_id_fkey;
ALTER TABLE invoices ADD CONSTRAINT invoices_subscription_id_fkey
    FOREIGN KEY (subscription_id) REFERENCES subscriptions (id) NOT VALID;
ALTER TABLE invoices VALIDATE CONSTRAINT invoices_subscription_id_fkey;

-- The events of one onboarding are few: they are found by it, and put in order. Equal
-- keys take little room, and pairs with the event's id take a hundred bytes an event.
DROP INDEX CONCURRENTLY IF EXISTS events_onboarding;
CREATE INDEX CONCURRENTLY events_onboarding ON events (onboarding_id);
-- Nearly all payments succeeded: those are read in the order of their ids.
DROP INDEX CONCURRENTLY IF EXISTS payments_status;
CREATE INDEX CONCURRENTLY payments_status ON payments (status, id) WHERE status <> 'succeeded';
