package store

import "github.com/pressly/goose/v3/lock"

// The reads of an entitlement check, for a test that asks how they are planned.
const (
	FactsQuery      = factsQuery
	FactsQuerySites = factsQuerySites
)

// Away is how the store recognizes a database that does not answer.
func Away(err error) bool { return away(err) }

// MigrationLock is the number of the advisory lock that a migration holds.
const MigrationLock = lock.DefaultLockID
