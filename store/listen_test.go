package store_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// patience is how long a test waits for something that should be quick.
const patience = 30 * time.Second

// notified waits for a watch to be notified.
func notified(t *testing.T, watch <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-watch:
	case <-time.After(patience):
		t.Fatal("nobody was notified: " + why)
	}
}

// quiet checks that a watch was not notified.
func quiet(t *testing.T, watch <-chan struct{}, why string) {
	t.Helper()
	select {
	case <-watch:
		t.Error("notified too soon: " + why)
	default:
	}
}

// listen starts listening and returns once changes are heard. The listener ends
// before the test does.
func listen(t *testing.T, s *store.Store) {
	t.Helper()
	ready, cancelWatch := s.Watch("onb_listening")
	defer cancelWatch()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Listen(ctx, slog.New(slog.DiscardHandler))
	}()
	t.Cleanup(func() { cancel(); <-done })
	notified(t, ready, "a listener that begins notifies everybody, for what they may have missed")
}

// receive stores a sign-up.
func receive(t *testing.T, s *store.Store, email string) *domain.Onboarding {
	t.Helper()
	o := storetest.NewOnboarding(email)
	ok, err := s.InsertOnboarding(t.Context(), o)
	require.NoError(t, err)
	require.True(t, ok)
	return o
}

// change counts a change of the sign-up and saves it.
func change(t *testing.T, tx *store.Store, o *domain.Onboarding) error {
	t.Helper()
	o.Touch(tx.Now())
	return tx.SaveOnboarding(t.Context(), o)
}

// committed saves a change of the sign-up in a transaction of its own.
func committed(t *testing.T, s *store.Store, o *domain.Onboarding) {
	t.Helper()
	require.NoError(t, s.Within(t.Context(), func(tx *store.Store) error { return change(t, tx, o) }))
}

func TestWatch_IsNotifiedByACommitAndByNothingElse(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := storetest.Open(t, url)
		ada, bob := receive(t, s, "ada@example.com"), receive(t, s, "bob@example.com")
		if store.IsPostgres(url) { // in one process, SQLite needs no listener
			listen(t, s)
		}
		watchAda, cancelAda := s.Watch(ada.ID)
		defer cancelAda()
		watchBob, cancelBob := s.Watch(bob.ID)
		defer cancelBob()

		err := s.Within(t.Context(), func(tx *store.Store) error {
			require.NoError(t, change(t, tx, ada))
			if store.IsPostgres(url) { // news come in order: what is heard after Bob's was not sent before
				committed(t, s, bob)
				notified(t, watchBob, "a commit")
			}
			quiet(t, watchAda, "before the commit")
			return errors.New("take it back")
		})
		require.Error(t, err)
		ada.Version--
		committed(t, s, bob)
		notified(t, watchBob, "a commit")
		quiet(t, watchAda, "a rollback, and a change of another")

		require.NoError(t, s.MarkChecked(t.Context(), ada.ID))
		committed(t, s, bob)
		notified(t, watchBob, "a commit")
		quiet(t, watchAda, "being checked is no change")

		committed(t, s, ada)
		notified(t, watchAda, "its commit")
		quiet(t, watchBob, "a change of another")
		cancelAda()
		committed(t, s, ada)
		committed(t, s, bob)
		notified(t, watchBob, "a commit")
		quiet(t, watchAda, "canceled")
	})
}

func TestListen_HearsOfAnotherProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		api, worker := storetest.Open(t, url), storetest.Open(t, url)
		o := receive(t, api, "ada@example.com")
		listen(t, api)
		watch, cancel := api.Watch(o.ID)
		defer cancel()
		for range 3 {
			committed(t, worker, o)
			notified(t, watch, "a commit of another store")
			got, err := api.OnboardingByID(t.Context(), o.ID)
			require.NoError(t, err)
			assert.Equal(t, o.Version, got.Version, "who is notified sees the change")
		}
	})
}

// TestListen_HearsOfACredentialThatEndsInAnotherProcess: however it ends.
func TestListen_HearsOfACredentialThatEndsInAnotherProcess(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		api, other := storetest.Open(t, url), storetest.Open(t, url)
		listen(t, api)
		_, err := other.EnsureAdmin(t.Context(), "admin@example.com", "one")
		require.NoError(t, err)
		admin, err := other.UserByEmail(t.Context(), "admin@example.com")
		require.NoError(t, err)
		key := &domain.APIKey{ID: "key_1", SecretHash: []byte{1}, CreatedAt: other.Now()}
		require.NoError(t, other.InsertAPIKey(t.Context(), key))
		for _, one := range []struct {
			id  string
			end func() error
		}{
			{"ses_1", func() error { return other.DeleteSession(t.Context(), "ses_1") }},
			{"ses_2", func() error {
				_, err := other.EnsureAdmin(t.Context(), "admin@example.com", "two")
				return err
			}},
			{"key_1", func() error {
				now := other.Now()
				key.RevokedAt = &now
				return other.SaveAPIKey(t.Context(), key)
			}},
		} {
			if one.id != key.ID {
				require.NoError(t, other.OpenSession(t.Context(), &domain.Session{
					ID: one.id, TokenHash: []byte(one.id), UserID: admin.ID, Role: domain.RoleAdmin,
					CreatedAt: other.Now(), ExpiresAt: other.Now().Add(time.Hour),
				}, "one", 0))
			}
			watch, cancel := api.Watch("onb_1", one.id)
			require.NoError(t, one.end())
			notified(t, watch, one.id+" ended")
			cancel()
		}
	})
}

func TestListen_LeavesADatabaseInMemoryUsable(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, ":memory:")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Listen(ctx, slog.New(slog.DiscardHandler))
	}()
	for range 100 {
		require.NoError(t, s.Ping(ctx), "it has one connection, which listening must not keep")
	}
	cancel()
	<-done
}

func TestListen_ComesBackAfterTheServerRestarts(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	url := cluster.Database(t)
	s, worker := storetest.Open(t, url), storetest.Open(t, url)
	o := receive(t, s, "ada@example.com")
	listen(t, s)
	watch, cancel := s.Watch(o.ID)
	defer cancel()
	for _, end := range []func(testing.TB){cluster.Stop, cluster.Kill} {
		end(t)
		cluster.Start(t)
		notified(t, watch, "a listener that is back notifies everybody, for what they missed")
		require.Eventually(t, func() bool {
			err := worker.Within(t.Context(), func(tx *store.Store) error { return change(t, tx, o) })
			return err == nil
		}, patience, 10*time.Millisecond)
		notified(t, watch, "a commit after the restart")
	}
}

func TestWatchOutbox_IsNotifiedWhenSomethingWaits(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s, other := storetest.Open(t, url), storetest.Open(t, url)
		if store.IsPostgres(url) {
			listen(t, s)
		}
		watch, cancel := s.WatchOutbox()
		defer cancel()
		ctx := t.Context()
		event := domain.Event{Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem}
		bob := receive(t, s, "bob@example.com")
		heard, cancelHeard := s.Watch(bob.ID)
		defer cancelHeard()
		if store.IsPostgres(url) {
			require.NoError(t, s.InsertEvents(ctx, event))
			committed(t, s, bob)
			notified(t, heard, "a commit")
			quiet(t, watch, "nobody wants the event")
		}
		w := &domain.WebhookEndpoint{
			ID:      store.NewID(domain.PrefixWebhookEndpoint),
			URL:     "https://example.com",
			Secret:  "whsec_",
			Enabled: true,
		}
		require.NoError(t, s.InsertEndpoint(ctx, w))
		err := s.Within(ctx, func(tx *store.Store) error {
			require.NoError(t, tx.InsertEvents(ctx, event))
			return errors.New("take it back")
		})
		require.Error(t, err)
		committed(t, s, bob)
		notified(t, heard, "a commit")
		quiet(t, watch, "a rollback")

		require.NoError(t, s.Within(ctx, func(tx *store.Store) error { return tx.InsertEvents(ctx, event) }))
		notified(t, watch, "a commit of an event somebody wants")
		ids, err := s.DispatchEndpoints(ctx, 10)
		require.NoError(t, err)
		require.Len(t, ids, 1, "who is notified sees the delivery")
		claimed, err := s.DueDeliveries(ctx, ids[0], 10)
		require.NoError(t, err)
		require.Len(t, claimed, 1)

		claimed[0].Again()
		require.NoError(t, s.Within(ctx, func(tx *store.Store) error { return tx.EnqueueDelivery(ctx, &claimed[0]) }))
		notified(t, watch, "one that is to be made again")
		if !store.IsPostgres(url) {
			listen(t, s)
			<-watch
		}
		require.NoError(t, other.Within(ctx, func(tx *store.Store) error { return tx.InsertEvents(ctx, event) }))
		notified(t, watch, "a commit of another process")
		assert.Equal(t, 1, s.Watchers(), "a watch of the outbox is nobody's long poll")
	})
}
