-- +goose Up
-- What an account owes is few rows, however many it has paid.
CREATE INDEX invoices_open ON invoices (account_id, id) WHERE status = 'open';
