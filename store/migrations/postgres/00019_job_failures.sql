-- +goose Up
-- What a job puts aside can be looked at and tried again: it has an id of its own, and
-- says since when it fails and why. The defaults are for workers of the release before,
-- which run beside this schema for a moment.
ALTER TABLE job_failures
    ADD COLUMN id text NOT NULL DEFAULT 'jf_0' || upper(substr(replace(gen_random_uuid()::text, '-', ''), 1, 25)),
    ADD COLUMN detail text NOT NULL DEFAULT '',
    ADD COLUMN first_failed_at timestamptz NOT NULL DEFAULT now();
UPDATE job_failures SET first_failed_at = failed_at;
CREATE UNIQUE INDEX job_failures_id ON job_failures (id);
CREATE INDEX job_failures_of_job ON job_failures (job, id) WHERE attempts > 0;
