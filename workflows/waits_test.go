package workflows_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/converter"

	"slipway/activities"
	"slipway/domain"
	"slipway/workflows"
)

type wait struct {
	status domain.OnboardingStatus
	wishes []wish
	submit bool
}

// waits are the places where an onboarding waits, and how to get there.
var waits = []wait{
	{domain.OnboardingWaitingForPlan, []wish{plan("gold")}, false},
	{domain.OnboardingWaitingForPaymentMethod, []wish{plan("growth"), option("cheque")}, false},
	{domain.OnboardingAwaitingPayment, []wish{plan("growth")}, false},
	{domain.OnboardingAwaitingApproval, []wish{plan("growth")}, true},
}

// atEachWait runs a fresh sign-up for each wait, gets there, and calls then.
func atEachWait(t *testing.T, then, check func(f *flow, at domain.OnboardingStatus)) {
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

func TestExpiry_EveryWaitHasAnEnd(t *testing.T) {
	t.Parallel()
	for _, status := range domain.OnboardingMoves.States() {
		waited := slices.ContainsFunc(waits, func(w wait) bool { return w.status == status })
		assert.Equal(t, status.BlockedOn() != domain.BlockedOnNothing, waited, "%s needs an entry in waits", status)
	}
	leave := func(*flow, domain.OnboardingStatus) {}
	atEachWait(t, leave, func(f *flow, at domain.OnboardingStatus) {
		f.assertEnd(domain.OnboardingExpired)
		f.assertGivenBack()
		want, reason := noon.Add(patience), domain.ExpiredOnboarding
		switch at {
		case domain.OnboardingAwaitingPayment:
			want, reason = noon.Add(window), domain.ExpiredPayment
		case domain.OnboardingAwaitingApproval:
			want = want.Add(time.Minute) // when it was submitted
		}
		assert.WithinDuration(f.t, want, f.Now(), time.Second)
		assert.Equal(f.t, reason, f.row().Error.Code)
	})
}

func TestExpiry_BeginsAnewWithEachChange(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(patience-time.Hour, func() { f.give(domain.ActionChoosePlan, func(c *domain.Command) { c.Plan = "scale" }) })
	f.signup(plan("growth"), option("cheque"))
	f.assertEnd(domain.OnboardingExpired)
	assert.Greater(t, f.Now().Sub(noon), patience, "%v", f.Now())
}

func TestExpiry_OneThatWaitsSinceBeforeThereWasAnEndLearnsIt(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.use(func(c *activities.Config) { c.Policy.ExpiresAfter = 0 })
	f.at(90*day, func() {
		f.assertStatus(domain.OnboardingAwaitingApproval)
		f.use(func(c *activities.Config) { c.Policy.ExpiresAfter = patience })
		f.give(domain.ActionRefresh)
	})
	f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingExpired)
	assert.WithinDuration(t, noon.Add(90*day+patience), f.Now(), time.Minute, "from the refresh on")
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
		return converter.NewRawValue(&commonpb.Payload{
			Metadata: map[string][]byte{"encoding": []byte(encoding)}, Data: []byte(data),
		})
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
