package sandbox_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/sandbox"
)

// receiver is our side of the webhooks: it keeps what comes, and answers as the test says.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	events []payment.Event
	fail   int // as many more webhooks are answered with 500
	hangs  bool
}

// receive starts a receiver that verifies what comes like a client does.
func receive(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	reader := sandbox.New(sandbox.Config{WebhookSecret: secret})
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		if r.hangs {
			<-req.Context().Done()
			return
		}
		e, err := reader.Event(req.Header, body, time.Now())
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil || r.fail > 0 {
			r.fail--
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		r.events = append(r.events, e)
	}))
	t.Cleanup(r.Close)
	return r
}

// names are the names of the events about the key, as they came.
func (r *receiver) names(key string) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	names := []string{}
	for _, e := range r.events {
		if e.Key == key {
			names = append(names, e.Name)
		}
	}
	return names
}

func (r *receiver) requireEvents(t *testing.T, key string, names ...string) {
	t.Helper()
	require.EventuallyWithT(t, func(t *assert.CollectT) { assert.Equal(t, names, r.names(key)) }, 10*time.Second,
		10*time.Millisecond)
}

func (r *receiver) of(c *sandbox.ServerConfig) { c.WebhookURL = r.URL }

func TestSandboxWebhooks_AnnounceEveryChangeInOrder(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := open(t, r.of)
	ok := c.attach(t, "tok_ok")
	for i := range 20 {
		c.charged(t, chargeOf(ok, fmt.Sprintf("in_%d/1", i)))
	}
	c.charged(t, chargeOf(ok, "in_0/1")) // a repetition changes nothing
	c.charged(t, chargeOf(c.attach(t, "tok_declined_funds"), "in_funds/1"))
	m := c.attach(t, "tok_3ds")
	submit(t, c.charged(t, chargeOf(m, "in_yes/1")).ActionURL, "decision", "confirm")
	submit(t, c.charged(t, chargeOf(m, "in_no/1")).ActionURL, "decision", "decline")
	c.charged(t, chargeOf(m, "in_back/1"))
	for _, key := range []string{"in_0/1", "in_back/1"} {
		_, err := c.Refund(t.Context(), payment.Refund{Key: "re_" + key, Charge: key})
		require.NoError(t, err)
	}
	submit(t, setUp(t, c, "").URL, "token", "tok_ok")

	r.requireEvents(t, "in_0/1", "charge.created", "charge.succeeded", "charge.refunded")
	r.requireEvents(t, "in_19/1", "charge.created", "charge.succeeded")
	r.requireEvents(t, "in_funds/1", "charge.created", "charge.failed")
	r.requireEvents(t, "in_yes/1", "charge.created", "charge.succeeded")
	r.requireEvents(t, "in_no/1", "charge.created", "charge.failed")
	r.requireEvents(t, "in_back/1", "charge.created", "charge.canceled")
	r.requireEvents(t, "setup/1", "setup.completed")
	seen := map[string]bool{}
	for _, e := range r.events {
		assert.False(t, seen[e.ID], "an id of its own")
		seen[e.ID] = true
	}
}

func TestSandboxWebhooks_ChaosIsLateTwiceAndBackwards(t *testing.T) {
	t.Parallel()
	r := receive(t)
	c := open(t, r.of)
	o := c.charged(t, chargeOf(c.attach(t, "tok_webhook_chaos"), "in_1/1"))
	assert.Equal(t, payment.StatusSucceeded, o.Status)
	r.requireEvents(t, "in_1/1", "charge.succeeded", "charge.succeeded", "charge.created", "charge.created")
	assert.Equal(t, r.events[0].ID, r.events[1].ID, "the same event, twice")
	assert.Equal(t, r.events[2].ID, r.events[3].ID)
}

func TestSandboxWebhooks_ComeAgainWhenTheyWereNotTaken(t *testing.T) {
	t.Parallel()
	r := receive(t)
	r.fail = 4
	c := open(t, r.of)
	c.charged(t, chargeOf(c.attach(t, "tok_ok"), "in_1/1"))
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		assert.ElementsMatch(t, []string{"charge.created", "charge.succeeded"}, r.names("in_1/1"))
	}, 10*time.Second, 10*time.Millisecond)
}

func TestSandboxWebhooks_NotSentYetAreSentByTheNextServer(t *testing.T) {
	t.Parallel()
	deaf, r := receive(t), receive(t)
	deaf.hangs = true
	file := filepath.Join(t.TempDir(), "sandbox.db")
	first := open(t, deaf.of, func(c *sandbox.ServerConfig) { c.File = file })
	first.charged(t, chargeOf(first.attach(t, "tok_ok"), "in_1/1"))
	began := time.Now()
	first.close(t)
	assert.Less(t, time.Since(began), time.Second, "what hangs is let go")
	open(t, r.of, func(c *sandbox.ServerConfig) { c.File = file })
	r.requireEvents(t, "in_1/1", "charge.created", "charge.succeeded")
}

func TestSandboxWebhooks_WithoutASecretNothingIsBelieved(t *testing.T) {
	t.Parallel()
	now := time.Now()
	body := event(payment.EventCharge, "in_1/1")
	// Anybody can sign with no secret at all.
	_, err := sandbox.New(sandbox.Config{}).Event(signWith(nil, body, now), body, now)
	assert.Equal(t, payment.ClassForged, payment.ClassOf(err))
}
