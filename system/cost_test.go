//go:build !nodev

package system

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// cost is what a sign-up by card and a renewal leave in Temporal, and ask of the
// payment provider.
type cost struct {
	executions, signup int // of the sign-up and its Billing, until that sleeps
	renewal            int // events
	calls              int64
}

func costOfMoney(t testing.TB) (c cost) {
	r, sandbox := startCounted(t)
	ctx := context.Background()
	o := r.pay("growth", "tok_ok", "")
	r.until(o, domain.OnboardingCompleted)
	sub := r.opened(o)

	end := r.app.Store.Now().Add(2 * time.Second)
	_, err := r.app.Store.Stats()["write"].ExecContext(ctx, "UPDATE subscriptions SET current_period_end = ?, anchor = ?",
		end, end.AddDate(0, -1, 0))
	require.NoError(t, err)
	require.NoError(t, r.app.Workflows.StartBilling(ctx, sub))
	eventually(t, func() bool { return r.opened(o).DueAt != nil }, "Billing sleeps")
	billing := r.events("billing-" + sub.ID)
	c.signup = r.events("signup-"+o.ID) + billing
	c.executions = len(r.executions("AccountId = '"+r.onboardingRow(o).AccountID+"'", 2))

	asked := sandbox.asked.Load()
	eventually(t, func() bool { return r.opened(o).Periods == 1 && r.asleep(sub.ID) }, "renewed and asleep again")
	c.renewal, c.calls = r.events("billing-"+sub.ID)-billing, sandbox.asked.Load()-asked
	return c
}

// A sign-up by card is at most two executions and 32 events; a renewal is at
// most 12 events and one call to the provider.
func TestCost_OfACardSignUpAndARenewal(t *testing.T) {
	c := costOfMoney(t)
	t.Logf("%+v", c)
	assert.Equal(t, 2, c.executions)
	assert.LessOrEqual(t, c.signup, 32)
	assert.LessOrEqual(t, c.renewal, 12)
	assert.EqualValues(t, 1, c.calls)
}
