package api

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
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
	"slipway/store/storetest"
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
	return newWorldOn(t, storetest.SQLite(t), changes...)
}

// newWorldOn is newWorld on a database of one of the two kinds.
func newWorldOn(t testing.TB, url string, changes ...func(*Config)) *world {
	t.Helper()
	s, err := store.Open(store.Config{URL: url, NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { _ = s.Close() })
	ctx := context.Background()
	require.NoError(t, s.Migrate(ctx))
	require.NoError(t, s.Seed(ctx))
	w := &world{t: t, store: s, log: &lockedBuffer{}}
	card := sandbox.New(sandbox.Config{URL: sandboxURL(), APIKey: sandboxKey, WebhookSecret: []byte(sandboxKey)})
	providers, err := payment.NewRegistry(manual.New().Registration(), card.Registration())
	require.NoError(t, err)
	w.flows = &flows{}
	c := Config{
		Store: s, Workflows: w.flows, Providers: providers, TestClocks: true, SecretKey: bytes.Repeat([]byte{7}, 32),
		PasswordHash: cheap, Version: "test", KickoffWait: 15 * time.Second, // however busy the machine is
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	for _, change := range changes {
		change(&c)
	}
	w.flows.act = activities.New(activities.Config{Store: s, Providers: providers.Providers(), Policy: domain.Policy{
		PaymentWindow: 23 * time.Hour, Billing: domain.DefaultBillingPolicy(), Limits: c.Limits,
	}})
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
	s, err := w.api.sessions.open(context.Background(), user)
	require.NoError(w.t, err)
	return s.Token
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
