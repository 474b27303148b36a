package store

import (
	"context"
	"time"

	"slipway/domain"
)

// DeleteExpired removes sessions past their end and idempotency keys older
// than the time, at most limit of each, and returns how many went.
func (s *Store) DeleteExpired(ctx context.Context, keysBefore time.Time, limit int) (int64, error) {
	sessions := s.writer(ctx).Where("id IN (?)", s.write.Model(&domain.Session{}).Select("id").
		Where("expires_at < ?", s.now()).Limit(limit)).Delete(&domain.Session{})
	if sessions.Error != nil {
		return 0, s.wrap("delete expired sessions", "", sessions.Error)
	}
	keys := s.writer(ctx).Where("(scope, key) IN (?)", s.write.Model(&idempotencyKey{}).Select("scope", "key").
		Where("created_at < ?", keysBefore).Limit(limit)).Delete(&idempotencyKey{})
	return sessions.RowsAffected + keys.RowsAffected, s.wrap("delete old idempotency keys", "", keys.Error)
}
