package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities/activitiestest"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

// A workflow that was gone and is started again finds its row far ahead: a
// command that the row allows must not be refused before that is known.
func TestCommands_GivenToARestartedWorkflowHaveTheirTurn(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.receive(plan("growth"))
	_, err := activitiestest.Walk(t.Context(), f.acts, f.o.ID)
	require.NoError(t, err)
	f.before = func(string, int) error {
		if f.Now().Before(noon.Add(time.Minute)) {
			return domain.Unavailable("The database", time.Second)
		}
		return nil
	}
	var submit *answer
	f.at(30*time.Second, func() { submit = f.give(domain.ActionSubmitPayment) })
	f.at(time.Hour/2, func() { f.give(domain.ActionApprovePayment) })
	f.signup()
	f.assertEnd(domain.OnboardingCompleted)
	require.True(t, submit.done)
	assert.NoError(t, submit.err)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM accounts"))
	assert.Equal(t, 1, f.count("SELECT count(*) FROM invoices"))
}

func TestCommands_TwoApprovalsAtOnceAreOneFulfilment(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	var answers []*answer
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(2*time.Minute, func() {
		for range 2 {
			answers = append(answers, f.give(domain.ActionApprovePayment))
		}
		f.SignalWorkflow(workflows.SignalActivate, nil)
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	for _, a := range answers {
		require.True(t, a.done, "every answer that is owed is given")
		assert.NoError(t, a.err)
		assert.Equal(t, domain.OnboardingCompleted, a.state.Status)
	}
	assert.Equal(t, 1, f.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	assert.Equal(t, 1, f.count("SELECT count(*) FROM credits"))
}

func TestCommands_OfTwoThatExcludeEachOtherTheSecondIsRefused(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	var cancel, approve *answer
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(2*time.Minute, func() {
		cancel = f.give(domain.ActionCancel)
		approve = f.give(domain.ActionApprovePayment)
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCanceled)
	require.True(t, cancel.done && approve.done)
	assert.NoError(t, cancel.err)
	assert.Equal(t, "invalid_transition", approve.refusal())
}

func TestCommands_TheSameIdIsOneCommand(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	var first, again *answer
	f.at(time.Minute, func() {
		c := f.command(domain.ActionSubmitPayment)
		first = f.send(string(c.Action), c.ID, workflows.CommandInput{CommandID: c.ID})
		f.at(time.Minute, func() {
			again = f.send(string(c.Action), c.ID, workflows.CommandInput{CommandID: c.ID})
		})
	})
	f.at(time.Hour, func() { f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	assert.Equal(t, first.state, again.state)
	assert.Len(t, f.payments(), 1)
}

func TestCommands_AnUnknownOneIsNotFoundAndHarmless(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	var a *answer
	f.at(time.Minute, func() {
		a = f.send(string(domain.ActionCancel), "x", workflows.CommandInput{CommandID: store.NewID(domain.PrefixCommand)})
	})
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, "not_found", a.refusal())
}
