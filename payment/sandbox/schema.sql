-- The books of the sandbox's company. Times are milliseconds since 1970.
CREATE TABLE IF NOT EXISTS customers (
    id         TEXT PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    account_id TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS methods (
    id        TEXT PRIMARY KEY,
    key       TEXT NOT NULL UNIQUE,
    customer  TEXT NOT NULL REFERENCES customers (id),
    token     TEXT NOT NULL,
    exp_year  INTEGER NOT NULL,
    confirmed INTEGER NOT NULL DEFAULT 0 -- the customer has confirmed a charge of it once
) STRICT;

CREATE TABLE IF NOT EXISTS setup_pages (
    id         TEXT PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    customer   TEXT NOT NULL REFERENCES customers (id),
    return_url TEXT NOT NULL,
    method     TEXT REFERENCES methods (id),
    expires_at INTEGER NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS charges (
    seq         INTEGER PRIMARY KEY,
    key         TEXT NOT NULL UNIQUE,
    id          TEXT NOT NULL UNIQUE,
    fingerprint BLOB NOT NULL, -- of the request; the same key with another is refused
    customer    TEXT NOT NULL REFERENCES customers (id),
    method      TEXT NOT NULL REFERENCES methods (id),
    amount      INTEGER NOT NULL CHECK (amount > 0),
    currency    TEXT NOT NULL,
    return_url  TEXT NOT NULL,
    status      TEXT NOT NULL CHECK (status IN ('succeeded', 'failed', 'requires_action', 'canceled')),
    code        TEXT NOT NULL DEFAULT '',
    refunded    INTEGER NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount),
    created_at  INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS charges_of_a_method ON charges (method);

-- Requests under a charge key, counted where the token's behaviour depends on it.
CREATE TABLE IF NOT EXISTS attempts (
    seq    INTEGER PRIMARY KEY,
    key    TEXT NOT NULL UNIQUE,
    method TEXT NOT NULL REFERENCES methods (id),
    n      INTEGER NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS attempts_of_a_method ON attempts (method, seq);

CREATE TABLE IF NOT EXISTS refunds (
    key    TEXT PRIMARY KEY,
    charge TEXT NOT NULL REFERENCES charges (key),
    amount INTEGER NOT NULL -- as asked for; 0 is all of it
) STRICT;

-- Webhooks still to be sent; a row goes when it is delivered or given up.
CREATE TABLE IF NOT EXISTS webhooks (
    seq   INTEGER PRIMARY KEY AUTOINCREMENT,
    id    TEXT NOT NULL,
    key   TEXT NOT NULL,
    body  BLOB NOT NULL,
    due   INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX IF NOT EXISTS webhooks_due ON webhooks (due, seq);
