package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func (h *hooked) disabledEvents() []domain.Event {
	h.t.Helper()
	list, err := h.store.ListEvents(h.t.Context(), store.EventFilter{Type: string(domain.EventEndpointDisabled)})
	require.NoError(h.t, err)
	return list.Data
}

func TestDeliver_GoneDisablesAtOnce(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusGone)
	result := twice(h.fixture, h.deliver)
	assert.Equal(t, failed(1, 410, "gone"), result)
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
	assert.Equal(t, failed(11, 500, "http_error"), result)
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
	h.exec("UPDATE webhook_deliveries SET started_at = ?", h.store.Now())
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
