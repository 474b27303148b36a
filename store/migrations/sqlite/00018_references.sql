-- +goose Up
-- Rows that belong together are tied by foreign keys, so that neither a fault nor a hand
-- leaves one without the other. Nothing is deleted along with what it names: whoever
-- deletes says so, row by row. Who belongs to no account, and what is for no
-- subscription, is NULL.
--
-- SQLite has no statement that adds one to a table. On the disk nothing differs, so the
-- table's definition is changed, as its documentation describes; the index that is made
-- after it has every connection read the schema again.
PRAGMA writable_schema = ON;
UPDATE sqlite_master SET sql = replace(sql, 'account_id    text NOT NULL,', 'account_id    text REFERENCES accounts (id),')
    WHERE type = 'table' AND name = 'users';
UPDATE sqlite_master SET sql = replace(sql, 'onboarding_id        text NOT NULL,',
    'onboarding_id        text NOT NULL REFERENCES onboardings (id),') WHERE type = 'table' AND name = 'subscriptions';
UPDATE sqlite_master SET sql = replace(sql, 'subscription_id text NOT NULL,',
    'subscription_id text REFERENCES subscriptions (id),') WHERE type = 'table' AND name = 'invoices';
PRAGMA writable_schema = RESET;
CREATE INDEX subscriptions_onboarding ON subscriptions (onboarding_id);
UPDATE users SET account_id = NULL WHERE account_id = '';
UPDATE invoices SET subscription_id = NULL WHERE subscription_id = '';

-- The events of one onboarding are few: they are found by it, and put in order.
DROP INDEX events_onboarding;
CREATE INDEX events_onboarding ON events (onboarding_id);
