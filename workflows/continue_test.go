package workflows_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"slipway/billing"
	"slipway/domain"
	"slipway/store"
	"slipway/workflows"
)

// aRunTakes is how many messages one run takes.
const aRunTakes = 500

// crowd sends as many signals as a run takes.
func (f *flow) crowd() {
	for range aRunTakes {
		f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
	}
}

// runOn runs the shop's sign-up, whichever run of it this is.
func (s *shop) runOn(f *flow) {
	s.t.Helper()
	s.o = f.o
	f.ExecuteWorkflow(workflows.Signup, workflows.OnboardingInput{OnboardingID: f.o.ID})
	require.True(s.t, f.IsWorkflowCompleted())
}

func TestSignup_ContinuesAsNewWhereverItWaits(t *testing.T) {
	t.Parallel()
	for name, crowd := range map[string]func(f *flow){
		"after five hundred messages": (*flow).crowd,
		"when the server suggests it": func(f *flow) {
			f.SetContinueAsNewSuggested(true)
			f.SignalWorkflow(workflows.SignalProviderEvent, nil)
		},
	} {
		for _, w := range waits {
			t.Run(name+"/"+string(w.status), func(t *testing.T) {
				t.Parallel()
				s := newShop(t)
				f := s.flow
				f.receive(w.wishes...)
				if w.submit {
					f.at(time.Minute, func() { f.give(domain.ActionSubmitPayment) })
				}
				var before *domain.Onboarding
				f.at(10*time.Minute, func() {
					f.assertStatus(w.status)
					before = f.row()
					crowd(f)
				})
				s.runOn(f)
				require.True(t, f.continuedAs("Signup"), "%v", f.GetWorkflowError())
				assert.Equal(t, before.Version, f.row().Version, "nothing has happened")

				g := s.next(f.Now())
				g.at(time.Minute, func() {
					g.assertStatus(w.status)
					g.give(domain.ActionCancel)
				})
				s.runOn(g)
				g.assertEnd(domain.OnboardingCanceled)
			})
		}
	}
}

func TestSignup_ContinuedKeepsItsPaymentWindow(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.receive(plan("growth"))
	f.at(10*time.Hour, f.crowd)
	s.runOn(f)
	require.True(t, f.continuedAs("Signup"), "%v", f.GetWorkflowError())
	g := s.next(f.Now())
	s.runOn(g)
	g.assertEnd(domain.OnboardingExpired)
	assert.Equal(t, noon.Add(window), g.Now().UTC())
	assert.Len(t, g.events(domain.EventOnboardingReminded), 2, "one before and one after, and none twice")
}

func TestSignup_ContinuedWhileAProviderIsAwayChargesOnce(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.away = func(now time.Time) bool { return now.Before(noon.Add(6 * time.Hour)) }
	f := s.flow
	f.receive(plan("growth"), card("tok_ok"))
	f.at(time.Hour, f.crowd)
	s.runOn(f)
	require.True(t, f.continuedAs("Signup"), "%v", f.GetWorkflowError())
	g := s.next(f.Now())
	s.runOn(g)
	g.assertEnd(domain.OnboardingCompleted)
	assert.Len(t, s.ledger(), 1)
	s.assertBooks()
}

func TestSignup_AnswersWhatItTookBeforeItContinues(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.flow
	f.receive(plan("growth"))
	var slow, late *answer
	f.at(time.Hour, func() {
		until := f.Now().Add(10 * time.Minute)
		f.before = func(name string, _ int) error {
			if name == "ApplyCommand" && f.Now().Before(until) {
				return domain.Unavailable("The database", 0)
			}
			return nil
		}
		slow = f.give(domain.ActionSubmitPayment)
		f.crowd()
	})
	f.at(time.Hour+5*time.Minute, func() { late = f.give(domain.ActionCancel) })
	s.runOn(f)
	require.True(t, f.continuedAs("Signup"), "%v", f.GetWorkflowError())
	require.True(t, slow.done)
	assert.NoError(t, slow.err)
	f.assertStatus(domain.OnboardingAwaitingApproval)
	if late.refusal() != "run_ends" { // it came before the run was at rest: then it was applied
		require.True(t, late.done, "%v", late.rejected)
	}

	g := s.next(f.Now())
	g.at(time.Minute, func() { g.give(domain.ActionApprovePayment) })
	s.runOn(g)
	g.assertEnd(domain.OnboardingCompleted)
}

func TestSignup_ADatabaseThatIsAwayWritesNoEvents(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	away := noon.Add(48 * time.Hour)
	regular := 0
	f.SetOnActivityStartedListener(func(*activity.Info, context.Context, converter.EncodedValues) { regular++ })
	f.before = func(name string, _ int) error {
		if name == "CreateAccount" && f.Now().Before(away) {
			return domain.Unavailable("The database", 0)
		}
		return nil
	}
	f.signup(plan("free"))
	f.assertEnd(domain.OnboardingCompleted)
	assert.Positive(t, regular, "retries of a regular activity cost no event")
}

func TestPurchase_ContinuesAsNewAndIsPaidByItsNextRun(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	f := s.trial("")
	f.exec("UPDATE payment_methods SET is_default = true") // which is paid by hand
	id := store.NewID(domain.PrefixInvoice)
	f.at(time.Hour, func() {
		for range aRunTakes {
			f.SignalWorkflow(workflows.SignalProviderEvent, nil)
		}
	})
	f.ExecuteWorkflow(workflows.Purchase,
		workflows.PurchaseInput{InvoiceID: id, AccountID: s.o.AccountID, Package: "credits-500"})
	require.True(t, f.continuedAs("Purchase"), "%v", f.GetWorkflowError())

	g := s.next(f.Now())
	g.at(time.Minute, func() {
		g.give(domain.ActionSubmitPayment)
		g.at(time.Hour, func() { g.give(domain.ActionApprovePayment) })
	})
	g.ExecuteWorkflow(workflows.Purchase, workflows.PurchaseInput{InvoiceID: id})
	require.True(t, g.IsWorkflowCompleted())
	require.NoError(t, g.GetWorkflowError())
	var result billing.PurchaseState
	require.NoError(t, g.GetWorkflowResult(&result))
	assert.Equal(t, domain.InvoicePaid, result.Status)
}
