package activities_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"slipway/activities"
	"slipway/domain"
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
		ID: store.NewID(domain.PrefixWebhookEndpoint), URL: server.URL, Secret: secret, Enabled: true,
	}
	require.NoError(t, h.store.InsertEndpoint(t.Context(), w))
	h.in.EndpointID = w.ID
	h.in.EventID = h.happens()
	return h
}

// invoicePaid is the event of every test.
var invoicePaid = domain.Event{Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorSystem}

// secret is every endpoint's.
const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func (h *hooked) answers(f http.HandlerFunc) { h.answer.Store(&f) }

// happens stores an event and returns its id; it has a workflow of its own, as each had
// up to 0.1.0.
func (h *hooked) happens() string {
	h.t.Helper()
	id := h.commits()
	h.exec("UPDATE webhook_deliveries SET started_at = ? WHERE started_at IS NULL", h.store.Now())
	return id
}

// commits stores an event and returns its id.
func (h *hooked) commits() string {
	h.t.Helper()
	event := invoicePaid
	event.ID = store.NewID(domain.PrefixEvent)
	require.NoError(h.t, h.store.InsertEvents(context.Background(), event))
	return event.ID
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

// failed is a delivery that was given up.
func failed(attempts, statusCode int, code string) activities.DeliverResult {
	return activities.DeliverResult{
		Status: domain.DeliveryFailed, Attempts: attempts, StatusCode: statusCode, Error: code,
	}
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

func TestDeliver_PostsNothingToADisabledOrRemovedEndpoint(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	w := h.endpoint()
	w.Disable(domain.DisabledByHand)
	require.NoError(t, h.store.SaveEndpoint(t.Context(), w))
	result := twice(h.fixture, h.deliver)
	assert.Equal(t, failed(0, 0, "endpoint_disabled"), result)

	h = newHooked(t, http.StatusOK)
	require.NoError(t, h.store.DeleteEndpoint(t.Context(), h.in.EndpointID))
	type attempt = func(context.Context, activities.DeliverInput) (activities.DeliverResult, error)
	for _, do := range []attempt{h.Deliver, h.FailDelivery} {
		result = twice(h.fixture, func() (activities.DeliverResult, error) { return do(t.Context(), h.in) })
		assert.Equal(t, failed(0, 0, "endpoint_deleted"), result)
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
	assert.Equal(t, failed(1, 502, "http_error"), twice(h.fixture, fail))
	assert.Nil(t, h.row().NextAttemptAt)
	h.in.EventID = h.happens()
	assert.Equal(t, failed(0, 0, "expired"), twice(h.fixture, fail), "nobody tried")
}

func TestDeliver_TwiceAtOnceDeliversOnceInTheEnd(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	require.Empty(t, storetest.Together(5, func(int) error {
		_, err := h.Deliver(context.Background(), h.in)
		return err
	}))
	assert.Equal(t, domain.DeliveryDelivered, h.row().Status)
	assert.EqualValues(t, h.posts.Load(), h.row().Attempts, "every post is counted")
}

func TestDeliver_AnEndpointMayPutAttemptsOffAndNeverHurryThem(t *testing.T) {
	t.Parallel()
	policy := &temporal.RetryPolicy{
		InitialInterval: 5 * time.Second, BackoffCoefficient: 3, MaximumInterval: 6 * time.Hour,
	}
	for attempt, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 15 * time.Second, 5: 405 * time.Second, 9: 6 * time.Hour, 40: 6 * time.Hour,
	} {
		assert.Equal(t, want, activities.WaitAfterAnswer(policy, int32(attempt), 0))
		assert.Equal(t, want, activities.WaitAfterAnswer(policy, int32(attempt), time.Second), "not sooner")
		later := activities.WaitAfterAnswer(policy, int32(attempt), 7*time.Hour)
		assert.GreaterOrEqual(t, later, 7*time.Hour)
		assert.Less(t, later, 8*time.Hour)
	}
	assert.Zero(t, activities.WaitAfterAnswer(nil, 1, 0))
}

func TestDeliver_EndsWhereTheEventIsGone(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusOK)
	h.exec("UPDATE webhook_deliveries SET started_at = created_at")
	h.exec("DELETE FROM events WHERE id = ?", h.in.EventID)
	assert.Equal(t, failed(1, 0, "event_pruned"), twice(h.fixture, h.deliver))
	assert.Zero(t, h.posts.Load())
}
