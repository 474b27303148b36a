//go:build bench && !nodev

package system

import (
	"fmt"
	"os"
	"runtime"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// TestBench prints the speed table. Each figure stands beside a floor measured
// in the same run, on the same server and disk, right before or after it: only
// the ratios mean anything.
func TestBench(t *testing.T) {
	b := &bench{running: startApp(t, func(a *app.App) { a.ReconcileEvery = time.Hour }), t: t}
	b.startFloors()
	eventually(t, func() bool {
		rounds, err := b.app.Store.JobRounds(t.Context())
		return err == nil && rounds[domain.JobStartBillings].CompletedAt.After(time.Time{})
	}, "reconcile has made its first round, and rests for an hour")
	b.signups()
	b.firstAnswer()
	b.reads()
	b.money()
	b.costs()
	b.webhooks()
	b.watchers()
	b.print()
	b.passwordCost()
}

type bench struct {
	*running
	t    *testing.T
	rows []row
	urls struct{ read, json, empty, account, write string }
}

// row is one line of the table.
type row struct {
	what, ours, floor, ratio, required string
	met                                bool
}

func (b *bench) atLeast(what string, ours, floor, required float64) {
	ratio := ours / floor
	b.rows = append(b.rows, row{what, fmt.Sprintf("%.0f", ours), fmt.Sprintf("%.0f", floor),
		fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≥ %.2g", required), ratio >= required})
}

func (b *bench) atMost(what string, ours, floor time.Duration, required float64) {
	ratio := float64(ours) / float64(floor)
	b.rows = append(b.rows, row{what, ms(ours), ms(floor), fmt.Sprintf("%.2f", ratio), fmt.Sprintf("≤ %.1f", required),
		ratio <= required})
}

func (b *bench) spread(what string, t timing) {
	ratio := float64(t.p99) / float64(t.p50)
	b.rows = append(b.rows, row{what, ms(t.p99), ms(t.p50), fmt.Sprintf("%.1f", ratio), "≤ 6", ratio <= 6})
}

func ms(d time.Duration) string { return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond)) }

func (b *bench) print() {
	w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "\nmeasure\tours\tfloor\tratio\trequired\t")
	for _, r := range b.rows {
		verdict := "met"
		if !r.met {
			verdict = "NOT MET"
		}
		if r.required == "" {
			verdict = ""
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", r.what, r.ours, r.floor, r.ratio, r.required, verdict)
	}
	require.NoError(b.t, w.Flush())
	fmt.Printf("\nEvery commit is synced to disk, Temporal's and ours. Password hash: %s. %d cores.\n", b.app.PasswordHash,
		runtime.NumCPU())
}

// passwordCost prints what the table leaves out.
func (b *bench) passwordCost() {
	params, err := (&app.Settings{PasswordHash: "19MiB,2,1"}).HashParams()
	require.NoError(b.t, err)
	started := time.Now()
	for range 10 {
		_, err := argon2id.CreateHash(testPassword, params)
		require.NoError(b.t, err)
	}
	each := time.Since(started) / 10
	fmt.Printf("argon2id with the production setting (19 MiB, 2, 1): %s each, so at most %.0f sign-ups/s on %d cores "+
		"whatever the rest costs.\n",
		ms(each), float64(runtime.NumCPU())/each.Seconds(), runtime.NumCPU())
}
