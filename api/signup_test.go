package api

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSignUp_AnswersWithAccountCredentialAndNextAction(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.signUp("acme", "plan", "starter")
	require.Equal(t, "completed", r.at("status"))
	require.Equal(t, "acme", r.at("account.slug"))
	require.Equal(t, "open_app", r.at("next_action.type"))
	require.Equal(t, "/v1/onboardings/"+r.text("id"), r.header.Get("Location"))
	require.Contains(t, r.text("client_secret"), r.text("id")+"_secret_")

	status := w.call("GET", "/v1/onboardings/"+r.text("id"), r.text("client_secret"), nil).ok(200)
	require.Equal(t, "completed", status.at("status"))
	require.NotContains(t, status.body, "client_secret")
}
