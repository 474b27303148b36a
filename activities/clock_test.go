package activities_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
)

// sleepers stand in for the workflows that live by a test clock: signaled, each
// notes what the clock shows and sleeps until its next time.
type sleepers struct {
	*processes
	f     *fixture
	clock string
	mu    sync.Mutex
	times map[string][]time.Time // by workflow, what it still waits for
	log   []string
}

func (s *sleepers) sleep(entity string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := activities.WaitForClockInput{ClockID: s.clock, EntityID: entity, WorkflowID: entity}
	for {
		if times := s.times[entity]; len(times) > 0 {
			in.Until = &times[0]
		} else {
			in.Until = nil
		}
		shown, err := s.f.WaitForClock(s.f.t.Context(), in)
		if !assert.NoError(s.f.t, err) || in.Until == nil || shown.Now.Before(*in.Until) {
			return
		}
		s.log = append(s.log, entity+" "+shown.Now.Sub(noon).String())
		s.times[entity] = s.times[entity][1:]
	}
}

func (s *sleepers) Tick(_ context.Context, workflow string) error {
	if workflow == "gone" {
		return domain.NotFound("running workflow")
	}
	go s.sleep(workflow)
	return nil
}

func (s *sleepers) StartBilling(_ context.Context, sub *domain.Subscription) error {
	go s.sleep(sub.ID)
	return nil
}

func (f *fixture) testClock() string {
	f.t.Helper()
	id := store.NewID(domain.PrefixTestClock)
	c := &domain.TestClock{ID: id, Status: domain.ClockReady, Now: noon, CreatedAt: noon, UpdatedAt: noon}
	require.NoError(f.t, f.store.InsertTestClock(f.t.Context(), c))
	return c.ID
}

func (f *fixture) setOff(id string, to time.Time) {
	f.t.Helper()
	f.exec("UPDATE test_clocks SET status = 'advancing', target = ? WHERE id = ?", to, id)
}

func (f *fixture) advance(id string) (activities.WaitForClockResult, error) {
	value, err := f.temporalEnv().ExecuteActivity(f.AdvanceClock, activities.AdvanceClockInput{ClockID: id})
	var result activities.WaitForClockResult
	if err == nil {
		err = value.Get(&result)
	}
	return result, err
}

func onClock(id string) wish { return func(o *domain.Onboarding) { o.TestClockID = id } }

func TestAdvanceClock_SignalsEachAtItsTimeAndWaitsForAll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.testClock()
	a, b := f.signUp(plan("starter"), onClock(id)), f.signUp(plan("starter"), onClock(id))
	s := &sleepers{processes: f.fakes, f: f, clock: id, times: map[string][]time.Time{
		a.SubscriptionID: {after(1), after(4), after(30)},
		b.SubscriptionID: {after(2), after(4)},
	}}
	f.use(func(c *activities.Config) { c.Processes = s })
	f.setOff(id, after(10))
	result, err := f.advance(id) // nobody sleeps yet: both are started
	require.NoError(t, err)
	assert.Equal(t, after(10), result.Now)
	assert.Equal(t, []string{a.SubscriptionID + " 24h0m0s", b.SubscriptionID + " 48h0m0s"}, s.log[:2])
	assert.ElementsMatch(t, []string{a.SubscriptionID + " 96h0m0s", b.SubscriptionID + " 96h0m0s"}, s.log[2:])
	clock, err := f.store.TestClockByID(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, domain.ClockReady, clock.Status)
	assert.Nil(t, clock.Target)

	again, err := f.advance(id) // the answer was lost
	require.NoError(t, err)
	assert.Equal(t, result, again)
	assert.Len(t, s.log, 4)
	f.setOff(id, after(30))
	_, err = f.advance(id)
	require.NoError(t, err)
	assert.Equal(t, a.SubscriptionID+" 720h0m0s", s.log[4])
}

func TestAdvanceClock_GoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.testClock()
	o := f.signUp(plan("starter"), onClock(id))
	s := &sleepers{processes: f.fakes, f: f, clock: id, times: map[string][]time.Time{
		o.SubscriptionID: {after(1), after(2)},
	}}
	s.sleep(o.SubscriptionID)
	f.setOff(id, after(5))
	f.exec("UPDATE test_clocks SET now = ?", after(1)) // moved, and nobody was signaled
	f.use(func(c *activities.Config) { c.Processes = s })
	result, err := f.advance(id)
	require.NoError(t, err)
	assert.Equal(t, after(5), result.Now)
	assert.Equal(t, []string{o.SubscriptionID + " 24h0m0s", o.SubscriptionID + " 48h0m0s"}, s.log)
}

func TestAdvanceClock_StopsWhenItIsCanceled(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.testClock()
	f.receive(onClock(id)) // its workflow never starts
	f.setOff(id, after(5))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	env := f.temporalEnv()
	env.SetWorkerOptions(worker.Options{
		BackgroundActivityContext: ctx, Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}},
	})
	_, err := env.ExecuteActivity(f.AdvanceClock, activities.AdvanceClockInput{ClockID: id})
	require.Error(t, err)
	clock, err := f.store.TestClockByID(t.Context(), id)
	require.NoError(t, err)
	assert.Equal(t, noon, clock.Now, "it does not run away from who lives by it")
}

func TestWaitForClock_AnAdvanceThatCameBeforeIsNotMissed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.testClock()
	f.exec("UPDATE test_clocks SET now = ?", after(3))
	at := after(1)
	in := activities.WaitForClockInput{ClockID: id, EntityID: "sub_1", WorkflowID: "billing-sub_1", Until: &at}
	shown := twice(f, func() (activities.WaitForClockResult, error) { return f.WaitForClock(t.Context(), in) })
	assert.Equal(t, after(3), shown.Now)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM clock_waits"))
	for range 2 {
		require.NoError(t, f.LeaveClock(t.Context(), activities.LeaveClockInput{EntityID: "sub_1"}))
	}
	assert.Zero(t, f.count("SELECT count(*) FROM clock_waits"))
}

func TestClock_BillingGoesByItAndByNoOther(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	id := s.testClock()
	o := s.signUp(plan("starter"), onClock(id))
	s.attach(s.propose(o, "tok_ok"))
	s.makeDefault(o)
	s.clock.set(noon.AddDate(5, 0, 0))
	in := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID, Due: domain.DueNotice}
	state, err := s.Process(t.Context(), in)
	require.NoError(t, err)
	assert.Equal(t, domain.DueNotice, state.Due, "not due on the clock it lives by")
	assert.Equal(t, after(11), *state.DueAt)
	s.exec("UPDATE test_clocks SET now = ?", after(14))
	for _, due := range []domain.DueKind{domain.DueNotice, domain.DuePeriodEnd} {
		in.Due = due
		state, err = s.Process(t.Context(), in)
		require.NoError(t, err)
	}
	require.True(t, state.Charge)
	state, err = s.ChargeSubscription(t.Context(), activities.SubscriptionInput{SubscriptionID: o.SubscriptionID})
	require.NoError(t, err)
	assert.Equal(t, domain.SubscriptionActive, state.Status)
	assert.Equal(t, after(14), *s.subscription(o).CurrentPeriodStart)
	assert.Equal(t, after(14), s.invoices(o)[0].CreatedAt)

	// Nor does anything that is refunded go by another.
	m := s.propose(o, "tok_nobody")
	_, err = s.AddPaymentMethod(t.Context(), m)
	require.NoError(t, err)
	assert.Equal(t, []int{14}, s.days(o, domain.EventPaymentMethodRefused))
}

func TestAdvanceClock_WaitsForWhoBuysCreditsAndForgetsWhoIsGone(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	id := f.testClock()
	s := &sleepers{processes: f.fakes, f: f, clock: id, times: map[string][]time.Time{"in_1": {after(7)}}}
	s.sleep("in_1")
	at := after(3)
	gone := activities.WaitForClockInput{ClockID: id, EntityID: "in_gone", WorkflowID: "gone", Until: &at}
	_, err := f.WaitForClock(t.Context(), gone)
	require.NoError(t, err)
	f.use(func(c *activities.Config) { c.Processes = s })
	f.setOff(id, after(10))
	result, err := f.advance(id)
	require.NoError(t, err)
	assert.Equal(t, after(10), result.Now)
	assert.Equal(t, []string{"in_1 168h0m0s"}, s.log)
	assert.Zero(t, f.count("SELECT count(*) FROM clock_waits WHERE entity_id = 'in_gone'"))
}
