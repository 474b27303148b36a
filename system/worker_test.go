//go:build !nodev

package system

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Whoever runs a worker sees from its port whether it does its work, and what goes on.
func TestWorker_SaysHowItIsOnItsOwnPort(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	get := func(path string) answer {
		a, err := try(http.MethodGet, "http://"+address+path, "", nil)
		require.NoError(t, err)
		return a
	}
	s.child("worker", childConfig{WorkerListen: address})
	_, r := s.api()
	r.signUp("ada@example.com", "Acme", "growth")
	assert.Equal(t, http.StatusOK, get("/livez").status)
	assert.Equal(t, http.StatusOK, get("/readyz").status)
	missing := func() (series []string) {
		metrics := string(get("/metrics").body)
		for _, s := range []string{
			`slipway_onboardings_open{status="awaiting_payment"} 1`,
			`slipway_task_queue_pollers{kind="workflow",queue="onboarding"}`,
			`slipway_task_queue_backlog{kind="activity",queue="providers"}`,
			`slipway_reconcile_round_overdue{job="start_received"} 0`,
			`slipway_failing_workflows 0`,
			`temporal_workflow_task_schedule_to_start_latency_seconds_count{`,
			`temporal_local_activity_execution_latency_seconds_count{activity_type="CreateAccount"`,
			`go_sql_open_connections{db_name="write"}`,
		} {
			if !strings.Contains(metrics, s) {
				series = append(series, s)
			}
		}
		return series
	}
	if !assert.Eventually(t, func() bool { return len(missing()) == 0 }, 30*time.Second, 100*time.Millisecond) {
		require.Empty(t, missing())
	}

	require.NoError(t, s.temporal.Stop())
	eventually(t, func() bool { return get("/readyz").status == http.StatusServiceUnavailable }, "Temporal is away")
	assert.Contains(t, string(get("/readyz?verbose").body), "set TEMPORAL_ADDRESS")
	assert.Equal(t, http.StatusOK, get("/livez").status)
	s.startTemporal()
	eventually(t, func() bool { return get("/readyz").status == http.StatusOK }, "Temporal is back")
}
