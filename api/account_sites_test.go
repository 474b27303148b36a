package api

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestSites_AreLimitedByThePlan(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id, secret := w.customer("acme", "starter")
	site := map[string]any{"name": "Blog"}
	first := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "k").ok(201)
	again := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "k").ok(201)
	assert.Equal(t, first.at("id"), again.at("id"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": "Other"}, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)
	w.call("POST", "/v1/account/sites", secret, map[string]any{"name": " "}).problem(422, "invalid")
	for range 2 {
		w.call("POST", "/v1/account/sites", secret, site).ok(201)
	}
	r := w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "full").problem(403, "limit_reached")
	assert.Equal(t, []any{"growth", "scale"}, r.at("required_plans"))
	assert.Len(t, w.call("GET", "/v1/account/sites", secret, nil).ok(200).rows(), 3)

	_, other := w.customer("other", "starter")
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), other, nil).problem(404, "not_found")
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), secret, nil).ok(204)
	w.call("DELETE", "/v1/account/sites/"+first.text("id"), secret, nil).problem(404, "not_found")
	w.call("POST", "/v1/account/sites", secret, site, "Idempotency-Key", "full").ok(201) // a refusal used no key

	w.change(id, suspend)
	w.call("POST", "/v1/account/sites", secret, site).problem(402, "payment_required")
	rows := w.call("GET", "/v1/account/sites", secret, nil).ok(200).rows()
	w.call("DELETE", "/v1/account/sites/"+rows[0]["id"].(string), secret, nil).ok(204)
}

func TestSites_FiftyAtOnceAreAsManyAsThePlanAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, secret := w.customer("acme", "starter")
	var made, full atomic.Int64
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			r := w.call("POST", "/v1/account/sites", secret, map[string]any{"name": fmt.Sprint("Site ", i)})
			switch {
			case r.status == http.StatusCreated:
				made.Add(1)
			case r.status == http.StatusForbidden && r.at("code") == "limit_reached":
				full.Add(1)
			default:
				t.Errorf("%d %s", r.status, r.raw)
			}
		})
	}
	wg.Wait()
	assert.EqualValues(t, 3, made.Load())
	assert.EqualValues(t, 47, full.Load())
}
