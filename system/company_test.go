//go:build !nodev

package system

import (
	"crypto/rand"
	"encoding/base64"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/payment"
	"slipway/payment/sandbox"
	"slipway/payment/sandbox/sandboxtest"
)

// siteKey is the secret that the processes of a site share.
const siteKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// company is a payment company of a test's own: a sandbox that can be stopped,
// and asked to do something once a charge is made and before anybody hears of it.
type company struct {
	server *sandbox.Server
	http   *http.Server

	mu      sync.Mutex
	charged func() // called once; the answer is lost
}

// startCompany serves the site's sandbox, on the same port and books each time.
func (s *site) startCompany() {
	s.t.Helper()
	listener, err := net.Listen("tcp", s.sandboxAddress)
	require.NoError(s.t, err)
	s.sandboxAddress = listener.Addr().String()
	key, err := (&app.Settings{SecretKey: siteKey}).Key(false)
	require.NoError(s.t, err)
	server, err := sandbox.NewServer(sandbox.ServerConfig{
		File: filepath.Join(s.dir, "sandbox.db"), APIKey: app.SandboxKey(key), Secret: app.SandboxSecret(key),
		WebhookURL: "http://" + s.listen + "/webhooks/sandbox", Log: slog.New(slog.DiscardHandler), NoSync: true,
	})
	require.NoError(s.t, err)
	s.company = &company{server: server}
	s.company.http = &http.Server{Handler: http.HandlerFunc(s.company.serve)}
	go func() { _ = s.company.http.Serve(listener) }()
	stop := sync.OnceFunc(func() { _ = s.company.http.Close(); _ = server.Close() })
	s.stopCompany = stop
	s.t.Cleanup(stop)
}

func (c *company) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	charged := c.charged
	if r.Method == http.MethodPost && r.URL.Path == "/v1/charges" {
		c.charged = nil
	} else {
		charged = nil
	}
	c.mu.Unlock()
	if charged == nil {
		c.server.Handler().ServeHTTP(w, r)
		return
	}
	c.server.Handler().ServeHTTP(httptest.NewRecorder(), r)
	charged()
	panic(http.ErrAbortHandler)
}

// whenCharged has fn called between the next charge and its answer.
func (c *company) whenCharged(fn func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.charged = fn
}

// kept is what the company has of the charges of an account: their sum less what
// was refunded, and how many brought something.
func kept(t testing.TB, server *sandbox.Server, apiKey string, keys map[string]bool) (sum int64, n int) {
	t.Helper()
	for _, c := range sandboxtest.Ledger(t, server, apiKey) {
		if (keys == nil || keys[c.Key]) && c.Status == payment.StatusSucceeded && c.Amount > c.Refunded {
			sum, n = sum+c.Amount-c.Refunded, n+1
		}
	}
	return sum, n
}

// kept is what the site's company has of all charges.
func (s *site) kept() (sum int64, n int) {
	s.t.Helper()
	key, err := (&app.Settings{SecretKey: siteKey}).Key(false)
	require.NoError(s.t, err)
	return kept(s.t, s.company.server, app.SandboxKey(key), nil)
}

// kept is what was taken from the account and not refunded.
func (r *running) kept(accountID string) (sum int64, n int) {
	r.t.Helper()
	keys := map[string]bool{}
	for _, p := range r.payments(accountID) {
		keys[p.Key] = true
	}
	key, err := r.app.Key(true)
	require.NoError(r.t, err)
	return kept(r.t, r.app.Sandbox, app.SandboxKey(key), keys)
}

// countedSandbox is a payment sandbox that counts what it is asked.
type countedSandbox struct {
	*sandbox.Server
	asked atomic.Int64
	url   string
}

func newCountedSandbox(t testing.TB, key []byte) *countedSandbox {
	t.Helper()
	server, err := sandbox.NewServer(sandbox.ServerConfig{APIKey: app.SandboxKey(key), Secret: app.SandboxSecret(key),
		NoSync: true})
	require.NoError(t, err)
	s := &countedSandbox{Server: server}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/v1/") {
			s.asked.Add(1)
		}
		server.Handler().ServeHTTP(w, r)
	}))
	t.Cleanup(func() { web.Close(); _ = server.Close() })
	s.url = web.URL
	return s
}

// randomKey is a secret key nobody else has.
func randomKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails
	return key
}

// startCounted brings a dev up whose payment sandbox counts.
func startCounted(t testing.TB) (*running, *countedSandbox) {
	t.Helper()
	key := randomKey()
	s := newCountedSandbox(t, key)
	return startApp(t, func(a *app.App) {
		a.SecretKey, a.SandboxURL = base64.StdEncoding.EncodeToString(key), s.url
		a.ReconcileEvery = time.Hour // Billing is started by the test
	}), s
}
