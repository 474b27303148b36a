package workflows_test

import (
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/store"
	"slipway/workflows"
)

// post is one attempt as the receiver saw it.
type post struct {
	after time.Duration // since the delivery began
	id    string
}

// delivering is a Delivery in the SDK's environment, to a receiver over HTTP.
type delivering struct {
	*flow
	in    workflows.DeliveryInput
	mu    sync.Mutex
	posts []post
}

const hookPath = "/hooks/sesame"

// newDelivery stores an event on its way to a receiver that answers so.
func newDelivery(t testing.TB, answer func(attempt int, w http.ResponseWriter)) *delivering {
	t.Helper()
	d := &delivering{flow: newFlow(t)}
	d.use(func(c *activities.Config) { c.Webhooks = webhook.NewSender(true) })
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.posts = append(d.posts, post{d.Now().Sub(noon), r.Header.Get("webhook-id")})
		answer(len(d.posts), w)
	}))
	t.Cleanup(server.Close)
	endpoint := &domain.WebhookEndpoint{
		ID: store.NewID(domain.PrefixWebhookEndpoint), URL: server.URL + hookPath, Enabled: true,
		Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}
	require.NoError(t, d.store.InsertEndpoint(t.Context(), endpoint))
	require.NoError(t, d.store.InsertEvents(t.Context(), domain.Event{
		Type: domain.EventInvoicePaid, AccountID: "acct_1", ActorType: domain.ActorAdmin, Reason: personReason,
	}))
	claimed, err := d.store.DueDeliveries(t.Context(), endpoint.ID, 10)
	require.NoError(t, err)
	require.Len(t, claimed, 1)
	d.start(&claimed[0])
	d.in = workflows.DeliveryInput{EventID: claimed[0].EventID, EndpointID: endpoint.ID}
	return d
}

// start marks the delivery as one that has a workflow of its own.
func (d *delivering) start(row *domain.WebhookDelivery) {
	d.t.Helper()
	now := d.store.Now()
	row.StartedAt = &now
	require.NoError(d.t, d.store.SaveDelivery(d.t.Context(), row))
}

func (d *delivering) run() {
	d.t.Helper()
	d.ExecuteWorkflow(workflows.Delivery, d.in)
	require.True(d.t, d.IsWorkflowCompleted())
	for _, secret := range []string{hookPath, "127.0.0.1", "whsec_", personReason} {
		assert.NotContains(d.t, d.seen.String(), secret, "the history holds ids and codes only")
	}
}

func (d *delivering) delivery() *domain.WebhookDelivery {
	d.t.Helper()
	row, err := d.store.DeliveryByID(d.t.Context(), d.in.EndpointID, d.in.EventID)
	require.NoError(d.t, err)
	return row
}

func always(status int) func(int, http.ResponseWriter) {
	return func(_ int, w http.ResponseWriter) { w.WriteHeader(status) }
}

func TestDelivery_EndsWhenTheEndpointTakesIt(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, func(attempt int, w http.ResponseWriter) {
		if attempt < 4 {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	d.run()
	require.NoError(t, d.GetWorkflowError())
	var result activities.DeliverResult
	require.NoError(t, d.GetWorkflowResult(&result))
	assert.Equal(t, activities.DeliverResult{Status: domain.DeliveryDelivered, Attempts: 4, StatusCode: 200}, result)
	assert.Equal(t, domain.DeliveryDelivered, d.delivery().Status)
	require.Len(t, d.posts, 4)
	for i, want := range []time.Duration{0, 5 * time.Second, 20 * time.Second, 65 * time.Second} {
		assert.InDelta(t, want.Seconds(), d.posts[i].after.Seconds(), 1)
		assert.Equal(t, d.in.EventID, d.posts[i].id, "the same message")
	}
	assert.Contains(t, d.details(), "Delivered at attempt 4")
}

func TestDelivery_TriesForThreeDaysAndFails(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, always(http.StatusServiceUnavailable))
	d.run()
	require.Error(t, d.GetWorkflowError())
	assert.Equal(t, domain.ReasonDeliveryFailed, kind(d.GetWorkflowError()))
	row := d.delivery()
	assert.Equal(t, domain.DeliveryFailed, row.Status)
	assert.Equal(t, 503, row.LastStatusCode)
	assert.Nil(t, row.NextAttemptAt)
	assert.Len(t, d.posts, row.Attempts)
	assert.InDelta(t, 20, len(d.posts), 1)
	last := d.posts[len(d.posts)-1].after
	assert.Greater(t, last, 66*time.Hour)
	assert.LessOrEqual(t, last, 72*time.Hour)
	for i := 1; i < len(d.posts); i++ {
		assert.LessOrEqual(t, d.posts[i].after-d.posts[i-1].after, 6*time.Hour+time.Minute)
	}
}

func TestDelivery_ComesBackWhenTheEndpointAsksFor(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, func(attempt int, w http.ResponseWriter) {
		if attempt == 1 {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	d.run()
	require.NoError(t, d.GetWorkflowError())
	require.Len(t, d.posts, 2)
	assert.GreaterOrEqual(t, d.posts[1].after, time.Hour)
	assert.Less(t, d.posts[1].after, 67*time.Minute)
}

func TestDelivery_GoneIsNotAskedAgain(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, always(http.StatusGone))
	d.run()
	assert.Equal(t, domain.ReasonDeliveryFailed, kind(d.GetWorkflowError()))
	assert.Len(t, d.posts, 1)
	assert.Equal(t, domain.DeliveryFailed, d.delivery().Status)
	assert.Equal(t, 1, d.count("SELECT count(*) FROM webhook_endpoints WHERE NOT enabled AND disabled_reason = 'gone'"))
	assert.Equal(t, 1, d.count("SELECT count(*) FROM events WHERE type = 'webhook_endpoint.disabled'"))
}

func TestDelivery_SentBackToTheOutboxIsPostedAgain(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, always(http.StatusOK))
	d.run()
	again := newFlow(t)
	again.store, again.acts.Webhooks = d.store, d.acts.Webhooks
	again.useStore(d.store)
	row := d.delivery()
	row.Again()
	d.start(row)
	again.ExecuteWorkflow(workflows.Delivery, d.in)
	require.NoError(t, again.GetWorkflowError())
	require.Len(t, d.posts, 2)
	assert.Equal(t, d.posts[0].id, d.posts[1].id)
	assert.Equal(t, 2, d.delivery().Attempts)
}

func TestDelivery_ADatabaseThatIsAwayPostsNothingTwice(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, always(http.StatusOK))
	d.before = func(_ string, call int) error {
		if call <= 3 {
			return domain.Unavailable("The database", time.Second)
		}
		return nil
	}
	d.run()
	require.NoError(t, d.GetWorkflowError())
	assert.Len(t, d.posts, 1)
	assert.Equal(t, 4, d.ran("Deliver"))
}

func TestDelivery_CanceledByAnOperatorIsGivenUp(t *testing.T) {
	t.Parallel()
	d := newDelivery(t, always(http.StatusInternalServerError))
	d.RegisterDelayedCallback(d.CancelWorkflow, time.Hour)
	d.run()
	require.Error(t, d.GetWorkflowError())
	assert.Equal(t, domain.DeliveryFailed, d.delivery().Status)
}
