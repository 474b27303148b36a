package api

import (
	"testing"
)

func TestSignUp_LimitByAddressIsForStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate = 1 })
	w.signUp("first")
	for i, bearer := range []string{"", "Bearer", "ses_nobody", "key_nobody"} {
		w.call("POST", "/v1/onboardings", bearer, person("stranger"+string(rune('a'+i)))).problem(429, "throttled")
	}
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "mover"}).ok(201).text("secret")
	for i, bearer := range []string{w.admin, key, w.admin} {
		w.call("POST", "/v1/onboardings", bearer, person("known"+string(rune('a'+i)))).ok(201)
	}
	w.call("POST", "/v1/onboardings", "", person("again")).problem(429, "throttled")
	w.call("POST", "/v1/onboardings", w.admin, person("knowna")).problem(429, "throttled")
}

func TestSignUp_AnOwnersBearerIsAStrangers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate = 1 })
	owner := w.signUp("first").text("client_secret")
	w.call("POST", "/v1/onboardings", owner, person("second")).problem(429, "throttled")
}
