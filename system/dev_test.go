//go:build !nodev

package system

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// buffer is an output that a test reads while the program writes.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) { b.mu.Lock(); defer b.mu.Unlock(); return b.b.Write(p) }

func (b *buffer) String() string { b.mu.Lock(); defer b.mu.Unlock(); return b.b.String() }

// bannerOf brings dev up and returns what it printed.
func bannerOf(t *testing.T, change ...func(*app.App)) (*running, string) {
	t.Helper()
	r := startApp(t, change...)
	return r, r.dev.Banner()
}

func TestDev_BannersCurlLineWorksAsPrinted(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("SLIPWAY_TEST_NO_SKIP") == "1" {
			t.Fatal("curl is not installed")
		}
		t.Skip("NOT TESTED: curl is not installed")
	}
	r, banner := bannerOf(t, func(a *app.App) { a.AdminPassword = "" })
	_, line, found := strings.Cut(banner, "  curl ")
	require.True(t, found, banner)
	line, _, _ = strings.Cut(line, "\n\n")
	out, err := exec.Command("sh", "-c", "curl "+line).Output()
	require.NoError(t, err)
	var o kickedOff
	require.NoError(t, json.Unmarshal(out, &o), string(out))
	assert.Equal(t, domain.OnboardingCompleted, o.Status)

	growth, err := exec.Command("sh", "-c",
		"curl "+strings.NewReplacer("starter", "growth", "ada-", "eve-").Replace(line)).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(growth, &o), string(growth))
	assert.Equal(t, domain.OnboardingAwaitingPayment, o.Status)

	_, password, found := strings.Cut(banner, "password ")
	require.True(t, found)
	password = strings.Fields(password)[0]
	a := r.post("/v1/sessions", "", map[string]any{"email": testAdmin, "password": password})
	require.Equal(t, http.StatusCreated, a.status, "the admin signs in with the banner's password")
	for _, name := range []string{"API viewer", "Temporal UI"} {
		_, url, found := strings.Cut(banner, name)
		require.True(t, found, name)
		require.Equal(t, http.StatusOK, call(t, http.MethodGet, strings.Fields(url)[0], "", nil).status, name)
	}
}

func TestDev_StopsWithinFiveSecondsAndFindsEverythingAgain(t *testing.T) {
	dir := t.TempDir()
	c := childConfig{DataDir: dir, Listen: fmt.Sprintf("127.0.0.1:%d", freePort(t)), TemporalPort: freePort(t)}
	first := startChild(t, "dev", c)
	r := &running{t: t, url: first.url}
	o := r.signUp("ada@example.com", "Acme", "growth")
	stream := openStream(t, r.url, o) // a watcher must not hold the goodbye up

	started := time.Now()
	require.NoError(t, first.cmd.Process.Signal(os.Interrupt))
	first.wait()
	assert.Less(t, time.Since(started), 5*time.Second)
	assert.Equal(t, 0, first.cmd.ProcessState.ExitCode())
	_ = stream.Close()

	second := startChild(t, "dev", c)
	r = &running{t: t, url: second.url}
	assert.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(o).Status)
	require.Equal(t, http.StatusOK, r.approve(r.submit(o, "x")).status, "its workflow still runs")
	r.until(o, domain.OnboardingCompleted)
	second.kill()
}

// openStream opens an event stream and reads its first line.
func openStream(t *testing.T, url string, o kickedOff) io.Closer {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, url+"/v1/onboardings/"+o.ID+"/events", nil)
	require.NoError(t, err)
	req.Header.Set("Authorization", "Bearer "+o.ClientSecret)
	resp, err := testHTTP.Do(req)
	require.NoError(t, err)
	line := make([]byte, 16)
	_, err = io.ReadFull(resp.Body, line)
	require.NoError(t, err)
	return resp.Body
}

func TestDev_TakenPortIsOneClearSentenceAndNothingStarts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = taken.Close() }()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	for name, flag := range map[string][]string{
		"SLIPWAY_LISTEN":           {"--listen", "127.0.0.1:" + port},
		"SLIPWAY_TEMPORAL_PORT":    {"--temporal-port", port},
		"SLIPWAY_TEMPORAL_UI_PORT": {"--temporal-ui-port", port},
	} {
		t.Run(name, func(t *testing.T) {
			var out, errs buffer
			dir := filepath.Join(t.TempDir(), "data")
			args := append([]string{"slipway", "dev", "--listen", "127.0.0.1:0", "--temporal-port", "0", "--temporal-ui-port",
				"0", "--data-dir", dir}, flag...)
			require.Equal(t, 1, app.Main(args, &out, &errs))
			assert.Contains(t, errs.String(), name)
			assert.Contains(t, errs.String(), port)
			assert.Equal(t, 1, strings.Count(errs.String(), "\n"), errs.String())
			assert.Empty(t, out.String())
		})
	}
}

func TestDev_EphemeralKeepsNothing(t *testing.T) {
	var kept string
	r := startApp(t, func(a *app.App) { a.Ephemeral = true })
	kept = r.app.DataDir
	r.signUp("ada@example.com", "Acme", "starter")
	require.DirExists(t, kept)
	r.stop()
	require.NoDirExists(t, kept)
}
