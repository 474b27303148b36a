package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

func (f *fixture) adopter() *onboarding.Adopter {
	return &onboarding.Adopter{Store: f.store, Policy: f.Policy}
}

func at(day string) *time.Time {
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		panic(err)
	}
	return &t
}

// termOf is where a subscription is in a period of dates.
func termOf(status domain.SubscriptionStatus, from, to string) domain.Term {
	return domain.Term{Status: status, PeriodStart: at(from), PeriodEnd: at(to)}
}

func trialUntil(end string) domain.Term {
	return domain.Term{Status: domain.SubscriptionTrialing, TrialEnd: at(end)}
}

// moved is an account that was active elsewhere, paying by bank transfer.
func moved(change ...func(*onboarding.Adoption)) onboarding.Adoption {
	left := int64(250)
	in := onboarding.Adoption{
		Email: "grace@example.com", AccountName: "Hopper Ltd", ExternalID: "old-7", PasswordHash: "hash",
		Plan: "growth", PaymentOption: "bank_transfer", Credits: &left, Bonus: 40,
		Term: termOf(domain.SubscriptionActive, "2025-12-31", "2026-01-31"),
	}
	for _, c := range change {
		c(&in)
	}
	return in
}

func TestAdopt_BringsTheWholeAccountOnceAndBillingTakesItOver(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, err := f.adopter().Adopt(t.Context(), moved())
	require.NoError(t, err)
	assert.False(t, first.Already)
	before := f.dump()
	other := moved(func(in *onboarding.Adoption) { in.Email, in.Slug = "other@example.com", "other" })
	again, err := f.adopter().Adopt(t.Context(), other)
	require.NoError(t, err)
	assert.True(t, again.Already, "the external id says that it is the same")
	f.assertUnchanged(before, "the second time changes nothing")

	account, err := f.store.AccountByID(t.Context(), first.AccountID)
	require.NoError(t, err)
	assert.Equal(t, domain.AccountActive, account.Status)
	assert.Equal(t, "hopper-ltd", account.Slug)
	owner, err := f.store.UserByEmail(t.Context(), "grace@example.com")
	require.NoError(t, err)
	assert.Equal(t, "hash", owner.PasswordHash)
	o, err := f.store.SignupByEmail(t.Context(), "grace@example.com")
	require.NoError(t, err)
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.Equal(t, "Imported.", o.Step(domain.StepPayment).Message)
	balance, err := f.store.Balance(t.Context(), account.ID)
	require.NoError(t, err)
	assert.Equal(t, [2]int64{250, 40}, [2]int64{balance.Plan, balance.Bonus})
	method, err := f.store.DefaultMethod(t.Context(), account.ID)
	require.NoError(t, err)
	assert.Equal(t, "bank_transfer", method.Option)

	without, err := f.store.SubscriptionsWithoutBilling(t.Context(), f.store.Now(), 10)
	require.NoError(t, err)
	require.Len(t, without, 1, "reconcile starts its billing")
	state, err := f.Process(t.Context(), activities.ProcessDueInput{SubscriptionID: without[0].ID})
	require.NoError(t, err)
	assert.Equal(t, domain.DueNotice, state.Due)
	assert.Equal(t, at("2026-01-28").UTC(), *state.DueAt)
}

func TestAdopt_EachStateIsWhereItStood(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for name, c := range map[string]struct {
		plan string
		term domain.Term
		due  bool
		want domain.DueKind
	}{
		"trial":    {"starter", trialUntil("2026-01-20"), false, domain.DueNotice},
		"free":     {"free", termOf(domain.SubscriptionActive, "2026-01-10", "2026-02-10"), false, domain.DuePeriodEnd},
		"over":     {"free", termOf(domain.SubscriptionActive, "2025-12-10", "2026-01-10"), true, domain.DuePeriodEnd},
		"hidden":   {"enterprise", termOf(domain.SubscriptionActive, "2026-01-10", "2026-02-10"), false, domain.DuePeriodEnd},
		"past-due": {"growth", termOf(domain.SubscriptionPastDue, "2025-12-12", "2026-01-12"), true, domain.DueGiveUp},
		"canceled": {"growth", domain.Term{Status: domain.SubscriptionCanceled, PeriodEnd: at("2025-11-30")}, false, ""},
	} {
		in := moved(func(in *onboarding.Adoption) {
			in.ExternalID, in.Email, in.Plan, in.Term, in.Credits = "", name+"@example.com", c.plan, c.term, nil
		})
		adopted, err := f.adopter().Adopt(t.Context(), in)
		require.NoError(t, err, name)
		assert.Equal(t, c.due, adopted.Due, name)
		sub, err := f.store.LatestSubscription(t.Context(), adopted.AccountID)
		require.NoError(t, err, name)
		assert.Equal(t, c.term.Status, sub.Status, name)
		open, err := f.store.HasOpenInvoice(t.Context(), adopted.AccountID)
		require.NoError(t, err, name)
		assert.Equal(t, name == "past-due", open, name)
		state, err := f.Process(t.Context(), activities.ProcessDueInput{SubscriptionID: sub.ID})
		require.NoError(t, err, name)
		assert.Equal(t, c.want, state.Due, name)
		again, err := f.adopter().Adopt(t.Context(), in)
		require.NoError(t, err, name)
		assert.True(t, again.Already, name)
	}
}

func TestAdopt_TheInvariantsHoldOfEveryStateAndAfterWhatFollows(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.withYear()
	none, some := int64(0), int64(3)
	present := termOf(domain.SubscriptionActive, "2025-12-20", "2026-01-20")
	rows := map[string]struct {
		plan    string
		credits *int64
		term    domain.Term
	}{
		"trialing": {"starter", nil, trialUntil("2026-01-20")},
		"spent":    {"growth", &none, present},
		"changed":  {"growth", &none, present},
		"free":     {"free", &none, present},
		"left":     {"free", &some, present},
		"over":     {"free", &none, termOf(domain.SubscriptionActive, "2025-12-10", "2026-01-10")},
		"past-due": {"growth", nil, termOf(domain.SubscriptionPastDue, "2025-12-12", "2026-01-12")},
		"canceled": {"growth", nil, termOf(domain.SubscriptionCanceled, "2025-10-30", "2025-11-30")},
	}
	onboardings := map[string]*domain.Onboarding{}
	for name, row := range rows {
		_, err := s.adopter().Adopt(t.Context(), moved(func(in *onboarding.Adoption) {
			in.ExternalID, in.Email, in.Plan, in.Term, in.Credits = name, name+"@example.com", row.plan, row.term, row.credits
		}))
		require.NoError(t, err, name)
		onboardings[name], err = s.store.SignupByEmail(t.Context(), name+"@example.com")
		require.NoError(t, err, name)
	}
	s.assertInvariants()

	s.execute(onboardings["changed"], domain.ActionChangePlan, toPlan("scale"))
	s.payNow(onboardings["changed"])
	for _, name := range []string{"free", "left", "over"} {
		s.live(onboardings[name], at("2026-01-20").Add(day))
		assert.Equal(t, s.subscription(onboardings[name]).Plan.Credits, s.credits(onboardings[name]), name)
	}
	s.assertInvariants()
}

func TestAdopt_WhatCannotBeIsRefusedWithItsFieldAndWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.open(f.receive(email("taken@example.com"), slugged("taken"), plan("free")))
	before := f.dump()
	credits := int64(5)
	for field, change := range map[string]func(*onboarding.Adoption){
		"email":                func(in *onboarding.Adoption) { in.Email = "taken@example.com" },
		"slug":                 func(in *onboarding.Adoption) { in.Slug = "taken" },
		"plan":                 func(in *onboarding.Adoption) { in.Plan = "gold" },
		"status":               func(in *onboarding.Adoption) { in.Term.Status = "sleeping" },
		"payment_option":       func(in *onboarding.Adoption) { in.PaymentOption = "" },
		"external_method":      func(in *onboarding.Adoption) { in.Customer, in.Method = "cus_1", "pm_1" },
		"trial_end":            func(in *onboarding.Adoption) { in.Term = domain.Term{Status: domain.SubscriptionTrialing} },
		"current_period_start": func(in *onboarding.Adoption) { in.Term.PeriodStart = nil },
		"current_period_end":   func(in *onboarding.Adoption) { in.Term.PeriodEnd = at("2026-01-30") },
		"credits": func(in *onboarding.Adoption) {
			in.Term, in.Credits = domain.Term{Status: domain.SubscriptionCanceled, PeriodEnd: at("2025-11-30")}, &credits
		},
	} {
		_, err := f.adopter().Adopt(t.Context(), moved(change))
		var refused *domain.Error
		require.ErrorAs(t, err, &refused, field)
		require.Len(t, refused.Fields, 1, field)
		assert.Equal(t, field, refused.Fields[0].Field)
		assert.NotContains(t, err.Error(), "example.com")
	}
	for _, change := range []func(*onboarding.Adoption){
		func(in *onboarding.Adoption) { in.Term.Status = domain.SubscriptionPastDue },
		func(in *onboarding.Adoption) { in.PaymentOption = "cheque" },
		func(in *onboarding.Adoption) { in.PaymentOption = "wallet" },
		func(in *onboarding.Adoption) { in.Plan, in.Term.Status = "free", domain.SubscriptionPastDue },
	} {
		_, err := f.adopter().Adopt(t.Context(), moved(change))
		assert.Equal(t, domain.CodeInvalid, domain.CodeOf(err))
	}
	f.assertUnchanged(before, "a refused row leaves nothing")
}

func TestAdopt_DryRunFindsTheSameAndWritesNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	before := f.dump()
	dry := f.adopter()
	dry.DryRun = true
	adopted, err := dry.Adopt(t.Context(), moved())
	require.NoError(t, err)
	assert.Equal(t, "hopper-ltd", adopted.Slug)
	f.assertUnchanged(before, "a dry run leaves nothing")
	_, err = dry.Adopt(t.Context(), moved(func(in *onboarding.Adoption) { in.Plan = "gold" }))
	assert.Equal(t, domain.CodeInvalid, domain.CodeOf(err))
}

func TestDerivedID_IsOneForOneKey(t *testing.T) {
	t.Parallel()
	id := store.DerivedID(domain.PrefixAccount, "external:1")
	assert.Equal(t, id, store.DerivedID(domain.PrefixAccount, "external:1"))
	assert.NotEqual(t, id, store.DerivedID(domain.PrefixAccount, "external:2"))
	assert.True(t, store.ValidID(domain.PrefixAccount, id))
	assert.Less(t, id, store.NewID(domain.PrefixAccount))
}
