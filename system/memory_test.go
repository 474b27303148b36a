//go:build !nodev

package system

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// 500 people sign up at once, with the password hash of production: the whole
// process, Temporal and all, stays small, since hashes wait in line.
func TestSignup_FiveHundredAtOnceStaySmall(t *testing.T) {
	c := startChild(t, "dev", childConfig{DataDir: t.TempDir(), Listen: "127.0.0.1:0", PasswordHash: "19MiB,2,1"})
	var wg sync.WaitGroup
	answers := make([]answer, 500)
	for i := range answers {
		wg.Go(func() {
			a, err := try(http.MethodPost, c.url+"/v1/onboardings", "",
				person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter"))
			if assert.NoError(t, err) {
				answers[i] = a
			}
		})
	}
	wg.Wait()
	counts := map[int]int{}
	for _, a := range answers {
		counts[a.status]++
		switch a.status {
		case http.StatusCreated, http.StatusAccepted:
		case http.StatusServiceUnavailable:
			assert.NotEmpty(t, a.header.Get("Retry-After"))
		default:
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	peak := peakMemory(t, c.cmd.Process.Pid)
	t.Logf("answers %v, peak memory of the process %d MB", counts, peak>>20)
	assert.Less(t, peak, int64(400<<20))
	require.NoError(t, c.cmd.Process.Signal(syscall.SIGTERM))
	c.wait()
}

// peakMemory is the most the process ever held (VmHWM).
func peakMemory(t *testing.T, pid int) int64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		if os.Getenv("SLIPWAY_TEST_NO_SKIP") == "1" {
			t.Fatal(err)
		}
		t.Skip("NOT TESTED: this system has no /proc")
	}
	_, line, found := strings.Cut(string(status), "VmHWM:")
	require.True(t, found)
	var kb int64
	_, err = fmt.Sscanf(strings.TrimSpace(line), "%d", &kb)
	require.NoError(t, err)
	return kb << 10
}
