//go:build !nodev

package system

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// clocksEnd is where the test clocks, which begin three months earlier, arrive in
// the end, however far they got while things went wrong.
var clocksEnd = time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC)

// clocksArrive moves the test clocks to where they end. One that a fault stopped
// on its way arrives there first: it refuses to go elsewhere until then.
func (m *mess) clocksArrive() {
	for _, clock := range m.clocks {
		m.arrived(clock)
	}
	for _, clock := range m.clocks {
		a := m.r.post("/v1/test-clocks/"+clock+"/advance", m.admin, map[string]any{"to": clocksEnd})
		require.Equal(m.t, http.StatusOK, a.status, string(a.body))
	}
	for _, clock := range m.clocks {
		m.arrived(clock)
	}
}

// arrived waits until the clock stands.
func (m *mess) arrived(clock string) {
	ready := func() bool {
		var now domain.TestClock
		m.r.get("/v1/test-clocks/"+clock, m.admin).into(m.t, &now)
		return now.Status == domain.ClockReady
	}
	for deadline := time.Now().Add(2 * time.Minute); !ready(); time.Sleep(250 * time.Millisecond) {
		if time.Now().After(deadline) {
			m.t.Fatalf("the clock %s does not arrive; awake are %v", clock, m.awake(clock))
		}
	}
}

// awake says who keeps the clock waiting.
func (m *mess) awake(clock string) (who []string) {
	ctx := context.Background()
	now, err := m.s.store.NowOn(ctx, clock)
	require.NoError(m.t, err)
	waits, err := m.s.store.ClockWaits(ctx, clock)
	require.NoError(m.t, err)
	onboardings, subscriptions, err := m.s.store.BoundToClock(ctx, clock)
	require.NoError(m.t, err)
	note := func(id, status string) {
		if wait, sleeps := waits[id]; !sleeps {
			who = append(who, fmt.Sprintf("%s (%s) does not sleep", id, status))
		} else if wait.Until != nil && !wait.Until.After(now) {
			who = append(who, fmt.Sprintf("%s (%s) should have resumed at %s, now is %s", wait.WorkflowID, status, wait.Until,
				now))
		}
	}
	for _, o := range onboardings {
		note(o.ID, string(o.Status)+", "+m.pending("signup-"+o.ID))
	}
	for _, s := range subscriptions {
		note(s.ID, string(s.Status)+" "+string(s.Due))
	}
	return who
}

// pending says what Temporal has under way for the workflow: an activity that waits
// for its next attempt keeps a clock waiting as well.
func (m *mess) pending(workflowID string) string {
	d, err := m.s.dial().DescribeWorkflowExecution(context.Background(), workflowID, "")
	if err != nil {
		return err.Error()
	}
	return fmt.Sprint(d.GetWorkflowExecutionInfo().GetStatus(), d.GetPendingActivities(), d.GetPendingWorkflowTask())
}

// janitor waits until what was under way when the last worker died has been
// tried again, and then makes what is left undecided look as old as the janitor
// wants it: nobody waits ten minutes for a test.
func (m *mess) janitor() {
	const left = `SELECT p.id, p.status, i.reason, i.status, s.status, s.cancellation_reason
		FROM payments p JOIN invoices i ON i.id = p.invoice_id
		LEFT JOIN subscriptions s ON s.id = i.subscription_id WHERE p.idempotency_key <> ''
		AND (p.status IN ('created', 'processing', 'unknown') OR (p.status = 'requires_action' AND i.status <> 'open'))`
	undecided := func() (all []string) {
		rows, err := m.s.store.Stats()["read"].Query(left)
		require.NoError(m.t, err)
		for rows.Next() {
			var of [6]sql.NullString
			require.NoError(m.t, rows.Scan(&of[0], &of[1], &of[2], &of[3], &of[4], &of[5]))
			all = append(all, fmt.Sprint(of))
		}
		require.NoError(m.t, rows.Err())
		return all
	}
	for deadline := time.Now().Add(75 * time.Second); len(undecided()) > 0 && time.Now().Before(deadline); {
		time.Sleep(time.Second)
	}
	m.t.Logf("left to the janitor: %v", undecided())
	_, err := m.s.store.Stats()["write"].Exec(`UPDATE payments SET updated_at = $1
		WHERE status IN ('created', 'processing', 'unknown', 'requires_action')`,
		time.Now().UTC().Add(-time.Hour))
	require.NoError(m.t, err)
}

// ends counts the onboardings by status.
func (m *mess) ends() map[string]int {
	rows, err := m.s.store.Stats()["read"].Query("SELECT status, count(*) FROM onboardings GROUP BY status")
	require.NoError(m.t, err)
	counts := map[string]int{}
	for rows.Next() {
		var status string
		var n int
		require.NoError(m.t, rows.Scan(&status, &n))
		counts[status] = n
	}
	require.NoError(m.t, rows.Err())
	return counts
}
