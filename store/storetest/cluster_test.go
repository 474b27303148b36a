package storetest_test

import (
	"context"
	"fmt"
	"runtime"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"slipway/store/storetest"
)

func TestCluster_KeepsWhatWasCommittedWhenKilled(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	cluster := storetest.StartCluster(t)
	url := cluster.Database(t)
	exec := func(statement string) error {
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		defer func() { _ = conn.Close(ctx) }()
		_, err = conn.Exec(ctx, statement)
		return err
	}
	require.NoError(t, exec("CREATE TABLE kept ()"))
	cluster.Kill(t)
	cluster.Start(t)
	require.NoError(t, exec("SELECT FROM kept"))
	cluster.Stop(t)
	require.Error(t, exec("SELECT FROM kept"))
	cluster.Start(t)
	cluster.Restart(t)
	require.NoError(t, exec("SELECT FROM kept"))
}

// recorder is a test that only notes how it ended.
type recorder struct {
	testing.TB
	skipped, failed string
}

func (r *recorder) Helper()                          {}
func (r *recorder) Skipf(format string, args ...any) { r.skipped = fmt.Sprintf(format, args...) }
func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	runtime.Goexit()
}

func TestSkip_IsLoudAndMayBeForbidden(t *testing.T) {
	t.Setenv("SLIPWAY_TEST_NO_SKIP", "")
	var r recorder
	storetest.Skip(&r, "there is no PostgreSQL")
	require.Equal(t, "NOT TESTED: there is no PostgreSQL", r.skipped)

	t.Setenv("SLIPWAY_TEST_NO_SKIP", "1")
	r = recorder{}
	done := make(chan struct{})
	go func() {
		defer close(done)
		storetest.Skip(&r, "there is no PostgreSQL")
	}()
	<-done
	require.Empty(t, r.skipped)
	require.Contains(t, r.failed, "there is no PostgreSQL")
}
