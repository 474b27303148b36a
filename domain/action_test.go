package domain_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// states are the statuses each noun can have.
func states() map[domain.Noun][]string {
	names := func(list any) []string {
		var all []string
		switch moves := list.(type) {
		case domain.Moves[domain.OnboardingStatus]:
			for s := range moves {
				all = append(all, string(s))
			}
		case domain.Moves[domain.SubscriptionStatus]:
			for s := range moves {
				all = append(all, string(s))
			}
		case domain.Moves[domain.PaymentStatus]:
			for s := range moves {
				all = append(all, string(s))
			}
		case domain.Moves[domain.InvoiceStatus]:
			for s := range moves {
				all = append(all, string(s))
			}
		}
		return all
	}
	return map[domain.Noun][]string{
		domain.NounOnboarding:   names(domain.OnboardingMoves),
		domain.NounSubscription: names(domain.SubscriptionMoves),
		domain.NounPayment:      names(domain.PaymentMoves),
		domain.NounInvoice:      names(domain.InvoiceMoves),
	}
}

func TestRules_NameOnlyStatusesOfTheirNounAndSayWhoMayGiveThem(t *testing.T) {
	t.Parallel()
	of := states()
	for _, r := range domain.Rules {
		require.NotEmpty(t, of[r.Noun], "%s on %s: unknown noun", r.Action, r.Noun)
		for _, from := range r.From {
			assert.Contains(t, of[r.Noun], from, "%s on %s", r.Action, r.Noun)
		}
		if r.To != "" {
			assert.Contains(t, of[r.Noun], r.To, "%s on %s", r.Action, r.Noun)
		}
		assert.NotEmpty(t, r.By, "%s on %s: no actor may give it", r.Action, r.Noun)
		assert.NotEmpty(t, r.Title, "%s on %s: it has no title", r.Action, r.Noun)
	}
}

func TestRules_ADryRunAndACheckAgree(t *testing.T) {
	t.Parallel()
	for noun, all := range states() {
		for _, status := range all {
			s := domain.Subject{Noun: noun, Status: status}
			for _, action := range domain.ActionsOn(noun) {
				allowed := slices.Contains(s.Actions(), action)
				assert.Equal(t, allowed, s.Check(action) == nil, "%s on %s %s", action, status, noun)
				if allowed && !s.Done(action) {
					r, known := domain.RuleOf(s, action)
					require.True(t, known)
					to := r.To
					if to == "" {
						to = status
					}
					assert.Equal(t, to, s.LeadsTo(action), "%s on %s %s", action, status, noun)
				}
			}
		}
	}
}

func TestRules_WhatIsDoneStaysAsItIs(t *testing.T) {
	t.Parallel()
	canceled := domain.Subject{Noun: domain.NounSubscription, Status: "canceled"}
	require.True(t, canceled.Done(domain.ActionCancel))
	assert.Equal(t, "canceled", canceled.LeadsTo(domain.ActionCancel))
	late := domain.Subject{Noun: domain.NounPayment, Status: "failed", Late: true}
	require.True(t, late.Done(domain.ActionApprovePayment))
	assert.Equal(t, "failed", late.LeadsTo(domain.ActionApprovePayment))
	assert.Error(t, late.Check(domain.ActionApprovePayment), "it is flagged once")
	paid := domain.Payment{Status: domain.PaymentPendingApproval}
	unowed := paid.SubjectOf(&domain.Invoice{Status: domain.InvoicePaid})
	assert.Equal(t, "failed", unowed.LeadsTo(domain.ActionApprovePayment), "another payment was faster")
	assert.Equal(t, []domain.Action{domain.ActionApprovePayment, domain.ActionRejectPayment}, unowed.Actions())
	trial := domain.Subject{Noun: domain.NounSubscription, Status: "trialing"}
	assert.True(t, trial.Done(domain.ActionActivate), "a trial is in use already")
	assert.False(t, trial.Done(domain.ActionExtendTrial), "a trial can be extended again")
}

func TestRules_AnUnknownActionIsRefusedWithWhatIsAllowed(t *testing.T) {
	t.Parallel()
	var refusal *domain.Error
	require.ErrorAs(t, domain.Subject{Noun: domain.NounPayment, Status: "pending_approval"}.Check("dance"), &refusal)
	assert.Equal(t, domain.ReasonInvalidTransition, refusal.Reason)
	assert.Equal(t, []domain.Action{domain.ActionApprovePayment, domain.ActionRejectPayment}, refusal.AvailableActions)
}
