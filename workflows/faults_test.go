package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/activities/activitiestest"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/workflows"
)

func TestFaults_ADatabaseThatIsAwayIsWaitedForAndNothingFails(t *testing.T) {
	t.Parallel()
	away := func(f *flow, from, until time.Duration) {
		f.before = func(string, int) error {
			if passed := f.Now().Sub(noon); passed >= from && passed < until {
				return domain.Unavailable("The database", time.Second)
			}
			return nil
		}
	}
	for _, c := range []struct {
		why         string
		from, until time.Duration
	}{
		{"from the start", 0, 30 * time.Second},
		{"for an hour", 0, time.Hour - time.Minute},
		{"at the first reminder", time.Hour - time.Second, time.Hour + time.Minute},
		{"when a payment is submitted", 2 * time.Hour, 2*time.Hour + time.Minute},
		{"when it is approved", 4 * time.Hour, 4*time.Hour + 10*time.Minute},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			away(f, c.from, c.until)
			var answers []*answer
			f.at(2*time.Hour, func() { answers = append(answers, f.give(domain.ActionSubmitPayment)) })
			f.at(4*time.Hour, func() { answers = append(answers, f.give(domain.ActionApprovePayment)) })
			f.signup(plan("growth"))
			f.assertEnd(domain.OnboardingCompleted)
			require.Len(t, answers, 2)
			for _, a := range answers {
				require.True(t, a.done)
				assert.NoError(t, a.err, "a fault that passes is no answer")
			}
			assert.Equal(t, 1, f.count("SELECT count(*) FROM credits"))
			assert.Len(t, f.events(domain.EventOnboardingReminded), 1)
		})
	}
	t.Run("at the end of the window", func(t *testing.T) {
		t.Parallel()
		f := newFlow(t)
		away(f, window-time.Second, window+time.Hour)
		f.signup(plan("growth"))
		f.assertEnd(domain.OnboardingExpired)
	})
	t.Run("at the end of the window, and Temporal cancels meanwhile", func(t *testing.T) {
		t.Parallel()
		f := newFlow(t)
		away(f, window-time.Second, window+time.Hour)
		f.at(window+time.Minute, func() { f.CancelWorkflow() })
		f.signup(plan("growth"))
		f.assertEnd(domain.OnboardingExpired)
	})
	t.Run("while what was reserved is released", func(t *testing.T) {
		t.Parallel()
		f := newFlow(t)
		away(f, time.Minute, time.Hour)
		f.at(2*time.Minute, func() { f.CancelWorkflow() })
		f.signup(plan("growth"))
		f.assertEnd(domain.OnboardingCanceled)
	})
}

func TestFaults_AStoreThatIsClosedAndOpenedAgain(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	closed, err := store.Open(store.Config{URL: t.TempDir() + "/closed.db"})
	require.NoError(t, err)
	require.NoError(t, closed.Close())
	f.receive(plan("starter"))
	f.useStore(closed)
	f.at(time.Minute, func() { f.useStore(f.store) })
	f.signup()
	f.assertEnd(domain.OnboardingCompleted)
	assert.Greater(t, f.ran("CreateAccount"), 3)
}

func TestFaults_AnUnknownErrorIsTriedAgainAndItsTextStaysOut(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.receive(plan("free"))
	f.exec("CREATE TRIGGER late BEFORE INSERT ON events BEGIN SELECT * FROM \"" + personEmail + "\"; END") // no such table
	f.at(time.Minute, func() { f.exec("DROP TRIGGER late") })
	f.signup()
	f.assertEnd(domain.OnboardingCompleted)
	assert.NotContains(t, f.seen.String(), personEmail)
}

// The worker commits and dies before it can report: each activity runs again.
func TestFaults_EveryActivityMayRunTwice(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	seen := map[string]int{}
	f.before = func(name string, call int) error {
		if call%2 == 0 || name == "EndOnboarding" {
			return nil
		}
		if step := f.row().CurrentStep(); step != nil && name != "ApplyCommand" { // done, and then lost
			_, err := activitiestest.Step(t.Context(), f.acts, onboarding.State{OnboardingID: f.o.ID, Step: step.Key})
			require.NoError(t, err)
		}
		seen[name]++
		return domain.Unavailable("The worker", 0)
	}
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(time.Hour, func() { f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	assert.Equal(t, map[string]int{
		"CreateAccount": 1, "ChoosePlan": 1, "AttachPaymentMethod": 1, "CollectPayment": 1, "ApplyCommand": 2,
	}, seen)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM invoices"))
}

func TestFaults_ACommandThatWasLostAfterItsCommitStillMovesTheWorkflow(t *testing.T) {
	t.Parallel()
	for action, want := range map[domain.Action]domain.OnboardingStatus{
		domain.ActionActivate: domain.OnboardingCompleted, domain.ActionCancel: domain.OnboardingCanceled,
		domain.ActionChoosePlan: domain.OnboardingCompleted,
	} {
		for _, signal := range []bool{false, true} {
			if signal && action == domain.ActionChoosePlan {
				continue
			}
			f := newFlow(t)
			var in activities.ApplyCommandInput
			f.before = func(name string, call int) error {
				if name != "ApplyCommand" || call != 1 {
					return nil
				}
				if _, err := f.acts.ApplyCommand(t.Context(), in); err != nil {
					return err
				}
				return domain.Unavailable("The worker", 0)
			}
			var a *answer
			f.at(time.Minute, func() {
				if signal {
					in = activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: f.o.ID, Action: action, Signal: true}
					f.SignalWorkflow(string(action), nil)
					return
				}
				c := f.command(action, toPlan("free"))
				in = activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: f.o.ID, CommandID: c.ID, Action: action}
				a = f.send(string(action), c.ID, workflows.CommandInput{CommandID: c.ID})
			})
			f.signup(plan("growth"))
			f.assertEnd(want)
			assert.Equal(t, 0, int(f.Now().Sub(noon)/(2*time.Minute)), "at once, not at the end of the window")
			assert.Empty(t, f.events(domain.EventCommandRefused))
			if a != nil {
				require.True(t, a.done)
				assert.NoError(t, a.err)
			}
		}
	}
}

func TestFaults_AnUnknownOnboardingFailsTheWorkflow(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.ExecuteWorkflow(workflows.Signup, workflows.OnboardingInput{OnboardingID: store.NewID(domain.PrefixOnboarding)})
	require.True(t, f.IsWorkflowCompleted())
	assert.Equal(t, "not_found", kind(f.GetWorkflowError()))
}
