-- +goose Up
-- When staff ended the client_secret, before its time.
ALTER TABLE onboardings ADD COLUMN secret_revoked_at timestamp;
