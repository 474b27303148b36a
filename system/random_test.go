//go:build !nodev

package system

import (
	"math"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/store/storetest"
)

// The randomised run: people sign up, pay in every way there is, change their
// minds, while workers die at random moments, the payment company stops and comes
// back, and months pass for some of them. In the end every invariant holds.
//
// A short one is part of every test run; `make chaos` has everything else die as well
// (chaos_test.go). SLIPWAY_TEST_MINUTES lets people sign up for as long as it says,
// SLIPWAY_TEST_PEOPLE says how many do, SLIPWAY_TEST_SEED repeats a run's choices.
const (
	randomPeople     = 200
	randomOnPostgres = 60
	randomTogether   = 64
	randomLimit      = 5 * time.Minute // for the sign-ups; then everything comes to an end
)

func TestRandom_EveryInvariantHoldsWhateverHappens(t *testing.T) {
	m := newMess(t, "", randomPeople)
	m.live(m.workers, m.companies, m.timePasses)
}

func TestRandom_EveryInvariantHoldsOnPostgres(t *testing.T) {
	m := newMess(t, storetest.Postgres(t), randomOnPostgres)
	m.live(m.workers, m.companies, m.timePasses)
}

// live has everybody live while the faults go on, waits until everything ended, and checks
// every invariant.
func (m *mess) live(faultsOf ...func(stop <-chan struct{})) {
	t := m.t
	began := time.Now()
	stop := make(chan struct{})
	var faults sync.WaitGroup
	for _, fault := range faultsOf {
		faults.Go(func() { fault(stop) })
	}
	m.everybody()
	t.Logf("%d of %d signed up in %s (%.1f a second); answers %v", m.done.Load(), m.people,
		time.Since(began).Round(time.Second),
		float64(m.done.Load())/time.Since(began).Seconds(), m.counts())
	close(stop)
	faults.Wait()
	t.Logf("%d workers died, test clocks were moved %d times; %d invoices for further periods", m.deaths, m.advances,
		m.s.count("SELECT count(*) FROM invoices WHERE reason = 'subscription_cycle'"))
	if m.worker != nil {
		m.worker.kill()
	}
	m.s.worker()
	ending := time.Now()
	m.clocksArrive()
	m.janitor()
	m.s.sound()
	t.Logf("all ended in %s; seed %d: %v", time.Since(ending).Round(time.Second), m.seed, m.ends())
	require.EqualValues(t, m.people, m.done.Load(), "everybody signed up")
	require.Zero(t, m.ends()["failed"], "nobody's onboarding fails for what went wrong on our side")
}

// mess is one randomised run.
type mess struct {
	t          *testing.T
	s          *site
	r          *running
	seed       uint64
	people     int
	together   int           // so many at the same time
	limit      time.Duration // for the sign-ups
	byTime     bool          // as many people as there is time for
	clockShare int           // one in so many lives by a test clock
	clocks     []string
	admin      string
	api        *child
	urls       []string // of every API
	worker     *child   // the one that may die
	deaths     int
	advances   int // of test clocks, while things go wrong
	done       atomic.Int64
	asked      atomic.Int64 // requests, for their turn at the APIs
	mu         sync.Mutex
	answers    map[int]int
	ids        []string // of the onboardings whose kick-off was answered
}

func newMess(t *testing.T, database string, people int, change ...func(*site)) *mess {
	m := &mess{
		t:          t,
		seed:       uint64(time.Now().UnixNano()),
		people:     people,
		together:   randomTogether,
		limit:      randomLimit,
		clockShare: 20,
		answers:    map[int]int{},
	}
	if text := os.Getenv("SLIPWAY_TEST_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		m.seed = seed
	}
	m.size()
	t.Logf("SLIPWAY_TEST_SEED=%d, at most %d people in %s", m.seed, m.people, m.limit)
	m.s = newSite(t, database, change...)
	m.api, m.r = m.s.api()
	m.urls = []string{m.r.url}
	m.worker = m.s.worker()
	m.admin = m.r.admin()
	for range 4 {
		m.clocks = append(m.clocks, m.r.newClock("2026-01-31T10:00:00Z"))
	}
	return m
}

// size is as the environment says.
func (m *mess) size() {
	if text := os.Getenv("SLIPWAY_TEST_PEOPLE"); text != "" {
		people, err := strconv.Atoi(text)
		require.NoError(m.t, err)
		m.people = people
	}
	if text := os.Getenv("SLIPWAY_TEST_MINUTES"); text != "" {
		minutes, err := strconv.Atoi(text)
		require.NoError(m.t, err)
		m.people, m.limit, m.byTime = math.MaxInt, time.Duration(minutes)*time.Minute, true
	}
}

func (m *mess) counts() map[int]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers
}
