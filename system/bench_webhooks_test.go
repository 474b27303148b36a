//go:build bench && !nodev

package system

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"slipway/app"
)

// How many rounds there are, how many sign-ups of each kind one has, and how many are
// under way at once.
const (
	webhookRounds   = 7
	webhookSignups  = 40
	webhookInFlight = 4
)

// webhooks compares sign-ups with three endpoints, one that takes every event, one that
// refuses connections and one that never answers, with sign-ups without any: the same
// program twice, in turn.
func (b *bench) webhooks() {
	b.t.Run("webhooks", func(t *testing.T) {
		start := func() *bench {
			return &bench{t: t, running: startApp(t, func(a *app.App) { a.WebhookPrivate, a.ReconcileEvery = true, time.Hour })}
		}
		without, with := start(), start()
		live, _ := with.endpointOf(receiver(t, func(http.ResponseWriter, *http.Request) {}).URL)
		refuses := receiver(t, func(http.ResponseWriter, *http.Request) {})
		refuses.Close()
		with.endpointOf(refuses.URL)
		with.endpointOf(receiver(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }).URL)
		var floors, ours []timing
		for round := range webhookRounds + 1 { // the first one warms up
			floor := without.load(webhookSignups, webhookInFlight, without.trial)
			our := with.load(webhookSignups, webhookInFlight, with.trial)
			eventually(t, func() bool {
				return with.count("SELECT count(*) FROM webhook_deliveries WHERE endpoint_id = '"+live+
					"' AND status <> 'delivered'") == 0
			}, "the live endpoint gets all")
			t.Logf("without endpoints %s, with three %s", ms(floor.p50), ms(our.p50))
			if round > 0 {
				floors, ours = append(floors, floor), append(ours, our)
			}
		}
		b.atMost("trial sign-up with three endpoints, live and dead, 4 at once, p50, vs one without endpoints",
			middle(ours), middle(floors), 1.3)
	})
}

// receiver answers webhooks so, once it has read them.
func receiver(t *testing.T, answer http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			answer(w, r)
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server
}

// middle is the median of the rounds' p50.
func middle(timings []timing) time.Duration {
	p50 := make([]time.Duration, len(timings))
	for i, t := range timings {
		p50[i] = t.p50
	}
	slices.Sort(p50)
	return p50[len(p50)/2]
}
