package workflows_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
	"slipway/workflows"
)

func TestHistories_HoldIdsAndNeverPeople(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(time.Minute, func() { f.give(domain.ActionAddPaymentMethod, byOption("card")) })
	f.at(2*time.Hour, func() { f.give(domain.ActionSubmitPayment) })
	f.at(3*time.Hour, func() { f.give(domain.ActionRejectPayment) })
	f.at(4*time.Hour, func() { f.give(domain.ActionChoosePlan, toPlan("scale")) })
	f.at(5*time.Hour, func() { f.give(domain.ActionSubmitPayment) })
	f.at(6*time.Hour, func() { f.give(domain.ActionSubmitPayment) }) // refused
	f.at(7*time.Hour, func() { f.exec("UPDATE onboardings SET account = NULL"); f.give(domain.ActionRefresh) })
	f.at(8*time.Hour, func() { f.seen.see(f.details()); f.give(domain.ActionApprovePayment) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCompleted)
	f.seen.see(f.details())
	for _, set := range f.upserts {
		f.seen.see(set)
	}
	history := strings.ToLower(f.seen.String())
	assert.Contains(t, history, strings.ToLower(f.o.ID), "the recorder sees something")
	assert.Contains(t, history, "awaiting_approval")
	for _, text := range []string{
		personEmail, personName, personPassword, personReference, personReason, "lovelace", "transfer the amount",
		f.row().Account.Slug,
	} {
		assert.NotContains(t, history, strings.ToLower(text))
	}
}

func TestInspection_AnAttributeThatDidNotChangeIsNotSetAgain(t *testing.T) {
	t.Parallel()
	f := newFlow(t)
	f.at(time.Hour/2, func() { f.give(domain.ActionAddPaymentMethod, byOption("card")) })
	f.at(time.Hour, func() { f.give(domain.ActionChoosePlan, toPlan("scale")) })
	f.at(2*time.Hour, func() { f.give(domain.ActionCancel) })
	f.signup(plan("growth"))
	f.assertEnd(domain.OnboardingCanceled)
	assert.Equal(t, []map[string]string{
		awaitingGrowth,
		{"WaitsUntil": "2026-01-16T11:30:00Z"}, // another way to pay begins another window
		{"OnboardingStatus": "awaiting_payment", "PlanCode": "scale", "AmountDue": "$229.00",
			"WaitsUntil": "2026-01-16T12:00:00Z"},
		notWaiting(map[string]string{"OnboardingStatus": "canceled", "SubscriptionStatus": "incomplete_expired"}),
	}, f.upserts)
}

func TestInspection_SaysInPlainWordsWhatIsWaitedFor(t *testing.T) {
	t.Parallel()
	atEachWait(t, func(f *flow, at domain.OnboardingStatus) {
		assert.True(f.t, strings.HasPrefix(f.details(), map[domain.OnboardingStatus]string{
			domain.OnboardingWaitingForPlan:          "Waiting for a plan.",
			domain.OnboardingWaitingForPaymentMethod: "Waiting for a way to pay.",
			domain.OnboardingAwaitingPayment:         "Waiting for the customer to pay $139.00",
			domain.OnboardingAwaitingApproval:        "The customer submitted a payment reference.",
		}[at]), f.details())
		last := f.upserts[len(f.upserts)-1]
		assert.Equal(f.t, string(at), last["OnboardingStatus"])
		assert.Equal(f.t, string(at.BlockedOn()), last["BlockedOn"])
		f.give(domain.ActionCancel)
	}, func(f *flow, _ domain.OnboardingStatus) {
		f.assertEnd(domain.OnboardingCanceled)
		assert.Equal(f.t, "The onboarding is canceled.", f.details())
	})
}

func TestSearchAttributes_AreFewKeywordsAndOneTime(t *testing.T) {
	t.Parallel()
	var names []string
	for name, kind := range workflows.SearchAttributes() {
		names = append(names, name)
		if name != "WaitsUntil" {
			assert.Equal(t, "Keyword", kind.String())
		}
	}
	few := []string{
		"AccountId", "OnboardingStatus", "BlockedOn", "PlanCode", "SubscriptionStatus", "AmountDue", "WaitsUntil",
	}
	assert.ElementsMatch(t, few, names)
}
