package api

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/store"
)

func TestStatus_IsOneStatementWhileItRunsAndNeverTemporal(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r, done := w.signUp("acme", "plan", "growth"), w.signUp("other")
	var statements atomic.Int64
	w.store.OnStatement(func(context.Context) { statements.Add(1) })
	w.flows.set(func() { w.flows.away = true })
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200)
	assert.EqualValues(t, 1, statements.Load())

	require.Equal(t, true, done.at("done"))
	statements.Store(0)
	w.call("GET", "/v1/onboardings/"+done.text("id"), done.text("client_secret"), nil).ok(200)
	assert.EqualValues(t, 2, statements.Load(), "and one more for what became of it since it completed")
}

func TestStatus_IsNotSentAgainToWhoHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	path, secret := "/v1/onboardings/"+r.text("id"), r.text("client_secret")
	first := w.call("GET", path, secret, nil).ok(200)
	etag := first.header.Get("ETag")
	assert.Equal(t, "private, no-cache", first.header.Get("Cache-Control"))
	for _, have := range []string{etag, "W/" + etag, `"x", ` + etag, "*"} {
		again := w.call("GET", path, secret, nil, "If-None-Match", have).ok(304)
		assert.Empty(t, again.raw)
		assert.Equal(t, etag, again.header.Get("ETag"))
	}
	w.touch(r.text("id"))
	changed := w.call("GET", path, secret, nil, "If-None-Match", etag).ok(200)
	assert.NotEqual(t, etag, changed.header.Get("ETag"))
}

// touch changes the onboarding without changing what it says.
func (w *world) touch(id string) {
	w.t.Helper()
	ctx := context.Background()
	require.NoError(w.t, w.store.Within(ctx, func(tx *store.Store) error {
		o, err := tx.LockOnboarding(ctx, id)
		if err != nil {
			return err
		}
		o.Touch(tx.Now())
		return tx.SaveOnboarding(ctx, o)
	}))
}

// eventually waits, bounded, for what another goroutine brings about.
func eventually(t *testing.T, condition func() bool) {
	t.Helper()
	require.Eventually(t, condition, 10*time.Second, time.Millisecond)
}

func TestLongPoll_AnswersAtTheNextVersion(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	have := w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200).header.Get("ETag")
	answer := make(chan *reply, 1)
	go func() {
		answer <- w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil, "Prefer", "wait=60",
			"If-None-Match", have)
	}()
	eventually(t, func() bool { return w.store.Watchers() == 1 })
	w.touch(r.text("id"))
	got := <-answer
	got.ok(200)
	assert.NotEqual(t, have, got.header.Get("ETag"))
	assert.Equal(t, "wait=30", got.header.Get("Preference-Applied"), "clamped")
	assert.Zero(t, w.store.Watchers())
}

func TestLongPoll_WithoutAVersionWaitsUntilSomebodyHasToAct(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.flows.set(func() { w.flows.away = true })
	r := w.call("POST", "/v1/onboardings", "", person("acme", "plan", "growth")).ok(202)
	answer := make(chan *reply, 1)
	go func() {
		answer <- w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil, "Prefer",
			"respond-async, wait=20")
	}()
	eventually(t, func() bool { return w.store.Watchers() == 1 })
	w.flows.set(func() { w.flows.away = false })
	require.NoError(t, w.flows.Begin(context.Background(), w.onboarding(r.text("id"))))
	assert.Equal(t, "awaiting_payment", (<-answer).ok(200).at("status"))
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil, "Prefer", "wait=20").ok(200)
}

func TestLongPoll_OutlastsTheServersReadTimeoutAndEndsWithNothingNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	server := httptest.NewUnstartedServer(w.api.Handler())
	server.Config.ReadTimeout = 50 * time.Millisecond
	server.Start()
	defer server.Close()
	request, err := http.NewRequest("GET", server.URL+"/v1/onboardings/"+r.text("id"), nil)
	require.NoError(t, err)
	request.Header = http.Header{
		"Authorization": {"Bearer " + r.text("client_secret")}, "Prefer": {"wait=1"},
		"If-None-Match": {etagOf(w.onboarding(r.text("id")))},
	}
	start := time.Now()
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	assert.Equal(t, http.StatusNotModified, response.StatusCode)
	assert.GreaterOrEqual(t, time.Since(start), time.Second)
}

func TestLongPoll_EndsWithTheServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	server, end := w.serve(t)
	request, err := http.NewRequest("GET", server.URL+"/v1/onboardings/"+r.text("id"), nil)
	require.NoError(t, err)
	request.Header = http.Header{
		"Authorization": {"Bearer " + r.text("client_secret")}, "Prefer": {"wait=30"},
		"If-None-Match": {etagOf(w.onboarding(r.text("id")))},
	}
	status := make(chan int, 1)
	go func() {
		response, err := server.Client().Do(request)
		if err != nil {
			status <- 0
			return
		}
		status <- response.StatusCode
		_ = response.Body.Close()
	}()
	eventually(t, func() bool { return w.store.Watchers() == 1 })
	end()
	assert.Equal(t, http.StatusNotModified, <-status)
}

// serve answers on a real connection, as the app does: end ends what is open.
func (w *world) serve(t *testing.T) (server *httptest.Server, end func()) {
	t.Helper()
	open, end := context.WithCancel(context.Background())
	server = httptest.NewUnstartedServer(w.api.Handler())
	server.Config.BaseContext = func(net.Listener) context.Context { return open }
	server.Start()
	t.Cleanup(func() {
		end()
		server.Close()
	})
	return server, end
}

// eventStream reads server-sent events.
type eventStream struct {
	t        *testing.T
	response *http.Response
	lines    *bufio.Scanner
}

func (w *world) stream(t *testing.T, server *httptest.Server, id, bearer string, headers ...string) *eventStream {
	t.Helper()
	request, err := http.NewRequest("GET", server.URL+"/v1/onboardings/"+id+"/events", nil)
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+bearer)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := server.Client().Do(request)
	require.NoError(t, err)
	t.Cleanup(func() { _ = response.Body.Close() })
	return &eventStream{t: t, response: response, lines: bufio.NewScanner(response.Body)}
}

// next is the next event's fields, or nil at the end.
func (e *eventStream) next() map[string]string {
	e.t.Helper()
	fields := map[string]string{}
	for e.lines.Scan() {
		name, value, _ := strings.Cut(e.lines.Text(), ": ")
		switch {
		case e.lines.Text() == "" && fields["data"] != "":
			return fields
		case name != "":
			fields[name] = value
		}
	}
	return nil
}

func TestStream_SendsEachVersionAndEndsWhenDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, _ := w.serve(t)
	r := w.signUp("acme", "plan", "growth")
	id := r.text("id")
	version := w.onboarding(id).Version
	s := w.stream(t, server, id, r.text("client_secret"))
	assert.Equal(t, "text/event-stream", s.response.Header.Get("Content-Type"))

	first := s.next()
	assert.Equal(t, "onboarding", first["event"])
	assert.Equal(t, strconv.FormatInt(version, 10), first["id"])
	assert.Contains(t, first["data"], `"status":"awaiting_payment"`)
	assert.NotContains(t, first["data"], "client_secret")

	w.touch(id)
	assert.Equal(t, strconv.FormatInt(version+1, 10), s.next()["id"])
	w.call("POST", "/v1/onboardings/"+id+"/cancel", r.text("client_secret"), nil).ok(200)
	assert.Contains(t, s.next()["data"], `"status":"canceled"`)
	assert.Equal(t, "end", s.next()["event"], "which says that nothing more comes")
	assert.Nil(t, s.next())
	version = w.onboarding(id).Version
	again := w.stream(t, server, id, r.text("client_secret"), "Last-Event-ID", strconv.FormatInt(version, 10))
	assert.Equal(t, http.StatusNoContent, again.response.StatusCode, "a browser that comes back stays away then")
	eventually(t, func() bool { return w.store.Watchers() == 0 })
}

func TestStream_DoesNotRepeatWhatTheClientHas(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, _ := w.serve(t)
	r := w.signUp("acme", "plan", "growth")
	version := w.onboarding(r.text("id")).Version
	s := w.stream(t, server, r.text("id"), r.text("client_secret"), "Last-Event-ID", strconv.FormatInt(version, 10))
	eventually(t, func() bool { return w.store.Watchers() == 1 })
	w.touch(r.text("id"))
	assert.Equal(t, strconv.FormatInt(version+1, 10), s.next()["id"])
}

func TestStream_AsksNothingWhileNothingChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var statements atomic.Int64
	w.store.OnStatement(func(context.Context) { statements.Add(1) })
	server, _ := w.serve(t)
	watched, busy := w.signUp("watched", "plan", "growth"), w.signUp("busy", "plan", "growth")
	var streams []*eventStream
	for range 20 {
		s := w.stream(t, server, watched.text("id"), watched.text("client_secret"))
		require.NotNil(t, s.next())
		streams = append(streams, s)
	}
	before := statements.Load()
	w.touch(busy.text("id")) // another onboarding's change ends no wait
	assert.EqualValues(t, before+2, statements.Load())
	w.touch(watched.text("id"))
	for _, s := range streams {
		require.NotNil(t, s.next())
	}
	assert.EqualValues(t, before+4+20, statements.Load(), "each watcher read once")
}

func TestStream_EndsWithTheServerAndRefusesStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, end := w.serve(t)
	r, other := w.signUp("acme", "plan", "growth"), w.signUp("other", "plan", "growth")
	assert.Equal(t, 404, w.stream(t, server, r.text("id"), other.text("client_secret")).response.StatusCode)
	assert.Equal(t, 401, w.stream(t, server, r.text("id"), "nonsense").response.StatusCode)
	s := w.stream(t, server, r.text("id"), r.text("client_secret"))
	require.NotNil(t, s.next())
	end()
	assert.Nil(t, s.next())
}
