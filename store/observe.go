package store

import (
	"context"
	"slices"
	"sync/atomic"

	"gorm.io/gorm"
)

// observer sees every statement on its way to the database.
type observer struct {
	statements atomic.Int64
	hook       func(context.Context)
}

// observe makes every statement of the store pass its observer.
func (s *Store) observe() error {
	see := func(db *gorm.DB) {
		s.watched.statements.Add(1)
		if s.watched.hook != nil {
			s.watched.hook(db.Statement.Context)
		}
	}
	for _, db := range slices.Compact([]*gorm.DB{s.write, s.db, s.staff}) {
		c := db.Callback()
		for _, register := range []func(string, func(*gorm.DB)) error{
			c.Create().Before("*").Register, c.Query().Before("*").Register, c.Update().Before("*").Register,
			c.Delete().Before("*").Register, c.Row().Before("*").Register, c.Raw().Before("*").Register,
		} {
			if err := register("slipway:observe", see); err != nil {
				return err
			}
		}
	}
	return nil
}

// Statements counts the statements sent to the database so far, for metrics and
// benchmarks. Transactions and LISTEN do not count.
func (s *Store) Statements() int64 { return s.watched.statements.Load() }

// OnStatement calls hook with the context of every statement before it runs,
// for tests that count those of one request. Call it before the store is used.
func (s *Store) OnStatement(hook func(context.Context)) { s.watched.hook = hook }
