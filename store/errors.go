package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"slipway/domain"
)

// retryAfter is what clients are told to wait when the database is away.
const retryAfter = 2 * time.Second

// wrap turns a driver's error into one of ours: not_found for noun, unavailable
// when another try may help, else the error with what was being done.
func (s *Store) wrap(doing, noun string, err error) error {
	var ours *domain.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound) && noun != "":
		return domain.NotFound(noun)
	case away(err):
		return fmt.Errorf("%s: %w: %w", doing, domain.Unavailable("The database", retryAfter), err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// away reports whether the error says nothing about the statement: no
// connection, a shutdown, a lock not had in time, a deadlock's victim.
func away(err error) bool {
	var network *net.OpError
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.As(err, &network), errors.As(err, &connect), pgconn.SafeToRetry(err), pgconn.Timeout(err):
		return true
	case errors.As(err, &pg):
		switch pg.Code[:2] {
		case "08", "40", "53", "55", "57": // connection, rollback, resources, locks, operator intervention
			return true
		}
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED, sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN:
			return true
		}
	}
	return lostConnection(err)
}

// lostConnection recognises a connection that broke under a statement, which
// pgx reports as unexpected EOF without a type of its own.
func lostConnection(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		switch err.Error() {
		case "unexpected EOF", "EOF", "conn closed", "sql: database is closed":
			return true
		}
	}
	return false
}

// duplicate reports whether a unique index refused the row.
func duplicate(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code == "23505"
	case errors.As(err, &lite):
		return lite.Code() == sqlitelib.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlitelib.SQLITE_CONSTRAINT_PRIMARYKEY
	}
	return false
}
