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

// 13. Twenty admins approve at once: one fulfilment. Approved after the end:
// flagged, never lost.
func TestFault13_ApprovedTwentyTimesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := newSite(t, database)
		_, r := s.api()
		s.worker()
		o := r.accepted("ada@example.com", "Acme", "growth", "k")
		r.until(o, domain.OnboardingAwaitingPayment)
		payment, admin := r.submit(o, "x"), r.admin()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				a, err := try(http.MethodPost, r.url+"/v1/admin/payments/"+payment.ID+"/approve", admin,
					map[string]any{"reason": "seen"})
				if assert.NoError(t, err) {
					assert.Equal(t, http.StatusOK, a.status, string(a.body))
				}
			})
		}
		wg.Wait()
		r.until(o, domain.OnboardingCompleted)
		s.requireOneOfEach(1)
		assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
		assert.Equal(t, 1, s.count("SELECT count(*) FROM invoices WHERE status = 'paid'"))
		s.sound()
	})
}

func TestFault13_ApprovedAfterTheEndIsFlaggedNotLost(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]struct {
		worker childConfig
		bring  func(r *running, o kickedOff, p domain.Payment)
		status domain.OnboardingStatus
	}{
		"canceled": {childConfig{}, func(r *running, o kickedOff, _ domain.Payment) {
			require.Equal(r.t, http.StatusOK, r.post("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{}).status)
		}, domain.OnboardingCanceled},
		// No window runs while an admin decides: one rejected because the money is not
		// there, another one opens and closes, and then the money is found.
		"expired": {childConfig{PaymentWindow: 8 * time.Second}, func(r *running, _ kickedOff, p domain.Payment) {
			a := r.post("/v1/admin/payments/"+p.ID+"/reject", r.admin(), map[string]any{"reason": "not on the bank statement"})
			require.Equal(r.t, http.StatusOK, a.status, string(a.body))
		}, domain.OnboardingExpired},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, database string) {
				s := newSite(t, database)
				_, r := s.api()
				s.child("worker", end.worker)
				o := r.accepted("ada@example.com", "Acme", "growth", "k")
				r.until(o, domain.OnboardingAwaitingPayment)
				payment := r.submit(o, "x")
				end.bring(r, o, payment)
				r.until(o, end.status)
				s.requireFlaggedOnce(r, payment)
			})
		})
	}
}

// requireFlaggedOnce approves the payment, twice, after the only onboarding has
// ended: its money is flagged once, and nothing becomes active.
func (s *site) requireFlaggedOnce(r *running, payment domain.Payment) {
	s.t.Helper()
	for range 2 {
		a := r.approve(payment)
		require.Equal(s.t, http.StatusOK, a.status, string(a.body))
	}
	assert.Equal(s.t, 1, s.count("SELECT count(*) FROM payments WHERE late"))
	assert.Equal(s.t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
	assert.Equal(s.t, 0, s.count("SELECT count(*) FROM subscriptions WHERE status <> 'incomplete_expired'"))
	s.sound()
}

// 13. An admin says that the money is there while the customer pays it by card:
// one fulfilment; money too many is refunded or flagged.
func TestFault13_ActivatedWhileTheCardIsConfirmed(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	var wg sync.WaitGroup
	for i := range 12 {
		wg.Go(func() {
			o := r.pays(fmt.Sprintf("p%d@example.com", i), "growth", "tok_3ds")
			asked := r.untilAction(o, domain.NextConfirmPayment)
			page := asked.NextAction.URL
			var race sync.WaitGroup
			race.Go(func() { assert.NoError(t, r.confirm(page, "confirm")) })
			race.Go(func() {
				var a answer
				eventually(t, func() bool { // a workflow that closes meanwhile asks to try again
					a = r.post("/v1/admin/subscriptions/"+asked.Subscription.ID+"/activate", admin,
						map[string]any{"reason": "paid by transfer"})
					return a.status != http.StatusServiceUnavailable
				}, "it is answered")
				assert.Contains(t, []int{http.StatusOK, http.StatusConflict}, a.status, string(a.body))
			})
			race.Go(func() {
				_, err := try(http.MethodPost, r.url+"/v1/onboardings/"+o.ID+"/confirm", o.ClientSecret, nil)
				assert.NoError(t, err)
			})
			race.Wait()
			r.until(o, domain.OnboardingCompleted)
		})
	}
	wg.Wait()
	r.sound()
	assert.Equal(t, 12, r.count("SELECT count(*) FROM credits"))
	assert.Equal(t, 12, r.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	assert.Equal(t, 12, r.count("SELECT count(*) FROM events WHERE type = 'onboarding.completed'"))
}

// 15. Canceled while the payment window ends: one end, everything released.
func TestFault15_CanceledDuringCompensation(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	_, r := s.api()
	s.child("worker", childConfig{PaymentWindow: 3 * time.Second})
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "growth", fmt.Sprint(i))
			waiting := r.until(o, domain.OnboardingAwaitingPayment)
			due := time.NewTimer(time.Until(*waiting.NextAction.ExpiresAt) + time.Duration(i*5)*time.Millisecond)
			<-due.C
			_, _ = try(http.MethodPost, r.url+"/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
			eventually(t, func() bool { return r.onboarding(o).Done }, "%s ends", o.ID)
		})
	}
	wg.Wait()
	assert.Equal(t, 10, s.count("SELECT count(*) FROM onboardings WHERE status IN ('expired', 'canceled')"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM events WHERE type IN ('onboarding.expired', 'onboarding.canceled')"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM invoices WHERE status = 'void'"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM subscriptions WHERE status = 'incomplete_expired'"))
	assert.Equal(t, 0, s.count("SELECT count(*) FROM slugs"))
	s.sound()
}
