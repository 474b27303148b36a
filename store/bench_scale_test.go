//go:build bench

package store_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/store"
	"slipway/store/storetest"
)

var accounts = flag.String("accounts", "10000,100000", "how many accounts to fill databases with, in ascending order")

// sqliteMost is the largest installation that is filled on SQLite.
const sqliteMost = 100_000

// TestBenchScale prints how long each list takes with each filter and search, and the
// reads of jobs, in databases of several sizes. Only the ratios mean anything.
func TestBenchScale(t *testing.T) {
	for _, kind := range []string{"postgres", "sqlite"} {
		var sizes []string
		times := map[string][]time.Duration{}
		var names []string
		for _, size := range strings.Split(*accounts, ",") {
			n, err := strconv.Atoi(size)
			require.NoError(t, err)
			if kind == "sqlite" && n > sqliteMost {
				continue
			}
			sizes = append(sizes, size)
			names = measure(t, databases[kind](t), n, times)
		}
		printScale(kind, sizes, names, times)
	}
}

// measure fills a database and adds the time of each read to times.
func measure(t *testing.T, url string, n int, times map[string][]time.Duration) (names []string) {
	s := storetest.Open(t, url)
	began := time.Now()
	storetest.Fill(t, s, url, n)
	t.Logf("%s with %d accounts was filled in %s, %d bytes an account", strings.SplitN(url, ":", 2)[0], n,
		time.Since(began).Round(time.Second), size(t, s, url)/int64(n))
	reads := map[string]func(){}
	for _, a := range askings(t, s, store.Page{}) {
		reads[a.what] = func() { a.ask(t) }
		names = append(names, a.what)
	}
	for name, read := range jobReads(t, s) {
		reads[name] = read
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		times[name] = append(times[name], median(reads[name]))
	}
	return names
}

// jobReads are what jobs and the customer's calls read most.
func jobReads(t *testing.T, s *store.Store) map[string]func() {
	ctx, now := context.Background(), s.Now()
	return map[string]func(){
		"job: received onboardings": func() {
			_, err := s.ReceivedOnboardings(ctx, now, 500)
			require.NoError(t, err)
		},
		"job: unchecked onboardings": func() {
			_, err := s.UncheckedOnboardings(ctx, now, "", 500)
			require.NoError(t, err)
		},
		"job: subscriptions without billing": func() {
			_, err := s.SubscriptionsWithoutBilling(ctx, now, 500)
			require.NoError(t, err)
		},
		"job: put aside": func() {
			_, err := s.CountPutAside(ctx)
			require.NoError(t, err)
		},
		"entitlement check": func() {
			_, _, err := s.EntitlementFacts(ctx, filterValues["AccountID"][0].(string), true)
			require.NoError(t, err)
		},
	}
}

// median is the middle of several runs.
func median(read func()) time.Duration {
	read() // into the caches
	var runs []time.Duration
	for range 5 {
		began := time.Now()
		read()
		runs = append(runs, time.Since(began))
	}
	slices.Sort(runs)
	return runs[len(runs)/2]
}

// size is that of the database, in bytes.
func size(t *testing.T, s *store.Store, url string) (bytes int64) {
	query := "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
	if store.IsPostgres(url) {
		query = "SELECT pg_database_size(current_database())"
	}
	require.NoError(t, s.Stats()["write"].QueryRow(query).Scan(&bytes))
	return bytes
}

func printScale(kind string, sizes, names []string, times map[string][]time.Duration) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(out, "%s\t%s\tratio\t\n", kind, strings.Join(sizes, "\t"))
	for _, name := range names {
		of := times[name]
		fmt.Fprint(out, name)
		for _, d := range of {
			fmt.Fprintf(out, "\t%.2f ms", d.Seconds()*1000)
		}
		fmt.Fprintf(out, "\t%.1f\t\n", float64(of[len(of)-1])/float64(of[0]))
	}
	_ = out.Flush()
}
