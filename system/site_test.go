//go:build !nodev

package system

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"slipway/app"
	"slipway/devserver"
	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
	"slipway/system/cluster"
	"slipway/workflows"
)

// site is an installation of several processes: a Temporal that a test can
// stop, a database, and API and workers as children that a test can kill.
type site struct {
	t           *testing.T
	dir         string
	database    string
	port        int // of Temporal, the same after a restart
	runLimit    int // see devserver.Config
	listen      string
	temporal    *devserver.Server
	temporalDir string            // empty for dir
	apart       *cluster.Temporal // instead of temporal: a server of several processes
	store       *store.Store      // the test's own look at the rows

	sandboxAddress string // of the payment company, the same after a restart
	company        *company
	stopCompany    func()
	doctor         *app.App // see checker
}

// newSite brings Temporal and an installed database up; empty for SQLite.
func newSite(t *testing.T, database string, change ...func(*site)) *site {
	t.Helper()
	s := &site{t: t, dir: t.TempDir(), database: database, port: freePort(t),
		listen: fmt.Sprintf("127.0.0.1:%d", freePort(t))}
	if s.database == "" {
		s.database = filepath.Join(s.dir, "slipway.db")
	}
	for _, f := range change {
		f(s)
	}
	s.sandboxAddress = "127.0.0.1:0"
	s.startTemporal()
	s.startCompany()
	var err error
	s.store, err = store.Open(store.Config{URL: s.database})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.store.Close() })
	require.NoError(t, s.store.Migrate(t.Context()))
	require.NoError(t, s.store.Seed(t.Context()))
	a := app.New(testSettings(s.dir), io.Discard, io.Discard)
	a.Store = s.store
	require.NoError(t, a.SetAdmin(t.Context(), testPassword))
	return s
}

func (s *site) startTemporal() {
	s.t.Helper()
	if s.apart != nil {
		s.t.Cleanup(s.apart.Kill)
		require.NoError(s.t, s.apart.Start(context.Background(), func(string) {}))
		return
	}
	server, err := devserver.Start(context.Background(), devserver.Config{
		DatabaseFile: devserver.Path(cmp.Or(s.temporalDir, s.dir)), FrontendPort: s.port, UIPort: devserver.NoUI,
		SearchAttributes: workflows.SearchAttributes(), RunLimit: s.runLimit,
	})
	require.NoError(s.t, err)
	s.temporal = server
	s.t.Cleanup(func() { _ = server.Stop() })
}

func (s *site) child(role string, c childConfig) *child {
	s.t.Helper()
	c.DataDir, c.Database = s.dir, s.database
	if c.Listen == "" {
		c.Listen = s.listen
	}
	c.SecretKey, c.SandboxURL = siteKey, "http://"+s.sandboxAddress
	return startChild(s.t, role, c, fmt.Sprintf("TEMPORAL_ADDRESS=127.0.0.1:%d", s.port))
}

// api starts an API process and returns it with a client.
func (s *site) api() (*child, *running) {
	s.t.Helper()
	c := s.child("api", childConfig{})
	return c, &running{t: s.t, url: c.url}
}

func (s *site) worker() *child { s.t.Helper(); return s.child("worker", childConfig{}) }

// dial is the test's own client of Temporal.
func (s *site) dial() client.Client {
	s.t.Helper()
	c, err := client.Dial(client.Options{HostPort: fmt.Sprintf("127.0.0.1:%d", s.port),
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler))})
	require.NoError(s.t, err)
	s.t.Cleanup(c.Close)
	return c
}

// reopen looks at the database with fresh connections.
func (s *site) reopen() {
	s.t.Helper()
	var err error
	s.store, err = store.Open(store.Config{URL: s.database})
	require.NoError(s.t, err)
}

// count counts rows of the test's own look at the database.
func (s *site) count(query string, args ...any) int {
	s.t.Helper()
	var n int
	require.NoError(s.t, s.store.Stats()["write"].QueryRow(query, args...).Scan(&n))
	return n
}

// requireOneOfEach fails unless the engine made exactly so many of everything a
// completed onboarding makes.
func (s *site) requireOneOfEach(completed int) {
	s.t.Helper()
	for query, want := range map[string]int{
		"SELECT count(*) FROM onboardings WHERE status = 'completed'":                             completed,
		"SELECT count(*) FROM accounts WHERE status = 'active'":                                   completed,
		"SELECT count(DISTINCT slug) FROM accounts WHERE status = 'active'":                       completed,
		"SELECT count(*) FROM subscriptions WHERE status IN ('active','trialing')":                completed,
		"SELECT count(*) FROM credits":                                                            completed,
		"SELECT count(*) FROM events WHERE type = 'onboarding.completed'":                         completed,
		"SELECT count(*) FROM payment_methods WHERE is_default":                                   completed,
		"SELECT count(*) FROM (SELECT 1 FROM slugs GROUP BY account_id HAVING count(*) > 1) AS x": 0,
	} {
		require.Equal(s.t, want, s.count(query), query)
	}
}

// freePort is a port that nobody listens on and no other test was given.
func freePort(t testing.TB) int {
	t.Helper()
	port, err := cluster.FreePort()
	require.NoError(t, err)
	return port
}

// onBoth runs a test on SQLite and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, database string)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) { test(t, "") })
	t.Run("postgres", func(t *testing.T) { test(t, storetest.Postgres(t)) })
}

// untilStored waits until the person's onboarding is in the database.
func (s *site) untilStored(email string) *domain.Onboarding {
	s.t.Helper()
	var o *domain.Onboarding
	require.Eventually(s.t, func() bool {
		var err error
		o, err = s.store.SignupByEmail(context.Background(), email)
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
	return o
}
