-- +goose Up
CREATE TABLE sites (
    id         text PRIMARY KEY,
    account_id text NOT NULL REFERENCES accounts (id),
    name       text NOT NULL,
    created_at datetime NOT NULL,
    deleted_at datetime
);
-- What counts against the limit, in the order of the list.
CREATE INDEX sites_live ON sites (account_id, id) WHERE deleted_at IS NULL;
-- An account's ledger as it is listed, newest first.
CREATE INDEX credits_account ON credits (account_id, id);
