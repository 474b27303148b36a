-- +goose Up
-- What the provider calls an account is read at every sign-up by card.
CREATE INDEX payment_methods_account ON payment_methods (account_id);
-- Events of one type, in the order of the list.
CREATE INDEX events_type ON events (type, id);
