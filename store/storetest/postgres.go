// Package storetest gives tests real databases, and holds the one suite that
// both kinds must pass.
package storetest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"slipway/store"
)

// patience is how long a test waits for something that should be quick.
const patience = 30 * time.Second

// SQLite returns the path of a fresh SQLite file.
func SQLite(t testing.TB) string {
	return filepath.Join(t.TempDir(), "slipway.db")
}

// Postgres returns the URL of a fresh, empty database. The server is the one
// SLIPWAY_TEST_POSTGRES names by a superuser's URL, and the database is dropped
// when the test ends; else it is a throw-away cluster that this process starts
// once and that ends with it, which needs no TestMain. Without either the test
// is skipped, or fails when SLIPWAY_TEST_NO_SKIP=1.
func Postgres(t testing.TB) string {
	t.Helper()
	if admin := os.Getenv("SLIPWAY_TEST_POSTGRES"); admin != "" {
		name, err := createDatabase(t.Context(), admin)
		require.NoError(t, err)
		t.Cleanup(func() {
			require.NoError(t, execute(context.Background(), admin, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)"))
		})
		u, err := url.Parse(admin)
		require.NoError(t, err)
		u.Path = "/" + name
		return u.String()
	}
	cluster, err := shared()
	if err != nil {
		Skip(t, err.Error())
	}
	return cluster.Database(t)
}

// shared is the cluster of this test process.
var shared = sync.OnceValues(NewCluster)

// Skip skips the test, or fails it where everything must run.
func Skip(t testing.TB, why string) {
	t.Helper()
	if os.Getenv("SLIPWAY_TEST_NO_SKIP") == "1" {
		t.Fatalf("SLIPWAY_TEST_NO_SKIP is set, but %s", why)
	}
	t.Skipf("NOT TESTED: %s", why)
}

// createDatabase makes a database on the server and returns its name.
func createDatabase(ctx context.Context, admin string) (string, error) {
	name := "slipway_test_" + strings.ToLower(rand.Text())
	return name, execute(ctx, admin, "CREATE DATABASE "+name)
}

// execute runs a statement on a connection of its own.
func execute(ctx context.Context, url, statement string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("connect to PostgreSQL as the superuser: %w", err)
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

// Cluster is a PostgreSQL server of a test's own, to be stopped and killed.
type Cluster struct {
	dir   string
	port  int
	bin   string // folder of initdb and pg_ctl
	leash any    // open as long as this process lives
}

// StartCluster starts a server that only this test uses and that ends with it.
func StartCluster(t testing.TB) *Cluster {
	t.Helper()
	c, err := NewCluster()
	if err != nil {
		Skip(t, err.Error())
	}
	t.Cleanup(c.Remove)
	return c
}

// Database returns the URL of a fresh, empty database in the cluster. It goes
// with the cluster: dropping one by one costs more than the tests do.
func (c *Cluster) Database(t testing.TB) string {
	t.Helper()
	database, err := c.Create(t.Context())
	require.NoError(t, err)
	return database
}

// Create makes a fresh, empty database in the cluster and returns its URL.
func (c *Cluster) Create(ctx context.Context) (string, error) {
	name, err := createDatabase(ctx, c.admin())
	return c.url(name), err
}

// Address is the server's host and port.
func (c *Cluster) Address() string { return fmt.Sprintf("127.0.0.1:%d", c.port) }

// byPassword is the role that signs in with a password.
const byPassword = "by_password"

// WithPassword returns the URL of a fresh, empty database that belongs to a role
// with the password, without it.
func (c *Cluster) WithPassword(t testing.TB, password string) string {
	t.Helper()
	quoted := "'" + strings.ReplaceAll(password, "'", "''") + "'"
	require.NoError(t, execute(t.Context(), c.admin(), "CREATE ROLE "+byPassword+" LOGIN PASSWORD "+quoted))
	u, err := url.Parse(c.Database(t))
	require.NoError(t, err)
	require.NoError(t, execute(t.Context(), c.admin(),
		"ALTER DATABASE "+strings.TrimPrefix(u.Path, "/")+" OWNER TO "+byPassword))
	u.User = url.User(byPassword)
	return u.String()
}

func (c *Cluster) admin() string { return c.url("postgres") }

func (c *Cluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres@%s/%s?sslmode=disable", c.Address(), database)
}

// Stop shuts the server down in order, cutting its connections. What was
// committed stays.
func (c *Cluster) Stop(t testing.TB) {
	t.Helper()
	require.NoError(t, c.control("stop", "-m", "fast"))
}

// Start starts a server that was stopped or killed, at the same address, and
// returns when it answers.
func (c *Cluster) Start(t testing.TB) {
	t.Helper()
	require.NoError(t, c.start())
}

// Restart stops and starts the server.
func (c *Cluster) Restart(t testing.TB) {
	t.Helper()
	c.Stop(t)
	c.Start(t)
}

// Open opens a store on the database, with the current schema, and closes it
// when the test ends. SQLite does not wait for the disk.
func Open(t testing.TB, database string) *store.Store {
	t.Helper()
	s := OpenEmpty(t, database)
	require.NoError(t, s.Migrate(context.Background()))
	return s
}

// OpenEmpty is Open without a schema.
func OpenEmpty(t testing.TB, database string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Config{URL: database, NoSync: true, MaxConns: 10})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	return s
}
