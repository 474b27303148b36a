package store

import (
	"context"
	"slices"

	"github.com/pressly/goose/v3/lock"
	"gorm.io/gorm"
)

// Away is how the store recognizes a database that does not answer.
func Away(err error) bool { return away(err) }

// ListeningPassword is the password of the connection that listens.
func ListeningPassword(s *Store) string {
	config, err := s.connConfig()
	if err != nil {
		return err.Error()
	}
	return config.Password
}

// MigrateTo brings the schema to a version on the way to today's.
func MigrateTo(ctx context.Context, s *Store, version int64) error {
	provider, err := s.migrator(false)
	if err == nil {
		_, err = provider.UpTo(ctx, version)
	}
	return err
}

// MigrationLock is the number of the advisory lock that a migration holds.
const MigrationLock = lock.DefaultLockID

// OnSQL calls hook with every statement after it ran, and whether it was planned for
// its values: those of lists are, on PostgreSQL.
func (s *Store) OnSQL(hook func(statement string, values []any, custom bool)) error {
	for _, db := range slices.Compact([]*gorm.DB{s.write, s.db, s.staff}) {
		see := func(tx *gorm.DB) {
			if !tx.DryRun { // a part of another statement
				hook(tx.Statement.SQL.String(), tx.Statement.Vars, s.postgres && db == s.staff)
			}
		}
		c := db.Callback()
		for _, register := range []func(string, func(*gorm.DB)) error{
			c.Create().After("*").Register, c.Query().After("*").Register, c.Update().After("*").Register,
			c.Delete().After("*").Register, c.Row().After("*").Register, c.Raw().After("*").Register,
		} {
			if err := register("slipway:sql", see); err != nil {
				return err
			}
		}
	}
	return nil
}

// Kept are the tables whose rows stay, with the reason.
var Kept = kept
