package store

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"
)

// Optimize keeps the statistics by which SQLite chooses its indexes; PostgreSQL
// keeps its own. It does nothing while little has changed.
func (s *Store) Optimize(ctx context.Context) error {
	if s.postgres {
		return nil
	}
	return s.wrap("keep statistics", "", s.writer(ctx).Exec("PRAGMA optimize").Error)
}

// failuresKept is for how long what a job put aside is kept after its next attempt
// was due: a job that found it still to be done has tried it by then.
const failuresKept = time.Hour

// DeleteExpired removes sessions past their end, idempotency keys older than the
// time, and what jobs put aside and has been dealt with; at most limit of each. It
// returns how many it removed.
func (s *Store) DeleteExpired(ctx context.Context, keysBefore time.Time, limit int) (int64, error) {
	sessions, err := s.deleteExpiredSessions(ctx, limit)
	if err != nil {
		return 0, err
	}
	keys, err := s.deleteOldKeys(ctx, keysBefore, limit)
	if err != nil {
		return sessions, err
	}
	failures, err := s.deleteOldFailures(ctx, s.now().Add(-failuresKept), limit)
	return sessions + keys + failures, err
}

// oldest selects rows to delete. Their number stands in the statement, so that it is
// planned for few of them.
func oldest(limit int, query string, before time.Time) clause.Expr {
	return gorm.Expr(query+" LIMIT "+strconv.Itoa(limit), before)
}
