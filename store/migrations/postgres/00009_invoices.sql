-- +goose Up
-- An invoice is open from the start: nothing ever wrote a draft.
UPDATE invoices SET status = 'open' WHERE status = 'draft';
ALTER TABLE invoices DROP CONSTRAINT invoices_status_check;
ALTER TABLE invoices ADD CONSTRAINT invoices_status_check CHECK (status IN ('open', 'paid', 'void', 'uncollectible'));

ALTER INDEX payments_unsettled RENAME TO payments_undecided;
