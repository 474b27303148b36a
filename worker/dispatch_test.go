package worker

import (
	"context"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
)

type ofDispatcher struct{}

func TestDispatcher_AsksSeldomHoweverMuchHappens(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Config{URL: filepath.Join(t.TempDir(), "slipway.db"), NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	require.NoError(t, s.Migrate(t.Context()))
	var asked atomic.Int64
	s.OnStatement(func(ctx context.Context) {
		if ctx.Value(ofDispatcher{}) != nil {
			asked.Add(1)
		}
	})
	d := startDispatcher(context.WithValue(t.Context(), ofDispatcher{}, true), Config{
		Activities: activities.New(activities.Config{Store: s}), Log: slog.New(slog.DiscardHandler),
	})
	require.Eventually(
		t,
		func() bool { return asked.Load() == 1 },
		10*time.Second,
		time.Millisecond,
		"once at the start",
	)
	began := time.Now()
	for time.Since(began) < 3*dispatchEvery {
		err := s.Within(t.Context(), func(tx *store.Store) error {
			return tx.InsertEvents(t.Context(), domain.Event{
				Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem,
			})
		})
		require.NoError(t, err)
	}
	most := int64(time.Since(began)/dispatchEvery) + 2
	d.stop()
	assert.LessOrEqual(t, asked.Load(), most)
	assert.Greater(t, asked.Load(), int64(1), "it was notified")
}

func TestDispatcher_EndsWithItsWorker(t *testing.T) {
	t.Parallel()
	s, err := store.Open(store.Config{URL: filepath.Join(t.TempDir(), "slipway.db"), NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	d := startDispatcher(t.Context(), Config{ // without a schema every look fails
		Activities: activities.New(activities.Config{Store: s}), Log: slog.New(slog.DiscardHandler),
	})
	began := time.Now()
	d.stop()
	assert.Less(t, time.Since(began), dispatchAfter, "it does not sit out its pause")
}
