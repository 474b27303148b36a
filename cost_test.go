//go:build !nodev

package main

import (
	"context"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/payment"
)

// countedSandbox is a payment sandbox that counts what it is asked.
type countedSandbox struct {
	*payment.SandboxServer
	asked atomic.Int64
	url   string
}

func newCountedSandbox(t testing.TB, key []byte) *countedSandbox {
	t.Helper()
	server, err := payment.NewSandboxServer(payment.SandboxConfig{APIKey: sandboxKey(key), Secret: sandboxSecret(key), NoSync: true})
	require.NoError(t, err)
	s := &countedSandbox{SandboxServer: server}
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

// startCounted brings a dev up whose payment sandbox counts.
func startCounted(t testing.TB) (*running, *countedSandbox) {
	t.Helper()
	key := randomBytes(32)
	s := newCountedSandbox(t, key)
	return startApp(t, func(a *app) {
		a.secretKey, a.sandboxURL = base64.StdEncoding.EncodeToString(key), s.url
		a.reconcileEvery = time.Hour // Billing is started by the test
	}), s
}

// A sign-up by card is at most two executions and 32 events; a renewal is at
// most 12 events and one call to the provider.
func TestCost_OfACardSignUpAndARenewal(t *testing.T) {
	r, sandbox := startCounted(t)
	ctx := context.Background()
	o := r.pay("growth", "tok_ok", "")
	r.until(o, domain.OnboardingCompleted)
	sub := r.opened(o)

	end := r.app.store.Now().Add(2 * time.Second)
	_, err := r.app.store.Stats()["write"].ExecContext(ctx, "UPDATE subscriptions SET current_period_end = ?, anchor = ?", end, end.AddDate(0, -1, 0))
	require.NoError(t, err)
	require.NoError(t, r.app.workflows.StartBilling(ctx, sub))
	eventually(t, func() bool { return r.opened(o).DueAt != nil }, "Billing sleeps")
	signup, billing := r.events("signup-"+o.ID), r.events("billing-"+sub.ID)
	t.Logf("signing up by card: %d events of the sign-up, %d of its Billing", signup, billing)
	assert.LessOrEqual(t, signup+billing, 32)
	assert.Len(t, r.executions("AccountId = '"+r.onboardingRow(o).AccountID+"'", 2), 2)

	asked := sandbox.asked.Load()
	eventually(t, func() bool { return r.opened(o).Periods == 1 && r.events("billing-"+sub.ID) >= billing+12 }, "renewed and asleep again")
	renewal := r.events("billing-"+sub.ID) - billing
	t.Logf("a renewal: %d events, %d calls to the provider", renewal, sandbox.asked.Load()-asked)
	assert.LessOrEqual(t, renewal, 12)
	assert.EqualValues(t, 1, sandbox.asked.Load()-asked)
}

// events is how long the history of the workflow is.
func (r *running) events(workflowID string) int {
	r.t.Helper()
	return len(r.history(workflowID).GetEvents())
}
