package store

import (
	"context"
	"time"
)

// DeleteExpired removes sessions past their end and idempotency keys older
// than the time, at most limit of each, and returns how many it removed.
func (s *Store) DeleteExpired(ctx context.Context, keysBefore time.Time, limit int) (int64, error) {
	sessions, err := s.deleteExpiredSessions(ctx, limit)
	if err != nil {
		return 0, err
	}
	keys, err := s.deleteOldKeys(ctx, keysBefore, limit)
	return sessions + keys, err
}
