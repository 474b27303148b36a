// Package store keeps the truth: every row the engine owns, over PostgreSQL or
// SQLite, behind one type. It is the only package that knows GORM.
//
// Methods return *domain.Error where a caller can act on it (not_found,
// unavailable, conflict) and a plain error otherwise. What may happen to a row
// is decided in domain and activities; here it is only kept.
package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"runtime"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
	"gorm.io/driver/postgres"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"
	"gorm.io/gorm/logger"
	_ "modernc.org/sqlite" // the driver behind sql.Open("sqlite", …), without cgo
)

// Store reads and writes rows. A Store handed to the function of Within is
// bound to that transaction.
type Store struct {
	db       *gorm.DB // reads; inside Within, the transaction
	write    *gorm.DB // begins transactions; one connection on SQLite
	staff    *gorm.DB // reads the lists of staff, see lists
	listTime time.Duration
	postgres bool
	url      string
	password string   // where the URL has none
	reserved []string // slugs that a deployment keeps for itself
	now      func() time.Time
	hub      *hub
	changed  *[]string // inside Within: what Watch is notified of once committed
	watched  *observer
	closed   *atomic.Bool // by Close
}

// How long a page of a list may take to read, unless Config says otherwise, and how
// many connections to PostgreSQL may read lists at once.
const (
	listTime  = 3 * time.Second
	listConns = 4
)

// Config says which database to open.
type Config struct {
	// URL is postgres://… or the path of a SQLite file (":memory:" for none), as
	// ValidURL has it.
	URL string
	// Password is PostgreSQL's where the URL has none. It needs no escaping.
	Password string
	// ReservedSlugs are words that no account gets, beside domain's.
	ReservedSlugs []string
	// Now is the clock; time.Now unless a test brings its own.
	Now func() time.Time
	// MaxConns bounds the connections to PostgreSQL; 0 is 20.
	MaxConns int
	// ListTime bounds how long a page of a list may take to read; 0 is three seconds.
	ListTime time.Duration
	// NoSync lets SQLite acknowledge a commit before it is on the disk. Only a
	// benchmark that says so may set it.
	NoSync bool
}

// Open connects to the database and leaves it as it is: Migrate changes the
// schema. PostgreSQL need not answer yet; calls then return unavailable.
func Open(c Config) (*Store, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	s := &Store{
		url: c.URL, password: c.Password, reserved: c.ReservedSlugs,
		hub: newHub(), watched: &observer{}, closed: new(atomic.Bool),
		listTime: cmp.Or(c.ListTime, listTime),
		now:      func() time.Time { return c.Now().UTC().Truncate(time.Millisecond) },
	}
	var err error
	if s.postgres = IsPostgres(c.URL); !ValidURL(c.URL) {
		err = errURL
	} else if s.postgres {
		err = s.openPostgres(c)
	} else {
		err = s.openSQLite(c)
		if err != nil {
			err = fmt.Errorf("%s: %w", c.URL, err)
		}
	}
	if err == nil {
		err = s.observe()
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	return s, nil
}

func (s *Store) openPostgres(c Config) error {
	config, err := s.connConfig()
	if err != nil {
		return err
	}
	open := func(conns int, setUp func(context.Context, *pgx.Conn) error) (*gorm.DB, error) {
		conn := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(setUp))
		conn.SetMaxOpenConns(conns)
		conn.SetMaxIdleConns(conns)
		conn.SetConnMaxIdleTime(5 * time.Minute)
		return gorm.Open(postgres.New(postgres.Config{Conn: conn}), gormConfig(s.now, false))
	}
	if s.db, err = open(cmp.Or(c.MaxConns, 20), readUTC); err != nil {
		return err
	}
	s.write = s.db
	s.staff, err = open(listConns, s.readLists)
	return err
}

// readLists makes the connection one for lists: each statement is planned for its
// values, which for a search and a filter make the difference, and ends in time.
func (s *Store) readLists(ctx context.Context, conn *pgx.Conn) error {
	_, err := conn.Exec(ctx, fmt.Sprintf("SET plan_cache_mode = force_custom_plan; SET jit = off; "+
		"SET statement_timeout = %d", s.listTime.Milliseconds()))
	return errors.Join(err, readUTC(ctx, conn))
}

// readUTC makes the connection return times in UTC rather than in the zone of
// this machine.
func readUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// openSQLite opens one connection for writing and several for reading: SQLite
// has one writer at a time, and a queue in this process is fair where its busy
// handler is not. A database in memory is one connection for both. Times are
// stored as text that sorts only within one zone, hence UTC.
func (s *Store) openSQLite(c Config) error {
	path := &url.URL{Path: c.URL} // escapes what a URI would read as its query
	// SQLite's own cache of 2 MB makes every sign-up read pages again, and a
	// checkpoint every 1000 pages writes the busy ones too often.
	dsn := "file:" + path.EscapedPath() + "?_txlock=immediate&_time_format=sqlite&_timezone=UTC" +
		"&_pragma=journal_mode(WAL)&_pragma=busy_timeout(5000)&_pragma=foreign_keys(1)" +
		"&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(4000)"
	if c.NoSync {
		dsn += "&_pragma=synchronous(OFF)"
	} else {
		dsn += "&_pragma=synchronous(FULL)"
	}
	open := func(conns int, prepare bool) (*gorm.DB, error) {
		conn, err := sql.Open("sqlite", dsn)
		if err != nil {
			return nil, err
		}
		conn.SetMaxOpenConns(conns)
		conn.SetMaxIdleConns(conns)
		return gorm.Open(newSQLiteDialector(conn), gormConfig(s.now, prepare))
	}
	var err error
	if s.write, err = open(1, false); err != nil {
		return err
	}
	if s.db = s.write; !strings.Contains(c.URL, ":memory:") {
		s.db, err = open(2+runtime.NumCPU(), true)
	}
	s.staff = s.db
	return err
}

// gormConfig is the same for all handles but for prepared statements: they serve
// SQLite's reads. In a transaction GORM prepares each statement again, and pgx
// keeps prepared statements itself.
func gormConfig(now func() time.Time, prepare bool) *gorm.Config {
	return &gorm.Config{
		// Errors are returned and logged where they are handled; GORM's own lines
		// would repeat them, with the values of the statement.
		Logger:                 logger.Discard,
		SkipDefaultTransaction: true,
		PrepareStmt:            prepare,
		DisableAutomaticPing:   true,
		NowFunc:                now,
	}
}

// Close releases the connections and ends all watches.
func (s *Store) Close() error {
	s.closed.Store(true)
	s.hub.notifyAll()
	for _, db := range []*gorm.DB{s.db, s.write, s.staff} {
		conn, err := db.DB()
		if err != nil {
			return err
		}
		if err := conn.Close(); err != nil {
			return err
		}
	}
	return nil
}

// Now is the store's clock: UTC, in whole milliseconds, as it is stored.
func (s *Store) Now() time.Time { return s.now() }

// Ping reports whether the database answers, as unavailable when not.
func (s *Store) Ping(ctx context.Context) error {
	return s.wrap("ping", "", s.db.WithContext(ctx).Exec("SELECT 1").Error)
}

// Within runs fn in one transaction: all of it is committed, or, when fn or the
// commit returns an error, none. Watchers of the onboardings it saved are
// notified after the commit. Called inside a transaction it joins that one.
func (s *Store) Within(ctx context.Context, fn func(tx *Store) error) error {
	if s.changed != nil {
		return fn(s)
	}
	var changed []string
	err := s.write.WithContext(ctx).Transaction(func(db *gorm.DB) error {
		tx := *s
		tx.db, tx.write, tx.staff, tx.changed = db, db, db, &changed
		return fn(&tx)
	})
	if err != nil {
		return s.wrap("transaction", "", err)
	}
	if !s.postgres { // PostgreSQL notifies every process itself, see listen.go
		s.hub.notify(changed)
	}
	return nil
}

// conn is the handle for one statement: the transaction when there is one.
func (s *Store) conn(ctx context.Context) *gorm.DB { return s.db.WithContext(ctx) }

// writer is the handle for a statement that writes on its own.
func (s *Store) writer(ctx context.Context) *gorm.DB { return s.write.WithContext(ctx) }

// locked makes a read inside a transaction hold the row until it ends. SQLite
// needs nothing: its transactions exclude each other from the start.
func (s *Store) locked(db *gorm.DB) *gorm.DB {
	if s.postgres {
		return db.Clauses(clause.Locking{Strength: "UPDATE"})
	}
	return db
}

// Stats returns the connection pools, for metrics.
func (s *Store) Stats() map[string]*sql.DB {
	pools := map[string]*sql.DB{}
	for name, db := range map[string]*gorm.DB{"read": s.db, "write": s.write, "lists": s.staff} {
		if conn, err := db.DB(); err == nil {
			pools[name] = conn
		} else {
			slog.Error("read connection pool", "pool", name, "error", err)
		}
	}
	return pools
}

// insertNew inserts row unless a unique index objects, and reports whether it did.
func insertNew(db *gorm.DB, row any) (bool, error) {
	result := db.Clauses(clause.OnConflict{DoNothing: true}).Create(row)
	return result.RowsAffected > 0, result.Error
}
