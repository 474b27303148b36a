package activities_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify"
)

// starter stands in for workflows.Client.
type starter struct {
	mu      sync.Mutex
	failure error
	poison  map[string]bool // event ids that fail
	started map[string]bool // event ids, and whether again
}

func (s *starter) Deliver(_ context.Context, d *domain.WebhookDelivery, again bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil || s.poison[d.EventID] {
		return cmp.Or(s.failure, errors.New("what nobody expected"))
	}
	s.started[d.EventID] = again
	return nil
}

func TestReconcile_StartsDeliveriesThatNobodyStarted(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	s := &starter{started: map[string]bool{}}
	h.use(func(c *activities.Config) { c.Deliveries = s })
	lost := h.in.EventID
	require.NoError(t, h.store.InsertEvents(t.Context(), invoicePaid))
	assert.Equal(t, 1, h.reconcile().Dispatched, "what was just claimed may be on its way")
	assert.NotContains(t, s.started, lost)
	h.clock.forward(2 * time.Minute)
	assert.Equal(t, 2, h.reconcile().Dispatched)
	assert.Contains(t, s.started, lost)
	assert.False(t, s.started[lost], "an existing run continues")
	assert.Zero(t, h.reconcile().Dispatched)

	h.fails()
	h.clock.forward(72 * time.Hour)
	assert.Equal(t, 1, h.reconcile().Dispatched, "the other; a run is still at it")
	h.clock.forward(2 * time.Hour)
	s.started = map[string]bool{}
	assert.Equal(t, 2, h.reconcile().Dispatched)
	assert.Contains(t, s.started, lost, "no run lasts as long")
}

func TestDispatch_StartsEachDeliveryAnewAndOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	endpoint := &domain.WebhookEndpoint{ID: "whk_1", URL: "https://example.com", Secret: "whsec_", Enabled: true}
	require.NoError(t, f.store.InsertEndpoint(ctx, endpoint))
	f.signUp(plan("free"))
	events := 0
	require.NoError(t, f.db.QueryRow("SELECT count(*) FROM events").Scan(&events))
	require.Positive(t, events)
	s := &starter{started: map[string]bool{}, failure: errors.New("Temporal is away")}
	outbox := notify.Outbox{Store: f.store, Starter: s}
	_, _, err := outbox.Dispatch(ctx)
	require.Error(t, err)
	f.exec("UPDATE webhook_deliveries SET started_at = NULL")
	s.failure = nil
	n, more, err := outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, events, n)
	assert.Len(t, s.started, events)
	for id, again := range s.started {
		assert.True(t, again, id)
	}
	n, _, err = outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.Zero(t, n)
}
