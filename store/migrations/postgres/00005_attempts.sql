-- +goose Up
-- The customer is there to confirm this attempt at a renewal.
ALTER TABLE payments ADD COLUMN on_session boolean NOT NULL DEFAULT false;
-- When the janitor last asked the provider about it.
ALTER TABLE payments ADD COLUMN looked_at timestamptz;
-- The invoice that a submitted payment is for.
ALTER TABLE commands ADD COLUMN invoice_id text NOT NULL DEFAULT '';
