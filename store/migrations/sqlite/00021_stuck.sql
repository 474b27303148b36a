-- +goose Up
-- Those that have not changed for long are few, however many are under way.
CREATE INDEX onboardings_unchanged ON onboardings (updated_at, id)
    WHERE status NOT IN ('completed', 'failed', 'expired', 'canceled');
