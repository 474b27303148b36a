package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

func TestAdvance_EndsWhenTheClockHasArrived(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.next(noon)
	id, target := store.NewID(domain.PrefixTestClock), noon.Add(after(40))
	require.NoError(t, s.stock.InsertTestClock(t.Context(), &domain.TestClock{
		ID: id, Status: domain.ClockAdvancing, Now: noon, Target: &target, CreatedAt: noon, UpdatedAt: noon,
	}))
	failures := 0
	f.before = func(string, int) error {
		if failures++; failures < 3 {
			return domain.Unavailable("The database", 0)
		}
		return nil
	}
	f.ExecuteWorkflow(workflows.Advance, workflows.AdvanceInput{ClockID: id})
	require.NoError(t, f.GetWorkflowError())
	var result activities.WaitForClockResult
	require.NoError(t, f.GetWorkflowResult(&result))
	assert.Equal(t, target, result.Now)
}

func TestSignup_OnATestClockSleepsByIt(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	id := store.NewID(domain.PrefixTestClock)
	require.NoError(t, s.stock.InsertTestClock(t.Context(), &domain.TestClock{
		ID: id, Status: domain.ClockReady, Now: noon, CreatedAt: noon, UpdatedAt: noon,
	}))
	move := func(to time.Duration) {
		f.exec("UPDATE test_clocks SET now = ?", noon.Add(to))
		f.SignalWorkflow(workflows.SignalClock, nil)
	}
	f.at(90*day, func() { f.assertStatus(domain.OnboardingAwaitingPayment, "real time does not count") })
	f.at(91*day, func() { move(2 * time.Hour) })
	f.at(92*day, func() { assert.Len(t, f.events(domain.EventOnboardingReminded), 1) })
	f.at(93*day, func() { move(window) })
	f.signup(plan("growth"), func(o *domain.Onboarding) { o.TestClockID = id })
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(93*day), f.Now().UTC().Truncate(time.Minute))
	assert.Equal(t, noon.Add(window), f.events(domain.EventOnboardingExpired)[0].CreatedAt)
	assert.Zero(t, f.count("SELECT count(*) FROM clock_waits"), "no workflow sleeps there any more")
}
