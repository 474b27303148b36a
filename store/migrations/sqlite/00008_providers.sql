-- +goose Up
-- How the money of a payment option comes in follows from its provider, and is
-- kept beside its name: charged by the provider, or paid by the customer and
-- approved by an admin.
ALTER TABLE payment_options ADD COLUMN collection_method text NOT NULL DEFAULT 'send_invoice'
    CHECK (collection_method IN ('charge_automatically', 'send_invoice'));
ALTER TABLE payment_methods ADD COLUMN collection_method text NOT NULL DEFAULT 'send_invoice'
    CHECK (collection_method IN ('charge_automatically', 'send_invoice'));
UPDATE payment_options SET collection_method = 'charge_automatically' WHERE provider <> 'manual';
UPDATE payment_methods SET collection_method = 'charge_automatically' WHERE provider <> 'manual';
