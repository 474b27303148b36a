package activities_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/payment"
)

// poisoned makes two items of a job, and has every call about the first fail. It
// returns what says whether the second was dealt with.
type poisoned func(t *testing.T, s *shop, poison func(id string)) (dealtWith func() bool)

// started says whether the onboarding's workflow was started.
func (s *shop) started(o *domain.Onboarding) func() bool {
	return func() bool {
		s.fakes.mu.Lock()
		defer s.fakes.mu.Unlock()
		for _, id := range s.fakes.started {
			if id == o.ID {
				return true
			}
		}
		return false
	}
}

// missing makes two onboardings without a workflow, in the status.
func missing(status domain.OnboardingStatus) poisoned {
	return func(_ *testing.T, s *shop, poison func(string)) func() bool {
		bad, good := s.receive(), s.receive()
		for _, o := range []*domain.Onboarding{bad, good} {
			s.fakes.states[o.ID] = onboarding.ProcessMissing
		}
		s.exec("UPDATE onboardings SET status = ?", status)
		s.clock.forward(stale + time.Second)
		poison(bad.ID)
		return s.started(good)
	}
}

// poisonedItems has an entry for each job that goes through items.
var poisonedItems = map[domain.Job]poisoned{
	domain.JobStartReceived:      missing(domain.OnboardingReceived),
	domain.JobCompareOnboardings: missing(domain.OnboardingActivating),
	domain.JobResumeServed: func(_ *testing.T, s *shop, poison func(string)) func() bool {
		s.exec("UPDATE plans SET active = false")
		bad, good := s.signUp(plan("free")), s.signUp(plan("free"))
		s.exec("UPDATE plans SET active = true, updated_at = ?", s.store.Now())
		poison(bad.ID)
		return func() bool { return slices.Contains(s.fakes.resumed, good.ID) }
	},
	domain.JobRouteEvents: func(_ *testing.T, s *shop, poison func(string)) func() bool {
		bad, good := s.buy(plan("growth"), card("tok_3ds")), s.buy(plan("growth"), card("tok_3ds"))
		s.event("1", s.last(bad).Key)
		s.event("2", s.last(good).Key)
		s.clock.forward(11 * time.Second)
		poison(s.last(bad).ID)
		return func() bool {
			return s.count("SELECT count(*) FROM provider_events WHERE processed_at IS NOT NULL") == 1
		}
	},
	domain.JobStartBillings: func(_ *testing.T, s *shop, poison func(string)) func() bool {
		bad, good := s.signUp(plan("free")), s.signUp(plan("free"))
		poison(bad.SubscriptionID)
		return func() bool { return slices.Contains(s.fakes.billings, good.SubscriptionID) }
	},
	domain.JobRestartStopped: func(_ *testing.T, s *shop, poison func(string)) func() bool {
		bad, good := s.signUp(plan("free")), s.signUp(plan("free"))
		s.exec("UPDATE subscriptions SET due_at = '2099-01-01'") // Billing runs
		s.stop("billing-"+bad.SubscriptionID, domain.StoppedWorkflow{SubscriptionID: bad.SubscriptionID})
		s.stop("billing-"+good.SubscriptionID, domain.StoppedWorkflow{SubscriptionID: good.SubscriptionID})
		poison("billing-" + bad.SubscriptionID)
		return func() bool { return len(s.fakes.billings) == 1 && s.fakes.billings[0] == good.SubscriptionID }
	},
	domain.JobRedispatch: func(t *testing.T, s *shop, poison func(string)) func() bool {
		s.endpoint("whk_1")
		s.endpoint("whk_2")
		sender := &starter{poison: map[string]bool{"whk_1": true}}
		s.use(func(c *activities.Config) { c.Deliveries = sender })
		require.NoError(t, s.store.InsertEvents(t.Context(), invoicePaid, invoicePaid))
		s.clock.forward(2 * time.Minute)
		poison("whk_1")
		return func() bool { return slices.Equal(sender.signalled, []string{"whk_2"}) }
	},
	domain.JobResolvePayments: func(_ *testing.T, s *shop, poison func(string)) func() bool {
		bad, p := s.prepared("tok_ok")
		good, q := s.prepared("tok_ok")
		s.chargeBehind(p)
		s.chargeBehind(q)
		s.clock.forward(11 * time.Minute)
		poison(p.ID)
		s.exec("UPDATE payments SET provider = 'gone' WHERE id = ?", p.ID)
		return func() bool {
			return s.onboarding(good).Status == domain.OnboardingCompleted &&
				s.onboarding(bad).Status != domain.OnboardingCompleted
		}
	},
}

// goRounds goes one round of each job.
func (s *shop) goRounds() {
	s.t.Helper()
	s.reconcile()
	s.janitor()
}

func TestReconcile_NoItemStopsAJob(t *testing.T) {
	t.Parallel()
	for _, job := range domain.Jobs {
		make, goesThroughItems := poisonedItems[job]
		if job == domain.JobDeleteExpired {
			continue // it deletes by condition, no item apart
		}
		require.True(t, goesThroughItems, "%s needs an entry in poisonedItems", job)
		t.Run(string(job), func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			s.fakes.poison = map[string]error{}
			dealtWith := make(t, s, func(id string) { s.fakes.poison[id] = errors.New("what nobody expected") })
			s.goRounds()
			assert.True(t, dealtWith(), "the other item")
			aside := func() domain.JobFailure {
				rows, err := s.store.PutAside(t.Context(), 10)
				require.NoError(t, err)
				require.Len(t, rows, 1)
				return rows[0]
			}
			first := aside()
			assert.Equal(t, job, first.Job)
			assert.Equal(t, 1, first.Attempts)
			assert.Equal(t, first.FailedAt.Add(30*time.Second), first.RetryAt)
			assert.Equal(t, domain.CheckWarn, s.check("reconcile_put_aside").Status)
			assert.Contains(t, s.check("reconcile_put_aside").Message, first.ItemID)
			assert.Equal(t, domain.CheckOK, s.check("reconcile_rounds").Status, "its round was complete")

			s.goRounds()
			assert.Equal(t, first, aside(), "it waits for its time")

			s.clock.forward(time.Second)
			retried, err := s.store.RetryNow(t.Context(), job, first.ItemID)
			require.NoError(t, err)
			assert.EqualValues(t, 1, retried)
			s.goRounds()
			assert.Equal(t, 2, aside().Attempts, "staff had it tried again at once")
		})
	}
}

// check is a line of doctor's about the database.
func (s *shop) check(name string) domain.Check {
	s.t.Helper()
	for _, c := range s.store.Checks(s.t.Context()) {
		if c.Name == name {
			return c
		}
	}
	require.Fail(s.t, "no check", name)
	return domain.Check{}
}

func TestReconcile_TriesAgainLaterAndLater(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.receive()
	s.fakes.states[o.ID] = onboarding.ProcessMissing
	s.fakes.poison = map[string]error{o.ID: errors.New("what nobody expected")}
	for attempt, pause := range []time.Duration{
		30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 16 * time.Minute,
		32 * time.Minute, time.Hour, time.Hour,
	} {
		s.clock.forward(time.Hour + time.Second)
		s.reconcile()
		rows, err := s.store.PutAside(t.Context(), 1)
		require.NoError(t, err)
		require.Len(t, rows, 1)
		assert.Equal(t, attempt+1, rows[0].Attempts)
		assert.Equal(t, pause, rows[0].RetryAt.Sub(s.store.Now()))
	}
	s.fakes.poison = nil
	s.clock.forward(time.Hour + time.Second)
	s.reconcile()
	assert.True(t, s.started(o)())
	s.clock.forward(2 * time.Hour)
	s.reconcile()
	assert.Equal(t, domain.CheckOK, s.check("reconcile_put_aside").Status, "what was dealt with is forgotten")
}

func TestReconcile_PutsNothingAsideWhileTemporalIsAway(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.receive()
	s.clock.forward(stale + time.Second)
	s.fakes.failure = domain.Unavailable("Temporal", 0)
	_, err := s.temporalEnv().ExecuteActivity(s.Reconcile, activities.ReconcileInput{StaleAfter: stale})
	require.Error(t, err)
	assert.Zero(t, s.count("SELECT count(*) FROM job_failures"))

	s.fakes.failure, s.fakes.poison = nil, map[string]error{o.ID: domain.Unavailable("Temporal", 0)}
	s.reconcile()
	assert.Positive(t, s.count("SELECT count(*) FROM job_failures"), "it answers others: this one is put aside")
}

func TestReconcile_SaysWhenAJobHasNotCompletedItsRound(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	missing := s.check("reconcile_rounds")
	assert.Equal(t, domain.CheckWarn, missing.Status)
	s.goRounds()
	require.Equal(t, domain.CheckOK, s.check("reconcile_rounds").Status)
	s.clock.forward(domain.RoundPatience + 3*reconcileEvery)
	require.Equal(t, domain.CheckOK, s.check("reconcile_rounds").Status)
	s.clock.forward(time.Second)
	late := s.check("reconcile_rounds")
	assert.Equal(t, domain.CheckWarn, late.Status)
	for _, job := range domain.Jobs {
		assert.Contains(t, missing.Message, string(job)+" (never)")
		assert.Contains(t, late.Message, string(job)+" (2m4s ago)")
	}
}

// hanging is a provider that answers nobody.
type hanging struct {
	payment.Provider
	asked atomic.Int64
}

func (h *hanging) Lookup(ctx context.Context, _ string) (payment.Outcome, error) {
	h.asked.Add(1)
	<-ctx.Done()
	return payment.Outcome{}, ctx.Err()
}

func TestReconcileJobs_NoJobHoldsUpAnother(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	_, p := s.prepared("tok_ok")
	s.chargeBehind(p)
	provider := &hanging{}
	s.use(func(c *activities.Config) {
		c.Providers = map[string]payment.Provider{"sandbox": provider}
		c.ReconcileEvery = 5 * time.Millisecond
	})
	s.clock.forward(11 * time.Minute)
	env := s.temporalEnv()
	stopping := make(chan struct{})
	env.SetWorkerStopChannel(stopping)
	ended := make(chan error)
	go func() {
		_, err := env.ExecuteActivity(s.RunReconcileJobs)
		ended <- err
	}()
	require.Eventually(t, func() bool { return provider.asked.Load() == 1 }, 10*time.Second, time.Millisecond)
	o := s.receive()
	s.fakes.mu.Lock()
	s.fakes.states[o.ID] = onboarding.ProcessMissing
	s.fakes.mu.Unlock()
	s.clock.forward(11 * time.Second)
	require.Eventually(t, s.started(o), 10*time.Second, time.Millisecond, "while a provider keeps another job waiting")
	assert.EqualValues(t, 1, provider.asked.Load(), "it still does")

	close(stopping)
	select {
	case err := <-ended:
		assert.NoError(t, err, "its workflow runs it on another worker")
	case <-time.After(10 * time.Second):
		assert.Fail(t, "a worker that stops waits for no job")
	}
}

// Each of these answers only once all are under way.
func TestReconcile_SeveralAreStartedAtOnceWhereTemporalIsSlow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	const many = 6
	var together sync.WaitGroup
	together.Add(many)
	s.fakes.slow = func() { together.Done(); together.Wait() }
	for range many {
		s.fakes.states[s.receive().ID] = onboarding.ProcessMissing
	}
	s.clock.forward(11 * time.Second)
	result := s.reconcile()
	assert.Equal(t, many, result.Started)
	assert.Zero(t, result.PutAside)
}
