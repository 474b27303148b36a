package store

import (
	"context"

	"gorm.io/gorm"
)

// OnStatement calls hook with the context of every statement before it runs,
// for tests and benchmarks that count them. Call it before the store is used.
func (s *Store) OnStatement(hook func(ctx context.Context)) error {
	before := func(db *gorm.DB) { hook(db.Statement.Context) }
	handles := []*gorm.DB{s.write}
	if s.db != s.write {
		handles = append(handles, s.db)
	}
	for _, db := range handles {
		c := db.Callback()
		for _, register := range []func(string, func(*gorm.DB)) error{
			c.Create().Before("*").Register, c.Query().Before("*").Register, c.Update().Before("*").Register,
			c.Delete().Before("*").Register, c.Row().Before("*").Register, c.Raw().Before("*").Register,
		} {
			if err := register("observe", before); err != nil {
				return err
			}
		}
	}
	return nil
}
