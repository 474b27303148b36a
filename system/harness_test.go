//go:build !nodev

package system

import (
	"bytes"
	"context"
	"io"
	"log/slog"
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
	s := app.Defaults()
	s.Listen, s.DataDir, s.AdminEmail, s.AdminPassword = "127.0.0.1:0", dir, testAdmin, testPassword
	s.WorkerListen, s.RenewalJitter = "", 0 // several on one machine; renewals when they are due
	s.TemporalPort, s.TemporalUIPort, s.SandboxPort = 0, 0, 0
	s.SignupRate, s.LoginRate, s.ProviderRate, s.PasswordHash = 0, 0, 0, "64KiB,1,1"
	s.Limits = domain.Limits{}
	s.ReconcileEvery, s.LogLevel, s.TestClocks = time.Second, "warn", true
	return s
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

// in is the same app for a subtest.
func (r *running) in(t testing.TB) *running { return &running{t: t, app: r.app, url: r.url} }

// testLog keeps the log of a test for when it fails.
type testLog struct{ t testing.TB }

func (l testLog) Write(p []byte) (int, error) {
	if l.t.Context().Err() == nil {
		l.t.Log(string(bytes.TrimSpace(p)))
	}
	return len(p), nil
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
