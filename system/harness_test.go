//go:build !nodev

package system

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// Tests run whole processes: this one, through startApp, or children that a
// test can kill, through startChild (see child_test.go).

const (
	testAdmin    = "admin@slipway.example"
	testPassword = "correct-Horse-battery-7"
)

// testSettings are the settings of a test: free ports, nothing kept but in dir,
// no limits, a cheap password hash.
func testSettings(dir string) *app.Settings {
	return &app.Settings{
		Listen: "127.0.0.1:0", DataDir: dir, AdminEmail: testAdmin, AdminPassword: testPassword,
		PasswordHash: "64KiB,1,1", PaymentWindow: 23 * time.Hour, Reminders: []string{"1h", "20h"},
		ReconcileEvery: time.Second, LogLevel: "warn", LogFormat: "text", TestClocks: true,
		DunningRetries: []string{"24h", "72h", "120h", "168h"}, DunningGrace: 7 * 24 * time.Hour, DunningFinal: "cancel",
		InvoiceAhead: 3 * 24 * time.Hour, RemindAhead: 24 * time.Hour,
	}
}

// running is an app that answers HTTP, and a client for it.
type running struct {
	t    testing.TB
	app  *app.App
	dev  *app.Dev
	url  string
	stop func()
}

// startApp brings a whole dev up in this process and down when the test ends.
func startApp(t testing.TB, change ...func(*app.App)) *running {
	t.Helper()
	a := app.New(testSettings(t.TempDir()), io.Discard, testLog{t})
	a.Log = slog.New(slog.NewTextHandler(testLog{t}, &slog.HandlerOptions{Level: slog.LevelWarn}))
	for _, f := range change {
		f(a)
	}
	ctx, cancel := context.WithCancel(context.Background())
	d, err := app.StartDev(ctx, a)
	require.NoError(t, err)
	r := &running{t: t, app: a, dev: d, url: "http://" + d.Listener.Addr().String()}
	served := make(chan error, 1)
	go func() { served <- a.Serve(ctx, d.Listener) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		require.NoError(t, <-served)
		a.Close()
	})
	t.Cleanup(r.stop)
	return r
}

// testLog keeps the log of a test for when it fails.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(string(bytes.TrimSpace(p)))
	}
	return len(p), nil
}

// answer is one HTTP answer, read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) into(t testing.TB, v any) {
	t.Helper()
	require.NoError(t, json.Unmarshal(a.body, v), string(a.body))
}

// problem is the part of a problem that tests look at.
type problem struct {
	Code             string          `json:"code"`
	Suggestions      []string        `json:"suggestions"`
	AvailableActions []domain.Action `json:"available_actions"`
}

// kickedOff is the answer to POST /v1/onboardings.
type kickedOff struct {
	domain.Onboarding
	ClientSecret string `json:"client_secret"`
}

// call makes one request; headers come in pairs.
func call(t testing.TB, method, url, bearer string, body any, headers ...string) answer {
	t.Helper()
	a, err := try(method, url, bearer, body, headers...)
	require.NoError(t, err)
	return a
}

// try is call for when the server may be away.
func try(method, url, bearer string, body any, headers ...string) (answer, error) {
	var reader io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		reader = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, url, reader)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if bearer != "" {
		req.Header.Set("Authorization", "Bearer "+bearer)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := testHTTP.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, b}, err
}

var testHTTP = &http.Client{
	Timeout:   90 * time.Second,
	Transport: &http.Transport{MaxIdleConns: 500, MaxIdleConnsPerHost: 500, MaxConnsPerHost: 500},
}

func (r *running) post(path, bearer string, body any, headers ...string) answer {
	r.t.Helper()
	return call(r.t, http.MethodPost, r.url+path, bearer, body, headers...)
}

func (r *running) get(path, bearer string, headers ...string) answer {
	r.t.Helper()
	return call(r.t, http.MethodGet, r.url+path, bearer, nil, headers...)
}

// person is a sign-up request.
func person(email, company, plan string) map[string]any {
	return map[string]any{"email": email, "password": testPassword, "account_name": company, "plan": plan}
}

// signUp kicks off and expects the account in the answer.
func (r *running) signUp(email, company, plan string) kickedOff {
	r.t.Helper()
	a := r.post("/v1/onboardings", "", person(email, company, plan))
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var o kickedOff
	a.into(r.t, &o)
	return o
}

// onboarding reads it with its client secret; headers come in pairs.
func (r *running) onboarding(o kickedOff, headers ...string) domain.Onboarding {
	r.t.Helper()
	a := r.get("/v1/onboardings/"+o.ID, o.ClientSecret, headers...)
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
	var now domain.Onboarding
	a.into(r.t, &now)
	return now
}

// until long-polls the onboarding until it has the status.
func (r *running) until(o kickedOff, status domain.OnboardingStatus) domain.Onboarding {
	r.t.Helper()
	var now domain.Onboarding
	eventually(r.t, func() bool {
		now = r.onboarding(o, "Prefer", "wait=20")
		return now.Status == status
	}, "onboarding %s becomes %s", o.ID, status)
	return now
}

// admin signs the admin in and returns the token.
func (r *running) admin() string {
	r.t.Helper()
	a := r.post("/v1/sessions", "", map[string]any{"email": testAdmin, "password": testPassword})
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var session struct{ Token string }
	a.into(r.t, &session)
	return session.Token
}

// pendingPayment is the payment of the account that waits for approval.
func (r *running) pendingPayment(admin, accountID string) domain.Payment {
	r.t.Helper()
	var list struct{ Data []domain.Payment }
	r.get("/v1/admin/payments?status=pending_approval&account_id="+accountID, admin).into(r.t, &list)
	require.Len(r.t, list.Data, 1)
	return list.Data[0]
}

// eventually waits for a condition that a signal cannot be had for.
func eventually(t testing.TB, condition func() bool, message string, args ...any) {
	t.Helper()
	require.Eventually(t, condition, 90*time.Second, 20*time.Millisecond, append([]any{message}, args...)...)
}

func TestMain(m *testing.M) {
	if role := os.Getenv(childRole); role != "" {
		os.Exit(runChild(role))
	}
	os.Exit(m.Run())
}
