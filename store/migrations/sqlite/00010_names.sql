-- +goose Up
-- Two columns get the names that the code uses.
ALTER TABLE clock_waits RENAME COLUMN wake_at TO sleeps_until;
ALTER TABLE payments RENAME COLUMN looked_at TO checked_at;
