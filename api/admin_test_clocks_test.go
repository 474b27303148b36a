package api

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

func TestTestClock_RefusesWhereItCannotGo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, now := range []string{"1999-01-01T00:00:00Z", "2100-01-01T00:00:00Z", "yesterday"} {
		w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": now}).problem(422, "invalid")
	}
	clock := w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2026-01-31T10:00:00Z"}).ok(201)
	path := "/v1/test-clocks/" + clock.text("id")
	for _, to := range []string{"2026-01-31T09:00:00Z", "2029-01-31T10:00:00Z"} {
		w.call("POST", path+"/advance", w.admin, map[string]any{"to": to}).problem(422, "invalid")
	}
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-01-31T10:00:00Z"}).ok(200)
	assert.Empty(t, w.flows.advanced, "it is there")
	for range 2 {
		moving := w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-02-28T10:00:00Z"}).ok(200)
		assert.Equal(t, "advancing", moving.text("status"))
	}
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-03-28T10:00:00Z"}).
		problem(409, domain.ReasonInvalidTransition)
	w.call("GET", "/v1/test-clocks", w.admin, nil).ok(200)
	w.call("GET", "/v1/test-clocks/clk_nothing", w.admin, nil).problem(404, "not_found")

	w.call("POST", "/v1/onboardings", "", person("a", "test_clock", "clk_nothing")).problem(422, "invalid")
	bound := w.signUp("b", "plan", "starter", "test_clock", clock.text("id"))
	sub, err := w.store.SubscriptionByID(t.Context(), bound.text("subscription.id"))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 1, 31, 10, 0, 0, 0, time.UTC), sub.CreatedAt)
	assert.Equal(t, clock.text("id"), sub.TestClockID)
}

func TestTestClock_IsNotThereUnlessEnabled(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.TestClocks = false })
	w.call("POST", "/v1/test-clocks", w.admin, map[string]any{"now": "2026-01-31T10:00:00Z"}).problem(404, "not_found")
	w.call("POST", "/v1/onboardings", "", person("a", "test_clock", store.NewID(domain.PrefixTestClock))).
		problem(422, "invalid")
}

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

func TestTestClock_ReadingOneThatNobodyMovesSignalsItsWorkflow(t *testing.T) {
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
	assert.Empty(t, w.flows.advanced, "it is not on its way")

	w.flows.set(func() { w.flows.away = true })
	w.call("POST", path+"/advance", w.admin, map[string]any{"to": "2026-02-28T10:00:00Z"}).problem(503, "unavailable")
	older()
	read() // answers although Temporal is away
	assert.Contains(t, w.log.String(), "is signaled later")

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
