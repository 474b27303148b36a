//go:build !nodev

package system

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// 1. A worker dies around the charge: before it asked, between the company's
// charge and its answer, and after the outcome was saved. One charge, and the
// onboarding completes.
func TestFault1_WorkerKilledAroundTheCharge(t *testing.T) {
	for name, doomed := range map[string]func(s *site) *child{
		"before the method is made": func(s *site) *child {
			return s.child("worker",
				childConfig{KillBefore: "RegisterPaymentMethod"})
		},
		"after the method was made": func(s *site) *child {
			return s.child("worker",
				childConfig{KillAfter: "RegisterPaymentMethod"})
		},
		"before the call": func(s *site) *child {
			return s.child("worker",
				childConfig{KillBefore: "ChargePayment"})
		},
		"after the outcome is saved": func(s *site) *child {
			return s.child("worker",
				childConfig{KillAfter: "ChargePayment"})
		},
		"before it was answered": func(s *site) *child {
			c := s.worker()
			s.company.whenCharged(c.kill)
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			_, r := s.api()
			dies := doomed(s)
			o := r.pays("ada@example.com", "growth", "tok_ok", "Idempotency-Key", "k")
			eventually(t, func() bool { return dies.cmd.ProcessState != nil || s.count("SELECT count(*) FROM payments") > 0 },
				"it was asked")
			if name != "before it was answered" {
				dies.wait()
			}
			s.worker()
			began := time.Now()
			r.until(o, domain.OnboardingCompleted)
			assert.Less(t, time.Since(began), 45*time.Second, "its heartbeats stop: nobody waits for the call's time-out of "+
				"a minute")
			require.NoError(t, s.dial().GetWorkflow(context.Background(), "signup-"+o.ID, "").Get(context.Background(), nil))
			sum, n := s.kept()
			assert.EqualValues(t, 13900, sum)
			assert.Equal(t, 1, n)
			s.requireOneOfEach(1)
			s.sound()
		})
	}
}

// 1, for a renewal: a worker dies around the charge for the next period. One
// charge for the sign-up, one for the renewal, and the subscription continues.
func TestFault1_WorkerKilledAroundARenewalsCharge(t *testing.T) {
	for name, c := range map[string]childConfig{
		"before the call":            {KillBefore: "ChargeSubscription"},
		"after the outcome is saved": {KillAfter: "ChargeSubscription"},
		"before it was answered":     {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "")
			_, r := s.api()
			dies := s.child("worker", c)
			clock := r.newClock("2026-01-15T10:00:00Z")
			o := r.paysOn(clock, "ada@example.com", "growth", "tok_ok")
			r.until(o, domain.OnboardingCompleted)
			if name == "before it was answered" {
				s.company.whenCharged(func() { _ = dies.cmd.Process.Kill() })
			}
			const after = "2026-02-20T10:00:00Z" // the first period ended on the 15th
			a := r.post("/v1/test-clocks/"+clock+"/advance", r.admin(), map[string]any{"to": after})
			require.Equal(t, http.StatusOK, a.status, string(a.body))
			dies.wait()
			s.worker()
			r.advance(clock, after) // it is on its way there
			sum, n := s.kept()
			assert.Equal(t, 2, n, "the sign-up and one renewal")
			assert.EqualValues(t, 2*13900, sum)
			var sub domain.Subscription
			r.get("/v1/account/subscription", o.ClientSecret).into(t, &sub)
			assert.Equal(t, domain.SubscriptionActive, sub.Status)
			s.sound()
		})
	}
}

// retrying waits until the payment step waits for its next attempt at the
// number, and returns it.
func (r *running) retrying(o kickedOff, attempt int) domain.Step {
	r.t.Helper()
	var step domain.Step
	eventually(r.t, func() bool {
		now := r.onboarding(o)
		step = *now.Step(domain.StepPayment)
		return step.Status == domain.StepRetrying && step.Attempts >= attempt || now.Status == domain.OnboardingCompleted
	}, "attempt %d is waited for", attempt)
	require.Equal(r.t, domain.StepRetrying, step.Status, "attempt %d was missed", attempt)
	return step
}

// keeps fails unless what came next came no earlier than the step had said.
func (r *running) keeps(said domain.Step, came time.Time) {
	r.t.Helper()
	require.NotNil(r.t, said.NextAttemptAt)
	assert.False(r.t, came.Before(*said.NextAttemptAt), "said %s, came %s", said.NextAttemptAt, came)
}

// completed waits for the end and returns when the payment was there.
func (r *running) completed(o kickedOff) time.Time {
	r.t.Helper()
	done := r.until(o, domain.OnboardingCompleted)
	finished := done.Step(domain.StepPayment).FinishedAt
	require.NotNil(r.t, finished)
	return *finished
}

// 8. The company asks to be left alone: for seconds, until a date, for five
// minutes, for no time it says. The status says that, and when the next attempt is.
func TestFault8_ThrottledWaitsAsLongAsAskedAndSaysSo(t *testing.T) {
	app := startApp(t)
	t.Run("seconds, then a date", func(t *testing.T) {
		t.Parallel()
		r := app.in(t)
		o := r.pays("seconds@example.com", "growth", "tok_throttled_2")
		first := r.retrying(o, 1)
		assert.Equal(t, "payment_throttled", first.Error.Code)
		assert.WithinDuration(t, time.Now().Add(time.Second), *first.NextAttemptAt, 1100*time.Millisecond)
		second := r.retrying(o, 2)
		r.keeps(first, time.Now())
		assert.WithinDuration(t, time.Now().Add(2*time.Second), *second.NextAttemptAt, 2*time.Second)
		r.keeps(second, r.completed(o))
		_, n := r.kept(o.Account.ID)
		assert.Equal(t, 1, n)
	})
	t.Run("no time said", func(t *testing.T) {
		t.Parallel()
		r := app.in(t)
		o := r.pays("bare@example.com", "growth", "tok_throttled_bare_2")
		first := r.retrying(o, 1)
		assert.WithinDuration(t, time.Now(), *first.NextAttemptAt, 3*time.Second, "soon, as nothing else was asked for")
		second := r.retrying(o, 2)
		r.keeps(first, time.Now())
		assert.WithinDuration(t, time.Now(), *second.NextAttemptAt, 5*time.Second)
		r.keeps(second, r.completed(o))
		_, n := r.kept(o.Account.ID)
		assert.Equal(t, 1, n)
	})
	t.Run("five minutes", func(t *testing.T) {
		t.Parallel()
		r := app.in(t)
		o := r.pays("minutes@example.com", "growth", "tok_throttled_wait_300")
		asked := time.Now()
		step := r.retrying(o, 1)
		assert.Equal(t, "payment_throttled", step.Error.Code)
		wait := step.NextAttemptAt.Sub(asked)
		assert.True(t, wait > 298*time.Second && wait < 332*time.Second, "it waits 300 s and at most a tenth more, not %s",
			wait)
		r.command("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
		r.until(o, domain.OnboardingCanceled)
	})
	t.Cleanup(app.sound)
}

// 9, 10, 11. The company fails, resets, hangs, charges without saying so, forgets
// the key it charged under, and stores a failure under the key: one charge each,
// and the onboarding completes.
func TestFault9_10_11_FailingCompanyChargesOnce(t *testing.T) {
	app := startApp(t)
	for _, token := range []string{"tok_ok", "tok_flaky_3", "tok_reset", "tok_slow", "tok_lost_response",
		"tok_forgotten_key", "tok_stored_500", "tok_webhook_chaos"} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			r := app.in(t)
			o := r.pays(token+"@example.com", "growth", token)
			r.until(o, domain.OnboardingCompleted)
			sum, n := r.kept(o.Account.ID)
			assert.Equal(t, 1, n)
			assert.EqualValues(t, 13900, sum)
		})
	}
	t.Cleanup(app.sound)
}

// 15. Canceled while the company is asked: the status says so, and no money is kept.
func TestFault15_CanceledDuringACharge(t *testing.T) {
	t.Parallel()
	app := startApp(t)
	for _, token := range []string{
		"tok_slow", "tok_throttled_wait_300", "tok_lost_response", "tok_flaky_9", "tok_3ds", "tok_stored_500",
	} {
		t.Run(token, func(t *testing.T) {
			t.Parallel()
			r := app.in(t)
			o := r.pays(token+"@example.com", "growth", token)
			eventually(t, func() bool { return len(r.payments(o.Account.ID)) > 0 }, "the charge is under way")
			a := r.post("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
			if a.status == http.StatusConflict && token == "tok_lost_response" {
				t.Log("the company's webhook was faster than the customer")
				r.until(o, domain.OnboardingCompleted)
				_, n := r.kept(o.Account.ID)
				assert.Equal(t, 1, n)
				return
			}
			require.Equal(t, http.StatusOK, a.status, string(a.body))
			r.until(o, domain.OnboardingCanceled)
			_ = r.app.Temporal.GetWorkflow(context.Background(), "signup-"+o.ID, "").Get(context.Background(),
				nil) // it ends as canceled
			_, n := r.kept(o.Account.ID)
			assert.Zero(t, n, "everything is refunded")
			for _, p := range r.payments(o.Account.ID) {
				assert.Equal(t, domain.PaymentFailed, p.Status)
			}
		})
	}
	t.Cleanup(app.sound)
}
