//go:build !nodev

package system

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/app"
	"slipway/domain"
)

func TestDoctor_DeepNamesWhatIsBrokenWithItsFix(t *testing.T) {
	s := newSite(t, "")
	t.Setenv("TEMPORAL_ADDRESS", fmt.Sprintf("127.0.0.1:%d", s.port))
	doctor := func() (int, string) {
		var out, errs buffer
		code := app.Main([]string{"slipway", "--data-dir", s.dir, "--listen", s.listen, "--secret-key", siteKey,
			"--sandbox-url", "http://" + s.sandboxAddress, "doctor", "--deep"}, &out, &errs)
		return code, out.String() + errs.String()
	}
	_, r := s.api()
	s.worker()
	o := r.pays("ada@example.com", "growth", "tok_ok")
	done := r.until(o, domain.OnboardingCompleted)
	s.sound()
	code, report := doctor()
	require.Equal(t, 0, code, report)
	assert.Contains(t, report, "charges_sandbox")
	assert.Contains(t, report, "1 checked")
	assert.Contains(t, report, "the books of manual cannot be read")

	// Nothing is under way that would start the terminated Billing again.
	pool, then := s.store.Stats()["write"], time.Now().UTC().Add(-time.Hour)
	eventually(t, func() bool {
		var begun, waiting int
		require.NoError(t, pool.QueryRow(`SELECT (SELECT count(*) FROM subscriptions WHERE due_at IS NOT NULL),
			(SELECT count(*) FROM provider_events WHERE processed_at IS NULL)`).Scan(&begun, &waiting))
		return begun == 1 && waiting == 0
	}, "Billing has begun, and the provider's news has been handed on")

	// The charge is there, and our payment says that it failed an hour ago.
	for _, damage := range []string{
		"UPDATE payments SET status = 'failed', updated_at = $1",
		"UPDATE balances SET plan_credits = 1, updated_at = $1",
		"UPDATE subscriptions SET updated_at = $1",
	} {
		_, err := pool.Exec(damage, then)
		require.NoError(t, err)
	}
	require.NoError(t, s.dial().TerminateWorkflow(t.Context(), "billing-"+done.Subscription.ID, "", "by hand"))
	code, report = doctor()
	assert.Equal(t, 1, code)
	var payment string
	require.NoError(t, pool.QueryRow("SELECT id FROM payments").Scan(&payment))
	assert.Regexp(t, `FAIL\s+charges_sandbox .*Not so for 1 of 1: `+payment, report)
	assert.Regexp(t, `FAIL\s+paid_invoices`, report)
	assert.Regexp(t, `FAIL\s+ledgers .*`+o.Account.ID, report)
	assert.Regexp(t, `FAIL\s+billing_workflows .*`+done.Subscription.ID, report)
	assert.Contains(t, report, "refund what nobody owes")
}
