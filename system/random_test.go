//go:build !nodev

package system

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store/storetest"
)

// The randomised run: people sign up, pay in every way there is, change their
// minds, while workers die at random moments, the payment company stops and comes
// back, and months pass for some of them. In the end every invariant holds.
//
// A short one is part of every test run. SLIPWAY_TEST_MINUTES (`make chaos`) lets
// people sign up for as long as it says, SLIPWAY_TEST_PEOPLE says how many do,
// SLIPWAY_TEST_SEED repeats a run's choices.
const (
	randomPeople     = 200
	randomOnPostgres = 60
	randomTogether   = 64
	randomLimit      = 5 * time.Minute // for the sign-ups; then everything settles
)

// clocksEnd is where the test clocks, which begin three months earlier, arrive in
// the end, however far they got while things went wrong.
var clocksEnd = time.Date(2026, 5, 2, 10, 0, 0, 0, time.UTC)

// randomTokens are the cards people pay with. The slow ones are rare: they would
// only make the run longer.
var randomTokens = []string{
	"tok_ok", "tok_ok", "tok_ok", "tok_ok", "tok_3ds", "tok_3ds", "tok_declined_funds", "tok_declined_expired", "tok_fails_from_2",
	"tok_throttled_1", "tok_throttled_bare_1", "tok_flaky_1", "tok_flaky_2", "tok_reset", "tok_lost_response", "tok_lost_response", "tok_forgotten_key",
	"tok_stored_500", "tok_webhook_chaos", "tok_webhook_chaos",
}

// crashes are the moments at which a worker may die.
var crashes = append(crashesOfSteps(), []childConfig{
	{}, {}, {KillAfter: "ApplyCommand"}, {KillBefore: "ChargeSubscription"}, {KillAfter: "ChargeSubscription"},
	{KillAfter: "ProcessDue"}, {KillAfter: "RefundPayment"}, {KillBefore: "Reconcile"},
}...)

// crashesOfSteps are the moments around the activities of every step.
func crashesOfSteps() []childConfig {
	var all []childConfig
	for _, step := range domain.Steps {
		all = append(all, childConfig{KillBefore: step.Activity}, childConfig{KillAfter: step.Activity})
		if step.ProviderActivity != "" {
			all = append(all, childConfig{KillBefore: step.ProviderActivity}, childConfig{KillAfter: step.ProviderActivity})
		}
	}
	return all
}

func TestRandom_EveryInvariantHoldsWhateverHappens(t *testing.T) {
	newMess(t, "", randomPeople).live()
}

func TestRandom_EveryInvariantHoldsOnPostgres(t *testing.T) {
	newMess(t, storetest.Postgres(t), randomOnPostgres).live()
}

// live has everybody live while things go wrong, lets it all settle, and looks
// at every invariant.
func (m *mess) live() {
	t := m.t
	began := time.Now()
	stop := make(chan struct{})
	var faults sync.WaitGroup
	for _, fault := range []func(<-chan struct{}){m.workers, m.companies, m.timePasses} {
		faults.Go(func() { fault(stop) })
	}
	m.everybody()
	t.Logf("%d of %d signed up in %s (%.1f a second); answers %v", m.done.Load(), m.people, time.Since(began).Round(time.Second),
		float64(m.done.Load())/time.Since(began).Seconds(), m.counts())
	close(stop)
	faults.Wait()
	t.Logf("%d workers died, test clocks were moved %d times; %d invoices for further periods", m.deaths, m.advances,
		m.s.count("SELECT count(*) FROM invoices WHERE reason = 'subscription_cycle'"))
	if m.worker != nil {
		m.worker.kill()
	}
	m.s.worker()
	settling := time.Now()
	m.clocksArrive()
	m.janitor()
	m.s.sound()
	t.Logf("settled in %s; seed %d: %v", time.Since(settling).Round(time.Second), m.seed, m.ends())
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
	limit      time.Duration // for the sign-ups
	byTime     bool          // as many people as there is time for
	clockShare int           // one in so many lives by a test clock
	clocks     []string
	admin      string
	worker     *child // the one that may die
	deaths     int
	advances   int // of test clocks, while things go wrong
	done       atomic.Int64
	mu         sync.Mutex
	answers    map[int]int
}

func newMess(t *testing.T, database string, people int) *mess {
	m := &mess{
		t: t, seed: uint64(time.Now().UnixNano()), people: people, limit: randomLimit, clockShare: 20, answers: map[int]int{},
	}
	if text := os.Getenv("SLIPWAY_TEST_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		require.NoError(t, err)
		m.seed = seed
	}
	m.size()
	t.Logf("SLIPWAY_TEST_SEED=%d, at most %d people in %s", m.seed, m.people, m.limit)
	m.s = newSite(t, database)
	_, m.r = m.s.api()
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

// try makes a request that may fail in any way a client has to expect.
func (m *mess) try(method, path, bearer string, body any, headers ...string) answer {
	for range 20 {
		a, err := try(method, m.r.url+path, bearer, body, headers...)
		if err == nil && a.status != http.StatusServiceUnavailable {
			m.mu.Lock()
			m.answers[a.status]++
			m.mu.Unlock()
			if a.status >= 500 {
				m.t.Errorf("%s %s: %d %s", method, path, a.status, a.body)
			}
			return a
		}
		time.Sleep(50 * time.Millisecond)
	}
	return answer{}
}

func (m *mess) counts() map[int]int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.answers
}

// everybody lives, some at a time, until all have or time is up.
func (m *mess) everybody() {
	deadline := time.Now().Add(m.limit)
	var next atomic.Int64
	var wg sync.WaitGroup
	for range randomTogether {
		wg.Go(func() {
			for i := int(next.Add(1)); i <= m.people && time.Now().Before(deadline); i = int(next.Add(1)) {
				m.somebody(i, rand.New(rand.NewPCG(m.seed, uint64(i))))
				if n := m.done.Add(1); n%200 == 0 {
					m.t.Logf("%d people, %d workers died", n, m.deaths)
				}
			}
		})
	}
	wg.Wait()
	if m.byTime {
		m.people = int(m.done.Load())
	}
}

func pick[T any](dice *rand.Rand, from []T) T { return from[dice.IntN(len(from))] }

// somebody signs up and does some things, each of which may be refused.
func (m *mess) somebody(i int, dice *rand.Rand) {
	request := person(fmt.Sprintf("p%d@example.com", i), fmt.Sprintf("Company %d", i%50), pick(dice, []string{"free", "starter", "growth", "growth", "scale"}))
	if dice.IntN(3) > 0 {
		request["payment_option"], request["payment_token"] = "card", pick(dice, randomTokens)
	}
	if dice.IntN(m.clockShare) == 0 {
		request["test_clock"] = pick(dice, m.clocks)
	}
	key := []string{"Idempotency-Key", fmt.Sprintf("k%d", i)}
	a := m.try(http.MethodPost, "/v1/onboardings", "", request, key...)
	if a.status != http.StatusCreated && a.status != http.StatusAccepted {
		m.t.Errorf("sign-up %d: %d %s", i, a.status, a.body)
		return
	}
	var o kickedOff
	if json.Unmarshal(a.body, &o) != nil {
		return
	}
	for range dice.IntN(4) {
		m.something(o, dice)
	}
}

// something is one thing a customer or an admin may do.
func (m *mess) something(o kickedOff, dice *rand.Rand) {
	path := "/v1/onboardings/" + o.ID
	subscription := "/v1/account/subscription"
	post := func(path string, body any) { m.try(http.MethodPost, path, o.ClientSecret, body) }
	token := map[string]any{"payment_option": "card", "payment_token": pick(dice, randomTokens)}
	plan := map[string]any{"plan": pick(dice, []string{"free", "starter", "growth", "scale"})}
	switch dice.IntN(14) {
	case 0:
		post(path+"/cancel", nil)
	case 1:
		post(path+"/plan", plan)
	case 2:
		post(path+"/payment-method", token)
	case 3:
		post(path+"/payment", map[string]any{})
	case 4, 5:
		post(path+"/payment", map[string]any{"reference": "transfer"})
		m.decide(o, dice)
	case 6, 7:
		m.confirm(o, dice)
	case 8:
		post(subscription+"/cancel", map[string]any{"at": pick(dice, []string{"now", "period_end"})})
	case 9:
		post(subscription+"/resume", nil)
	case 10:
		post(subscription+"/change", plan)
	case 11:
		post("/v1/account/payment-methods", token)
	case 12:
		post("/v1/account/credit-packages", map[string]any{"package": m.pack()})
	case 13:
		post(subscription, plan)
	}
}

// decide approves or rejects what the account submitted.
func (m *mess) decide(o kickedOff, dice *rand.Rand) {
	if o.Account == nil {
		return
	}
	a := m.try(http.MethodGet, "/v1/admin/payments?status=pending_approval&account_id="+o.Account.ID, m.admin, nil)
	var list struct{ Data []domain.Payment }
	if json.Unmarshal(a.body, &list) != nil {
		return
	}
	for _, p := range list.Data {
		m.try(http.MethodPost, "/v1/admin/payments/"+p.ID+"/"+pick(dice, []string{"approve", "approve", "reject"}), m.admin, map[string]any{"reason": "looked"})
	}
}

// confirm goes to the company's page, where one is to be gone to.
func (m *mess) confirm(o kickedOff, dice *rand.Rand) {
	for range 5 {
		a := m.try(http.MethodGet, "/v1/onboardings/"+o.ID, o.ClientSecret, nil)
		var now domain.Onboarding
		if json.Unmarshal(a.body, &now) != nil || now.Done {
			return
		}
		if now.NextAction != nil && now.NextAction.Type == domain.NextConfirmPayment {
			_ = m.r.confirm(now.NextAction.URL, pick(dice, []string{"confirm", "confirm", "decline"}))
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// pack is the code of a credit package on sale.
func (m *mess) pack() string {
	var code string
	_ = m.s.store.Stats()["read"].QueryRow("SELECT code FROM credit_packages ORDER BY sort LIMIT 1").Scan(&code)
	return code
}

// workers has a worker die every few seconds, by our hand or at a moment of its
// own, and another take its place.
func (m *mess) workers(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<32))
	for {
		select {
		case <-stop:
			return
		case err := <-m.worker.gone: // it came to its moment
			m.worker.gone <- err
		case <-time.After(time.Duration(5+dice.IntN(10)) * time.Second):
		}
		m.worker.kill()
		m.deaths++
		m.worker = m.s.child("worker", pick(dice, crashes))
	}
}

// companies has the payment company stop now and then.
func (m *mess) companies(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<33))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(8+dice.IntN(15)) * time.Second):
		}
		m.s.stopCompany()
		time.Sleep(time.Duration(dice.IntN(1500)) * time.Millisecond)
		m.s.startCompany()
	}
}

// timePasses has a test clock move on every few seconds, so that trials end,
// periods renew and payments are recovered while things go wrong. A clock that is
// still on its way refuses to go elsewhere, which is an answer as well.
func (m *mess) timePasses(stop <-chan struct{}) {
	dice := rand.New(rand.NewPCG(m.seed, 1<<34))
	for {
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(2+dice.IntN(4)) * time.Second):
		}
		path, days := "/v1/test-clocks/"+pick(dice, m.clocks), 3+dice.IntN(18)
		var clock domain.TestClock
		if json.Unmarshal(m.try(http.MethodGet, path, m.admin, nil).body, &clock) != nil || !clock.Now.Before(clocksEnd) {
			continue
		}
		to := clock.Now.AddDate(0, 0, days)
		if to.After(clocksEnd) {
			to = clocksEnd
		}
		if m.try(http.MethodPost, path+"/advance", m.admin, map[string]any{"to": to}).status == http.StatusOK {
			m.advances++
		}
	}
}

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
		} else if wait.WakeAt != nil && !wait.WakeAt.After(now) {
			who = append(who, fmt.Sprintf("%s (%s) should have woken at %s, now is %s", wait.WorkflowID, status, wait.WakeAt, now))
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
	const left = `SELECT p.id, p.status, i.reason, i.status, s.status, s.cancellation_reason FROM payments p JOIN invoices i ON i.id = p.invoice_id
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
	_, err := m.s.store.Stats()["write"].Exec(`UPDATE payments SET updated_at = $1 WHERE status IN ('created', 'processing', 'unknown', 'requires_action')`,
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
