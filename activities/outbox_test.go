package activities_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify"
	"slipway/store"
)

// starter stands in for workflows.Client.
type starter struct {
	mu        sync.Mutex
	failure   error
	poison    map[string]bool // endpoints that fail
	signalled []string        // endpoints, in order
}

func (s *starter) DeliverTo(_ context.Context, endpointID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil || s.poison[endpointID] {
		return cmp.Or(s.failure, errors.New("what nobody expected"))
	}
	s.signalled = append(s.signalled, endpointID)
	return nil
}

// taken are the endpoints that were signalled since it was asked last.
func (s *starter) taken() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.signalled
	s.signalled = nil
	slices.Sort(taken)
	return taken
}

// endpoint adds an endpoint that wants every event.
func (f *fixture) endpoint(id string) {
	f.t.Helper()
	w := &domain.WebhookEndpoint{ID: id, URL: "https://example.com", Secret: "whsec_", Enabled: true}
	require.NoError(f.t, f.store.InsertEndpoint(f.t.Context(), w))
}

func TestDispatch_SignalsEachEndpointOnceHoweverMuchHappens(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ctx := t.Context()
	f.endpoint("whk_1")
	f.endpoint("whk_2")
	s := &starter{failure: errors.New("Temporal is away")}
	outbox := notify.Outbox{Store: f.store, Starter: s}
	f.signUp(plan("free"))
	_, _, err := outbox.Dispatch(ctx)
	require.Error(t, err)
	s.failure = nil
	n, more, err := outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.False(t, more)
	assert.Equal(t, 2, n, "what could not be signalled is tried again")
	assert.Equal(t, []string{"whk_1", "whk_2"}, s.taken())

	f.signUp(plan("free"))
	n, _, err = outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.Zero(t, n, "both are at work")
	require.NoError(t, f.store.MarkEndpoint(ctx, "whk_2", false))
	_, _, err = outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.Equal(t, []string{"whk_2"}, s.taken(), "the one that rests")
}

func TestReconcile_SignalsEndpointsThatLetSomethingWait(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	s := &starter{}
	h.use(func(c *activities.Config) { c.Deliveries = s })
	h.exec("DELETE FROM webhook_deliveries")
	h.commits()
	ids, err := h.store.DispatchEndpoints(t.Context(), 10)
	require.NoError(t, err)
	require.Len(t, ids, 1)
	h.reconcile()
	assert.Empty(t, s.taken(), "who was to signal it may be about to")
	h.clock.forward(2 * time.Minute)
	assert.Equal(t, 1, h.reconcile().Dispatched)
	assert.Equal(t, ids, s.taken(), "that process died")
	h.clock.forward(2 * time.Minute)
	h.reconcile()
	assert.Empty(t, s.taken(), "a workflow that cannot work is not signalled without end")
	h.clock.forward(9 * time.Minute)
	h.reconcile()
	assert.Equal(t, ids, s.taken())

	h.due() // the attempt fails
	h.clock.forward(time.Second)
	h.reconcile()
	assert.Empty(t, s.taken(), "the next one is due in four seconds")
	h.clock.forward(20 * time.Minute)
	h.reconcile()
	assert.Equal(t, ids, s.taken(), "its workflow is gone")
}

func TestReconcile_AdoptsWhatWorkflowsOfSingleDeliveriesLeft(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	h.use(func(c *activities.Config) { c.Deliveries = &starter{} })
	alone := func() bool { return h.row().Alone() }
	h.reconcile()
	assert.True(t, alone(), "its workflow may be about to start")
	h.fails()
	h.clock.forward(72 * time.Hour)
	h.reconcile()
	assert.True(t, alone(), "its workflow is still at it")
	h.clock.forward(2 * time.Hour)
	h.reconcile()
	require.False(t, alone(), "no such workflow lasts as long")
	assert.Equal(t, domain.DeliveryPending, h.row().Status)
	assert.Equal(t, 1, h.row().Attempts, "its attempts stay")

	for range 2 { // its workflow runs all the same
		result, err := h.deliver()
		require.NoError(t, err)
		assert.Equal(t, domain.DeliveryPending, result.Status)
		_, err = h.FailDelivery(t.Context(), h.in)
		require.NoError(t, err)
	}
	assert.EqualValues(t, 1, h.posts.Load(), "the endpoint's workflow posts it")
	h.answers(func(http.ResponseWriter, *http.Request) {})
	assert.Equal(t, activities.DeliverDueResult{Posted: 1, Delivered: 1}, h.due())
	_, err := h.deliver()
	require.NoError(t, err)
	assert.EqualValues(t, 2, h.posts.Load())
}

func TestReconcile_AdoptsWhatWasNeverStarted(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	h.use(func(c *activities.Config) { c.Deliveries = &starter{} })
	h.clock.forward(2 * time.Minute)
	h.reconcile()
	assert.False(t, h.row().Alone())
	outbox := notify.Outbox{Store: h.store}
	gone := &domain.WebhookDelivery{EndpointID: h.in.EndpointID, EventID: store.NewID(domain.PrefixEvent)}
	require.NoError(t, outbox.Adopt(t.Context(), gone), "its endpoint was removed meanwhile")
}
