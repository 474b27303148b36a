-- +goose Up
-- What was put aside is a small part of what failed once: its list reads no other rows.
CREATE INDEX job_failures_put_aside ON job_failures (id) WHERE attempts > 0;
