//go:build bench && !nodev

package system

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
	"slipway/store/storetest"
	"slipway/workflows"
)

const (
	sleeping    = 20_000
	dueTogether = 2_000
)

// TestBenchSleeping puts subscriptions to sleep on PostgreSQL, looks at a worker
// that holds none of them in its cache, and lets many come due together. What
// ten million of them need follows from it in docs/scale.md.
func TestBenchSleeping(t *testing.T) {
	key := randomKey()
	sandbox := newCountedSandbox(t, key)
	url := storetest.Postgres(t)
	r := startApp(t, func(a *app.App) {
		a.SecretKey, a.SandboxURL, a.DatabaseURL = base64.StdEncoding.EncodeToString(key), sandbox.url, url
		a.ReconcileEvery, a.ProviderRate = time.Hour, 0
	})
	ctx := t.Context()
	o := r.pay("growth", "tok_ok", "")
	r.until(o, domain.OnboardingCompleted)
	binary := buildProduction(t)
	worker := func() int { // holds nothing in its cache
		return startProduction(t, binary, "worker", "TEMPORAL_ADDRESS="+r.dev.Temporal, "DATABASE_URL="+url,
			"SLIPWAY_SECRET_KEY="+r.app.SecretKey, "SLIPWAY_SANDBOX_URL="+sandbox.url, "SLIPWAY_RECONCILE_EVERY=1h",
			"SLIPWAY_PROVIDER_RATE=0")
	}
	r.app.Worker.Stop()
	first := worker()
	idleBefore := idleMemory(t, first)
	due := time.Now().UTC().Add(time.Hour)
	subs := r.multiply(o, sleeping, due)
	started := time.Now()
	b := &bench{running: r, t: t}
	var next atomic.Int64
	b.load(sleeping, 32, func(ctx context.Context) error {
		return r.app.Workflows.StartBilling(ctx, &subs[next.Add(1)-1])
	})
	eventually(t, func() bool { return r.sleepers() == sleeping }, "all sleep")
	putToSleep := time.Since(started)

	kill(t, first)
	idle := idleMemory(t, worker())

	_, err := r.app.Store.Stats()["write"].ExecContext(ctx, "UPDATE subscriptions SET current_period_end = "+
		"date_trunc('milliseconds', now()), anchor = date_trunc('milliseconds', now()) - interval '1 month' WHERE id IN "+
		"(SELECT id FROM subscriptions ORDER BY id LIMIT $1)", dueTogether)
	require.NoError(t, err)
	began := time.Now()
	next.Store(0)
	b.load(dueTogether, 32, func(ctx context.Context) error {
		id := "billing-" + subs[next.Add(1)-1].ID
		return r.app.Temporal.SignalWorkflow(ctx, id, "", workflows.SignalMethodChanged, nil)
	})
	require.Eventually(t, func() bool { return r.renewed() >= dueTogether }, 10*time.Minute, 100*time.Millisecond,
		"all renewed")
	took := time.Since(began)
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nsleeping subscriptions on PostgreSQL\t%d\n", sleeping)
	fmt.Fprintf(w, "put to sleep, executions a second\t%.0f\n", sleeping/putToSleep.Seconds())
	fmt.Fprintf(w, "memory of a worker that holds none of them in its cache\t%d MB\n", idle>>20)
	fmt.Fprintf(w, "memory of such a worker when there were none\t%d MB\n", idleBefore>>20)
	fmt.Fprintf(w, "renewals a second when %d come due together\t%.0f\n", dueTogether, dueTogether/took.Seconds())
	fmt.Fprintf(w, "history of a subscription that sleeps\t%d bytes\n", r.historyBytes("billing-"+subs[sleeping-1].ID))
	r.printYear(w)
	require.NoError(t, w.Flush())
}

// historyBytes is the size of a workflow's history as Temporal counts it.
func (r *running) historyBytes(workflowID string) int64 {
	r.t.Helper()
	d, err := r.app.Temporal.DescribeWorkflowExecution(context.Background(), workflowID, "")
	require.NoError(r.t, err)
	return d.GetWorkflowExecutionInfo().GetHistorySizeBytes()
}

// printYear says what a year of one subscription leaves behind: renewals in real
// time, which have no test clock's entries.
func (r *running) printYear(w *tabwriter.Writer) {
	r.t.Helper()
	before, after := r.historyBytes("billing-sub_"+fmt.Sprintf("%026x", sleeping)),
		r.historyBytes("billing-sub_"+fmt.Sprintf("%026x", 1))
	fmt.Fprintf(w, "history of a renewal, and of a subscription-year\t%d and %d bytes\n", after-before, 12*(after-before))
	rows := r.count("SELECT (SELECT count(*) FROM invoices) + (SELECT count(*) FROM payments) + (SELECT count(*) FROM " +
		"credits) + (SELECT count(*) FROM events)")
	fmt.Fprintf(w, "rows of a renewal, and of a subscription-year\t%.1f and %.0f\n", float64(rows)/dueTogether,
		12*float64(rows)/dueTogether)
}
