package store

import (
	"context"

	"github.com/pressly/goose/v3/lock"
)

// The reads of an entitlement check, for a test that asks how they are planned.
const (
	FactsQuery      = factsQuery
	FactsQuerySites = factsQuerySites
)

// Away is how the store recognizes a database that does not answer.
func Away(err error) bool { return away(err) }

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
