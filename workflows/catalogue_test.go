package workflows_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
	"slipway/workflows"
)

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
			assert.Len(t, f.events(domain.EventOnboardingWaiting), 1, "a check that finds nothing leaves no trace")
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
			assert.Len(t, f.events(domain.EventOnboardingWaiting), 1, "a check that finds nothing leaves no trace")
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
				assert.Equal(t, 1, f.ran("CollectPayment"), "a payment does not depend on the catalogue")
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
