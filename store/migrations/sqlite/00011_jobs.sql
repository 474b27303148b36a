-- +goose Up
-- What a job of reconcile could not do, or is to do later: until retry_at it deals
-- with the others.
CREATE TABLE job_failures (
    job       text NOT NULL,
    item_id   text NOT NULL,
    attempts  integer NOT NULL CHECK (attempts >= 0),
    error     text NOT NULL DEFAULT '',
    failed_at timestamp NOT NULL,
    retry_at  timestamp NOT NULL,
    PRIMARY KEY (job, item_id)
);
CREATE INDEX job_failures_retry_at ON job_failures (retry_at);

-- The last complete round of each job.
CREATE TABLE job_rounds (
    job          text PRIMARY KEY,
    started_at   timestamp NOT NULL,
    completed_at timestamp NOT NULL,
    next_due_at  timestamp NOT NULL
);

-- What was received and has not begun is started before anything else.
CREATE INDEX onboardings_received ON onboardings (checked_at) WHERE status = 'received';
