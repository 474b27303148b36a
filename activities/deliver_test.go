package activities_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify"
	"slipway/notify/webhook"
	"slipway/store"
	"slipway/store/storetest"
)

// hooked is an endpoint that answers as the test says, and one event on its way.
type hooked struct {
	*fixture
	answer atomic.Pointer[http.HandlerFunc]
	posts  atomic.Int64
	in     activities.DeliverInput
}

// newHooked stores an event that an endpoint wants; it answers with the status.
func newHooked(t testing.TB, status int) *hooked {
	t.Helper()
	h := &hooked{fixture: newFixture(t)}
	h.use(func(c *activities.Config) { c.Webhooks = webhook.NewSender(true) })
	h.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.posts.Add(1)
		(*h.answer.Load())(w, r)
	}))
	t.Cleanup(server.Close)
	w := &domain.WebhookEndpoint{
		ID: store.NewID(domain.PrefixWebhookEndpoint), URL: server.URL, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", Enabled: true,
	}
	require.NoError(t, h.store.InsertEndpoint(t.Context(), w))
	h.in = activities.DeliverInput{EndpointID: w.ID, EventID: h.happens()}
	return h
}

func (h *hooked) answers(f http.HandlerFunc) { h.answer.Store(&f) }

// happens stores an event and returns its id once it is claimed.
func (h *hooked) happens() string {
	h.t.Helper()
	ctx := context.Background()
	require.NoError(h.t, h.store.InsertEvents(ctx, domain.Event{Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem}))
	claimed, err := h.store.ClaimDeliveries(ctx, 10)
	require.NoError(h.t, err)
	require.Len(h.t, claimed, 1)
	return claimed[0].EventID
}

func (h *hooked) row() *domain.WebhookDelivery {
	h.t.Helper()
	d, err := h.store.DeliveryByID(h.t.Context(), h.in.EndpointID, h.in.EventID)
	require.NoError(h.t, err)
	return d
}

func (h *hooked) endpoint() *domain.WebhookEndpoint {
	h.t.Helper()
	w, err := h.store.EndpointByID(h.t.Context(), h.in.EndpointID)
	require.NoError(h.t, err)
	return w
}

func (h *hooked) deliver() (activities.DeliverResult, error) {
	return h.Deliver(h.t.Context(), h.in)
}

// fails expects an attempt that will be tried again.
func (h *hooked) fails() *domain.Error {
	h.t.Helper()
	_, err := h.deliver()
	var ours *domain.Error
	require.ErrorAs(h.t, err, &ours)
	assert.Equal(h.t, domain.ReasonDeliveryFailed, ours.Kind())
	assert.True(h.t, ours.Code.Retryable())
	return ours
}

func (h *hooked) disabledEvents() []domain.Event {
	h.t.Helper()
	list, err := h.store.ListEvents(h.t.Context(), store.EventFilter{Type: string(domain.EventEndpointDisabled)})
	require.NoError(h.t, err)
	return list.Data
}

func TestDeliver_PostsOnceWhatWasDelivered(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	result := twice(h.fixture, h.deliver)
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryDelivered, Attempts: 1, StatusCode: 200}, result)
	assert.EqualValues(t, 1, h.posts.Load())
	d := h.row()
	assert.Equal(t, &noon, d.DeliveredAt)
	assert.Empty(t, d.LastError)
	_, err := h.FailDelivery(t.Context(), h.in)
	require.NoError(t, err)
	assert.Equal(t, d, h.row(), "what was delivered is not given up")
}

func TestDeliver_TriesAgainUntilTheEndpointTakesIt(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	assert.Zero(t, h.fails().RetryAfter, "the retry policy says when")
	h.clock.forward(time.Minute)
	h.fails()
	d := h.row()
	assert.Equal(t, domain.DeliveryDelivering, d.Status)
	assert.Equal(t, 2, d.Attempts)
	assert.Equal(t, 500, d.LastStatusCode)
	assert.Equal(t, "http_error", d.LastError)
	assert.Equal(t, &noon, h.endpoint().FailingSince, "since the first")

	h.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusAccepted) })
	result, err := h.deliver()
	require.NoError(t, err)
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryDelivered, Attempts: 3, StatusCode: 202}, result)
	assert.Nil(t, h.endpoint().FailingSince)
}

func TestDeliver_ComesBackWhenTheEndpointAsksFor(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	h.answers(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "600")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	asked := h.fails().RetryAfter
	assert.GreaterOrEqual(t, asked, 10*time.Minute)
	assert.Less(t, asked, 11*time.Minute+time.Second)
	assert.WithinDuration(t, noon.Add(asked), *h.row().NextAttemptAt, time.Millisecond)

	_, err := h.temporalEnv().ExecuteActivity(h.Deliver, h.in)
	var failure *temporal.ApplicationError
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, domain.ReasonDeliveryFailed, failure.Type())
	assert.False(t, failure.NonRetryable())
	assert.GreaterOrEqual(t, failure.NextRetryDelay(), 10*time.Minute)
	assert.NotContains(t, err.Error(), "http://", "the URL stays out of the history")
}

func TestDeliver_GoneDisablesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusGone)
	result := twice(h.fixture, h.deliver)
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Attempts: 1, StatusCode: 410, Error: "gone"}, result)
	assert.EqualValues(t, 1, h.posts.Load())
	w := h.endpoint()
	assert.False(t, w.Enabled)
	assert.Equal(t, domain.DisabledGone, w.DisabledReason)
	events := h.disabledEvents()
	require.Len(t, events, 1)
	assert.Equal(t, map[string]any{"webhook_endpoint": w.ID, "reason": "gone"}, events[0].Data)
}

func TestDeliver_FiveDaysOfFailuresDisable(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	h.fails()
	h.clock.forward(domain.DisableAfter - time.Minute)
	h.exec("UPDATE webhook_deliveries SET attempts = 9")
	h.fails()
	assert.True(t, h.endpoint().Enabled, "not yet")
	h.clock.forward(time.Minute)
	result, err := h.deliver()
	require.NoError(t, err)
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Attempts: 11, StatusCode: 500, Error: "http_error"}, result)
	assert.Equal(t, domain.DisabledFailing, h.endpoint().DisabledReason)
	assert.Len(t, h.disabledEvents(), 1)
}

func TestDeliver_AnOldOutageDoesNotDisableAtTheNextFailure(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusServiceUnavailable)
	h.fails()
	_, err := h.FailDelivery(t.Context(), h.in)
	require.NoError(t, err)
	h.clock.forward(60 * 24 * time.Hour)
	h.in.EventID = h.happens()
	for range 8 {
		h.fails()
		h.clock.forward(35 * time.Minute)
	}
	assert.True(t, h.endpoint().Enabled, "this delivery has not failed for long")
	assert.Equal(t, &noon, h.endpoint().FailingSince)
	result, err := h.deliver()
	require.NoError(t, err)
	assert.Equal(t, domain.DeliveryFailed, result.Status)
	assert.Equal(t, domain.DisabledFailing, h.endpoint().DisabledReason, "nine attempts over four hours are long")
}

func TestDeliver_RedeliveryAfterAnOldOutageIsTriedAgain(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusServiceUnavailable)
	h.fails()
	h.exec("UPDATE webhook_deliveries SET attempts = 20, status = 'failed'")
	h.clock.forward(60 * 24 * time.Hour)
	d := h.row()
	d.Again()
	require.NoError(t, h.store.SaveDelivery(t.Context(), d))
	_, err := h.store.ClaimDeliveries(t.Context(), 10)
	require.NoError(t, err)
	h.fails()
	assert.True(t, h.endpoint().Enabled, "the attempts of the run before do not count")
}

func TestDeliver_OneSuccessStartsTheFiveDaysAnew(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	h.fails()
	h.clock.forward(3 * 24 * time.Hour)
	h.answers(func(http.ResponseWriter, *http.Request) {})
	_, err := h.deliver()
	require.NoError(t, err)
	h.answers(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
	h.in.EventID = h.happens()
	h.fails()
	h.clock.forward(3 * 24 * time.Hour)
	h.fails()
	assert.True(t, h.endpoint().Enabled)
}

func TestDeliver_PostsNothingToADisabledOrRemovedEndpoint(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	w := h.endpoint()
	w.Disable(domain.DisabledByHand)
	require.NoError(t, h.store.SaveEndpoint(t.Context(), w))
	result := twice(h.fixture, h.deliver)
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Error: "endpoint_disabled"}, result)

	h = newHooked(t, http.StatusOK)
	require.NoError(t, h.store.DeleteEndpoint(t.Context(), h.in.EndpointID))
	for _, do := range []func(context.Context, activities.DeliverInput) (activities.DeliverResult, error){h.Deliver, h.FailDelivery} {
		result = twice(h.fixture, func() (activities.DeliverResult, error) { return do(t.Context(), h.in) })
		assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Error: "endpoint_deleted"}, result)
	}
	assert.Zero(t, h.posts.Load())
}

func TestDeliver_AnAnswerToWhatWasSentBackMeanwhileChangesNothing(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	h.answers(func(http.ResponseWriter, *http.Request) {
		d := h.row()
		d.Again()
		assert.NoError(t, h.store.SaveDelivery(context.Background(), d))
	})
	result, err := h.deliver()
	require.NoError(t, err)
	assert.Equal(t, domain.DeliveryPending, result.Status)
	result = twice(h.fixture, func() (activities.DeliverResult, error) { return h.FailDelivery(t.Context(), h.in) })
	assert.Equal(t, domain.DeliveryPending, result.Status, "it is another run's")
}

func TestFailDelivery_GivesUpWhatIsOpen(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusBadGateway)
	h.fails()
	fail := func() (activities.DeliverResult, error) { return h.FailDelivery(t.Context(), h.in) }
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Attempts: 1, StatusCode: 502, Error: "http_error"}, twice(h.fixture, fail))
	assert.Nil(t, h.row().NextAttemptAt)
	h.in.EventID = h.happens()
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryFailed, Error: "expired"}, twice(h.fixture, fail), "nobody tried")
}

func TestDeliver_TwiceAtOnceDeliversOnceInTheEnd(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	require.Empty(t, storetest.Together(5, func(int) error { _, err := h.Deliver(context.Background(), h.in); return err }))
	assert.Equal(t, domain.DeliveryDelivered, h.row().Status)
	assert.EqualValues(t, h.posts.Load(), h.row().Attempts, "every post is counted")
}

// starter stands in for workflows.Client.
type starter struct {
	mu      sync.Mutex
	failure error
	started map[string]bool // event ids, and whether anew
}

func (s *starter) Deliver(_ context.Context, d *domain.WebhookDelivery, anew bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure != nil {
		return s.failure
	}
	s.started[d.EventID] = anew
	return nil
}

func TestReconcile_StartsDeliveriesThatNobodyStarted(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	s := &starter{started: map[string]bool{}}
	h.use(func(c *activities.Config) { c.Deliveries = s })
	lost := h.in.EventID
	require.NoError(t, h.store.InsertEvents(t.Context(), domain.Event{Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem}))
	assert.Equal(t, 1, h.reconcile().Dispatched, "what was just claimed may be on its way")
	assert.NotContains(t, s.started, lost)
	h.clock.forward(2 * time.Minute)
	assert.Equal(t, 2, h.reconcile().Dispatched)
	assert.Contains(t, s.started, lost)
	assert.False(t, s.started[lost], "a run there is goes on")
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
	require.NoError(t, f.store.InsertEndpoint(ctx, &domain.WebhookEndpoint{ID: "whk_1", URL: "https://example.com", Secret: "whsec_", Enabled: true}))
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
	for id, anew := range s.started {
		assert.True(t, anew, id)
	}
	n, _, err = outbox.Dispatch(ctx)
	require.NoError(t, err)
	assert.Zero(t, n)
}

func TestDeliver_AnEndpointMayPutAttemptsOffAndNeverHurryThem(t *testing.T) {
	t.Parallel()
	policy := &temporal.RetryPolicy{InitialInterval: 5 * time.Second, BackoffCoefficient: 3, MaximumInterval: 6 * time.Hour}
	for attempt, want := range []time.Duration{1: 5 * time.Second, 2: 15 * time.Second, 5: 405 * time.Second, 9: 6 * time.Hour, 40: 6 * time.Hour} {
		if want == 0 {
			continue
		}
		assert.Equal(t, want, activities.WaitAfterAnswer(policy, int32(attempt), 0))
		assert.Equal(t, want, activities.WaitAfterAnswer(policy, int32(attempt), time.Second), "not sooner")
		later := activities.WaitAfterAnswer(policy, int32(attempt), 7*time.Hour)
		assert.GreaterOrEqual(t, later, 7*time.Hour)
		assert.Less(t, later, 8*time.Hour)
	}
	assert.Zero(t, activities.WaitAfterAnswer(nil, 1, 0))
}
