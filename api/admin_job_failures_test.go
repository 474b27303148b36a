package api

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// putAside has items of the job fail for a reason that names a person.
func (w *world) putAside(job domain.Job, items ...string) {
	w.t.Helper()
	round := &store.Round{Store: w.store, Job: job, Heartbeat: func() {}, Failed: func(string, error) {}}
	itself := func(item *string) string { return *item }
	bad := func(context.Context, *string) error { return errors.New("no customer ada@example.com") }
	require.NoError(w.t, store.Each(w.t.Context(), round, items, itself, bad))
}

func TestJobFailures_StaffSeeWhatIsPutAsideAndHaveItTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call, _ := w.described()
	w.putAside(domain.JobRouteEvents, "stripe/evt_1", "stripe/evt_2")
	w.putAside(domain.JobStartBillings, "sub_1")
	const path = "/v1/admin/job-failures"
	list := call("GET", path, w.admin, nil).ok(200)
	assert.Len(t, list.rows(), 3)
	assert.NotContains(t, list.raw, "ada@example.com")
	page := call("GET", path+"?job=route_events&limit=1", w.admin, nil).ok(200)
	newest := page.rows()[0]
	assert.Equal(t, "stripe/evt_2", newest["item_id"])
	assert.Equal(t, "internal", newest["code"])
	assert.Equal(t, domain.Text(domain.TextInWorkersLog), newest["detail"])
	next := call("GET", path+"?job=route_events&limit=1&cursor="+page.text("next_cursor"), w.admin, nil).ok(200)
	assert.Equal(t, "stripe/evt_1", next.rows()[0]["item_id"])
	call("GET", path+"?job=nonsense", w.admin, nil).problem(422, "invalid")
	call("GET", path, w.signUp("ada").text("client_secret"), nil).problem(403, "forbidden")

	due := func(job domain.Job) int {
		items, err := w.store.At(w.store.Now()).DueAgain(t.Context(), job, 10)
		require.NoError(t, err)
		return len(items)
	}
	require.Zero(t, due(domain.JobRouteEvents))
	one := path + "/" + newest["id"].(string) + "/retry"
	for range 2 {
		retried := call("POST", one, w.backend(), map[string]any{"reason": "the key was corrected"}).ok(200)
		assert.Equal(t, map[string]any{"object": "job_retry", "job": "route_events", "retried": 1.0}, retried.body)
		assert.Equal(t, 1, due(domain.JobRouteEvents))
	}
	call("POST", path+"/jf_nothing/retry", w.admin, nil).problem(404, "not_found")
	call("POST", path+"/retry", w.admin, map[string]any{}).problem(422, "invalid")
	call("POST", path+"/retry", w.admin, map[string]any{"job": "nonsense"}).problem(422, "invalid")

	for _, replayed := range []string{"", "true"} {
		all := call("POST", path+"/retry", w.admin, map[string]any{"job": "route_events"}, "Idempotency-Key", "all").ok(200)
		assert.EqualValues(t, 2, all.at("retried"))
		assert.Equal(t, replayed, all.header.Get("Idempotent-Replayed"))
	}
	call("POST", path+"/retry", w.admin, map[string]any{"job": "start_billings"}, "Idempotency-Key", "all").
		problem(422, domain.ReasonIdempotencyKeyReused)
	assert.Equal(t, 2, due(domain.JobRouteEvents))
	assert.Zero(t, due(domain.JobStartBillings), "another job's items wait for their time")

	events := w.audited(domain.EventJobRetried)
	require.Len(t, events, 3, "a replay leaves none")
	first := events[len(events)-1]
	assert.Equal(t, domain.ActorAPIKey, first.ActorType)
	assert.Equal(t, "the key was corrected", first.Reason)
	assert.Equal(t, map[string]any{"job": "route_events", "item": "stripe/evt_2", "retried": 1.0}, first.Data)
}

func TestJobFailures_ADoctorsLineNamesTheCallsThatHelp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.putAside(domain.JobRouteEvents, "stripe/evt_1")
	line := func() domain.Check {
		for _, check := range w.store.Checks(t.Context()) {
			if check.Name == "reconcile_put_aside" {
				return check
			}
		}
		return domain.Check{}
	}
	assert.Equal(t, domain.CheckWarn, line().Status)
	routes := w.api.huma.OpenAPI().Paths
	for _, path := range []string{"/v1/admin/job-failures", "/v1/admin/job-failures/retry"} {
		assert.Contains(t, line().Fix, path)
		assert.NotNil(t, routes[path])
	}
	require.NoError(t, w.store.CompleteRound(t.Context(), &domain.JobRound{
		Job: domain.JobRouteEvents, StartedAt: w.store.Now().Add(time.Minute),
	}))
	assert.Equal(t, domain.CheckOK, line().Status, "the job finds it no more")
}
