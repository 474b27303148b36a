//go:build bench && !nodev

package system

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"
	"gorm.io/driver/sqlite"
	"gorm.io/gorm"
	"gorm.io/gorm/logger"

	"slipway/app"
	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
	"slipway/workflows"
)

// --- entitlements and credits

// money compares the two calls a product's backend makes most with plain
// handlers.
func (b *bench) money() {
	o := b.signUp("backend@example.com", "Backend", "starter")
	var key struct{ Secret string }
	b.post("/v1/admin/api-keys", b.admin(), map[string]any{"name": "bench"}).into(b.t, &key)
	ask := map[string]any{"account_id": o.Account.ID}
	check := b.median(4000, 8, b.reader(b.urls.account+o.Account.ID, ""), b.poster("/v1/entitlements/check", key.Secret, func() map[string]any { return ask }))
	b.atLeast("POST /v1/entitlements/check per second, vs a plain Gin handler with one indexed GORM read", check[1].rate, check[0].rate, 0.7)

	const debits = 1500
	require.NoError(b.t, b.app.Store.Within(b.t.Context(), func(tx *store.Store) error {
		_, err := tx.GrantCredits(b.t.Context(), &domain.Credit{ID: store.NewID("cr"), AccountID: o.Account.ID, Pool: domain.PoolBonus,
			Amount: 10 * debits * rounds, Reason: "bench", IdempotencyKey: "bench", CreatedAt: b.app.Store.Now()})
		return err
	}))
	before, err := b.app.Store.Balance(b.t.Context(), o.Account.ID)
	require.NoError(b.t, err)
	debit := map[string]any{"account_id": o.Account.ID, "amount": 1, "reason": "render"}
	m := b.median(debits, 50, b.floorWrite, b.poster("/v1/credits/debit", key.Secret, func() map[string]any { return debit }))
	b.atLeast("POST /v1/credits/debit per second, 50 at once on one account, vs a plain one-row transaction", m[1].rate, m[0].rate, 0.5)
	after, err := b.app.Store.Balance(b.t.Context(), o.Account.ID)
	require.NoError(b.t, err)
	lost := before.Plan + before.Bonus - after.Plan - after.Bonus - debits*rounds
	b.rows = append(b.rows, row{what: "updates lost by those debits", ours: fmt.Sprint(lost), required: "0", met: lost == 0})
}

// costs says what a card sign-up and a renewal leave behind, in a dev of its own.
func (b *bench) costs() {
	b.t.Run("costs", func(t *testing.T) {
		c := costOfMoney(t)
		most := func(what string, ours, bound int) {
			b.rows = append(b.rows, row{what: what, ours: fmt.Sprint(ours), required: fmt.Sprintf("≤ %d", bound), met: ours <= bound})
		}
		most("card sign-up through the sandbox: workflow executions", c.executions, 2)
		most("card sign-up through the sandbox: events, its sleeping Billing's among them", c.signup, 32)
		most("renewal: events", c.renewal, 12)
		most("renewal: calls to the provider", int(c.calls), 1)
	})
}

var debitKeys atomic.Int64

// poster posts a body with a key of its own each time.
func (b *bench) poster(path, bearer string, body func() map[string]any) func(context.Context) error {
	return func(context.Context) error {
		a, err := try(http.MethodPost, b.url+path, bearer, body(), "Idempotency-Key", fmt.Sprint("k", debitKeys.Add(1)))
		if err == nil && a.status != http.StatusOK {
			err = fmt.Errorf("%d %s", a.status, a.body)
		}
		return err
	}
}

// floorWrite asks a plain handler for a transaction of one row.
func (b *bench) floorWrite(context.Context) error {
	a, err := try(http.MethodPost, b.urls.write, "", map[string]any{})
	if err == nil && a.status != http.StatusOK {
		err = fmt.Errorf("%d %s", a.status, a.body)
	}
	return err
}

// plainMoney adds the plain handlers for money to the plain server.
func (b *bench) plainMoney(g *gin.Engine, read *gorm.DB) {
	g.GET("/account/:id", func(c *gin.Context) {
		var sub domain.Subscription
		if err := read.WithContext(c).Where("account_id = ?", c.Param("id")).Take(&sub).Error; err != nil {
			c.Status(http.StatusNotFound)
			return
		}
		c.JSON(http.StatusOK, &sub)
	})
	dsn := "file:" + b.app.Database() + "?_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=busy_timeout(5000)&_txlock=immediate"
	write, err := gorm.Open(sqlite.New(sqlite.Config{DriverName: "sqlite", DSN: dsn}), &gorm.Config{Logger: logger.Discard})
	require.NoError(b.t, err)
	pool, err := write.DB()
	require.NoError(b.t, err)
	pool.SetMaxOpenConns(1) // SQLite has one writer
	require.NoError(b.t, write.Exec("CREATE TABLE floors (id text PRIMARY KEY, n integer NOT NULL)").Error)
	require.NoError(b.t, write.Exec("INSERT INTO floors VALUES ('one', 0)").Error)
	g.POST("/write", func(c *gin.Context) {
		err := write.WithContext(c).Transaction(func(tx *gorm.DB) error {
			return tx.Exec("UPDATE floors SET n = n + 1 WHERE id = ?", "one").Error
		})
		if err != nil {
			c.JSON(http.StatusInternalServerError, gin.H{"error": err.Error()})
			return
		}
		c.JSON(http.StatusOK, gin.H{"ok": true})
	})
}

// --- sleeping subscriptions

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
			"SLIPWAY_SECRET_KEY="+r.app.SecretKey, "SLIPWAY_SANDBOX_URL="+sandbox.url, "SLIPWAY_RECONCILE_EVERY=1h", "SLIPWAY_PROVIDER_RATE=0")
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

	_, err := r.app.Store.Stats()["write"].ExecContext(ctx, "UPDATE subscriptions SET current_period_end = date_trunc('milliseconds', now()), anchor = date_trunc('milliseconds', now()) - interval '1 month' WHERE id IN (SELECT id FROM subscriptions ORDER BY id LIMIT $1)", dueTogether)
	require.NoError(t, err)
	began := time.Now()
	next.Store(0)
	b.load(dueTogether, 32, func(ctx context.Context) error {
		id := "billing-" + subs[next.Add(1)-1].ID
		return r.app.Temporal.SignalWorkflow(ctx, id, "", workflows.SignalMethodChanged, nil)
	})
	require.Eventually(t, func() bool { return r.renewed() >= dueTogether }, 10*time.Minute, 100*time.Millisecond, "all renewed")
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

// buildProduction builds what is deployed: without the embedded Temporal.
func buildProduction(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "slipway")
	out, err := exec.Command("go", "build", "-trimpath", "-tags", "nodev,nomsgpack", "-ldflags", "-s -w", "-o", binary, "slipway").CombinedOutput()
	require.NoError(t, err, string(out))
	return binary
}

// startProduction runs the binary and returns its process id.
func startProduction(t testing.TB, binary, command string, env ...string) (pid int) {
	t.Helper()
	cmd := exec.Command(binary, command)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), testLog{t}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process.Pid
}

func kill(t testing.TB, pid int) {
	t.Helper()
	process, err := os.FindProcess(pid)
	require.NoError(t, err)
	require.NoError(t, process.Kill())
}

// idleMemory is the most a worker took from its start until it has nothing to do.
func idleMemory(t *testing.T, pid int) int64 {
	t.Helper()
	time.Sleep(10 * time.Second) // whatever a worker does when it starts is done
	return peakMemory(t, pid)
}

// multiply copies a subscription, with its account and method, as often as is
// asked for; the copies come due at the time.
func (r *running) multiply(o kickedOff, n int, due time.Time) []domain.Subscription {
	r.t.Helper()
	row := r.onboardingRow(o)
	const like = "lpad(to_hex(i), 26, '0')"
	account := "'acct_' || " + like
	for _, statement := range []string{
		copyOf(r, "accounts", "id", map[string]string{"id": account, "slug": "'copy-' || i"}),
		copyOf(r, "payment_methods", "account_id", map[string]string{"id": "'pm_' || " + like, "account_id": account}),
		copyOf(r, "subscriptions", "account_id", map[string]string{"id": "'sub_' || " + like, "account_id": account, "due": "''", "due_at": "NULL",
			"current_period_end": "$3::timestamptz", "anchor": "$3::timestamptz - interval '1 month'"}),
		copyOf(r, "balances", "account_id", map[string]string{"account_id": account}),
	} {
		args := []any{row.AccountID, n}
		if strings.Contains(statement, "$3") {
			args = append(args, due)
		}
		_, err := r.app.Store.Stats()["write"].ExecContext(r.t.Context(), statement, args...)
		require.NoError(r.t, err, statement)
	}
	subs := make([]domain.Subscription, n)
	for i := range subs {
		id := fmt.Sprintf("%026x", i+1)
		subs[i] = domain.Subscription{ID: "sub_" + id, AccountID: "acct_" + id, PlanCode: "growth", Status: domain.SubscriptionActive}
	}
	return subs
}

// copyOf is an INSERT of $2 copies of the row whose key is $1, with some columns
// changed.
func copyOf(r *running, table, key string, change map[string]string) string {
	r.t.Helper()
	rows, err := r.app.Store.Stats()["write"].QueryContext(r.t.Context(),
		"SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema() ORDER BY ordinal_position", table)
	require.NoError(r.t, err)
	defer func() { _ = rows.Close() }()
	var columns, values []string
	for rows.Next() {
		var name string
		require.NoError(r.t, rows.Scan(&name))
		columns = append(columns, `"`+name+`"`)
		if value, found := change[name]; found {
			values = append(values, value)
			continue
		}
		values = append(values, `"`+name+`"`)
	}
	require.NoError(r.t, rows.Err())
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") SELECT " + strings.Join(values, ", ") +
		" FROM " + table + ", generate_series(1, $2::int) i WHERE " + key + " = $1"
}

func (r *running) number(query string) int {
	r.t.Helper()
	var n int
	require.NoError(r.t, r.app.Store.Stats()["read"].QueryRowContext(context.Background(), query).Scan(&n))
	return n
}

func (r *running) sleepers() int {
	return r.number("SELECT count(*) FROM subscriptions WHERE id LIKE 'sub_0%' AND due_at IS NOT NULL")
}

func (r *running) renewed() int {
	return r.number("SELECT count(*) FROM subscriptions WHERE periods > 0")
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
	before, after := r.historyBytes("billing-sub_"+fmt.Sprintf("%026x", sleeping)), r.historyBytes("billing-sub_"+fmt.Sprintf("%026x", 1))
	fmt.Fprintf(w, "history of a renewal, and of a subscription-year\t%d and %d bytes\n", after-before, 12*(after-before))
	rows := r.number("SELECT (SELECT count(*) FROM invoices) + (SELECT count(*) FROM payments) + (SELECT count(*) FROM credits) + (SELECT count(*) FROM events)")
	fmt.Fprintf(w, "rows of a renewal, and of a subscription-year\t%.1f and %.0f\n", float64(rows)/dueTogether, 12*float64(rows)/dueTogether)
}
