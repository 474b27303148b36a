package store

import (
	"context"
	"sync/atomic"

	"github.com/pressly/goose/v3/lock"
	"gorm.io/gorm"
)

type statementsKey struct{}

// CountingStatements returns a context under which every statement of an
// instrumented store is counted.
func CountingStatements(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, statementsKey{}, n), n
}

// Instrument makes the store count, by GORM's own hooks: each of its kinds of
// call is one statement. Beginning and ending a transaction are not counted.
func (s *Store) Instrument() *Store {
	count := func(db *gorm.DB) {
		if n, ok := db.Statement.Context.Value(statementsKey{}).(*atomic.Int64); ok {
			n.Add(1)
		}
	}
	dbs := []*gorm.DB{s.write}
	if s.db != s.write {
		dbs = append(dbs, s.db)
	}
	for _, db := range dbs {
		c := db.Callback()
		for _, err := range []error{
			c.Create().Before("*").Register("count", count), c.Query().Before("*").Register("count", count),
			c.Update().Before("*").Register("count", count), c.Delete().Before("*").Register("count", count),
			c.Row().Before("*").Register("count", count), c.Raw().Before("*").Register("count", count),
		} {
			if err != nil {
				panic(err)
			}
		}
	}
	return s
}

// MigrationLock is the number of the advisory lock that a migration holds.
const MigrationLock = lock.DefaultLockID
