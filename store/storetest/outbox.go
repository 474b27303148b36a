package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// due are the deliveries that are to be posted to the endpoint now.
func due(t testing.TB, s *store.Store, w *domain.WebhookEndpoint) []domain.WebhookDelivery {
	t.Helper()
	rows, err := s.DueDeliveries(t.Context(), w.ID, 100)
	require.NoError(t, err)
	return rows
}

func dispatchOnce(t *testing.T, s *store.Store) {
	ctx := t.Context()
	quiet := insertEndpoint(t, s, "nothing.happens")
	var want []string
	for range 20 {
		want = append(want, insertEndpoint(t, s, "invoice.paid").ID)
	}
	happens(t, s, domain.EventInvoicePaid, domain.EventInvoicePaid)
	var mu sync.Mutex
	var given []string
	require.Empty(t, Together(8, func(int) error {
		for {
			ids, err := s.DispatchEndpoints(context.Background(), 3)
			if err != nil || len(ids) == 0 {
				return err
			}
			mu.Lock()
			given = append(given, ids...)
			mu.Unlock()
		}
	}))
	left, err := s.DispatchEndpoints(ctx, 100) // who finds rows locked stops early
	require.NoError(t, err)
	assert.ElementsMatch(t, want, append(given, left...), "each once, and none without events")

	happens(t, s, domain.EventInvoicePaid)
	ids, err := s.DispatchEndpoints(ctx, 100)
	require.NoError(t, err)
	assert.Empty(t, ids, "all are at work")
	require.NoError(t, s.MarkEndpoint(ctx, want[0], false))
	require.NoError(t, s.MarkEndpoint(ctx, quiet.ID, false))
	require.NoError(t, s.MarkEndpoint(ctx, want[1], true))
	ids, err = s.DispatchEndpoints(ctx, 100)
	require.NoError(t, err)
	assert.Equal(t, want[:1], ids, "the one that rests")
}

func claimOnce(t *testing.T, s *store.Store) {
	const events, runs = 60, 8
	w := insertEndpoint(t, s)
	happens(t, s, slices.Repeat([]domain.EventType{domain.EventInvoicePaid}, events)...)
	var mu sync.Mutex
	given := map[string]int{}
	claim := func() (n int, err error) {
		err = s.Within(context.Background(), func(tx *store.Store) error {
			rows, err := tx.DueDeliveries(context.Background(), w.ID, 5)
			if n = len(rows); err != nil {
				return err
			}
			for i := range rows {
				rows[i].Status, rows[i].Tries, rows[i].StartedAt, rows[i].NextAttemptAt =
					domain.DeliveryDelivering, 1, later(0), new(s.Now().Add(time.Hour))
				mu.Lock()
				given[rows[i].EventID]++
				mu.Unlock()
			}
			return tx.SaveDeliveries(context.Background(), rows)
		})
		return n, err
	}
	require.Empty(t, Together(runs, func(int) error {
		for {
			if n, err := claim(); err != nil || n == 0 {
				return err
			}
		}
	}))
	for n := 1; n > 0; { // who finds rows locked stops early
		var err error
		n, err = claim()
		require.NoError(t, err)
	}
	assert.Len(t, given, events)
	for id, n := range given {
		assert.Equal(t, 1, n, id)
	}
	assert.Len(t, outbox(t, s, w), events)
}

func dueInOrder(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, other := insertEndpoint(t, s), insertEndpoint(t, s)
	at := func(minutes int) *store.Store { return s.At(*later(minutes)) }
	next, err := s.NextAttempt(ctx, w.ID)
	require.NoError(t, err)
	assert.Nil(t, next)
	var ids []string
	for _, row := range []domain.WebhookDelivery{
		{Status: domain.DeliveryDelivering, Tries: 2, StartedAt: later(0), NextAttemptAt: later(5)},
		{Status: domain.DeliveryPending, CreatedAt: *later(3)},
		{Status: domain.DeliveryDelivering, Tries: 1, StartedAt: later(0), NextAttemptAt: later(2)},
		{Status: domain.DeliveryDelivering, Tries: 1, StartedAt: later(0), NextAttemptAt: later(20)},
		{Status: domain.DeliveryDelivering, StartedAt: later(0), NextAttemptAt: later(1)}, // has a workflow of its own
		{Status: domain.DeliveryPending, StartedAt: later(0)},                             // likewise
		{Status: domain.DeliveryFailed, Tries: 3, StartedAt: later(0)},
		{Status: domain.DeliveryDelivered, Tries: 3, StartedAt: later(0), DeliveredAt: later(1)},
	} {
		row.EndpointID, row.EventID, row.EventType = w.ID, store.NewID(domain.PrefixEvent), domain.EventInvoicePaid
		require.NoError(t, s.EnqueueDelivery(ctx, &row))
		ids = append(ids, row.EventID)
	}
	idsOf := func(s *store.Store, limit int) (found []string) {
		rows, err := s.DueDeliveries(ctx, w.ID, limit)
		require.NoError(t, err)
		for _, d := range rows {
			found = append(found, d.EventID)
		}
		return found
	}
	assert.Equal(t, []string{ids[2], ids[1], ids[0]}, idsOf(at(10), 10))
	assert.Equal(t, []string{ids[2], ids[1]}, idsOf(at(10), 2))
	assert.Equal(t, []string{ids[2], ids[1]}, idsOf(at(4), 10))
	assert.Empty(t, due(t, at(30), other))
	next, err = s.NextAttempt(ctx, w.ID)
	require.NoError(t, err)
	assert.Equal(t, later(2), next)
}

func endDeliveries(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, other := insertEndpoint(t, s), insertEndpoint(t, s)
	happens(t, s, slices.Repeat([]domain.EventType{domain.EventInvoicePaid}, 5)...)
	rows := due(t, s, w)
	rows[0].Status, rows[0].Tries, rows[0].StartedAt, rows[0].NextAttemptAt =
		domain.DeliveryDelivering, 1, later(0), later(9)
	rows[1].Status, rows[1].DeliveredAt = domain.DeliveryDelivered, later(0)
	rows[2].StartedAt = later(0) // has a workflow of its own
	require.NoError(t, s.SaveDeliveries(ctx, rows))
	for _, want := range []int{2, 1, 0} {
		n, err := s.EndDeliveries(ctx, w.ID, "endpoint_disabled", 2)
		require.NoError(t, err)
		assert.Equal(t, want, n)
	}
	require.NoError(t, s.SaveDeliveries(ctx, nil))
	locked, err := s.LockDeliveries(ctx, w.ID, []string{rows[0].EventID, rows[1].EventID, rows[2].EventID, "evt_none"})
	require.NoError(t, err)
	require.Len(t, locked, 3)
	for i, want := range []domain.DeliveryStatus{
		domain.DeliveryFailed, domain.DeliveryDelivered, domain.DeliveryPending,
	} {
		d, err := s.DeliveryByID(ctx, w.ID, rows[i].EventID)
		require.NoError(t, err)
		assert.Equal(t, want, d.Status)
		assert.Nil(t, d.NextAttemptAt)
	}
	assert.Len(t, due(t, s, other), 5)
}

func findOverdue(t *testing.T, s *store.Store) {
	ctx := t.Context()
	fresh, retried, working := insertEndpoint(t, s), insertEndpoint(t, s), insertEndpoint(t, s)
	insertEndpoint(t, s, "nothing.happens")
	happens(t, s, domain.EventInvoicePaid)
	rows := due(t, s, retried)
	rows[0].Status, rows[0].Tries, rows[0].StartedAt, rows[0].NextAttemptAt =
		domain.DeliveryDelivering, 1, &moment, new(s.Now().Add(time.Hour))
	require.NoError(t, s.SaveDeliveries(ctx, rows))
	overdue := func(before time.Time) []string {
		ids, err := s.OverdueEndpoints(ctx, before, 10)
		require.NoError(t, err)
		return ids
	}
	assert.Empty(t, overdue(s.Now().Add(-time.Hour)))
	require.NoError(t, s.At(s.Now().Add(time.Minute)).MarkEndpoint(ctx, working.ID, true))
	assert.Equal(t, []string{fresh.ID}, overdue(s.Now().Add(30*time.Second)))
	assert.ElementsMatch(t, []string{fresh.ID, retried.ID, working.ID}, overdue(s.Now().Add(2*time.Hour)),
		"it has said nothing since then")
}

func findLag(t *testing.T, s *store.Store) {
	lag := func(after time.Duration) store.WebhookLag {
		found, err := s.At(s.Now().Add(after)).WebhookLag(t.Context())
		require.NoError(t, err)
		return found
	}
	retried, removed := insertEndpoint(t, s), insertEndpoint(t, s)
	assert.Zero(t, lag(time.Hour), "nothing waits")
	happens(t, s, domain.EventInvoicePaid, domain.EventInvoicePaid)
	require.NoError(t, s.DeleteEndpoint(t.Context(), removed.ID))
	rows := due(t, s, retried)
	require.Len(t, rows, 2)
	first, next := rows[0].CreatedAt, s.Now().Add(time.Minute)
	assert.Equal(t, store.WebhookLag{First: first}, lag(time.Hour))
	for i := range rows {
		rows[i].Status, rows[i].Tries, rows[i].StartedAt, rows[i].NextAttemptAt =
			domain.DeliveryDelivering, 1, &moment, new(next.Add(time.Duration(i)*time.Minute))
	}
	require.NoError(t, s.SaveDeliveries(t.Context(), rows))
	assert.Zero(t, lag(0), "not due yet")
	assert.WithinDuration(t, next, lag(time.Hour).Again, time.Millisecond)
	assert.Zero(t, lag(time.Hour).First)
	newer := insertEndpoint(t, s)
	happens(t, s, domain.EventInvoicePaid)
	assert.Equal(t, due(t, s, newer)[0].CreatedAt, lag(time.Hour).First)
}

func findLost(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertEndpoint(t, s)
	happens(t, s, slices.Repeat([]domain.EventType{domain.EventInvoicePaid}, 6)...)
	rows := due(t, s, w)
	require.Len(t, rows, 6)
	for i, status := range []domain.DeliveryStatus{
		domain.DeliveryPending, domain.DeliveryDelivering, domain.DeliveryDelivered, domain.DeliveryFailed,
		domain.DeliveryDelivering,
	} {
		rows[i].Status, rows[i].StartedAt, rows[i].DeliveredAt = status, later(0), later(0)
	}
	rows[4].Tries = 1 // its endpoint's workflow makes it, as it does the last, which waits
	require.NoError(t, s.SaveDeliveries(ctx, rows))
	ids := func(pending, delivering int) []string {
		lost, err := s.LostDeliveries(ctx, *later(pending), *later(delivering), 10)
		require.NoError(t, err)
		found := []string{}
		for _, d := range lost {
			assert.Equal(t, w.ID, d.EndpointID)
			found = append(found, d.EventID)
		}
		return found
	}
	assert.Empty(t, ids(0, 0), "too young")
	assert.Equal(t, []string{rows[0].EventID}, ids(1, 0))
	assert.Equal(t, []string{rows[1].EventID}, ids(0, 1))
}

func enqueueAgain(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w := insertEndpoint(t, s)
	happens(t, s, domain.EventInvoicePaid)
	d := &due(t, s, w)[0]
	d.Status, d.DeliveredAt, d.Attempts, d.Tries, d.StartedAt = domain.DeliveryDelivered, later(1), 1, 1, later(0)
	require.NoError(t, s.SaveDelivery(ctx, d))
	assert.Empty(t, due(t, s, w))
	d.Again()
	within(t, s, func(tx *store.Store) error { return tx.EnqueueDelivery(ctx, d) })
	again := due(t, s, w)
	require.Len(t, again, 1)
	assert.Equal(t, 1, again[0].Attempts)
	assert.Zero(t, again[0].Tries, "its schedule begins anew")
}
