//go:build !nodev

package system

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	historypb "go.temporal.io/api/history/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"slipway/app"
	"slipway/domain"
	"slipway/store/storetest"
)

// message is one webhook as a product's backend reads it.
type message struct {
	ID        string         `json:"id"`
	Type      string         `json:"type"`
	AccountID string         `json:"account_id"`
	Data      map[string]any `json:"data"`
	header    http.Header
	body      []byte
}

// backend is a product's backend: it fails as often as a test asks and keeps
// what it took.
type backend struct {
	url string
	mu  sync.Mutex
	bad int
	how int // the status of an answer while it fails
	got []message
}

func newBackend(t *testing.T, bad int) *backend {
	t.Helper()
	b := &backend{bad: bad, how: http.StatusInternalServerError}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		m := message{header: r.Header, body: body}
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.bad--; b.bad >= 0 || err != nil || json.Unmarshal(body, &m) != nil {
			w.WriteHeader(b.how)
			return
		}
		b.got = append(b.got, m)
	}))
	t.Cleanup(server.Close)
	b.url = server.URL
	return b
}

// of are the messages of the type that were taken.
func (b *backend) of(typ string) []message {
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []message
	for _, m := range b.got {
		if m.Type == typ {
			found = append(found, m)
		}
	}
	return found
}

func TestOutgoingWebhooks_AreTheSignedStoryOfASignUp(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		r := startApp(t, func(a *app.App) { a.WebhookPrivate, a.DatabaseURL = true, database })
		admin, b := r.admin(), newBackend(t, 1)
		var made struct{ ID, Secret string }
		r.post("/v1/webhook-endpoints", admin,
			map[string]any{"url": b.url + "/hooks", "events": []string{"onboarding.completed", "account.*"}}).into(t, &made)
		began := time.Now()
		o := r.signUp("ada@example.com", "Acme", "starter")
		eventually(t, func() bool { return len(b.of("onboarding.completed")) == 1 && len(b.of("account.created")) == 1 },
			"the backend gets it")
		t.Logf("delivered %s after the sign-up, with one failure before", time.Since(began).Round(time.Millisecond))

		m := b.of("onboarding.completed")[0]
		verifier, err := standardwebhooks.NewWebhook(made.Secret)
		require.NoError(t, err)
		require.NoError(t, verifier.Verify(m.body, m.header))
		assert.Equal(t, m.ID, m.header.Get("webhook-id"))
		assert.Equal(t, o.Account.ID, m.AccountID)
		assert.NotContains(t, string(m.body), "ada")
		assert.Empty(t, b.of("subscription.created"), "nobody asked for that")

		path := "/v1/webhook-endpoints/" + made.ID
		var list struct{ Data []domain.WebhookDelivery }
		eventually(t, func() bool {
			r.get(path+"/deliveries?status=delivered", admin).into(t, &list)
			return len(list.Data) == 3
		}, "three deliveries are done")
		attempts := 0
		for _, d := range list.Data {
			attempts += d.Attempts
		}
		assert.Equal(t, 4, attempts, "one had to be tried again")

		require.Equal(t, http.StatusAccepted, r.post(path+"/deliveries/"+m.ID+"/redeliver", admin, nil).status)
		eventually(t, func() bool { return len(b.of("onboarding.completed")) == 2 }, "it is delivered once more")
		assert.Equal(t, m.ID, b.of("onboarding.completed")[1].ID)
		require.Equal(t, http.StatusAccepted, r.post(path+"/test", admin, nil).status)
		eventually(t, func() bool { return len(b.of("webhook.test")) == 1 }, "it is tested")
	})
}

func TestOutgoingWebhooks_RedeliveryDoesNotWaitForTheNextAttempt(t *testing.T) {
	r := startApp(t, func(a *app.App) { a.WebhookPrivate = true })
	admin, b := r.admin(), newBackend(t, 4) // the next attempt would be in minutes
	var made struct{ ID string }
	endpoint := map[string]any{"url": b.url, "events": []string{"account.created"}}
	r.post("/v1/webhook-endpoints", admin, endpoint).into(t, &made)
	r.signUp("ada@example.com", "Acme", "starter")
	path := "/v1/webhook-endpoints/" + made.ID + "/deliveries"
	var list struct{ Data []domain.WebhookDelivery }
	eventually(t, func() bool {
		r.get(path+"?status=delivering", admin).into(t, &list)
		return len(list.Data) == 1 && list.Data[0].NextAttemptAt != nil
	}, "an attempt failed")
	b.mu.Lock()
	b.bad = 0
	b.mu.Unlock()
	require.Equal(t, http.StatusAccepted, r.post(path+"/"+list.Data[0].EventID+"/redeliver", admin, nil).status)
	began := time.Now()
	eventually(t, func() bool { return len(b.of("account.created")) == 1 }, "it is delivered")
	assert.Less(t, time.Since(began), 4*time.Second, "the policy waits five seconds before the second attempt")
}

func TestOutgoingWebhooks_AreSentByAWorkerProcessOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Postgres(t))
	_, r := s.api()
	admin, b := r.admin(), newBackend(t, 0)
	a := r.post("/v1/webhook-endpoints", admin, map[string]any{"url": b.url, "events": []string{"account.created"}})
	assert.Equal(t, http.StatusUnprocessableEntity, a.status, "private addresses are refused by default")
	_, err := s.store.Stats()["write"].Exec(`INSERT INTO webhook_endpoints
		(id, url, secret, events, created_at, updated_at)
		VALUES ('whk_1', $1, 'whsec_AAAA', '["account.created"]', now(), now())`, b.url)
	require.NoError(t, err)
	o := r.accepted("ada@example.com", "Acme", "starter", "k")
	s.worker()
	r.until(o, domain.OnboardingCompleted)
	require.Eventually(t, func() bool {
		return s.count("SELECT count(*) FROM webhook_deliveries WHERE last_error = 'url_not_allowed' AND attempts > 0") == 1
	}, 60*time.Second, 20*time.Millisecond, "it is dispatched, and refused where it would be posted")
	assert.Empty(t, b.of("account.created"))
}

// endpointOf adds an endpoint at the URL that wants the events, and returns its id and its
// secret.
func (r *running) endpointOf(url string, events ...string) (id, secret string) {
	r.t.Helper()
	var made struct{ ID, Secret string }
	r.post("/v1/webhook-endpoints", r.admin(), map[string]any{"url": url, "events": events}).into(r.t, &made)
	return made.ID, made.Secret
}

// A dead endpoint, which answers nothing, holds up neither sign-ups nor another
// endpoint; each has one workflow, and that of an endpoint at rest has ended. One that is
// terminated by hand starts again.
func TestOutgoingWebhooks_ADeadEndpointHoldsUpNobody(t *testing.T) {
	r := startApp(t, func(a *app.App) { a.WebhookPrivate, a.ReconcileEvery = true, time.Second })
	const people = 10
	live := newBackend(t, 0)
	over := make(chan struct{})
	hangs := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		<-over
		w.WriteHeader(http.StatusBadGateway)
	}))
	t.Cleanup(hangs.Close)
	liveID, _ := r.endpointOf(live.url)
	deadID, _ := r.endpointOf(hangs.URL)
	for i := range people {
		r.signUp(fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("Company %d", i), "starter")
	}
	eventually(t, func() bool { return len(live.of("onboarding.completed")) == people }, "the live one gets all")
	r.waitClosed("deliveries-" + liveID)
	require.Zero(t, r.count("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = '"+liveID+
		"' AND (status <> 'delivered' OR attempts > 1)"))

	r.terminate("deliveries-" + deadID)
	back := newBackend(t, 0)
	url := r.url + "/v1/webhook-endpoints/" + deadID
	require.Equal(t, http.StatusOK, call(t, http.MethodPatch, url, r.admin(), map[string]any{"url": back.url}).status)
	close(over)
	eventually(t, func() bool { return len(back.of("onboarding.completed")) == people }, "it starts again, and brings all")
	r.waitClosed("deliveries-" + deadID)
	assert.Zero(t, r.count("SELECT count(*) FROM webhook_deliveries WHERE status <> 'delivered'"))
	assert.Equal(t, len(live.got), len(back.got))
}

// TestHistories_OfDeliveriesHoldNeitherURLNorSecret records deliveries for the
// replay test, too, with -record.
func TestHistories_OfDeliveriesHoldNeitherURLNorSecret(t *testing.T) {
	for name, answer := range map[string]struct{ bad, how int }{
		"deliveries": {0, 0}, "deliveries_gone": {1, http.StatusGone}, "deliveries_retried": {1, http.StatusBadGateway},
	} {
		r := startApp(t, func(a *app.App) { a.WebhookPrivate = true })
		b := newBackend(t, answer.bad)
		b.how = answer.how
		id, secret := r.endpointOf(b.url+"/"+paperWord, "account.created")
		r.person(30, "starter")
		eventually(t, func() bool {
			return r.count("SELECT count(*) FROM webhook_deliveries WHERE status IN ('delivered', 'failed')") == 1
		}, "it is posted")
		h := r.closedHistory("deliveries-" + id)
		keepAndRead(t, map[string]*historypb.History{name: h})
		text, err := protojson.Marshal(h)
		require.NoError(t, err)
		readable := strings.ToLower(decodePayloads(string(text)))
		for _, word := range []string{
			paperWord, "127.0.0.1", "http://", secret, "whsec_", ownWord, emailWord, secretWord,
		} {
			assert.NotContains(t, readable, strings.ToLower(word), name)
		}
		assert.Contains(t, readable, "events to whk_", "the summary")
		if name == "deliveries" {
			assert.LessOrEqual(t, len(h.GetEvents()), 12, "what a run from rest costs, however many events it brings")
		}
	}
}
