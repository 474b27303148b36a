package workflows_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/workflows"
)

// Random commands in random order, some at the same moment: whatever is
// refused, what is there stays consistent.
func TestCommands_AnyOrderKeepsTheInvariants(t *testing.T) {
	t.Parallel()
	for range 12 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			f := newFlow(t)
			after := time.Minute
			for range 50 {
				after += time.Duration(r.IntN(3)) * 20 * time.Minute // some at once
				f.at(after, func() { f.anything(r) })
				f.at(after+time.Minute, f.assertInvariants)
			}
			f.at(after+time.Hour, func() { f.give(domain.ActionCancel) })
			f.signup(plan([]string{"growth", "gold", "scale"}[r.IntN(3)]))
			f.assertInvariants()
			status := f.row().Status
			require.True(t, status.Ended(), "seed %d: %s", seed, status)
			f.assertEnd(status)
			version := f.row().Version
			for _, action := range anyAction {
				c := f.command(action, toPlan("scale"), byOption("card"))
				_, _ = f.acts.ApplyCommand(t.Context(), activities.ApplyCommandInput{
					Noun: domain.NounOnboarding, ID: f.o.ID, CommandID: c.ID, Action: action,
				})
			}
			assert.Equal(t, version, f.row().Version, "seed %d: ended is final", seed)
			f.assertInvariants()
		})
	}
}

var anyAction = []domain.Action{
	domain.ActionChoosePlan, domain.ActionAddPaymentMethod, domain.ActionSubmitPayment, domain.ActionApprovePayment,
	domain.ActionRejectPayment, domain.ActionActivate, domain.ActionCancel,
}

// anything sends one command or signal; ends are rarer than the rest.
func (f *flow) anything(r *rand.Rand) {
	f.t.Helper()
	switch n := r.IntN(100); {
	case n < 88:
		action := anyAction[r.IntN(5)]
		if action == domain.ActionApprovePayment && r.IntN(4) > 0 {
			action = domain.ActionSubmitPayment
		}
		f.give(action, func(c *domain.Command) {
			c.Plan = []string{"growth", "scale", "gold", "growth", "scale", "starter"}[r.IntN(6)]
			c.Option = []string{"card", "bank_transfer", "cheque", "wallet"}[r.IntN(4)]
		})
	case n < 92:
		f.give(domain.ActionRefresh)
	case n < 96:
		f.SignalWorkflow(workflows.SignalCatalogueChanged, nil)
	case n < 97:
		f.SignalWorkflow(workflows.SignalActivate, "typo")
	case n < 98:
		f.SignalWorkflow(workflows.SignalCancel, nil)
	case n < 99:
		f.give(domain.ActionActivate, func(c *domain.Command) { c.Waive = r.IntN(2) == 0 })
	default:
		f.CancelWorkflow()
	}
}

// assertInvariants expects what must hold at every moment.
func (f *flow) assertInvariants() {
	f.t.Helper()
	for what, query := range map[string]string{
		"live subscriptions": "count(*) > 1 FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due')",
		"paid invoices":      "count(*) > 1 FROM invoices WHERE status = 'paid'",
		"open invoices":      "count(*) > 1 FROM invoices WHERE status = 'open'",
		"grants":             "count(*) > 1 FROM credits",
		"default methods":    "count(*) > 1 FROM payment_methods WHERE is_default",
		"succeeded payment, unpaid": `count(*) FROM payments p JOIN invoices i ON i.id = p.invoice_id
			WHERE (p.status = 'succeeded') <> (i.status = 'paid') AND p.status IN ('succeeded', 'pending_approval')`,
		"completed, not active": `count(*) FROM onboardings o JOIN accounts a ON a.id = o.account_id
			WHERE (o.status = 'completed') <> (a.status = 'active')`,
		"ended, still owed": `count(*) FROM onboardings o, invoices i
			WHERE o.status IN ('completed', 'canceled', 'expired', 'failed') AND i.status = 'open'`,
		"awaiting without invoice": `count(*) FROM onboardings WHERE status IN ('awaiting_payment', 'awaiting_approval')
			AND NOT EXISTS (SELECT 1 FROM invoices WHERE status = 'open')`,
		"waiting steps at the end": `count(*) FROM onboardings
			WHERE status IN ('completed', 'canceled', 'expired', 'failed') AND steps LIKE '%"waiting"%'`,
	} {
		assert.Zero(f.t, f.count("SELECT "+query), what)
	}
}
