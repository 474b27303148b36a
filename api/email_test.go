package api

import (
	"net/url"
	"testing"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestEmail_EveryFormIsTheSamePersonAtEveryDoor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	forms := []string{"zoë@münchen.de", " zoe\u0308@mu\u0308nchen.de\u00a0", "ZOË@XN--MNCHEN-3YA.de", "zoë@ＭÜNCHEN。de"}
	first := w.signUp("zoe", "email", forms[0])
	assert.Equal(t, "zoë@xn--mnchen-3ya.de", w.onboarding(first.text("id")).Email, "the DNS's form is stored")
	for _, form := range forms {
		w.call("POST", "/v1/onboardings", "", person("zoe", "email", form, "password", "another-good-horse")).
			problem(409, domain.ReasonEmailTaken)
		w.call("POST", "/v1/sessions", "", map[string]any{"email": form, "password": goodPassword}).ok(201)
		rows := w.call("GET", "/v1/admin/onboardings?q="+url.QueryEscape(form), w.admin, nil).ok(200).rows()
		assert.Len(t, rows, 1, form)
		assert.Equal(t, forms[0], rows[0]["email"], "as people write it")
	}
}

func TestPassword_EveryFormOfALetterIsTheSame(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	composed, decomposed := "gr\u00fcne-Pferde-batteri\u0301de", "gru\u0308ne-Pferde-batteri\u0301de"
	w.signUp("ada", "password", decomposed)
	w.signUp("ida", "password", composed)
	for _, name := range []string{"ada", "ida"} {
		for _, typed := range []string{composed, decomposed} {
			w.call("POST", "/v1/sessions", "", map[string]any{"email": name + "@example.com", "password": typed}).ok(201)
		}
	}
	imported, err := argon2id.CreateHash(decomposed, &w.api.passwords.params) // by who kept it as it was typed
	require.NoError(t, err)
	match, err := w.api.passwords.matches(t.Context(), decomposed, imported)
	require.NoError(t, err)
	assert.True(t, match)
	w.call("POST", "/v1/sessions", "", map[string]any{"email": "ada@example.com", "password": composed + " "}).
		problem(401, "unauthenticated")
}
