//go:build !nodev

package system

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestSignup_TrialIsActiveInTheFirstAnswer(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.True(t, o.Done)
	assert.Equal(t, "acme", o.Account.Slug)
	assert.Equal(t, domain.SubscriptionTrialing, o.Subscription.Status)
	assert.Equal(t, domain.NextOpenApp, o.NextAction.Type)
	assert.NotEmpty(t, o.ClientSecret)

	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 1000, balance.Total)
}

func TestSignup_TrialCostsFewEventsAndOneExecution(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	events := r.history("signup-" + o.ID).GetEvents()
	assert.LessOrEqual(t, len(events), 20)
	t.Logf("a trial sign-up's history has %d events", len(events))
	// The subscription's Billing is one more, from when a round finds the account.
	ids := r.executions(fmt.Sprintf("AccountId = '%s' AND WorkflowType != 'Billing'", o.Account.ID), 1)
	assert.Equal(t, []string{"signup-" + o.ID}, ids)
}

func TestSignup_GrowthWaitsForPaymentAndCompletesWhenApproved(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingAwaitingPayment, o.Status)
	require.Equal(t, domain.NextSubmitPayment, o.NextAction.Type)
	assert.EqualValues(t, 13900, *o.NextAction.Amount)
	assert.NotEmpty(t, o.NextAction.Instructions)
	assert.WithinDuration(t, time.Now().Add(23*time.Hour), *o.NextAction.ExpiresAt, time.Minute)

	payment := r.submit(o, "transfer of Tuesday")
	a := r.approve(payment)
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	done := r.until(o, domain.OnboardingCompleted)
	assert.Equal(t, domain.SubscriptionActive, done.Subscription.Status)
	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 2000, balance.Total)
}

func TestSignup_RejectedPaymentMayBeSubmittedAgain(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	payment := r.submit(o, "first try")
	a := r.post("/v1/admin/payments/"+payment.ID+"/reject", r.admin(), map[string]any{"reason": "no such transfer"})
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	back := r.until(o, domain.OnboardingAwaitingPayment)
	assert.Equal(t, "no such transfer", back.NextAction.Message)
	second := r.submit(o, "second try")
	assert.Equal(t, 2, second.Attempt)
	require.Equal(t, http.StatusOK, r.approve(second).status)
	r.until(o, domain.OnboardingCompleted)
}

func TestSignup_TwoHundredEqualRequestsAreOneSignup(t *testing.T) {
	r := startApp(t)
	var wg sync.WaitGroup
	bodies, secrets := make([]string, 200), make([]string, 200)
	for i := range bodies {
		wg.Go(func() {
			a, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person("ada@example.com", "Acme", "starter"),
				"Idempotency-Key", "one")
			if assert.NoError(t, err) && assert.Equal(t, http.StatusCreated, a.status, string(a.body)) {
				var o kickedOff
				a.into(t, &o)
				bodies[i], secrets[i] = string(a.body), o.ClientSecret
			}
		})
	}
	wg.Wait()
	for i := range bodies {
		require.Equal(t, bodies[0], bodies[i])
		require.Equal(t, secrets[0], secrets[i])
	}
	var accounts struct{ Data []domain.Account }
	r.get("/v1/admin/accounts", r.admin()).into(t, &accounts)
	assert.Len(t, accounts.Data, 1)
	assert.Len(t, r.executions("WorkflowType = 'Signup'", 1), 1)
}

func TestSignup_ThousandPeopleOfOneCompanyNameAllGetTheirOwnSlug(t *testing.T) {
	r := startApp(t)
	const people = 1000
	slugs := make([]string, people)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			for i := range next {
				a, err := try(http.MethodPost, r.url+"/v1/onboardings", "",
					person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter"))
				accepted := []int{http.StatusCreated, http.StatusAccepted}
				if !assert.NoError(t, err) || !assert.Contains(t, accepted, a.status, string(a.body)) {
					continue
				}
				var o kickedOff
				a.into(t, &o)
				slugs[i] = r.until(o, domain.OnboardingCompleted).Account.Slug
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	wg.Wait()
	seen := map[string]bool{}
	for _, s := range slugs {
		require.NotEmpty(t, s)
		require.False(t, seen[s], s)
		seen[s] = true
	}
}

func TestSignup_ParksWithoutAPlanAndGoesOnByItself(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	plans := r.setPlans(admin, false)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingWaitingForPlan, o.Status)
	require.Contains(t, string(r.get("/readyz?verbose", "").body), "plans")
	for _, id := range plans {
		require.Equal(t, http.StatusOK,
			call(t, http.MethodPatch, r.url+"/v1/admin/plans/"+id, admin, map[string]any{"active": true}).status)
	}
	r.until(o, domain.OnboardingAwaitingPayment)
}

func TestSignup_ParksWithoutAPaymentOptionAndGoesOnByItself(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	var options struct{ Data []domain.PaymentOption }
	r.get("/v1/admin/payment-options", admin).into(t, &options)
	enable := func(on bool) {
		for _, p := range options.Data {
			a := call(t, http.MethodPatch, r.url+"/v1/admin/payment-options/"+p.ID, admin,
				map[string]any{"enabled": on && p.Enabled})
			require.Equal(t, http.StatusOK, a.status, string(a.body))
		}
	}
	enable(false)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	enable(true)
	waiting := r.until(o, domain.OnboardingAwaitingPayment)
	assert.Equal(t, "bank_transfer", waiting.NextAction.PaymentOption)
}
