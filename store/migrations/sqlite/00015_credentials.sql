-- +goose Up
-- When staff ended the client_secret, before its time.
ALTER TABLE onboardings ADD COLUMN secret_revoked_at timestamp;

-- The effect of the command was there already: it changed nothing.
ALTER TABLE commands ADD COLUMN redundant boolean NOT NULL DEFAULT false;
