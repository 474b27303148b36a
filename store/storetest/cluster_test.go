package storetest_test

import (
	"context"
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
