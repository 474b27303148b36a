//go:build !nodev

package system

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"slipway/app"
	"slipway/domain"
)

// requireSound fails unless every invariant holds, with nothing left under way:
// what `slipway doctor --deep` looks at, to the last row.
func requireSound(t testing.TB, a *app.App) {
	t.Helper()
	var wrong []string
	sound := func() bool {
		wrong = nil
		for _, c := range a.DeepChecks(context.Background(), time.Now()) {
			if c.Status != domain.CheckOK {
				wrong = append(wrong, c.Name+": "+c.Message)
			}
		}
		return len(wrong) == 0
	}
	for deadline := time.Now().Add(2 * time.Minute); !sound(); time.Sleep(250 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("invariants that do not hold:\n%s", strings.Join(wrong, "\n"))
		}
	}
}

func (r *running) sound() { r.t.Helper(); requireSound(r.t, r.app) }

// checker looks at the site as the doctor does.
func (s *site) checker() *app.App {
	s.t.Helper()
	if s.doctor != nil {
		return s.doctor
	}
	settings := testSettings(s.dir)
	settings.DatabaseURL, settings.SecretKey, settings.SandboxURL = s.database, siteKey, "http://"+s.sandboxAddress
	a := app.New(settings, io.Discard, io.Discard)
	a.Store, a.Log = s.store, slog.New(slog.DiscardHandler)
	require.NoError(s.t, a.ConnectTemporal(client.Options{
		HostPort: fmt.Sprintf("127.0.0.1:%d", s.port), Namespace: client.DefaultNamespace,
		Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
	}))
	s.t.Cleanup(a.Close)
	require.NoError(s.t, a.ConnectProviders(false))
	s.doctor = a
	return a
}

func (s *site) sound() { s.t.Helper(); requireSound(s.t, s.checker()) }
