package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/store"
)

// world is an API over a database of its own.
type world struct {
	t     testing.TB
	api   *API
	store *store.Store
	flows *flows
	admin string // an admin's bearer
	log   *lockedBuffer
}

// lockedBuffer is a log that a test may read while handlers write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// cheap makes a password hash cost next to nothing.
var cheap = argon2id.Params{Memory: 64, Iterations: 1, Parallelism: 1}

const sandboxKey = "a key of the sandbox"

// sandboxURL is the URL of a payment sandbox that all tests share.
var sandboxURL = sync.OnceValue(func() string {
	server, err := sandbox.NewServer(sandbox.ServerConfig{APIKey: sandboxKey, NoSync: true})
	if err != nil {
		panic(err)
	}
	return httptest.NewServer(server.Handler()).URL
})

// newWorld starts an API; changes adjust its configuration.
func newWorld(t testing.TB, changes ...func(*Config)) *world {
	t.Helper()
	s, err := store.Open(store.Config{URL: filepath.Join(t.TempDir(), "slipway.db"), NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	ctx := context.Background()
	require.NoError(t, s.Migrate(ctx))
	require.NoError(t, s.Seed(ctx))
	w := &world{t: t, store: s, log: &lockedBuffer{}}
	card := sandbox.New(sandbox.Config{URL: sandboxURL(), APIKey: sandboxKey, WebhookSecret: []byte(sandboxKey)})
	providers, err := payment.NewRegistry(manual.New().Registration(), card.Registration())
	require.NoError(t, err)
	w.flows = &flows{act: activities.New(activities.Config{Store: s, Providers: providers.Providers(), Policy: domain.Policy{
		PaymentWindow: 23 * time.Hour, Billing: domain.DefaultBillingPolicy(),
	}})}
	c := Config{
		Store: s, Workflows: w.flows, Providers: providers, TestClocks: true, SecretKey: bytes.Repeat([]byte{7}, 32), PasswordHash: cheap, Version: "test",
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(&c)
	}
	w.api, err = New(c)
	require.NoError(t, err)
	w.admin = w.adminSession("admin@slipway.test")
	return w
}

func (w *world) adminSession(email string) string {
	_, err := w.store.EnsureAdmin(context.Background(), email, "")
	require.NoError(w.t, err)
	user, err := w.store.UserByEmail(context.Background(), email)
	require.NoError(w.t, err)
	s, err := w.api.newSession(context.Background(), user)
	require.NoError(w.t, err)
	return s.Token
}

// reply is an answer as a client sees it.
type reply struct {
	t      testing.TB
	status int
	header http.Header
	raw    string
	body   map[string]any
}

// call makes a request. body may be nil, a string sent as it is, or anything
// else, sent as JSON. headers are pairs of name and value.
func (w *world) call(method, path, bearer string, body any, headers ...string) *reply {
	w.t.Helper()
	var reader io.Reader = http.NoBody
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		data, err := json.Marshal(b)
		require.NoError(w.t, err)
		reader = bytes.NewReader(data)
	}
	r := httptest.NewRequest(method, path, reader)
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		r.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(recorder, r)
	a := &reply{t: w.t, status: recorder.Code, header: recorder.Header(), raw: recorder.Body.String()}
	if strings.Contains(a.header.Get("Content-Type"), "json") && a.raw != "" {
		require.NoError(w.t, json.Unmarshal([]byte(a.raw), &a.body), a.raw)
	}
	return a
}

// ok asserts the status.
func (r *reply) ok(status int) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.raw)
	return r
}

// problem asserts that the answer is a whole problem with this status and code.
func (r *reply) problem(status int, code string) *reply {
	r.t.Helper()
	require.Equal(r.t, status, r.status, r.raw)
	require.Equal(r.t, problemContentType, r.header.Get("Content-Type"))
	require.Equal(r.t, code, r.body["code"], r.raw)
	require.EqualValues(r.t, status, r.body["status"])
	require.Equal(r.t, problemType+code, r.body["type"])
	for _, field := range []string{"title", "detail", "request_id"} {
		require.NotEmpty(r.t, r.body[field], field)
	}
	require.Equal(r.t, r.header.Get(headerRequestID), r.body["request_id"])
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		require.NotEmpty(r.t, r.header.Get(headerRetryAfter))
	}
	return r
}

// at reads a path such as "account.slug".
func (r *reply) at(path string) any {
	var v any = r.body
	for _, key := range strings.Split(path, ".") {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[key]
	}
	return v
}

func (r *reply) text(path string) string { s, _ := r.at(path).(string); return s }

// rows are the data of a list.
func (r *reply) rows() []map[string]any {
	data, _ := r.body["data"].([]any)
	rows := make([]map[string]any, len(data))
	for i := range data {
		rows[i], _ = data[i].(map[string]any)
	}
	return rows
}

const goodPassword = "correct-horse-battery"

// person is a sign-up request for the name.
func person(name string, more ...any) map[string]any {
	p := map[string]any{"email": name + "@example.com", "password": goodPassword, "account_name": name}
	for i := 0; i < len(more); i += 2 {
		p[more[i].(string)] = more[i+1]
	}
	return p
}

// signUp signs somebody up and returns the answer.
func (w *world) signUp(name string, more ...any) *reply {
	w.t.Helper()
	return w.call("POST", "/v1/onboardings", "", person(name, more...)).ok(http.StatusCreated)
}

func (w *world) onboarding(id string) *domain.Onboarding {
	w.t.Helper()
	o, err := w.store.OnboardingByID(context.Background(), id)
	require.NoError(w.t, err)
	return o
}
