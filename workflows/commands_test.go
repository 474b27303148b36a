package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"slipway/activities/activitiestest"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

// waits are the places where an onboarding waits, and how to get there.
var waits = []struct {
	status domain.OnboardingStatus
	wishes []wish
	submit bool
}{
	{domain.OnboardingWaitingForPlan, []wish{plan("gold")}, false},
	{domain.OnboardingWaitingForPaymentMethod, []wish{plan("growth"), option("cheque")}, false},
	{domain.OnboardingAwaitingPayment, []wish{plan("growth")}, false},
	{domain.OnboardingAwaitingApproval, []wish{plan("growth")}, true},
}

// atEachWait runs a fresh sign-up for each wait, gets there, and calls then.
func atEachWait(t *testing.T, then func(f *flow, at domain.OnboardingStatus), check func(f *flow, at domain.OnboardingStatus)) {
	t.Helper()
	for _, w := range waits {
		t.Run(string(w.status), func(t *testing.T) {
			t.Parallel()
			f := newFlow(t)
			if w.submit {
				f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
			}
			f.at(10*time.Minute, func() {
				f.assertStatus(w.status)
				then(f, w.status)
			})
			f.signup(w.wishes...)
			check(f, w.status)
		})
	}
}

func TestCancel_AtEachWait(t *testing.T) {
	t.Parallel()
	canceled := func(f *flow, _ domain.OnboardingStatus) {
		f.assertEnd(domain.OnboardingCanceled)
		assert.Equal(f.t, noon.Add(10*time.Minute), f.Now().UTC())
		events := f.events(domain.EventOnboardingCanceled)
		require.Len(f.t, events, 1)
	}
	for name, cancel := range map[string]func(f *flow){
		"by command":                func(f *flow) { f.give(domain.ActionCancel) },
		"by signal":                 func(f *flow) { f.SignalWorkflow(workflows.SignalCancel, nil) },
		"by Temporal's cancelation": func(f *flow) { f.CancelWorkflow() },
		"by all at once": func(f *flow) {
			f.give(domain.ActionCancel)
			f.SignalWorkflow(workflows.SignalCancel, nil)
			f.give(domain.ActionCancel)
			f.CancelWorkflow()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			atEachWait(t, func(f *flow, _ domain.OnboardingStatus) { cancel(f) }, canceled)
		})
	}
}

func TestCancel_WhileTheFirstStepsAreTriedAgain(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"CreateAccount", "ChoosePlan", "AttachPaymentMethod", "CollectPayment"} {
		for name, cancel := range map[string]func(f *flow){
			"by command":                func(f *flow) { f.give(domain.ActionCancel) },
			"by signal":                 func(f *flow) { f.SignalWorkflow(workflows.SignalCancel, nil) },
			"by Temporal's cancelation": func(f *flow) { f.CancelWorkflow() },
		} {
			t.Run(step+"/"+name, func(t *testing.T) {
				t.Parallel()
				f := newFlow(t)
				f.before = func(activity string, _ int) error {
					if activity == step && f.Now().Before(noon.Add(time.Minute)) {
						return domain.Unavailable("The database", time.Second)
					}
					return nil
				}
				f.at(30*time.Second, func() { cancel(f) })
				f.signup(plan("growth"))
				f.assertEnd(domain.OnboardingCanceled)
				assert.Less(t, f.Now().Sub(noon), 2*time.Minute)
			})
		}
	}
}

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

func TestCancel_ThatReachesTemporalDuringAnApprovalLeavesTheApproval(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	approved, seen := make(chan struct{}), make(chan struct{})
	f.after = func(name string, call int) {
		if name == "ApplyCommand" && call == 2 { // committed, not yet reported
			f.CancelWorkflow()
			f.at(0, func() { close(approved) })
			<-approved
			close(seen)
		}
	}
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.at(2*time.Minute, func() { f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	<-seen
	f.assertEnd(domain.OnboardingCompleted)
}

func TestActivate_BySignalWithAnyInput(t *testing.T) {
	t.Parallel()
	raw := func(encoding, data string) converter.RawValue {
		return converter.NewRawValue(&commonpb.Payload{Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data)})
	}
	for name, c := range map[string]struct {
		input  any
		reason string
	}{
		"none":               {noInput{}, ""},
		"null":               {nil, ""},
		"a reason":           {map[string]string{"reason": "paid in cash"}, "paid in cash"},
		"an empty object":    {map[string]string{}, ""},
		"another object":     {map[string]any{"why": 1, "reason": nil}, ""},
		"a plain string":     {"paid in cash", ""},
		"a number":           {7, ""},
		"a list":             {[]string{"a"}, ""},
		"a reason of number": {map[string]any{"reason": 7}, ""},
		"broken JSON":        {raw("json/plain", "{{{"), ""},
		"unknown encoding":   {raw("klingon", "nuqneH"), ""},
		"no encoding":        {raw("", ""), ""},
		"bytes":              {[]byte{0xff, 0x00}, ""},
	} {
		for action, want := range map[domain.Action]domain.OnboardingStatus{
			domain.ActionActivate: domain.OnboardingCompleted, domain.ActionCancel: domain.OnboardingCanceled,
		} {
			t.Run(fmt.Sprintf("%s with %s", action, name), func(t *testing.T) {
				t.Parallel()
				f := newFlow(t)
				f.at(time.Minute, func() { f.SignalWorkflow(string(action), c.input) })
				f.signup(plan("growth"))
				f.assertEnd(want)
				assert.Equal(t, noon.Add(time.Minute), f.Now().UTC())
				event := map[domain.Action]domain.EventType{
					domain.ActionActivate: domain.EventOnboardingCompleted, domain.ActionCancel: domain.EventOnboardingCanceled,
				}[action]
				events := f.events(event)
				require.Len(t, events, 1)
				assert.Equal(t, domain.ActorTemporal, events[0].ActorType)
				assert.Equal(t, c.reason, events[0].Reason)
				assert.Empty(t, f.events(domain.EventCommandRefused))
			})
		}
	}
}

func TestActivate_AtEachWait(t *testing.T) {
	t.Parallel()
	for name, activate := range map[string]func(f *flow) *answer{
		"by command": func(f *flow) *answer { return f.give(domain.ActionActivate) },
		"by signal":  func(f *flow) *answer { f.SignalWorkflow(workflows.SignalActivate, nil); return nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			atEachWait(t, func(f *flow, at domain.OnboardingStatus) {
				a := activate(f)
				if at == domain.OnboardingWaitingForPlan {
					f.at(time.Hour, func() {
						f.assertStatus(at, "there is no plan to activate")
						f.give(domain.ActionCancel)
					})
					f.at(2*time.Hour, func() {})
					if a != nil {
						f.at(time.Minute, func() { assert.Equal(f.t, "invalid_transition", a.refusal()) })
					}
				}
			}, func(f *flow, at domain.OnboardingStatus) {
				if at != domain.OnboardingWaitingForPlan {
					f.assertEnd(domain.OnboardingCompleted)
					assert.Equal(f.t, 1, f.count("SELECT count(*) FROM invoices WHERE status = 'paid'"))
					return
				}
				f.assertEnd(domain.OnboardingCanceled)
				if name == "by signal" {
					refused := f.events(domain.EventCommandRefused)
					require.Len(f.t, refused, 1)
					assert.Equal(f.t, map[string]any{"action": "activate", "status": "waiting_for_plan"}, refused[0].Data)
				}
			})
		})
	}
}

func TestValidators_RejectWhatTheStateDoesNotAllow(t *testing.T) {
	t.Parallel()
	all := []domain.Action{
		domain.ActionChoosePlan, domain.ActionAddPaymentMethod, domain.ActionSubmitPayment,
		domain.ActionApprovePayment, domain.ActionRejectPayment, domain.ActionActivate, domain.ActionCancel,
	}
	atEachWait(t, func(f *flow, at domain.OnboardingStatus) {
		ran, before := f.ran("ApplyCommand"), f.row().Version
		refused := map[domain.Action]*answer{}
		for _, action := range all {
			if (&domain.Onboarding{Status: at}).Check(action) != nil {
				refused[action] = f.give(action)
			}
		}
		assert.NotEmpty(f.t, refused)
		f.at(time.Minute, func() {
			for action, a := range refused {
				assert.Error(f.t, a.rejected, "%s while %s", action, at)
				assert.Equal(f.t, "invalid_transition", a.refusal(), action)
				assert.False(f.t, a.accepted, "nothing enters the history")
			}
			assert.Equal(f.t, ran, f.ran("ApplyCommand"))
			assert.Equal(f.t, before, f.row().Version)
			f.give(domain.ActionCancel)
		})
	}, func(f *flow, _ domain.OnboardingStatus) { f.assertEnd(domain.OnboardingCanceled) })
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

func TestCatalogueChanged_EndsTheWaitsItCanServe(t *testing.T) {
	t.Parallel()
	changed := func(f *flow) { f.SignalWorkflow(workflows.SignalCatalogueChanged, nil) }
	t.Run("a plan", func(t *testing.T) {
		t.Parallel()
		f := newFlow(t)
		f.exec("UPDATE plans SET active = false")
		f.at(time.Minute, func() { changed(f) }) // still nothing
		f.at(time.Hour, func() {
			f.assertStatus(domain.OnboardingWaitingForPlan)
			assert.Len(t, f.events(domain.EventOnboardingWaiting), 1, "a look that finds nothing leaves no trace")
			f.exec("UPDATE plans SET active = true")
			changed(f)
		})
		f.signup(plan("starter"))
		f.assertEnd(domain.OnboardingCompleted)
		assert.Equal(t, []string{"waiting_for_plan", "completed"}, statuses(f))
	})
	t.Run("a payment option", func(t *testing.T) {
		t.Parallel()
		f := newFlow(t)
		f.at(time.Minute, func() { changed(f) })
		f.at(time.Hour, func() {
			f.assertStatus(domain.OnboardingWaitingForPaymentMethod)
			assert.Len(t, f.events(domain.EventOnboardingWaiting), 1, "a look that finds nothing leaves no trace")
			f.exec("UPDATE payment_options SET enabled = true WHERE key = 'cheque'")
			changed(f)
		})
		f.at(2*time.Hour, func() { f.give(domain.ActionSubmitPayment) })
		f.at(3*time.Hour, func() { f.give(domain.ActionApprovePayment) })
		f.signup(plan("growth"), option("cheque"))
		f.assertEnd(domain.OnboardingCompleted)
	})
	t.Run("ignored elsewhere", func(t *testing.T) {
		t.Parallel()
		for _, submit := range []bool{false, true} {
			f := newFlow(t)
			if submit {
				f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
			}
			var before int64
			f.at(10*time.Minute, func() { before = f.row().Version; changed(f) })
			f.at(20*time.Minute, func() {
				assert.Equal(t, before, f.row().Version)
				assert.Equal(t, 1, f.ran("CreateAccount"))
				f.give(domain.ActionCancel)
			})
			f.signup(plan("growth"))
			f.assertEnd(domain.OnboardingCanceled)
		}
	})
}

// statuses are the values the status attribute went through.
func statuses(f *flow) []string {
	var all []string
	for _, set := range f.upserts {
		all = append(all, set["OnboardingStatus"])
	}
	return all
}
