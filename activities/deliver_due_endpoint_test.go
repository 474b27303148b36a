package activities_test

import (
	"context"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/activities"
	"slipway/domain"
)

// Whatever becomes of the endpoint while it works counts for the next post.
func TestDeliverDue_AChangeOfTheEndpointCountsAtOnce(t *testing.T) {
	t.Parallel()
	const next = "whsec_c2Vjb25kLXNlY3JldC1vZi10aGUtZW5kcG9pbnQ="
	for name, c := range map[string]struct {
		change  func(h *hooked)
		posts   int64
		lastErr string // of what was not posted
		failed  int
	}{
		"disabled": {func(h *hooked) {
			w := h.endpoint()
			w.Disable(domain.DisabledByHand)
			assert.NoError(h.t, h.store.SaveEndpoint(context.Background(), w))
		}, 1, "endpoint_disabled", 4},
		"removed": {func(h *hooked) {
			assert.NoError(h.t, h.store.DeleteEndpoint(context.Background(), h.in.EndpointID))
		}, 1, "endpoint_deleted", 5}, // that under way too: nobody asks for it any more
		"another secret": {func(h *hooked) {
			w := h.endpoint()
			w.Secret = next
			assert.NoError(h.t, h.store.SaveEndpoint(context.Background(), w))
		}, 5, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newQueue(t, http.StatusOK)
			h.use(func(a *activities.Config) { a.Pace.AtOnce = 1 })
			var change sync.Once
			signatures := map[string]bool{}
			h.answers(func(_ http.ResponseWriter, r *http.Request) {
				change.Do(func() { c.change(h) })
				signatures[r.Header.Get("webhook-signature")] = true
			})
			for range 5 {
				h.commits()
			}
			assert.Zero(t, h.due().Wait, "nothing is left")
			assert.Equal(t, c.posts, h.posts.Load())
			assert.Len(t, signatures, int(c.posts))
			assert.Equal(t, c.failed, h.count(
				"SELECT count(*) FROM webhook_deliveries WHERE status = 'failed' AND last_error = ?", c.lastErr))
		})
	}
}

func TestDeliverDue_GoneDisablesAndEndsTheRest(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusGone)
	for range 10 {
		h.commits()
	}
	result := h.due()
	assert.Equal(t, 10, result.GivenUp)
	assert.Zero(t, result.Wait)
	assert.LessOrEqual(t, h.posts.Load(), int64(3), "those that were under way")
	assert.Equal(t, domain.DisabledGone, h.endpoint().DisabledReason)
	assert.Len(t, h.disabledEvents(), 1)
}

func TestDeliverDue_FiveDaysOfFailuresDisable(t *testing.T) {
	t.Parallel()
	h := newQueue(t, http.StatusInternalServerError)
	h.commits()
	h.due()
	h.clock.forward(domain.DisableAfter)
	h.exec("DELETE FROM webhook_deliveries")
	id := h.commits()
	for range 8 {
		h.clock.forward(h.due().Wait)
	}
	assert.True(t, h.endpoint().Enabled, "this delivery has not failed for long")
	assert.Equal(t, 8, h.delivery(id).Attempts)
	assert.Equal(t, 1, h.due().GivenUp)
	assert.Equal(t, domain.DisabledFailing, h.endpoint().DisabledReason)
}
