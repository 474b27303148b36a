//go:build !nodev

package system

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
	"slipway/store"
)

// hook is a webhook of the sandbox's, as it is posted.
type hook struct {
	ID        string    `json:"id"`
	Type      string    `json:"type"`
	Key       string    `json:"key"`
	CreatedAt time.Time `json:"created_at"`
}

// hooked posts a webhook, signed with the secret at the time, and returns the
// answer's status.
func (r *running) hooked(h hook, secret []byte, at time.Time) int {
	r.t.Helper()
	signer, err := standardwebhooks.NewWebhookRaw(secret)
	require.NoError(r.t, err)
	body, err := json.Marshal(h)
	require.NoError(r.t, err)
	signature, err := signer.Sign(h.ID, at, body)
	require.NoError(r.t, err)
	req, err := http.NewRequest(http.MethodPost, r.url+"/webhooks/sandbox", bytes.NewReader(body))
	require.NoError(r.t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(standardwebhooks.HeaderWebhookID, h.ID)
	req.Header.Set(standardwebhooks.HeaderWebhookTimestamp, strconv.FormatInt(at.Unix(), 10))
	req.Header.Set(standardwebhooks.HeaderWebhookSignature, signature)
	resp, err := testHTTP.Do(req)
	require.NoError(r.t, err)
	require.NoError(r.t, resp.Body.Close())
	return resp.StatusCode
}

// hookSecret is what the app's sandbox signs with.
func (r *running) hookSecret() []byte {
	r.t.Helper()
	key, err := r.app.Key(true)
	require.NoError(r.t, err)
	return app.SandboxSecret(key)
}

// 12. Webhooks come twice, in the wrong order, late, before our row, and after
// the workflow has closed: each is stored once, and nothing happens twice. What
// nobody signed, or not lately, is refused.
func TestFault12_WebhooksInEveryWrongWay(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	secret, now := r.hookSecret(), time.Now()
	o := r.pays("ada@example.com", "growth", "tok_3ds")
	asked := r.untilAction(o, domain.NextConfirmPayment)
	key := r.payments(o.Account.ID)[0].Key

	// Forged, stale, from the future: refused and not stored.
	event := hook{ID: "sev_1", Type: "charge.succeeded", Key: key, CreatedAt: now}
	assert.Equal(t, http.StatusUnauthorized, r.hooked(event, []byte("another secret"), now))
	assert.Equal(t, http.StatusUnauthorized, r.hooked(event, secret, now.Add(-time.Hour)))
	assert.Equal(t, http.StatusUnauthorized, r.hooked(event, secret, now.Add(time.Hour)))
	assert.Zero(t, r.count("SELECT count(*) FROM provider_events WHERE event_id = 'sev_1'"))

	// Said to have succeeded, which is not so: it is looked up, not believed.
	assert.Equal(t, http.StatusNoContent, r.hooked(event, secret, now))
	assert.Equal(t, http.StatusNoContent, r.hooked(event, secret, now), "the same again")
	eventually(t, func() bool { return r.onboarding(o).Version > asked.Version }, "it is looked up")
	assert.NotEqual(t, domain.OnboardingCompleted, r.onboarding(o).Status)

	// For a key whose row does not exist yet, and for what was never ours.
	assert.Equal(t, http.StatusNoContent,
		r.hooked(hook{ID: "sev_2", Type: "charge.succeeded", Key: store.NewID("in") + "/1", CreatedAt: now}, secret, now))
	assert.Equal(t, http.StatusNoContent,
		r.hooked(hook{ID: "sev_3", Type: "customer.updated", CreatedAt: now}, secret, now))
	eventually(t, func() bool { return r.count("SELECT count(*) FROM provider_events WHERE processed_at IS NULL") == 0 },
		"all are done with")

	// Confirmed, and announced twenty times at once, in every order.
	require.NoError(t, r.confirm(asked.NextAction.URL, "confirm"))
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := []string{"charge.succeeded", "charge.created", "charge.failed", "charge.refunded"}[i%4]
			assert.Equal(t, http.StatusNoContent,
				r.hooked(hook{ID: "sev_many_" + strconv.Itoa(i), Type: name, Key: key, CreatedAt: now}, secret, now))
		})
	}
	wg.Wait()
	r.until(o, domain.OnboardingCompleted)
	_ = r.app.Temporal.GetWorkflow(context.Background(), "signup-"+o.ID, "").Get(context.Background(), nil)

	// Late, for a workflow that has closed.
	for i := range 5 {
		assert.Equal(t, http.StatusNoContent,
			r.hooked(hook{ID: "sev_late_" + strconv.Itoa(i), Type: "charge.succeeded", Key: key, CreatedAt: now}, secret, now))
	}
	eventually(t, func() bool { return r.count("SELECT count(*) FROM provider_events WHERE processed_at IS NULL") == 0 },
		"all are done with")
	assert.Equal(t, 1, r.count("SELECT count(*) FROM events WHERE type = 'payment.succeeded'"))
	assert.Equal(t, 1, r.count("SELECT count(*) FROM credits"))
	r.sound()
}

// 12. A charge that succeeds after its onboarding was given up is refunded, by
// its webhook.
func TestFault12_ConfirmedWhileItIsGivenUp(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			o := r.pays("p"+strconv.Itoa(i)+"@example.com", "growth", "tok_3ds")
			page := r.untilAction(o, domain.NextConfirmPayment).NextAction.URL
			var race sync.WaitGroup
			race.Go(func() { assert.NoError(t, r.confirm(page, "confirm")) })
			race.Go(func() {
				_, err := try(http.MethodPost, r.url+"/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, nil)
				assert.NoError(t, err)
			})
			race.Wait()
			eventually(t, func() bool { return r.onboarding(o).Done }, "it ends")
		})
	}
	wg.Wait()
	r.sound()
}
