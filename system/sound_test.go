//go:build !nodev

package system

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"slipway/app"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/sandbox"
)

// requireSound fails unless every invariant holds, with nothing left under way:
// what `slipway doctor --deep` looks at, to the last row.
func requireSound(t testing.TB, a *app.App) {
	t.Helper()
	var wrong []string
	sound := func() bool {
		wrong = nil
		for _, c := range a.DeepChecks(context.Background(), time.Now()) {
			if c.Status != domain.CheckOK {
				wrong = append(wrong, c.Name+": "+c.Message)
			}
		}
		return len(wrong) == 0
	}
	for deadline := time.Now().Add(2 * time.Minute); !sound(); time.Sleep(250 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("invariants that do not hold:\n%s", strings.Join(wrong, "\n"))
		}
	}
}

func (r *running) sound() { r.t.Helper(); requireSound(r.t, r.app) }

// in is the same app for a subtest.
func (r *running) in(t testing.TB) *running { return &running{t: t, app: r.app, url: r.url} }

// siteKey is the secret that the processes of a site share.
const siteKey = "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="

// company is a payment company of a test's own: a sandbox that can be stopped,
// and told to do something once a charge is made and before anybody hears of it.
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
		WebhookURL: "http://" + s.Listen + "/webhooks/sandbox", Log: slog.New(slog.DiscardHandler), NoSync: true,
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
// was given back, and how many brought something.
func kept(t testing.TB, server *sandbox.Server, keys map[string]bool) (sum int64, n int) {
	t.Helper()
	ledger, err := server.Ledger(context.Background())
	require.NoError(t, err)
	for _, c := range ledger {
		if (keys == nil || keys[c.Key]) && c.Status == payment.StatusSucceeded && c.Amount > c.Refunded {
			sum, n = sum+c.Amount-c.Refunded, n+1
		}
	}
	return sum, n
}

// kept is what was taken from the account and not given back.
func (r *running) kept(accountID string) (sum int64, n int) {
	r.t.Helper()
	keys := map[string]bool{}
	for _, p := range r.payments(accountID) {
		keys[p.Key] = true
	}
	return kept(r.t, r.app.Sandbox, keys)
}

// payments are the rows of the account's payments, oldest first.
func (r *running) payments(accountID string) []domain.Payment {
	r.t.Helper()
	rows, err := r.app.Store.Stats()["read"].Query("SELECT id FROM payments WHERE account_id = $1 ORDER BY id", accountID)
	require.NoError(r.t, err)
	var ids []string
	for rows.Next() {
		var id string
		require.NoError(r.t, rows.Scan(&id))
		ids = append(ids, id)
	}
	require.NoError(r.t, rows.Err())
	payments := make([]domain.Payment, len(ids))
	for i, id := range ids {
		p, err := r.app.Store.PaymentByID(context.Background(), id)
		require.NoError(r.t, err)
		payments[i] = *p
	}
	return payments
}

// checker looks at the site as the doctor does.
func (s *site) checker() *app.App {
	s.t.Helper()
	if s.doctor != nil {
		return s.doctor
	}
	settings := testSettings(s.dir)
	settings.DatabaseURL, settings.SecretKey, settings.SandboxURL = s.database, siteKey, "http://"+s.sandboxAddress
	a := app.New(settings, io.Discard, io.Discard)
	a.Store, a.Log = s.store, slog.New(slog.DiscardHandler)
	require.NoError(s.t, a.ConnectTemporal(client.Options{
		HostPort: fmt.Sprintf("127.0.0.1:%d", s.port), Namespace: client.DefaultNamespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}))
	s.t.Cleanup(a.Close)
	require.NoError(s.t, a.ConnectProviders(false))
	s.doctor = a
	return a
}

func (s *site) sound() { s.t.Helper(); requireSound(s.t, s.checker()) }

// byCard is a sign-up that pays with a card of the sandbox's.
func byCard(email, plan, token string) map[string]any {
	request := person(email, "Acme", plan)
	request["payment_option"], request["payment_token"] = "card", token
	return request
}

// pays kicks off with a card; 201 and 202 alike.
func (r *running) pays(email, plan, token string, headers ...string) kickedOff {
	r.t.Helper()
	a := r.post("/v1/onboardings", "", byCard(email, plan, token), headers...)
	require.Contains(r.t, []int{http.StatusCreated, http.StatusAccepted}, a.status, string(a.body))
	var o kickedOff
	a.into(r.t, &o)
	return o
}

// confirm does what the customer does on the company's page.
func (r *running) confirm(page, decision string) error {
	resp, err := (&http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}).
		PostForm(page, url.Values{"decision": {decision}})
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// untilAction long-polls the onboarding until its customer has to do the thing.
func (r *running) untilAction(o kickedOff, action domain.NextActionType) domain.Onboarding {
	r.t.Helper()
	var now domain.Onboarding
	eventually(r.t, func() bool {
		now = r.onboarding(o)
		return now.NextAction != nil && now.NextAction.Type == action
	}, "onboarding %s asks for %s", o.ID, action)
	return now
}
