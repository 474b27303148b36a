package store_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// assertUnavailable checks for the error that says "try again", and when.
func assertUnavailable(t *testing.T, err error, what string) {
	t.Helper()
	var ours *domain.Error
	if assert.ErrorAs(t, err, &ours, what) {
		assert.Equal(t, domain.CodeUnavailable, ours.Code, "%s: %v", what, err)
		assert.Positive(t, ours.RetryAfter, what)
	}
}

// calls is one of each way the store uses its database.
func calls(ctx context.Context, s *store.Store) map[string]error {
	errs := map[string]error{"ping": s.Ping(ctx), "migrate": s.Migrate(ctx), "seed": s.Seed(ctx)}
	_, errs["pending migrations"] = s.PendingMigrations(ctx)
	_, errs["read one"] = s.OnboardingByID(ctx, "onb_1")
	_, errs["read user"] = s.UserByEmail(ctx, "ada@example.com")
	_, errs["list"] = s.ListOnboardings(ctx, store.OnboardingFilter{})
	_, errs["catalogue"] = s.PublicPlans(ctx)
	_, errs["sum"] = s.GrantedUnder(ctx, "acct_1", "sub_1", "sub_1/2026-03-14")
	_, errs["insert"] = s.InsertOnboarding(ctx, storetest.NewOnboarding("ada@example.com"))
	_, errs["claim key"] = s.ClaimKey(ctx, store.Key{Scope: "s", Value: "k"}, "onb_1")
	_, errs["find key"] = s.FindKey(ctx, store.Key{Scope: "s", Value: "k"})
	_, errs["suggest"] = s.SuggestSlugs(ctx, "acme")
	_, errs["save plan"] = s.SavePlan(ctx, &domain.Plan{ID: "plan_1", Code: "x"})
	_, errs["delete"] = s.Prune(ctx, domain.DefaultRetention(), 10)
	errs["transaction"] = s.Within(ctx, func(*store.Store) error { return nil })
	return errs
}

func TestAway_ReadsTheTypeOfAnErrorNotItsText(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		io.EOF, io.ErrUnexpectedEOF, driver.ErrBadConn, sql.ErrConnDone, pgconn.ErrConnClosed,
		context.DeadlineExceeded, &pgconn.PgError{Code: "57P01"}, &pgconn.PgError{Code: "40P01"},
	} {
		assert.True(t, store.Away(fmt.Errorf("read plan: %w", err)), "%v", err)
	}
	for _, err := range []error{errors.New("unexpected EOF"), errors.New("conn closed"), &pgconn.PgError{Code: "23514"}} {
		assert.False(t, store.Away(err), "%v", err)
	}
}

func TestOpen_AnUnreachablePostgresIsUnavailableNotAnError(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close()) // refuses from now on
	s, err := store.Open(store.Config{URL: "postgres://postgres@" + address + "/slipway?sslmode=disable"})
	require.NoError(t, err)
	defer func() { _ = s.Close() }()
	for what, err := range calls(t.Context(), s) {
		assertUnavailable(t, err, what)
	}
}

func TestOpen_AURLThatIsNoneIsAnError(t *testing.T) {
	t.Parallel()
	_, err := store.Open(store.Config{URL: "postgres://localhost:notaport/slipway"})
	require.Error(t, err)
}

func TestClosedStore_IsUnavailable(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		require.NoError(t, s.Ping(t.Context()))
		require.NoError(t, s.Close())
		for what, err := range calls(t.Context(), s) {
			assertUnavailable(t, err, what)
		}
	})
}

func TestOpen_AFileThatCannotBeIsNamed(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "none", "slipway.db")
	_, err := store.Open(store.Config{URL: path})
	require.ErrorContains(t, err, path)
}

func TestOpen_TakesAnyPath(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a b.db", "c#.db", "50%25.db", "what?x=1&_pragma=y.db", "ü株.db"} {
		path := filepath.Join(t.TempDir(), name)
		s := storetest.Open(t, path)
		require.NoError(t, s.Seed(t.Context()))
		_, err := os.Stat(path)
		assert.NoError(t, err, "the file is where it was asked for")
	}
}

func TestPostgres_KilledMidTransactionLeavesNothingHalfMade(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	s := storetest.Open(t, cluster.Database(t))
	kept := receive(t, s, "ada@example.com")
	for name, end := range map[string]func(testing.TB){"killed": cluster.Kill, "stopped": cluster.Stop} {
		lost := storetest.NewOnboarding(name + "@example.com")
		err := s.Within(t.Context(), func(tx *store.Store) error {
			ok, err := tx.InsertOnboarding(t.Context(), lost)
			require.NoError(t, err)
			require.True(t, ok)
			end(t)
			_, err = tx.ClaimSlug(t.Context(), "acme", lost.AccountID)
			assertUnavailable(t, err, name+": the statement under way")
			return err
		})
		assertUnavailable(t, err, name+": the transaction")
		for what, err := range calls(t.Context(), s) {
			assertUnavailable(t, err, name+": "+what)
		}
		cluster.Start(t)
		require.Eventually(t, func() bool { return s.Ping(t.Context()) == nil }, patience, 10*time.Millisecond)
		_, err = s.OnboardingByID(t.Context(), lost.ID)
		assert.Equal(t, domain.CodeNotFound, domain.CodeOf(err))
		_, err = s.OnboardingByID(t.Context(), kept.ID)
		assert.NoError(t, err, "what was acknowledged is there")
	}
}

func TestWithin_ACommitThatIsLostIsUnavailable(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	s := storetest.Open(t, cluster.Database(t))
	o := storetest.NewOnboarding("ada@example.com")
	err := s.Within(t.Context(), func(tx *store.Store) error {
		_, err := tx.InsertOnboarding(t.Context(), o)
		require.NoError(t, err)
		cluster.Kill(t)
		return nil
	})
	assertUnavailable(t, err, "commit")
}

func TestDeadline_IsUnavailable(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		o := receive(t, s, "ada@example.com")
		err := s.Within(t.Context(), func(tx *store.Store) error {
			_, err := tx.LockOnboarding(t.Context(), o.ID)
			require.NoError(t, err)
			require.NoError(t, change(t, tx, o))
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			defer cancel()
			waited := other.Within(ctx, func(late *store.Store) error {
				_, err := late.LockOnboarding(ctx, o.ID)
				return err
			})
			assertUnavailable(t, waited, "a lock not had in time")
			ctx, cancel = context.WithCancel(t.Context())
			cancel()
			_, err = other.OnboardingByID(ctx, o.ID)
			assertUnavailable(t, err, "a caller that left")
			return nil
		})
		require.NoError(t, err)
	})
}

func TestPendingMigrations_DoesNotWaitForAMigrationUnderWay(t *testing.T) {
	t.Parallel()
	s := storetest.OpenEmpty(t, storetest.Postgres(t))
	conn, err := s.Stats()["write"].Conn(t.Context())
	require.NoError(t, err)
	defer func() { _ = conn.Close() }()
	_, err = conn.ExecContext(t.Context(), "SELECT pg_advisory_lock($1)", int64(store.MigrationLock))
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	pending, err := s.PendingMigrations(ctx)
	require.NoError(t, err)
	assert.Positive(t, pending)
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.Error(t, s.Migrate(ctx), "migrating does wait")
}

func TestMigrate_SeveralProcessesAtOnce(t *testing.T) {
	t.Parallel()
	url := storetest.Postgres(t)
	var wg sync.WaitGroup
	for range 4 {
		s := storetest.OpenEmpty(t, url)
		wg.Go(func() { assert.NoError(t, s.Migrate(t.Context())) })
		for range 4 {
			wg.Go(func() {
				_, err := s.PendingMigrations(t.Context())
				assert.NoError(t, err)
			})
		}
	}
	wg.Wait()
}

func TestWithin_KeepsTheCallersError(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		taken := &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonSlugTaken, Suggestions: []string{"acme-2"}}
		err := s.Within(t.Context(), func(*store.Store) error { return taken })
		var ours *domain.Error
		require.ErrorAs(t, err, &ours)
		assert.Same(t, taken, ours)
		broken := errors.New("broken")
		err = s.Within(t.Context(), func(*store.Store) error { return broken })
		require.ErrorIs(t, err, broken)
		assert.Equal(t, domain.CodeInternal, domain.CodeOf(err))
	})
}
