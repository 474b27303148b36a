package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
)

const (
	testKeys  = "a:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
	testToken = "the-token-of-the-codecs-endpoint-0123456789"
	uiOrigin  = "https://temporal.example.com"
)

// codecPort is a worker's port of an installation whose payloads are encrypted.
func codecPort(t *testing.T, token string) http.Handler {
	t.Helper()
	a := New(Defaults(), io.Discard, io.Discard)
	a.CodecKeys, a.CodecToken, a.CodecOrigins = []string{testKeys}, token, []string{uiOrigin + "/"}
	require.NoError(t, a.ConnectTemporal(client.Options{}))
	t.Cleanup(a.Close)
	return a.workerPort()
}

func ask(port http.Handler, method, path, body string, header map[string]string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	for name, value := range header {
		r.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	port.ServeHTTP(w, r)
	return w
}

// plainPayload is "secret" as the UI sends a payload.
const plainPayload = `{"payloads":[{"metadata":{"encoding":"anNvbi9wbGFpbg=="},"data":"InNlY3JldCI="}]}`

func TestCodecEndpoint_DecryptsForTheTokenAlone(t *testing.T) {
	t.Parallel()
	port := codecPort(t, testToken)
	cli := map[string]string{"Authorization": "Bearer " + testToken, "Content-Type": "application/json"}
	encrypted := ask(port, "POST", "/codec/encode", plainPayload, cli)
	require.Equal(t, http.StatusOK, encrypted.Code)
	body := encrypted.Body.String()
	require.NotContains(t, body, "InNlY3JldCI=")

	signedIn := ask(port, "POST", "/codec/session", url.Values{"token": {testToken}}.Encode(),
		map[string]string{"Content-Type": "application/x-www-form-urlencoded"})
	require.Equal(t, http.StatusOK, signedIn.Code)
	cookie := signedIn.Result().Cookies()[0]
	assert.True(t, cookie.HttpOnly && cookie.Secure && cookie.SameSite == http.SameSiteStrictMode)
	fromPage := func(origin string) map[string]string {
		return map[string]string{"Cookie": cookie.Name + "=" + cookie.Value, "Origin": origin}
	}

	for name, c := range map[string]struct {
		header map[string]string
		status int
	}{
		"the CLI":              {cli, http.StatusOK},
		"the UI, signed in":    {fromPage(uiOrigin), http.StatusOK},
		"nobody":               {nil, http.StatusUnauthorized},
		"another token":        {map[string]string{"Authorization": "Bearer " + testToken[1:]}, http.StatusUnauthorized},
		"another cookie":       {map[string]string{"Cookie": codecCookie + "=x"}, http.StatusUnauthorized},
		"an empty token":       {map[string]string{"Authorization": "Bearer "}, http.StatusUnauthorized},
		"a token of the UI's":  {map[string]string{"Authorization": "Bearer eyJ"}, http.StatusUnauthorized},
		"another origin":       {fromPage("https://evil.example"), http.StatusForbidden},
		"an origin of nowhere": {fromPage("null"), http.StatusForbidden},
	} {
		answer := ask(port, "POST", "/codec/decode", body, c.header)
		assert.Equal(t, c.status, answer.Code, name)
		assert.Equal(t, c.status == http.StatusOK, strings.Contains(answer.Body.String(), "InNlY3JldCI="), name)
	}
}

func TestCodecEndpoint_SaysWhatTheUIsBrowserMaySend(t *testing.T) {
	t.Parallel()
	port := codecPort(t, testToken)
	preflight := ask(port, "OPTIONS", "/codec/decode", "", map[string]string{"Origin": uiOrigin})
	assert.Equal(t, http.StatusNoContent, preflight.Code)
	assert.Equal(t, uiOrigin, preflight.Header().Get("Access-Control-Allow-Origin"))
	assert.Equal(t, "true", preflight.Header().Get("Access-Control-Allow-Credentials"))
	assert.Contains(t, preflight.Header().Get("Access-Control-Allow-Headers"), "X-Namespace")
	other := ask(port, "OPTIONS", "/codec/decode", "", map[string]string{"Origin": "https://evil.example"})
	assert.Empty(t, other.Header().Get("Access-Control-Allow-Origin"))
}

func TestCodecEndpoint_IsNotThereWithoutAToken(t *testing.T) {
	t.Parallel()
	port := codecPort(t, "")
	for _, path := range []string{"/codec/decode", "/codec/encode", "/codec/session"} {
		for _, method := range []string{"GET", "POST", "OPTIONS"} {
			answer := ask(port, method, path, plainPayload, map[string]string{"Authorization": "Bearer "})
			assert.Equal(t, http.StatusNotFound, answer.Code, method+" "+path)
		}
	}
}

func TestCodecEndpoint_SignsNobodyInFromAnotherSite(t *testing.T) {
	t.Parallel()
	port := codecPort(t, testToken)
	form := map[string]string{
		"Content-Type": "application/x-www-form-urlencoded", "Origin": "https://evil.example",
		"Sec-Fetch-Site": "cross-site",
	}
	answer := ask(port, "POST", "/codec/session", "token="+testToken, form)
	assert.Equal(t, http.StatusForbidden, answer.Code)
	assert.Empty(t, answer.Result().Cookies())
	assert.Equal(t, http.StatusOK, ask(port, "GET", "/codec/session", "", nil).Code)
	delete(form, "Sec-Fetch-Site")
	delete(form, "Origin")
	assert.Equal(t, http.StatusUnauthorized, ask(port, "POST", "/codec/session", "token=guess", form).Code)
}
