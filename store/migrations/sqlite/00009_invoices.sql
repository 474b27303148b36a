-- +goose Up
-- An invoice is open from the start: nothing ever wrote a draft. SQLite cannot
-- change a CHECK, so the table is built anew. Payments refer to it meanwhile;
-- their reference is checked when the transaction commits.
UPDATE invoices SET status = 'open' WHERE status = 'draft';
PRAGMA defer_foreign_keys = ON;
CREATE TABLE invoices_before AS SELECT * FROM invoices;
DROP TABLE invoices;
CREATE TABLE invoices (
    id              text PRIMARY KEY,
    account_id      text NOT NULL REFERENCES accounts (id),
    subscription_id text NOT NULL,
    type            text NOT NULL CHECK (type IN ('subscription', 'credit_package')),
    reason          text NOT NULL,
    status          text NOT NULL CHECK (status IN ('open', 'paid', 'void', 'uncollectible')),
    amount          integer NOT NULL CHECK (amount >= 0),
    currency        text NOT NULL CHECK (currency GLOB '[a-z][a-z][a-z]'),
    period_start    timestamp NOT NULL,
    due_at          timestamp,
    paid_out_of_band boolean NOT NULL DEFAULT false,
    waived          boolean NOT NULL DEFAULT false,
    paid_at         timestamp,
    created_at      timestamp NOT NULL,
    updated_at      timestamp NOT NULL,
    period_end      datetime,
    lines           text NOT NULL DEFAULT '[]',
    plan            text,
    package_code    text NOT NULL DEFAULT '' CHECK ((package_code <> '') = (type = 'credit_package')),
    credits         integer NOT NULL DEFAULT 0 CHECK (credits >= 0),
    CHECK ((status = 'paid') = (paid_at IS NOT NULL))
);
INSERT INTO invoices SELECT * FROM invoices_before;
DROP TABLE invoices_before;
CREATE UNIQUE INDEX invoices_one_per_period ON invoices (subscription_id, period_start, reason)
    WHERE status <> 'void' AND subscription_id <> '';
CREATE INDEX invoices_account ON invoices (account_id);
CREATE INDEX invoices_subscription ON invoices (subscription_id);

DROP INDEX payments_unsettled;
CREATE INDEX payments_undecided ON payments (updated_at)
    WHERE status IN ('created', 'processing', 'unknown', 'requires_action');
