package workflows_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify"
	"slipway/notify/webhook"
	"slipway/store"
	"slipway/workflows"
)

// queue is EndpointDeliveries in the SDK's environment, to a receiver over HTTP.
type queue struct {
	*flow
	in       workflows.EndpointDeliveriesInput
	answer   func(eventID string, attempt int, w http.ResponseWriter)
	mu       sync.Mutex
	posts    []post
	attempts map[string]int
}

// newQueue is an endpoint that answers so.
func newQueue(t testing.TB, answer func(eventID string, attempt int, w http.ResponseWriter)) *queue {
	t.Helper()
	q := &queue{flow: newFlow(t), answer: answer, attempts: map[string]int{}}
	q.on(q.openStoreAt(func() time.Time { return q.Now() })) // that of the run at the time
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q.mu.Lock()
		defer q.mu.Unlock()
		id := r.Header.Get("webhook-id")
		q.attempts[id]++
		q.posts = append(q.posts, post{q.Now().Sub(noon), id})
		q.answer(id, q.attempts[id], w)
	}))
	t.Cleanup(server.Close)
	endpoint := &domain.WebhookEndpoint{
		ID: store.NewID(domain.PrefixWebhookEndpoint), URL: server.URL + hookPath, Enabled: true,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}
	require.NoError(t, q.store.InsertEndpoint(t.Context(), endpoint))
	q.in = workflows.EndpointDeliveriesInput{EndpointID: endpoint.ID}
	return q
}

// on has the workflow deliver what is in the store.
func (q *queue) on(s *store.Store) {
	q.store, q.db = s, s.Stats()["write"]
	q.use(func(c *activities.Config) {
		c.Store, c.Webhooks, c.Pace = s, webhook.NewSender(true), notify.Pace{Linger: 10 * time.Millisecond}
	})
}

// happen stores events, and returns the id of the last.
func (q *queue) happen(n int) string {
	q.t.Helper()
	id := ""
	for range n {
		id = store.NewID(domain.PrefixEvent)
		require.NoError(q.t, q.store.InsertEvents(q.t.Context(), domain.Event{
			ID: id, Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorAdmin, Reason: personReason,
		}))
	}
	return id
}

func (q *queue) run() {
	q.t.Helper()
	q.ExecuteWorkflow(workflows.EndpointDeliveries, q.in)
	require.True(q.t, q.IsWorkflowCompleted())
	for _, secret := range []string{hookPath, "127.0.0.1", "whsec_", personReason, "evt_"} {
		assert.NotContains(q.t, q.seen.String(), secret, "the history holds counts only")
	}
}

func (q *queue) statuses(status domain.DeliveryStatus) int {
	return q.count(fmt.Sprintf("SELECT count(*) FROM webhook_deliveries WHERE status = '%s'", status))
}

func TestEndpointDeliveries_EndWhenNothingIsLeft(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(string, int, http.ResponseWriter) {})
	q.happen(25)
	q.run()
	require.NoError(t, q.GetWorkflowError())
	assert.Equal(t, 25, q.statuses(domain.DeliveryDelivered))
	assert.Equal(t, 1, q.ran("DeliverDue"), "all of them in one run")
	assert.Contains(t, q.details(), "posted 25 events; the endpoint took 25")
}

func TestEndpointDeliveries_EachEventIsTriedByItsOwnCalendar(t *testing.T) {
	t.Parallel()
	var poisoned string
	q := newQueue(t, func(id string, attempt int, w http.ResponseWriter) {
		if id == poisoned && attempt < 4 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	poisoned = q.happen(3)
	q.at(30*time.Second, func() {
		q.happen(1)
		q.SignalWorkflow(workflows.SignalEventsDue, nil)
	})
	q.run()
	require.NoError(t, q.GetWorkflowError())
	assert.Equal(t, 4, q.statuses(domain.DeliveryDelivered))
	var tried []float64
	for _, p := range q.posts {
		if p.id == poisoned {
			tried = append(tried, p.after.Seconds())
		} else {
			assert.Contains(t, []time.Duration{0, 30}, p.after.Truncate(time.Second)/time.Second, "others do not wait")
		}
	}
	assert.InDeltaSlice(t, []float64{0, 5, 20, 65}, tried, 1)
}

func TestEndpointDeliveries_ADeadEndpointIsTriedForThreeDays(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(_ string, _ int, w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
	q.happen(5)
	q.run()
	require.NoError(t, q.GetWorkflowError())
	assert.Equal(t, 5, q.statuses(domain.DeliveryFailed))
	assert.InDelta(t, 20, q.ran("DeliverDue"), 2, "those that are due together are posted together")
	last := q.posts[len(q.posts)-1].after
	assert.Greater(t, last, 66*time.Hour)
	assert.LessOrEqual(t, last, 72*time.Hour)
}

func TestEndpointDeliveries_EndWithTheirEndpoint(t *testing.T) {
	t.Parallel()
	for what, remove := range map[string]func(q *queue){
		"removed": func(q *queue) { assert.NoError(q.t, q.store.DeleteEndpoint(q.t.Context(), q.in.EndpointID)) },
		"disabled": func(q *queue) {
			w, err := q.store.EndpointByID(q.t.Context(), q.in.EndpointID)
			assert.NoError(q.t, err)
			w.Disable(domain.DisabledByHand)
			assert.NoError(q.t, q.store.SaveEndpoint(q.t.Context(), w))
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, func(_ string, _ int, w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
			q.happen(2)
			q.at(time.Minute, func() { remove(q) })
			q.run()
			require.NoError(t, q.GetWorkflowError())
			assert.Len(t, q.posts, 6)
			assert.Zero(t, q.statuses(domain.DeliveryDelivering))
		})
	}
}

func TestEndpointDeliveries_ADatabaseThatIsAwayPostsNothingTwice(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(string, int, http.ResponseWriter) {})
	q.happen(3)
	q.before = func(_ string, call int) error {
		if call <= 20 {
			return domain.Unavailable("The database", time.Second)
		}
		return nil
	}
	q.run()
	require.NoError(t, q.GetWorkflowError())
	assert.Len(t, q.posts, 3)
	assert.Equal(t, 21, q.ran("DeliverDue"))
}

func TestEndpointDeliveries_ContinueAsNewAndLoseNothing(t *testing.T) {
	t.Parallel()
	for what, crowd := range map[string]func(q *queue){
		"the server suggests it": func(q *queue) { q.SetContinueAsNewSuggested(true) },
		"many signals": func(q *queue) {
			for range 600 {
				q.SignalWorkflow(workflows.SignalEventsDue, nil)
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			q := newQueue(t, func(_ string, attempt int, w http.ResponseWriter) {
				if attempt < 6 {
					w.WriteHeader(http.StatusBadGateway)
				}
			})
			q.happen(2)
			q.at(30*time.Second, func() { crowd(q) })
			q.run()
			require.True(t, q.continuedAs("EndpointDeliveries"), "%v", q.GetWorkflowError())
			assert.Equal(t, 2, q.statuses(domain.DeliveryDelivering))

			before, rows := q.Now(), q.store
			q.flow = newFlow(t)
			q.SetStartTime(before)
			q.on(rows)
			q.run()
			require.NoError(t, q.GetWorkflowError())
			assert.Equal(t, 2, q.statuses(domain.DeliveryDelivered))
			assert.Len(t, q.posts, 12, "by the same calendar")
		})
	}
}

func TestEndpointDeliveries_CanceledByAnOperatorEndAndKeepTheRows(t *testing.T) {
	t.Parallel()
	q := newQueue(t, func(_ string, _ int, w http.ResponseWriter) { w.WriteHeader(http.StatusBadGateway) })
	q.happen(2)
	q.at(time.Hour, q.CancelWorkflow)
	q.run()
	require.Error(t, q.GetWorkflowError())
	assert.Equal(t, 2, q.statuses(domain.DeliveryDelivering), "reconcile starts it again")
}
