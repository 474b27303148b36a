package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

func TestRefresh_RepairsTheRowWhileTheWorkflowRuns(t *testing.T) {
	t.Parallel()
	renamed := "account = json_set(account, '$.name', '" + personName + " Ltd')"
	for _, c := range []struct {
		why    string
		at     domain.OnboardingStatus
		damage string
		want   []domain.Difference
	}{
		{"nothing wrong", domain.OnboardingAwaitingPayment, "", []domain.Difference{}},
		{"status", domain.OnboardingAwaitingPayment, "status = 'completed'", []domain.Difference{
			{Field: "status", Was: "completed", Is: "awaiting_payment"},
		}},
		{"status that only the workflow knows", domain.OnboardingWaitingForPlan, "status = 'failed'", []domain.Difference{
			{Field: "status", Was: "failed", Is: "waiting_for_plan"},
		}},
		{"name", domain.OnboardingAwaitingApproval, renamed, []domain.Difference{
			{Field: "account.name", Was: "another", Is: "the account's"},
		}},
	} {
		t.Run(c.why, func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			var refresh *answer
			if c.at == domain.OnboardingAwaitingApproval {
				f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
			}
			f.at(2*time.Minute, func() {
				f.assertStatus(c.at)
				if c.damage != "" {
					f.exec("UPDATE onboardings SET " + c.damage)
				}
				refresh = f.give(domain.ActionRefresh)
			})
			f.at(3*time.Minute, func() {
				f.assertStatus(c.at)
				assert.Equal(t, c.want, refresh.refresh.Differences)
				f.give(domain.ActionCancel)
			})
			code := "growth"
			if c.at == domain.OnboardingWaitingForPlan {
				code = "gold"
			}
			f.signup(plan(code))
			f.assertEnd(domain.OnboardingCanceled)
			assert.NotContains(t, f.seen.String(), personName)
		})
	}
}

func TestRefresh_TheWorkflowGoesOnFromTheTruth(t *testing.T) {
	t.Parallel()
	for action, want := range map[domain.Action]domain.OnboardingStatus{
		domain.ActionActivate: domain.OnboardingCompleted, domain.ActionCancel: domain.OnboardingCanceled,
	} {
		f := newFlow(t)
		var refresh *answer
		f.at(time.Minute, func() { // behind the workflow's back
			_, err := f.acts.ApplyCommand(t.Context(), activities.ApplyCommandInput{
				Noun: domain.NounOnboarding, ID: f.o.ID, Action: action, Signal: true,
			})
			require.NoError(t, err)
			refresh = f.give(domain.ActionRefresh)
		})
		f.signup(plan("growth"))
		f.assertEnd(want)
		require.True(t, refresh.done)
		assert.Equal(t, want, refresh.refresh.State.Status)
		assert.Equal(t, noon.Add(time.Minute), f.Now().UTC())
	}
}

func TestRefresh_AnAdminsDoesNotRestartTheWindow(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(2*time.Hour, func() { f.give(domain.ActionRefresh) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(window), f.Now().UTC())
	assert.Len(t, f.events(domain.EventOnboardingReminded), 2, "no reminder comes twice")
}
