package api

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestProblem_EverythingThatGoesWrongHasOneShape(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.api.router.GET("/panics", func(*gin.Context) { panic("secret text of the panic") })
	w.api.router.GET("/fails", func(c *gin.Context) { w.api.fail(c, fmt.Errorf("secret text of the error")) })

	w.call("GET", "/nowhere", "", nil).problem(404, "not_found")
	w.call("PUT", "/v1/plans", "", nil).problem(405, reasonMethod)
	w.call("GET", "/v1/account", "", nil).problem(401, "unauthenticated")
	w.call("GET", "/v1/onboardings/onb_nothing", w.admin, nil).problem(404, "not_found")
	w.call("POST", "/v1/onboardings", "", `{"email":`).problem(400, reasonMalformedBody)
	w.call("POST", "/v1/onboardings", "", ``).problem(400, reasonMalformedBody)
	w.call("POST", "/v1/onboardings", "", `email=a`, "Content-Type", "application/x-www-form-urlencoded").
		problem(415, reasonMediaType)
	w.call("POST", "/v1/onboardings", "", `{}`, "Content-Type", "text/plain").problem(415, reasonMediaType)
	w.call("POST", "/v1/onboardings", "", `{"email":"`+strings.Repeat("a", maxBody)+`"}`).
		problem(413, domain.ReasonBodyTooLarge)
	w.call("GET", "/v1/admin/accounts?limit=1000", w.admin, nil).problem(422, "invalid")

	for _, path := range []string{"/panics", "/fails"} {
		r := w.call("GET", path, "", nil, headerRequestID, "find-me").problem(500, "internal")
		assert.NotContains(t, r.raw, "secret text")
		assert.Contains(t, w.log.String(), "secret text", "it is in the log only")
		assert.Contains(t, w.log.String(), "find-me")
	}
}

func TestProblem_NamesTheFieldsAndWhatTheyAccept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.call("POST", "/v1/onboardings", "", map[string]any{
		"email": "Bob <b@x.com>", "password": goodPassword, "account_name": "a\u200bb", "slug": "-x-", "country": "XX",
		"payment_token": "no token",
	}).problem(422, "invalid")
	fields := map[string]bool{}
	for _, e := range r.at("errors").([]any) {
		fields[e.(map[string]any)["field"].(string)] = true
		assert.NotEmpty(t, e.(map[string]any)["accepted"])
	}
	assert.Equal(t, map[string]bool{"body.email": true, "body.account_name": true, "body.slug": true,
		"body.country": true, "body.payment_token": true}, fields)

	r = w.call("POST", "/v1/onboardings", "", map[string]any{"Email": "a@b.co", "password": goodPassword}).
		problem(422, "invalid")
	assert.Contains(t, r.raw, "body.email")
	assert.Contains(t, r.raw, "body.account_name")
	assert.Contains(t, r.raw, "account_name, country, email", "the fields there are")
}

// canary is a value that must never come back.
const canary = "zq-canary-7731"

func TestProblem_NeverRepeatsWhatWasSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.signUp("victim", "plan", "growth").text("client_secret")
	bodies := []string{
		`{"` + canary + `":"x"}`, `{"email":{"` + canary + `":1}}`, `["` + canary + `"]`, `"` + canary + `"`,
		`{"x":` + canary + `}`, canary,
		`{"amount":"` + canary + `","ids":["` + canary + `"],"limits":{"` + canary + `":"x"}}`,
		`{"reason":{"` + canary + `":"` + canary + `"}}`,
	}
	for _, field := range []string{"email", "password", "account_name", "slug", "plan", "country", "payment_option",
		"payment_token", "reference",
		"reason", "name", "action", "code", "key", "currency", "interval", "features", "limits", "ids", "external_id",
		"type", "countries"} {
		bodies = append(
			bodies, fmt.Sprintf(`{%q:%q}`, field, canary), fmt.Sprintf(`{%q:[%q]}`, field, canary),
			fmt.Sprintf(`{%q:{%q:%q}}`, field, canary, canary),
		)
	}
	for _, route := range w.api.router.Routes() {
		path := strings.NewReplacer(":id", canary, ":file", canary).Replace(route.Path)
		for _, bearer := range []string{"", w.admin, secret, canary, "tok_" + canary, "onb_" + canary + "_secret_" + canary} {
			if reads(route.Method) {
				w.neverEchoes(
					w.call(
						route.Method, path+"?limit="+canary+"&"+canary+"=1&q="+canary+"%00&stuck="+canary+"&cursor="+canary+
							"&country="+canary, bearer, nil, "Prefer", canary, "If-None-Match", canary,
					),
				)
				continue
			}
			for _, body := range bodies {
				w.neverEchoes(w.call(route.Method, path, bearer, body, "Idempotency-Key", canary+"\x7f"))
			}
		}
	}
	for _, path := range []string{"/" + canary, "/v1/" + canary, "/v1/onboardings/" + canary + "/" + canary} {
		w.neverEchoes(w.call("GET", path, canary, nil))
		w.neverEchoes(w.call(strings.ToUpper("zqcanary"), path, canary, nil))
	}
	assert.NotContains(t, w.log.String(), canary)
}

func (w *world) neverEchoes(r *reply) {
	w.t.Helper()
	if r.status < 400 {
		return
	}
	require.NotContains(w.t, r.raw, canary)
	require.Less(w.t, r.status, 500, r.raw)
	for name, values := range r.header {
		require.NotContains(w.t, strings.Join(values, " "), canary, name)
	}
}

func TestBody_ExactlySixtyFourKiBIsRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := `{"email":"ada@example.com","password":"` + goodPassword + `","account_name":"Ada"`
	w.call("POST", "/v1/onboardings", "", body+strings.Repeat(" ", maxBody-len(body)-1)+"}").ok(201)
	w.call("POST", "/v1/onboardings", "", body+strings.Repeat(" ", maxBody-len(body))+"}").
		problem(413, domain.ReasonBodyTooLarge)
}

func TestRequestID_OnlyAHarmlessOneIsTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(
		t, "abc-DEF_1", w.call("GET", "/livez", "", nil, headerRequestID, "abc-DEF_1").header.Get(headerRequestID),
	)
	for _, bad := range []string{"", "a b", "a\"b", strings.Repeat("a", 65), "ü"} {
		got := w.call("GET", "/livez", "", nil, headerRequestID, bad).header.Get(headerRequestID)
		assert.True(t, strings.HasPrefix(got, "req_"), got)
	}
}

func TestCORS_OnlyConfiguredOriginsMayReadTheHeadersOfTheContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.AllowedOrigins = []string{"https://app.example.com"} })
	r := w.call("GET", "/v1/plans", "", nil, "Origin", "https://app.example.com").ok(200)
	assert.Equal(t, "https://app.example.com", r.header.Get("Access-Control-Allow-Origin"))
	for _, name := range []string{"Location", "Retry-After", "Etag", "Link", "Ratelimit", "Idempotent-Replayed",
		"X-Request-Id"} {
		assert.Contains(t, r.header.Get("Access-Control-Expose-Headers"), name)
	}
	w.call(
		"OPTIONS", "/v1/onboardings", "", nil, "Origin", "https://app.example.com", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "authorization,idempotency-key",
	).ok(http.StatusNoContent)
	closed := newWorld(t).call("GET", "/v1/plans", "", nil, "Origin", "https://app.example.com")
	assert.Empty(t, closed.header.Get("Access-Control-Allow-Origin"))
	_, err := New(Config{SecretKey: w.api.config.SecretKey, PasswordHash: cheap, AllowedOrigins: []string{"no origin"}})
	assert.Error(t, err)
}

func FuzzDecodeOnboarding(f *testing.F) {
	for _, body := range badSignUps() {
		if len(body) < 4096 {
			f.Add([]byte(body))
		}
	}
	f.Add([]byte(`{"email":"ada@example.com","password":"correct-horse-battery","account_name":"Ada"}`))
	w := newWorld(f)
	ours := w.vocabulary()
	f.Fuzz(func(t *testing.T, body []byte) {
		r := httptest.NewRequest("POST", "/v1/onboardings", strings.NewReader(string(body)))
		recorder := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(recorder, r)
		answer := recorder.Body.String()
		if recorder.Code >= 500 {
			t.Fatalf("%d for %q: %s", recorder.Code, body, answer)
		}
		if recorder.Code < 400 {
			return
		}
		// Any word of the body that is not of our own vocabulary must stay out.
		for _, word := range strings.FieldsFunc(string(body),
			func(r rune) bool { return strings.ContainsRune("\"{}[]:, \n\t\\", r) }) {
			if len(word) > 12 && strings.Contains(answer, word) && !strings.Contains(ours, word) {
				t.Fatalf("%q comes back: %s", word, answer)
			}
		}
	})
}

// vocabulary is all that our own texts may say.
func (w *world) vocabulary() string {
	words := w.call("POST", "/v1/onboardings", "", `{"x":1}`).raw + string(w.api.OpenAPI())
	for _, text := range []domain.TextCode{
		domain.AcceptPassword, domain.AcceptEmail, domain.AcceptName, domain.AcceptSlug, domain.AcceptCountry,
		domain.TextBodyNotJSON, domain.TextMediaType, domain.TextInvalid, domain.TextInternal,
	} {
		words += domain.Text(text)
	}
	return words
}

func TestReturn_IsAPageForPeopleThatLoadsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.call("GET", "/return", "", nil).ok(200)
	assert.Contains(t, r.header.Get("Content-Type"), "text/html")
	assert.Contains(t, r.header.Get("Content-Security-Policy"), "default-src 'none'")
	assert.Contains(t, r.raw, "You can close this page")
	assert.NotContains(t, r.raw, "src=")
}
