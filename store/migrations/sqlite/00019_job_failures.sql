-- +goose Up
-- What a job puts aside can be looked at and tried again: it has an id of its own, and
-- says since when it fails and why. SQLite adds no column whose default is computed, so
-- the table is made anew.
CREATE TABLE job_failures_new (
    job             text NOT NULL,
    item_id         text NOT NULL,
    id              text NOT NULL DEFAULT ('jf_0' || substr(hex(randomblob(13)), 2)),
    attempts        integer NOT NULL CHECK (attempts >= 0),
    error           text NOT NULL DEFAULT '',
    detail          text NOT NULL DEFAULT '',
    first_failed_at timestamp NOT NULL DEFAULT (strftime('%Y-%m-%d %H:%M:%f+00:00', 'now')),
    failed_at       timestamp NOT NULL,
    retry_at        timestamp NOT NULL,
    PRIMARY KEY (job, item_id)
);
INSERT INTO job_failures_new (job, item_id, attempts, error, first_failed_at, failed_at, retry_at)
    SELECT job, item_id, attempts, error, failed_at, failed_at, retry_at FROM job_failures;
DROP TABLE job_failures;
ALTER TABLE job_failures_new RENAME TO job_failures;
CREATE INDEX job_failures_retry_at ON job_failures (retry_at);
CREATE INDEX job_failures_attempts ON job_failures (attempts DESC, job, item_id) WHERE attempts > 0;
CREATE UNIQUE INDEX job_failures_id ON job_failures (id);
CREATE INDEX job_failures_of_job ON job_failures (job, id) WHERE attempts > 0;
