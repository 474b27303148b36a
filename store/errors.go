package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"gorm.io/gorm"
	"modernc.org/sqlite"
	sqlitelib "modernc.org/sqlite/lib"

	"slipway/domain"
)

// retryAfter is how long clients are asked to wait when the database does not answer.
const retryAfter = 2 * time.Second

// errRefused says that the database will never take what it was given. It names
// neither the row nor the statement.
var errRefused = &domain.Error{Code: domain.CodeInternal, Detail: domain.Text(domain.TextInWorkersLog), Final: true}

// errNoSchema says that the schema is older than the program, or not there: it is tried
// again, since somebody is about to migrate.
var errNoSchema = &domain.Error{
	Code: domain.CodeUnavailable, Detail: domain.Text(domain.TextSchemaMissing), RetryAfter: retryAfter,
}

// wrap turns a driver's error into one of ours: not_found for noun, unavailable
// when another try may help, final when none may, else the error prefixed with
// what was being done.
func (s *Store) wrap(doing, noun string, err error) error {
	var ours *domain.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &ours):
		return err
	case errors.Is(err, gorm.ErrRecordNotFound) && noun != "":
		return domain.NotFound(noun)
	case schemaMissing(err):
		return fmt.Errorf("%s: %w: %w", doing, errNoSchema, err)
	case s.closed.Load(), away(err): // database/sql has no type for a pool that is closed
		return fmt.Errorf("%s: %w: %w", doing, domain.Unavailable("The database", retryAfter), err)
	case refused(err):
		return fmt.Errorf("%s: %w: %w", doing, errRefused, err)
	default:
		return fmt.Errorf("%s: %w", doing, err)
	}
}

// away reports whether the error says nothing about the statement: there is no
// connection, it broke, the server stops, a lock took too long, or a deadlock
// chose this transaction.
func away(err error) bool {
	var network *net.OpError
	var connect *pgconn.ConnectError
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.Is(err, driver.ErrBadConn), errors.Is(err, sql.ErrConnDone),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled),
		errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, pgconn.ErrConnClosed),
		errors.As(err, &network), errors.As(err, &connect), pgconn.SafeToRetry(err), pgconn.Timeout(err):
		return true
	case errors.As(err, &pg):
		switch pg.Code[:2] {
		case "08", "40", "53", "55", "57": // connection, rollback, resources, locks, operator intervention
			return true
		}
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_BUSY, sqlitelib.SQLITE_LOCKED,
			sqlitelib.SQLITE_FULL, sqlitelib.SQLITE_IOERR, sqlitelib.SQLITE_CANTOPEN:
			return true
		}
	}
	return false
}

// schemaMissing reports whether the statement names a table or a column that the database
// does not have.
func schemaMissing(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return pg.Code == "42P01" || pg.Code == "42703"
	case errors.As(err, &lite): // SQLite has no code for it
		return strings.Contains(lite.Error(), "no such table") || strings.Contains(lite.Error(), "no such column")
	}
	return false
}

// cutOff reports whether PostgreSQL ended the statement because its time was up.
func cutOff(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code == "57014"
}

// refused reports whether the database refuses what it was given, now and ever:
// text or a number that it cannot hold, or a row that a rule forbids. A row that
// is there already is not of these: whoever lost a race for it finds it, trying
// again.
func refused(err error) bool {
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case duplicate(err):
		return false
	case errors.As(err, &pg):
		return pg.Code[:2] == "22" || pg.Code[:2] == "23" // data, integrity
	case errors.As(err, &lite):
		switch lite.Code() & 0xff {
		case sqlitelib.SQLITE_CONSTRAINT, sqlitelib.SQLITE_MISMATCH, sqlitelib.SQLITE_TOOBIG:
			return true
		}
	}
	return false
}

// shownDetail says of any error why it happened, without what a row or a person holds:
// a sentence of ours, or the code of what the database refused. The rest is in the log.
func shownDetail(err error) string {
	var ours *domain.Error
	var pg *pgconn.PgError
	var lite *sqlite.Error
	switch {
	case errors.As(err, &pg):
		return domain.Text(domain.TextDatabaseRefused, "code", strings.TrimSpace(pg.Code+" "+pg.ConstraintName))
	case errors.As(err, &lite):
		return domain.Text(domain.TextDatabaseRefused, "code", sqlite.ErrorCodeString[lite.Code()&0xff])
	case errors.As(err, &ours) && ours.Detail != "":
		return ours.Detail
	}
	return domain.Text(domain.TextInWorkersLog)
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
