-- +goose NO TRANSACTION
-- +goose Up
-- Those that have not changed for long are few, however many are under way. Built while
-- writes go on; it can run again.
DROP INDEX CONCURRENTLY IF EXISTS onboardings_unchanged;
CREATE INDEX CONCURRENTLY onboardings_unchanged ON onboardings (updated_at, id)
    WHERE status NOT IN ('completed', 'failed', 'expired', 'canceled');
