//go:build bench && !nodev

package system

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// buildProduction builds what is deployed: without the embedded Temporal.
func buildProduction(t testing.TB) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "slipway")
	out, err := exec.Command("go", "build", "-trimpath", "-tags", "nodev,nomsgpack", "-ldflags", "-s -w", "-o", binary,
		"slipway").CombinedOutput()
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
		copyOf(r, "subscriptions", "account_id",
			map[string]string{"id": "'sub_' || " + like, "account_id": account, "due": "''", "due_at": "NULL",
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
		subs[i] = domain.Subscription{ID: "sub_" + id, AccountID: "acct_" + id, PlanCode: "growth",
			Status: domain.SubscriptionActive}
	}
	return subs
}

// copyOf is an INSERT of $2 copies of the row whose key is $1, with some columns
// changed.
func copyOf(r *running, table, key string, change map[string]string) string {
	r.t.Helper()
	rows, err := r.app.Store.Stats()["write"].QueryContext(r.t.Context(),
		"SELECT column_name FROM information_schema.columns WHERE table_name = $1 AND table_schema = current_schema() "+
			"ORDER BY ordinal_position", table)
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

func (r *running) sleepers() int {
	return r.count("SELECT count(*) FROM subscriptions WHERE id LIKE 'sub_0%' AND due_at IS NOT NULL")
}

func (r *running) renewed() int {
	return r.count("SELECT count(*) FROM subscriptions WHERE periods > 0")
}
