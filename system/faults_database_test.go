//go:build !nodev

package system

import (
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store/storetest"
)

// 4. Equal sign-ups at once are one; equal company names at once are all served.
func TestFault4_OnPostgres(t *testing.T) {
	t.Parallel()
	s := newSite(t, storetest.Postgres(t))
	_, r := s.api()
	s.worker()
	var wg sync.WaitGroup
	ids := make([]string, 200)
	for i := range ids {
		wg.Go(func() { ids[i] = r.accepted("one@example.com", "Solo", "starter", "one").ID })
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	people := make(chan int)
	for range 50 {
		wg.Go(func() {
			for i := range people {
				o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "starter", fmt.Sprint(i))
				r.until(o, domain.OnboardingCompleted)
			}
		})
	}
	for i := range 1000 {
		people <- i
	}
	close(people)
	wg.Wait()
	s.requireOneOfEach(1001)
}

// 5. The database is away: 503 with Retry-After; it is back: everything continues.
func TestFault5_DatabaseStoppedKilledAndBack(t *testing.T) {
	t.Parallel()
	cluster := storetest.StartCluster(t)
	s := newSite(t, cluster.Database(t))
	_, r := s.api()
	s.worker()
	waiting := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(waiting, domain.OnboardingAwaitingPayment)

	require.Equal(t, http.StatusOK, r.get("/v1/plans", "").status)

	// Killed in the middle of many sign-ups: none half made.
	var wg sync.WaitGroup
	acknowledged := make([]kickedOff, 40)
	for i := range acknowledged {
		wg.Go(func() {
			a, err := try(http.MethodPost, r.url+"/v1/onboardings", "",
				person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter"), "Idempotency-Key", fmt.Sprint(i))
			if err == nil && a.status < 300 {
				a.into(t, &acknowledged[i])
			}
		})
	}
	cluster.Kill(t)
	wg.Wait()
	for _, path := range []string{"/v1/onboardings/" + waiting.ID, "/v1/account/balance"} {
		a := r.get(path, waiting.ClientSecret)
		require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
		require.NotEmpty(t, a.header.Get("Retry-After"), path)
	}
	a := r.post("/v1/onboardings", "", person("late@example.com", "Late", "starter"))
	require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, r.get("/v1/plans", "").status, "plans are served from the last good copy")

	cluster.Start(t)
	r.until(waiting, domain.OnboardingAwaitingPayment)
	completed := 0
	for i := range acknowledged {
		o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "starter", fmt.Sprint(i))
		if acknowledged[i].ID != "" {
			require.Equal(t, acknowledged[i].ID, o.ID, "an acknowledged sign-up was lost")
		}
		r.until(o, domain.OnboardingCompleted)
		completed++
	}
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "x")).status)
	r.until(waiting, domain.OnboardingCompleted)
	s.reopen() // the test's own connections died with the cluster
	require.Equal(t, completed+1, s.count("SELECT count(*) FROM onboardings WHERE status = 'completed'"))
	require.Equal(t, completed+1, s.count("SELECT count(*) FROM credits"))
}

// 5, on SQLite: another process holds the file's lock for longer than we wait.
func TestFault5_SQLiteLocked(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	lock, err := sql.Open("sqlite", "file:"+s.database+"?_txlock=exclusive")
	require.NoError(t, err)
	defer func() { _ = lock.Close() }()
	tx, err := lock.Begin()
	require.NoError(t, err)
	a := r.post("/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NoError(t, tx.Rollback())
	r.until(r.accepted("ada@example.com", "Acme", "starter", "k"), domain.OnboardingCompleted)
	s.requireOneOfEach(1)
}
