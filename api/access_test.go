package api

import (
	"context"
	"crypto/sha256"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// signIn signs somebody in and returns the token.
func (w *world) signIn(name string) string {
	w.t.Helper()
	return w.call("POST", "/v1/sessions", "", map[string]any{"email": name + "@example.com", "password": goodPassword}).
		ok(201).
		text("token")
}

// letIn is the answer to a credential that opens a route.
const letIn = 0

// expected is the answer of a route to each credential; 401 where it is not named.
var expected = map[access]map[string]int{
	participants: {
		"own secret": letIn, "own session": letIn, "other's secret": 404, "other's session": 404,
		"admin": letIn, "API key": letIn,
	},
	owners: {
		"own secret": letIn, "own session": letIn, "other's secret": letIn, "other's session": letIn,
		"admin": 403, "API key": 403,
	},
	admins: {
		"own secret": 403, "own session": 403, "other's secret": 403, "other's session": 403,
		"admin": letIn, "API key": letIn,
	},
	signedInAdmins: {
		"own secret": 403, "own session": 403, "other's secret": 403, "other's session": 403,
		"admin": letIn, "API key": 403,
	},
	signedIn: {"own secret": 403, "other's secret": 403, "API key": 403}, // the sessions are still needed
}

// TestAuth_EveryRouteOpensToWhomItShould asks every route of the description
// with every kind of credential. A refused request is 401, 403 or 404; one that
// is let in fails, if at all, at what comes after.
func TestAuth_EveryRouteOpensToWhomItShould(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	mine, other := w.signUp("mine", "plan", "growth"), w.signUp("other", "plan", "growth")
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "script"}).ok(201)
	bearers := map[string]string{
		"none": "", "nonsense": "nonsense", "a forged secret": mine.text("id") + secretMark + strings.Repeat("A", 43),
		"a forged token": sessionPrefix + strings.Repeat("A", 43), "a forged key": key.text("secret")[:70] + "AAA",
		"own secret": mine.text("client_secret"), "own session": w.signIn("mine"),
		"other's secret": other.text("client_secret"), "other's session": w.signIn("other"),
		"admin": w.admin, "API key": key.text("secret"),
	}
	routes := 0
	for path, item := range w.api.huma.OpenAPI().Paths {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			who := accessOf(item, method)
			if who == "" || who == anyone {
				continue
			}
			routes++
			for name, bearer := range bearers {
				want, known := expected[who][name]
				if !known {
					want = 401
				}
				if who == signedIn && !known && !strings.Contains(name, "forged") && name != "none" && name != "nonsense" {
					continue
				}
				url := strings.ReplaceAll(path, "{id}", mine.text("id"))
				if strings.HasSuffix(path, "/client-secret") { // which the others need
					url = strings.ReplaceAll(path, "{id}", store.NewID(domain.PrefixOnboarding))
				}
				if strings.HasSuffix(path, "/events") && strings.Contains(path, "{id}") && want == letIn {
					continue // would stream
				}
				r := w.call(method, url, bearer, bodyFor(method, path, want == letIn))
				if want == letIn {
					assert.NotContains(t, []int{401, 403}, r.status, "%s %s as %s: %s", method, path, name, r.raw)
					continue
				}
				assert.Equal(t, want, r.status, "%s %s as %s: %s", method, path, name, r.raw)
				if want == 401 {
					assert.Equal(t, "Bearer", r.header.Get(headerAuthenticate))
				}
			}
		}
	}
	assert.Greater(t, routes, 30)
}

// bodyFor is a body that a caller who is let in fails with, or that anybody
// else would do harm with.
func bodyFor(method, path string, letIn bool) any {
	if method != http.MethodPost && method != http.MethodPatch {
		return nil
	}
	if letIn {
		return map[string]any{"unknown": true}
	}
	return map[string]map[string]any{
		"/v1/onboardings/{id}/plan":           {"plan": "free"},
		"/v1/onboardings/{id}/payment-method": {"payment_option": "card"},
		"/v1/onboardings/{id}/payment":        {"reference": "paid"},
		"/v1/onboardings/{id}/cancel":         {},
		"/v1/onboardings/{id}/confirm":        {},
		"/v1/account/payment-methods":         {"payment_option": "card"},
		"/v1/account/subscription":            {"plan": "scale"},
		"/v1/admin/api-keys":                  {"name": "mine"},
	}[path]
}

func operationIn(item *huma.PathItem, method string) *huma.Operation {
	return map[string]*huma.Operation{"GET": item.Get, "POST": item.Post, "PATCH": item.Patch,
		"DELETE": item.Delete}[method]
}

// accessOf is who may call an operation, as it is described; empty for none.
func accessOf(item *huma.PathItem, method string) access {
	operation := operationIn(item, method)
	if operation == nil {
		return ""
	}
	for _, one := range operation.Security {
		for name := range one {
			return access(name)
		}
	}
	return anyone
}

func TestAuth_ASecretIsTheOwnersSessionForADay(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "starter")
	secret := r.text("client_secret")
	assert.Equal(t, "acme", w.call("GET", "/v1/account", secret, nil).ok(200).at("slug"))

	w.age(r.text("id"), 25*time.Hour)
	w.call("GET", "/v1/account", secret, nil).problem(401, "unauthenticated")
	w.call("GET", "/v1/onboardings/"+r.text("id"), secret, nil).problem(401, domain.ReasonClientSecretEnded)

	waits := w.signUp("waits", "plan", "growth")
	w.age(waits.text("id"), 250*time.Hour)
	w.call("GET", "/v1/onboardings/"+waits.text("id"), waits.text("client_secret"), nil).ok(200)
}

// age moves the onboarding's creation and its end into the past.
func (w *world) age(id string, by time.Duration) {
	w.t.Helper()
	then := w.store.Now().Add(-by)
	_, err := w.store.Stats()["write"].Exec(
		"UPDATE onboardings SET created_at = ?, updated_at = ? WHERE id = ?", then, then, id)
	require.NoError(w.t, err)
}

func TestAuth_ASignUpThatCameToNothingIsNoSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	w.call("POST", "/v1/onboardings/"+r.text("id")+"/cancel", r.text("client_secret"), `{}`).ok(200)
	w.call("GET", "/v1/account", r.text("client_secret"), nil).problem(401, "unauthenticated")
	assert.Equal(
		t, "canceled", w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200).at("status"),
	)
}

func TestAuth_AForgedSecretAsksNoDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme")
	require.NoError(t, w.store.Close())
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("id")+secretMark+strings.Repeat("A", 43), nil).
		problem(401, "unauthenticated")
	w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).problem(503, "unavailable")
}

func TestAuth_FailuresAreCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.call("GET", "/v1/account", "nonsense", nil).problem(401, "unauthenticated")
	assert.Contains(
		t, w.call("GET", "/metrics", "", nil).ok(200).raw, `slipway_http_auth_failures_total{code="unauthenticated"} 1`,
	)
}

func TestSession_WorksUntilItEndsAndSaysWhereToGoOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	s := w.call("POST", "/v1/sessions", "", map[string]any{"email": "ACME@example.com", "password": goodPassword}).ok(201)
	assert.Equal(t, "owner", s.at("role"))
	assert.Equal(t, "acme", s.at("account.slug"))
	assert.Equal(t, "submit_payment", s.at("next_action.type"))
	assert.Equal(t, r.at("id"), s.at("onboarding_id"))
	expires, err := time.Parse(time.RFC3339, s.text("expires_at"))
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now().Add(ownerSession), expires, time.Minute)

	w.call("GET", "/v1/account", s.text("token"), nil).ok(200)
	w.call("DELETE", "/v1/sessions/current", s.text("token"), nil).ok(204)
	w.call("GET", "/v1/account", s.text("token"), nil).problem(401, "unauthenticated")
}

func TestSession_IsStoredAsAHashOnly(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	sum := sha256.Sum256([]byte(w.admin))
	s, err := w.store.SessionByToken(context.Background(), sum[:])
	require.NoError(t, err)
	assert.NotContains(t, string(s.TokenHash), w.admin)
	assert.WithinDuration(t, time.Now().Add(adminSession), s.ExpiresAt, time.Minute)
}

func TestSession_UnknownEmailAndWrongPasswordAnswerAlike(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.signUp("acme")
	before := w.api.passwords.compared.Load()
	wrong := w.call("POST", "/v1/sessions", "", map[string]any{"email": "acme@example.com", "password": "not-this-one"}).
		problem(401, "unauthenticated")
	unknown := w.call("POST", "/v1/sessions", "", map[string]any{"email": "nobody@example.com",
		"password": "not-this-one"}).
		problem(401, "unauthenticated")
	delete(wrong.body, "request_id")
	delete(unknown.body, "request_id")
	assert.Equal(t, wrong.body, unknown.body)
	assert.Equal(t, before+2, w.api.passwords.compared.Load(), "both took one comparison")
}

func TestSession_AttemptsAreLimitedPerEmailAndPerAddress(t *testing.T) {
	t.Parallel()
	attempt := func(w *world, email, from string) *reply {
		return w.call(
			"POST", "/v1/sessions", "", map[string]any{"email": email, "password": "guess"}, "X-Forwarded-For", from,
		)
	}
	w := newWorld(t, func(c *Config) { c.LoginRate, c.TrustedProxies = 3, []string{"192.0.2.0/24"} })
	for i := range 3 {
		attempt(w, "one@example.com", "10.0.0."+string(rune('1'+i))).problem(401, "unauthenticated")
	}
	attempt(w, "ONE@example.com", "10.0.0.9").problem(429, "throttled")

	w = newWorld(t, func(c *Config) { c.LoginRate = 3 })
	for i := range 3 {
		attempt(w, string(rune('a'+i))+"@example.com", "").problem(401, "unauthenticated")
	}
	attempt(w, "d@example.com", "10.1.1.1").problem(429, "throttled")
}

func TestAPIKey_OpensUntilItIsRevoked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	made := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "script"}, "Idempotency-Key", "k").ok(201)
	again := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "script"}, "Idempotency-Key", "k").
		ok(201)
	assert.Equal(t, made.at("secret"), again.at("secret"))
	assert.Equal(t, "true", again.header.Get(headerReplayed))
	w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "other"}, "Idempotency-Key", "k").
		problem(422, domain.ReasonIdempotencyKeyReused)

	secret := made.text("secret")
	w.call("GET", "/v1/admin/accounts", secret, nil).ok(200)
	list := w.call("GET", "/v1/admin/api-keys", w.admin, nil).ok(200)
	assert.Len(t, list.rows(), 1)
	assert.NotContains(t, list.raw, secret)
	w.call("DELETE", "/v1/admin/api-keys/"+made.text("id"), w.admin, nil).ok(204)
	w.call("DELETE", "/v1/admin/api-keys/"+made.text("id"), w.admin, nil).ok(204)
	w.call("GET", "/v1/admin/accounts", secret, nil).problem(401, "unauthenticated")
}
