//go:build !nodev

package system

import (
	"net/http"
	"os"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var pathParameter = regexp.MustCompile(`\{[^}]+\}`)

// routesOf are the calls the description names: method and path, ids filled in with
// one that nobody has.
func (r *running) routesOf() (calls [][2]string) {
	r.t.Helper()
	var described struct {
		Paths map[string]map[string]any `json:"paths"`
	}
	r.get("/openapi.json", "").into(r.t, &described)
	for path, methods := range described.Paths {
		for method := range methods {
			if method == "parameters" || (method == "delete" && strings.Contains(path, "session")) { // it would sign out
				continue
			}
			calls = append(calls, [2]string{strings.ToUpper(method), pathParameter.ReplaceAllString(path, "nobody")})
		}
	}
	return calls
}

// held is what this process, the embedded Temporal included, holds open.
func held(t *testing.T) (descriptors, goroutines int) {
	t.Helper()
	runtime.GC()
	open, err := os.ReadDir("/proc/self/fd")
	require.NoError(t, err)
	return len(open), runtime.NumGoroutine()
}

// What one call opens it closes: however often any route is called, nothing is
// left open.
func TestSound_NoRouteLeavesAnythingOpen(t *testing.T) {
	r := startApp(t)
	admin, routes := r.admin(), r.routesOf()
	require.Greater(t, len(routes), 60)
	const calls, slack = 200, 60
	round := func(n int) {
		for _, route := range routes {
			for range n {
				a, err := try(route[0], r.url+route[1], admin, nil)
				require.NoError(t, err, route)
				require.NotEqual(t, http.StatusInternalServerError, a.status, "%s %s", route, a.body)
			}
		}
		http.DefaultClient.CloseIdleConnections()
	}
	round(2) // whatever is opened once is open
	descriptors, goroutines := held(t)
	round(calls)
	var descriptorsNow, goroutinesNow int
	closed := func() bool {
		descriptorsNow, goroutinesNow = held(t)
		return descriptorsNow < descriptors+slack && goroutinesNow < goroutines+slack
	}
	assert.Eventually(t, closed, 20*time.Second, 200*time.Millisecond)
	t.Logf("%d routes, %d calls each: %d descriptors, now %d; %d goroutines, now %d", len(routes), calls,
		descriptors, descriptorsNow, goroutines, goroutinesNow)
}
