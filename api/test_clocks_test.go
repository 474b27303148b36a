package api

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// arrive sets the clock to where it was going, as its workflow does.
func (w *world) arrive(id string) {
	w.t.Helper()
	clock, err := w.store.TestClockByID(w.t.Context(), id)
	require.NoError(w.t, err)
	clock.Now, clock.Target, clock.Status = *clock.Target, nil, domain.ClockReady
	require.NoError(w.t, w.store.SaveTestClock(w.t.Context(), clock))
}

func TestTestClock_NeverPassesTheLastTimeItMayShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2098-06-01T00:00:00Z"}).ok(201).text("id")
	path := "/v1/test-clocks/" + id
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2099-12-31T23:59:59Z"}).ok(200)
	w.arrive(id)
	for _, to := range []string{"2100-01-01T00:00:00Z", "2101-06-01T00:00:00Z"} {
		refusesField(t, w.call("POST", path+"/advance", w.admin, map[string]any{"to": to}), "body.to")
	}
	r := w.call("GET", path, w.admin, nil).ok(200)
	assert.Equal(t, "ready", r.text("status"), "nothing is written")
	assert.Equal(t, "2099-12-31T23:59:59Z", r.text("now"))
}

func TestTestClock_ReadingOneThatNobodyMovesTellsItsWorkflowAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2026-01-31T10:00:00Z"}).ok(201).text("id")
	path := "/v1/test-clocks/" + id
	read := func() { w.t.Helper(); w.call("GET", path, w.admin, nil).ok(200) }
	older := func() {
		_, err := w.store.Stats()["write"].Exec("UPDATE test_clocks SET updated_at = ?", w.store.Now().Add(-clockStale))
		require.NoError(t, err)
	}
	older()
	read()
	assert.Empty(t, w.flows.advanced, "it stands and is to stand")

	w.flows.set(func() { w.flows.away = true })
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-02-28T10:00:00Z"}).problem(503, "unavailable")
	older()
	read() // answers although Temporal is away
	assert.Contains(t, w.log.String(), "told to move later")

	w.flows.set(func() { w.flows.away = false })
	read()
	assert.Empty(t, w.flows.advanced, "not again so soon")
	older()
	read()
	read()
	assert.Equal(t, []string{id}, w.flows.advanced, "once, however often it is read")

	w.arrive(id)
	older()
	read()
	assert.Len(t, w.flows.advanced, 1, "it has arrived")
}
