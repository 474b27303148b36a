package activities_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

// Anything at any time, with every card and a provider that comes and goes: in
// the end nothing is undecided, and the company kept what we say was paid.
func TestBilling_AnyOrderKeepsTheBooks(t *testing.T) {
	t.Parallel()
	for range 4 {
		seed := rand.Uint64()
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(seed, 0))
			s := newShop(t)
			s.withYear()
			o := s.signUp(plan("starter"))
			for range 25 {
				s.outage(r.IntN(4) == 0)
				s.anything(o, r)
				s.clock.forward(time.Duration(r.IntN(5*24)) * time.Hour)
				if r.IntN(3) > 0 {
					s.outage(false)
					s.live(o, s.clock.Now())
				}
			}
			s.outage(false)
			s.live(o, s.clock.Now().AddDate(0, 4, 0))
			if s.subscription(o).Status.Live() {
				s.execute(o, domain.ActionCancel)
			}
			require.Zero(t, s.count(`SELECT count(*) FROM payments WHERE status IN ('created', 'processing', 'unknown')
				OR (status = 'requires_action'
				AND invoice_id IN (SELECT id FROM invoices WHERE type = 'subscription' OR status <> 'open'))`),
				"nothing is left undecided")
			require.Zero(t, s.count("SELECT count(*) FROM invoices WHERE status = 'open' AND type = 'subscription'"))
			require.Zero(t, s.credits(o))
		})
	}
}

var anyToken = []string{
	"tok_ok", "tok_ok", "tok_3ds", "tok_declined_funds", "tok_declined_stolen", "tok_fails_from_2", "tok_throttled_1",
	"tok_flaky_1", "tok_reset", "tok_lost_response", "tok_forgotten_key", "tok_stored_500",
}

// anything is one thing a customer, an admin or a provider may do next.
func (s *shop) anything(o *domain.Onboarding, r *rand.Rand) {
	s.t.Helper()
	ctx := s.t.Context()
	plans := []string{"free", "starter", "growth", "scale", "growth-year", "gold"}
	apply := func(action domain.Action, fill ...filling) {
		in := s.billingInput(o, s.command(o, action, fill...).CommandID)
		_, _ = s.ApplyBilling(ctx, in) // refused, often
		_, _ = s.ApplyBilling(ctx, in)
	}
	payments := s.payments(o)
	var some domain.Payment
	if len(payments) > 0 {
		some = payments[r.IntN(len(payments))]
	}
	switch r.IntN(12) {
	case 0, 1:
		_, _ = s.AddPaymentMethod(ctx, s.propose(o, anyToken[r.IntN(len(anyToken))]))
	case 2:
		s.exec("UPDATE payment_methods SET is_default = false")
		s.exec(`UPDATE payment_methods SET is_default = true WHERE id = (SELECT id FROM payment_methods
			WHERE (provider_ref <> '' OR provider = 'manual') AND removed_at IS NULL ORDER BY random() LIMIT 1)`)
	case 3, 4:
		apply(domain.ActionChangePlan, toPlan(plans[r.IntN(len(plans))]))
	case 5:
		apply(domain.ActionCancel, func(c *domain.Command) { c.At = domain.CancelPeriodEnd })
	case 6:
		apply(domain.ActionResume)
	case 7:
		apply(domain.ActionRetryPayment)
		apply(domain.ActionActivate, func(c *domain.Command) { c.Waive = r.IntN(2) == 0 })
	case 8:
		apply(domain.ActionSubmitPayment)
	case 9:
		if some.Status == domain.PaymentPendingApproval {
			apply([]domain.Action{domain.ActionApprovePayment, domain.ActionRejectPayment}[r.IntN(2)], ofPayment(some.ID))
		}
	case 10:
		state := s.openPackage(o, "credits-500")
		for range 5 {
			_, _ = s.ChargePurchase(ctx, activities.PurchaseInput{InvoiceID: state.InvoiceID})
		}
		if r.IntN(2) == 0 {
			_, _ = s.Purchase(ctx, purchaseInput{InvoiceID: state.InvoiceID, Expire: true})
		}
		s.outage(false)
		for range 5 {
			_, _ = s.ChargePurchase(ctx, activities.PurchaseInput{InvoiceID: state.InvoiceID})
		}
	case 11:
		if some.Status == domain.PaymentRequiresAction {
			s.outage(false)
			s.confirm(some, []string{"confirm", "decline"}[r.IntN(2)])
		}
		if some.ID != "" {
			_ = s.LookUpPayment(ctx, activities.LookUpInput{PaymentID: some.ID})
		}
	}
}
