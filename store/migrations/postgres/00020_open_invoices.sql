-- +goose NO TRANSACTION
-- +goose Up
-- What an account owes is few rows, however many it has paid. Built while writes go on;
-- it can run again.
DROP INDEX CONCURRENTLY IF EXISTS invoices_open;
CREATE INDEX CONCURRENTLY invoices_open ON invoices (account_id, id) WHERE status = 'open';
