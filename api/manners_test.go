package api

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// everyRoute calls do with each route's path, its parameters filled.
func (w *world) everyRoute(do func(method, path string)) {
	w.t.Helper()
	routes := w.api.router.Routes()
	require.Greater(w.t, len(routes), 60)
	filled := strings.NewReplacer(":id", "x", ":event_id", "x", ":file", "viewer.js", ":provider", "sandbox")
	for _, route := range routes {
		do(route.Method, filled.Replace(route.Path))
	}
}

// overWire returns how to call the API over a real connection, as only there a body
// can be left out. The body of an answer to GET, which may be a stream, is not read.
func (w *world) overWire() func(method, path, bearer string) *reply {
	server := httptest.NewServer(w.api.Handler())
	w.t.Cleanup(server.Close)
	return func(method, path, bearer string) *reply {
		w.t.Helper()
		request, err := http.NewRequest(method, server.URL+path, http.NoBody)
		require.NoError(w.t, err)
		request.Header.Set("Authorization", "Bearer "+bearer)
		request.Header.Set(headerRequestID, "same")
		response, err := server.Client().Do(request)
		require.NoError(w.t, err)
		defer response.Body.Close()
		r := &reply{t: w.t, status: response.StatusCode, header: response.Header}
		r.header.Del("Date")
		if method == http.MethodHead {
			body, err := io.ReadAll(response.Body)
			require.NoError(w.t, err)
			r.raw = string(body)
		}
		return r
	}
}

func TestManners_HeadIsAnsweredAsGetWithoutABody(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call := w.overWire()
	id := w.signUp("ada", "plan", "growth").text("id")
	w.everyRoute(func(method, path string) {
		if method != http.MethodGet || path == "/metrics" { // which counts
			return
		}
		path = strings.Replace(path, "/v1/onboardings/x", "/v1/onboardings/"+id, 1)
		for _, bearer := range []string{w.admin, ""} {
			head, get := call(http.MethodHead, path, bearer), call(http.MethodGet, path, bearer)
			assert.Empty(t, head.raw, path)
			assert.Equal(t, get.status, head.status, path)
			assert.Equal(t, get.header, head.header, path)
		}
	})
	call(http.MethodHead, "/metrics", "").ok(200)
}

func TestManners_AMethodThatARouteDoesNotTakeIsAProblemThatListsThose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	takes := map[string][]string{}
	w.everyRoute(func(method, path string) { takes[path] = append(takes[path], method) })
	for path, methods := range takes {
		for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PURGE"} {
			if slices.Contains(methods, method) {
				continue
			}
			r := w.call(method, path, w.admin, nil).problem(405, reasonMethod)
			assert.ElementsMatch(t, methods, strings.Split(r.header.Get("Allow"), ", "), path)
		}
		assert.Equal(t, slices.Contains(methods, "GET"), slices.Contains(methods, "HEAD"), path)
	}
}

func TestManners_ASlashAtTheEndOfAnyPathIsA404ThatNamesThePath(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.AllowedOrigins = []string{"https://app.example.com"} })
	w.everyRoute(func(method, path string) {
		for _, slashes := range []string{"/", "//"} {
			r := w.call(method, path+slashes, w.admin, nil).problem(404, "not_found")
			assert.Contains(t, r.text("detail"), "ends with a slash", path)
		}
	})
	r := w.call("GET", "/v1/onboardings/"+canary+"/", "", nil).problem(404, "not_found")
	assert.Contains(t, r.text("detail"), "/v1/onboardings/{id}.")
	for _, nowhere := range []string{"/", "/v1/", "/nowhere/", "/v1/plans/x/"} {
		assert.Equal(t, "There is no such route.", w.call("GET", nowhere, "", nil).problem(404, "not_found").text("detail"))
	}
}

func TestManners_ContentTypesOfAnyCaseAndOnlyJSONInUTF8(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	taken := []string{
		"", "application/json", "Application/JSON; charset=UTF-8", `application/json;charset="utf-8"`,
		"APPLICATION/JSON ; CHARSET=us-ascii", "application/json; profile=x; charset=Utf-8", "application/json;",
	}
	refused := []string{
		"application/json; charset=utf-16", "application/json; charset=latin1", "text/json", "text/plain",
		"application/vnd.api+json", "application/x-www-form-urlencoded", "json", "application/json, text/plain", ";",
	}
	w.everyRoute(func(method, path string) {
		if method != http.MethodPost && method != http.MethodPatch {
			return
		}
		for _, contentType := range taken {
			r := w.call(method, path, w.admin, `{}`, "Content-Type", contentType)
			assert.NotEqual(t, 415, r.status, "%s %s %s: %s", method, path, contentType, r.raw)
			assert.Less(t, r.status, 500, "%s %s %s: %s", method, path, contentType, r.raw)
		}
		for _, contentType := range refused {
			w.call(method, path, w.admin, `{}`, "Content-Type", contentType).problem(415, reasonMediaType)
		}
		w.call(method, path, w.admin, `{}`, "Content-Encoding", "gzip").problem(415, reasonMediaType)
	})
	w.call("POST", "/v1/onboardings", "", person("ada"), "Content-Type", taken[2], "Content-Encoding", "Identity").ok(201)
}

func TestManners_AnswersSayWhatTheyDependOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.AllowedOrigins = []string{"https://app.example.com"} })
	const own = "https://app.example.com"
	w.everyRoute(func(method, path string) {
		for _, origin := range []string{"", own, "https://elsewhere.example.com"} {
			for _, bearer := range []string{w.admin, ""} {
				r := w.call(method, path, bearer, nil, "Origin", origin)
				varies := strings.Split(strings.Join(r.header.Values("Vary"), ", "), ", ")
				assert.Contains(t, varies, "Origin", path)
				asks := r.status == 401 || r.status == 403 && origin != "https://elsewhere.example.com"
				if asks && !strings.HasPrefix(path, "/webhooks/") {
					assert.Contains(t, varies, "Authorization", path)
				}
			}
		}
	})
	for path, varies := range map[string]string{
		"/v1/plans": "Origin", "/v1/onboardings/x": "Origin, Authorization, Prefer", "/v1/account": "Origin, Authorization",
		"/docs": "Origin", "/nowhere": "Origin", "/v1/plans/": "Origin",
	} {
		assert.Equal(t, varies, w.call("GET", path, "", nil, "Origin", own).header.Get("Vary"), path)
		assert.Equal(t, varies, w.call("HEAD", path, "", nil).header.Get("Vary"), path)
	}
	closed := newWorld(t)
	assert.Empty(t, closed.call("GET", "/v1/plans", "", nil).header.Get("Vary"))
	assert.Equal(t, "Authorization", closed.call("GET", "/v1/account", "", nil).header.Get("Vary"))
}

func TestManners_PreferIsReadAsRFC7240Says(t *testing.T) {
	t.Parallel()
	for header, wait := range map[string]time.Duration{
		"wait=5": 5 * time.Second, "WAIT = 5": 5 * time.Second,
		`wait="7"`: 7 * time.Second, `Wait="\7"; x=1`: 7 * time.Second,
		"respond-async, wait=3": 3 * time.Second, `foo="a, wait=9", wait=2`: 2 * time.Second,
		"wait=4, wait=9": 4 * time.Second, "wait=x, wait=9": 0, `foo; wait=9`: 0, "waiting=9": 0, "return=minimal": 0,
		"wait": 0, "wait=": 0, "wait=0": 0, "wait=-1": 0, "wait=1.5": 0, `foo="wait=9`: 0, `"wait"=9`: 0,
		",,wait=1,": time.Second,
		"wait=31":   maxWait, "wait=99999999999999999999999": maxWait, "wait=6;a=b;c, handling=lenient": 6 * time.Second,
	} {
		assert.Equal(t, wait, waitOf(header), header)
	}
	w := newWorld(t)
	s := w.signUp("ada", "plan", "growth") // which waits for a payment: there is nothing to wait for
	request := httptest.NewRequest("GET", "/v1/onboardings/"+s.text("id"), http.NoBody)
	request.Header = http.Header{
		"Authorization": {"Bearer " + s.text("client_secret")}, "Prefer": {`x="y,z"`, "\tWait=3 , wait=20", "wait=9"},
	}
	recorder := httptest.NewRecorder()
	w.api.Handler().ServeHTTP(recorder, request)
	assert.Equal(t, 200, recorder.Code, recorder.Body.String())
	assert.Equal(t, "wait=3", recorder.Header().Get("Preference-Applied"))
}

func TestManners_SeveralLinesOfIfNoneMatchAreOneList(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signUp("ada", "plan", "growth")
	for _, path := range []string{"/v1/plans", "/v1/credit-packages", "/v1/payment-options", "/openapi.json",
		"/v1/onboardings/" + s.text("id")} {
		bearer := "Bearer " + s.text("client_secret")
		etag := w.call("GET", path, "", nil, "Authorization", bearer).header.Get("ETag")
		require.NotEmpty(t, etag, path)
		request := httptest.NewRequest("GET", path, http.NoBody)
		request.Header = http.Header{"Authorization": {bearer}, "If-None-Match": {`"other"`, `"more",W/` + etag}}
		recorder := httptest.NewRecorder()
		w.api.Handler().ServeHTTP(recorder, request)
		assert.Equal(t, 304, recorder.Code, path)
	}
}

func TestCORS_OriginsAreComparedInOneForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) {
		c.AllowedOrigins = []string{"HTTPS://App.Example.com:443/", "http://localhost:3000", "capacitor://localhost",
			"https://bücher.example"}
	})
	for _, origin := range []string{"https://app.example.com", "https://APP.example.com:443", "http://localhost:3000",
		"capacitor://localhost", "https://xn--bcher-kva.example", "http://example.com", "https://example.com:443"} {
		r := w.call("GET", "/v1/plans", "", nil, "Origin", origin).ok(200)
		if !strings.HasSuffix(origin, "//example.com") && !strings.Contains(origin, "//example.com:") { // the host called
			assert.Equal(t, origin, r.header.Get("Access-Control-Allow-Origin"))
		}
	}
	for _, origin := range []string{"null", "https://app.example.com.evil.com", "http://app.example.com",
		"http://localhost",
		"https://app.example.com:444", "file://", "capacitor://other", "https://app.example.com/path", "zq-canary-7731"} {
		for _, method := range []string{"GET", "HEAD", "POST", "OPTIONS"} {
			r := w.call(method, "/v1/onboardings", "", nil, "Origin", origin).problem(403, reasonOrigin)
			assert.Empty(t, r.header.Get("Access-Control-Allow-Origin"))
			w.neverEchoes(r)
		}
	}
	open := newWorld(t, func(c *Config) { c.AllowedOrigins = []string{"*"} })
	open.call("GET", "/v1/plans", "", nil, "Origin", "https://anywhere.example").ok(200)
	open.call("GET", "/v1/plans", "", nil, "Origin", "null").problem(403, reasonOrigin)
	for _, bad := range []string{
		"null", "example.com", "https://a.example/path", "https://a.example:0", "https://u:p@a.example",
	} {
		_, err := New(Config{SecretKey: w.api.config.SecretKey, PasswordHash: cheap, AllowedOrigins: []string{bad}})
		assert.ErrorContains(t, err, "origins", bad)
	}
}
