//go:build !nodev

package system

import (
	"net/http"
	"time"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// admin signs the admin in and returns the token.
func (r *running) admin() string {
	r.t.Helper()
	a := r.post("/v1/sessions", "", map[string]any{"email": testAdmin, "password": testPassword})
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var session struct{ Token string }
	a.into(r.t, &session)
	return session.Token
}

// pendingPayment is the payment of the account that waits for approval.
func (r *running) pendingPayment(admin, accountID string) domain.Payment {
	r.t.Helper()
	var list struct{ Data []domain.Payment }
	r.get("/v1/admin/payments?status=pending_approval&account_id="+accountID, admin).into(r.t, &list)
	require.Len(r.t, list.Data, 1)
	return list.Data[0]
}

// decide approves or rejects a payment as the admin.
func (r *running) decide(paymentID, verdict, reason string) {
	r.t.Helper()
	r.command("/v1/admin/payments/"+paymentID+"/"+verdict, r.admin(), map[string]any{"reason": reason})
}

func (r *running) approve(p domain.Payment) answer {
	r.t.Helper()
	return r.post("/v1/admin/payments/"+p.ID+"/approve", r.admin(), map[string]any{"reason": "seen on the bank statement"})
}

func (r *running) subscription(o kickedOff, action string) {
	r.t.Helper()
	id := r.onboardingRow(o).SubscriptionID // it has one before the subscription is opened
	r.command("/v1/admin/subscriptions/"+id+"/"+action, r.admin(), map[string]any{"reason": "because of " + reasonWord})
}

// setPlans switches every plan that is active and returns their ids.
func (r *running) setPlans(admin string, active bool) []string {
	r.t.Helper()
	var plans struct{ Data []domain.Plan }
	r.get("/v1/admin/plans", admin).into(r.t, &plans)
	var ids []string
	for _, p := range plans.Data {
		a := call(r.t, http.MethodPatch, r.url+"/v1/admin/plans/"+p.ID, admin, map[string]any{"active": active})
		require.Equal(r.t, http.StatusOK, a.status, string(a.body))
		ids = append(ids, p.ID)
	}
	return ids
}

// setOptions switches the payment options that a new installation has on.
func (r *running) setOptions(on bool) {
	r.t.Helper()
	admin := r.admin()
	for _, key := range []string{"bank_transfer", "card", "wallet", "cheque"} {
		r.setOption(admin, key, on && key != "cheque")
	}
}

// setOption enables one payment option, or disables it.
func (r *running) setOption(admin, key string, on bool) {
	r.t.Helper()
	var options struct{ Data []domain.PaymentOption }
	r.get("/v1/admin/payment-options", admin).into(r.t, &options)
	for _, p := range options.Data {
		if p.Key == key {
			a := call(r.t, http.MethodPatch, r.url+"/v1/admin/payment-options/"+p.ID, admin, map[string]any{"enabled": on})
			require.Equal(r.t, http.StatusOK, a.status, string(a.body))
		}
	}
}

// newClock makes a test clock that shows the time.
func (r *running) newClock(now string) string {
	r.t.Helper()
	a := r.post("/v1/test-clocks", r.admin(), map[string]any{"now": now})
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var clock domain.TestClock
	a.into(r.t, &clock)
	return clock.ID
}

// advance moves the clock and returns when everything due by then is done.
func (r *running) advance(clock, to string) {
	r.t.Helper()
	admin := r.admin()
	a := r.post("/v1/test-clocks/"+clock+"/advance", admin, map[string]any{"to": to})
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
	eventually(r.t, func() bool {
		var now domain.TestClock
		r.get("/v1/test-clocks/"+clock, admin).into(r.t, &now)
		return now.Status == domain.ClockReady
	}, "the clock arrives")
}

// advanceTo moves the clock and returns when everything due is done.
func (r *running) advanceTo(clock string, to time.Time) { r.advance(clock, to.Format(time.RFC3339)) }
