//go:build bench

package store_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// yearAccounts is how many accounts live a year: sizes for each do not depend on it.
const yearAccounts = 2000

const (
	year        = 365 * 24 * time.Hour
	tenMillion  = 10_000_000
	perTerabyte = 1e12
)

// TestBenchYear prints what an account that pays monthly writes in a year, how much of it
// stays with the default retention, and what ten million need.
func TestBenchYear(t *testing.T) {
	for _, kind := range []string{"postgres", "sqlite"} {
		url := databases[kind](t)
		s := storetest.Open(t, url)
		storetest.Fill(t, s, url, yearAccounts)
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		fmt.Fprintf(out, "%s, of an account and year\trows\tbytes\tkept\t\n", kind)
		var all, forEver, held float64
		for _, part := range storetest.Year {
			before := tableSize(t, s, url, part.Table)
			part.Fill(t, s, url, yearAccounts)
			bytes := float64(tableSize(t, s, url, part.Table)-before) / yearAccounts
			kept := "for ever"
			if part.Kept == nil {
				forEver += bytes
			} else {
				d := part.Kept(domain.DefaultRetention())
				kept, held = fmt.Sprintf("%d days", int(d.Hours()/24)), held+bytes*d.Hours()/year.Hours()
			}
			all += bytes
			fmt.Fprintf(out, "%s\t%d\t%.0f\t%s\t\n", part.What, part.Rows, bytes, kept)
		}
		fmt.Fprintf(out, "without retention, each year more\t\t%.0f\t\t\n", all)
		fmt.Fprintf(out, "with retention, each year more\t\t%.0f\t\t\n", forEver)
		fmt.Fprintf(out, "with retention, held beside that\t\t%.0f\t\t\n", held)
		fmt.Fprintf(out, "ten million accounts after five years, without and with\t\t%.1f TB\t%.1f TB\t\n",
			5*all*tenMillion/perTerabyte, (5*forEver+held)*tenMillion/perTerabyte)
		fmt.Fprintf(out, "pruned, rows a second\t\t%.0f\t\t\n", pruneRate(t, s))
		require.NoError(t, out.Flush())
	}
}

// pruneRate prunes all that is due, and returns how many rows a second went.
func pruneRate(t *testing.T, s *store.Store) float64 {
	rows, began := int64(0), time.Now()
	for more := true; more; {
		pruned, err := s.Prune(t.Context(), domain.DefaultRetention(), 1000)
		require.NoError(t, err)
		rows, more = rows+pruned.Total(), pruned.More
	}
	return float64(rows) / time.Since(began).Seconds()
}

// tableSize is that of a table with its indexes, in bytes.
func tableSize(t *testing.T, s *store.Store, url, table string) (bytes int64) {
	query := "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_master WHERE tbl_name = '{table}')"
	if store.IsPostgres(url) {
		query = "SELECT pg_total_relation_size('{table}')"
	}
	query = strings.ReplaceAll(query, "{table}", table)
	require.NoError(t, s.Stats()["write"].QueryRow(query).Scan(&bytes))
	return bytes
}
