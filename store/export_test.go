package store

import "github.com/pressly/goose/v3/lock"

// MigrationLock is the number of the advisory lock that a migration holds.
const MigrationLock = lock.DefaultLockID
