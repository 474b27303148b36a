package api

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// TestCredentials_EndTheirStreamsWhenTheyEnd: whatever opens a stream, and however
// it ends, the stream ends with it, and so does a long poll.
func TestCredentials_EndTheirStreamsWhenTheyEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server, _ := w.serve(t)
	r := w.signUp("acme", "plan", "growth")
	id := r.text("id")
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "script"}).ok(201)
	other := w.adminSession("other@slipway.test")
	ends := map[string]struct {
		bearer string
		end    func(bearer string)
		code   string
	}{
		"sign-out": {w.signIn("acme"), func(bearer string) {
			w.call("DELETE", "/v1/sessions/current", bearer, nil).ok(204)
		}, "unauthenticated"},
		"a new admin password": {other, func(string) {
			_, err := w.store.EnsureAdmin(t.Context(), "other@slipway.test", "another hash")
			require.NoError(t, err)
		}, "unauthenticated"},
		"a revoked key": {key.text("secret"), func(string) {
			w.call("DELETE", "/v1/admin/api-keys/"+key.text("id"), w.admin, nil).ok(204)
		}, "unauthenticated"},
		"a revoked client_secret": {r.text("client_secret"), func(string) {
			w.call("DELETE", "/v1/onboardings/"+id+"/client-secret", w.admin, nil).ok(204)
		}, domain.ReasonClientSecretEnded},
	}
	for name, one := range ends {
		s := w.stream(t, server, id, one.bearer)
		require.NotNil(t, s.next(), name)
		version := etagOf(w.onboarding(id))
		poll := make(chan *reply, 1)
		go func() {
			poll <- w.call("GET", domain.OnboardingURL(id), one.bearer, nil, "Prefer", "wait=30", "If-None-Match", version)
		}()
		eventually(t, func() bool { return w.store.Watchers() == 2 })
		one.end(one.bearer)
		assert.Nil(t, s.next(), name)
		(<-poll).problem(401, one.code)
		assert.Equal(t, 401, w.stream(t, server, id, one.bearer).response.StatusCode, name)
		w.call("POST", domain.OnboardingURL(id)+"/plan", one.bearer, map[string]any{"plan": "free"}).problem(401, one.code)
	}
	assert.Equal(t, domain.OnboardingAwaitingPayment, w.onboarding(id).Status)
}

func TestClientSecret_IsRevokedOnceAndLeavesTheSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "growth")
	url := "/v1/onboardings/" + r.text("id")
	w.call("DELETE", url+"/client-secret", r.text("client_secret"), nil).problem(403, "forbidden")
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "backend"}).ok(201).text("secret")
	before := w.onboarding(r.text("id"))
	w.call("DELETE", url+"/client-secret", key, nil).ok(204)
	w.call("DELETE", url+"/client-secret", w.admin, nil).ok(204)
	w.call("DELETE", "/v1/onboardings/"+store.NewID(domain.PrefixOnboarding)+"/client-secret", key, nil).
		problem(404, "not_found")
	assert.Equal(t, before.UpdatedAt, w.onboarding(r.text("id")).UpdatedAt, "it has waited as long as before")

	w.call("GET", url, r.text("client_secret"), nil).problem(401, domain.ReasonClientSecretEnded)
	w.call("GET", "/v1/account", r.text("client_secret"), nil).problem(401, domain.ReasonClientSecretEnded)
	session := w.signIn("acme")
	assert.Equal(t, r.at("next_action"), w.call("GET", url, session, nil).ok(200).at("next_action"))
	revoked := 0
	for _, e := range w.call("GET", "/v1/account/events", session, nil).ok(200).rows() {
		if e["type"] == string(domain.EventClientSecretRevoked) {
			revoked++
			assert.Equal(t, "api_key", e["actor_type"])
			assert.NotContains(t, e, "actor_id", "who of the staff it was is the audit's business")
		}
	}
	assert.Equal(t, 1, revoked)
}

func TestClientSecret_EndsADayAfterItsOnboarding(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, plan := range []string{"free", "growth"} { // one completes, one is canceled
		r := w.signUp(plan, "plan", plan)
		if plan == "growth" {
			w.call("POST", "/v1/onboardings/"+r.text("id")+"/cancel", r.text("client_secret"), nil).ok(200)
		}
		for _, route := range []string{"", "/events"} {
			url := "/v1/onboardings/" + r.text("id") + route
			w.age(r.text("id"), 23*time.Hour)
			w.call("GET", url, r.text("client_secret"), nil).ok(200)
			w.age(r.text("id"), 25*time.Hour)
			w.call("GET", url, r.text("client_secret"), nil).problem(401, domain.ReasonClientSecretEnded)
		}
	}
}

func TestSession_IsNotOpenedForAPasswordThatHasJustChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user, err := w.store.UserByEmail(t.Context(), "admin@slipway.test")
	require.NoError(t, err)
	_, err = w.store.EnsureAdmin(t.Context(), user.Email, "another hash")
	require.NoError(t, err)
	_, err = w.api.sessions.open(context.Background(), user)
	assert.Equal(t, domain.CodeUnauthenticated, domain.CodeOf(err))
}

func TestClientSecret_ThatWasRevokedDoesNotComeBackWithTheSameSignUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, headers := range map[string][]string{"nokey": nil, "withkey": {"Idempotency-Key", "once"}} {
		again := func() *reply {
			return w.call("POST", "/v1/onboardings", "", person(name, "plan", "growth"), headers...)
		}
		first := again().ok(201)
		assert.Equal(t, first.text("client_secret"), again().ok(201).text("client_secret"))
		w.call("DELETE", "/v1/onboardings/"+first.text("id")+"/client-secret", w.admin, nil).ok(204)
		refused := again().problem(409, domain.ReasonEmailTaken)
		assert.NotContains(t, refused.raw, "client_secret")
		session := w.call("POST", "/v1/sessions", "", map[string]any{
			"email": name + "@example.com", "password": goodPassword,
		}).ok(201)
		assert.Equal(t, first.text("id"), session.text("onboarding_id"), "the owner signs in and goes on")
		assert.Equal(t, first.at("next_action"), session.at("next_action"))
	}
}
