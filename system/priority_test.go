//go:build !nodev

package system

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

// renewalsAtOnce brings trials to the moment in which all of them are charged.
func (r *running) renewalsAtOnce(trials []domain.Onboarding) {
	r.t.Helper()
	_, err := r.app.Store.Stats()["write"].Exec(
		"UPDATE subscriptions SET current_period_end = $1, trial_end = $1", time.Now().UTC().Truncate(time.Millisecond))
	require.NoError(r.t, err)
	for _, o := range trials {
		eventually(r.t, func() bool {
			s, err := r.app.Workflows.BillingState(context.Background(), o.Subscription.ID)
			return err == nil && s == "running"
		}, "Billing runs")
		r.terminate("billing-" + o.Subscription.ID) // so that it reads its rows anew
	}
}

func TestPriority_ACardSignUpComesBeforeRenewals(t *testing.T) {
	t.Parallel()
	const renewals = 12
	r := startApp(t, func(a *app.App) { a.ProviderRate, a.ReconcileEvery = 2, time.Second })
	var trials []domain.Onboarding
	for i := range renewals {
		o := r.pays(fmt.Sprintf("trial%d@example.com", i), "starter", "tok_ok")
		trials = append(trials, r.until(o, domain.OnboardingCompleted))
	}
	r.renewalsAtOnce(trials)
	charged := func() (n int) {
		require.NoError(t, r.app.Store.Stats()["write"].QueryRow(
			"SELECT count(*) FROM invoices WHERE reason = 'subscription_cycle' AND status = 'paid'").Scan(&n))
		return n
	}
	eventually(t, func() bool { return charged() > 0 }, "renewals are charged")
	began := charged()
	r.until(r.pays("ada@example.com", "growth", "tok_ok"), domain.OnboardingCompleted)
	assert.LessOrEqual(t, charged()-began, 5, "of those that were before it; two calls to the provider are its own")
	eventually(t, func() bool { return charged() == renewals }, "the others follow")
	r.sound()
}
