//go:build !nodev

package system

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
	"slipway/payment/sandbox"
)

// countedSandbox is a payment sandbox that counts what it is asked.
type countedSandbox struct {
	*sandbox.Server
	asked atomic.Int64
	url   string
}

func newCountedSandbox(t testing.TB, key []byte) *countedSandbox {
	t.Helper()
	server, err := sandbox.NewServer(sandbox.ServerConfig{APIKey: app.SandboxKey(key), Secret: app.SandboxSecret(key), NoSync: true})
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

// cost is what a sign-up by card and a renewal leave in Temporal, and ask of the
// payment provider.
type cost struct {
	executions, signup int // of the sign-up and its Billing, until that sleeps
	renewal            int // events
	calls              int64
}

func costOfMoney(t testing.TB) (c cost) {
	r, sandbox := startCounted(t)
	ctx := context.Background()
	o := r.pay("growth", "tok_ok", "")
	r.until(o, domain.OnboardingCompleted)
	sub := r.opened(o)

	end := r.app.Store.Now().Add(2 * time.Second)
	_, err := r.app.Store.Stats()["write"].ExecContext(ctx, "UPDATE subscriptions SET current_period_end = ?, anchor = ?", end, end.AddDate(0, -1, 0))
	require.NoError(t, err)
	require.NoError(t, r.app.Workflows.StartBilling(ctx, sub))
	eventually(t, func() bool { return r.opened(o).DueAt != nil }, "Billing sleeps")
	billing := r.events("billing-" + sub.ID)
	c.signup = r.events("signup-"+o.ID) + billing
	c.executions = len(r.executions("AccountId = '"+r.onboardingRow(o).AccountID+"'", 2))

	asked := sandbox.asked.Load()
	eventually(t, func() bool { return r.opened(o).Periods == 1 && r.asleep(sub.ID) }, "renewed and asleep again")
	c.renewal, c.calls = r.events("billing-"+sub.ID)-billing, sandbox.asked.Load()-asked
	return c
}

// asleep reports whether nothing but a timer is under way in a Billing.
func (r *running) asleep(subscription string) bool {
	d, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), "billing-"+subscription, "")
	return err == nil && d.GetPendingWorkflowTask() == nil && len(d.GetPendingActivities()) == 0
}

// A sign-up by card is at most two executions and 32 events; a renewal is at
// most 12 events and one call to the provider.
func TestCost_OfACardSignUpAndARenewal(t *testing.T) {
	c := costOfMoney(t)
	t.Logf("%+v", c)
	assert.Equal(t, 2, c.executions)
	assert.LessOrEqual(t, c.signup, 32)
	assert.LessOrEqual(t, c.renewal, 12)
	assert.EqualValues(t, 1, c.calls)
}

// events is how long the history of the workflow is.
func (r *running) events(workflowID string) int {
	r.t.Helper()
	return len(r.history(workflowID).GetEvents())
}
