package api

import (
	"context"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestReadyz_NamesWhatIsMissingAndItsFix(t *testing.T) {
	t.Parallel()
	checks := []domain.Check{{Name: "database", Status: domain.CheckOK, Message: "Answers."},
		{Name: "plans", Status: domain.CheckWarn, Message: "No plan is on offer.", Fix: "slipway seed"}}
	var mu sync.Mutex
	w := newWorld(t, func(c *Config) {
		c.Checks = func(context.Context) []domain.Check { mu.Lock(); defer mu.Unlock(); return checks }
	})
	r := w.call("GET", "/readyz", "", nil).ok(200)
	assert.Equal(t, "warn", r.at("status"))
	assert.Nil(t, r.at("checks"))
	assert.Contains(t, w.call("GET", "/readyz?verbose", "", nil).ok(200).raw, "slipway seed")
	mu.Lock()
	checks = append(checks, domain.Check{Name: "migrations", Status: domain.CheckFail, Message: "Pending."})
	mu.Unlock()
	r = w.call("GET", "/readyz", "", nil).ok(503)
	assert.Equal(t, "fail", r.at("status"))
	assert.NotEmpty(t, r.header.Get(headerRetryAfter))
	w.call("GET", "/livez", "", nil).ok(200)
}

func TestMetrics_CountByRouteAndHoldNoIds(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme")
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200)
	w.call("BREW", "/nowhere", "", nil)
	m := w.call("GET", "/metrics", "", nil).ok(200).raw
	assert.Contains(t, m, `slipway_http_requests_total{method="GET",route="/v1/onboardings/:id",status="200"} 1`)
	assert.Contains(t, m, `slipway_http_requests_total{method="any",route="none",status="404"} 1`)
	for _, name := range []string{"slipway_password_hashing_waiting", "slipway_onboarding_watchers",
		"go_sql_open_connections"} {
		assert.Contains(t, m, name)
	}
	assert.NotContains(t, m, r.text("id"))
}
