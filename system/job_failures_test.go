//go:build !nodev

package system

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// TestOperator_AnItemThatFailsIsFoundCorrectedAndTriedAgain is the errand of
// docs/operations.md: a payment whose provider is not set up any more.
func TestOperator_AnItemThatFailsIsFoundCorrectedAndTriedAgain(t *testing.T) {
	t.Parallel()
	r := startApp(t)
	admin := r.admin()
	o := r.pays("ada@example.com", "growth", "tok_3ds")
	r.untilAction(o, domain.NextConfirmPayment)
	exec := func(statement string, args ...any) {
		_, err := r.app.Store.Stats()["write"].Exec(statement, args...)
		require.NoError(t, err)
	}
	exec("UPDATE payments SET provider = 'gone', updated_at = '2026-01-01 00:00:00+00:00'")
	doctor := func() string {
		_, line, _ := strings.Cut(string(r.get("/readyz?verbose", "").body), `"reconcile_put_aside"`)
		line, _, _ = strings.Cut(line, "}")
		return line
	}
	eventually(t, func() bool { return strings.Contains(doctor(), "resolve_payments pay_") }, "doctor names the payment")
	require.Contains(t, doctor(), "GET /v1/admin/job-failures")

	var found struct{ Data []domain.JobFailure }
	r.get("/v1/admin/job-failures?job=resolve_payments", admin).into(t, &found)
	require.Len(t, found.Data, 1)
	why := found.Data[0]
	assert.Equal(t, "payment_misconfigured", why.Error)
	assert.Equal(t, domain.Text(domain.TextProviderMisconfigured), why.Detail)
	assert.GreaterOrEqual(t, why.Attempts, 1)

	exec("UPDATE payments SET provider = 'sandbox' WHERE id = ?", why.ItemID)
	retried := r.post("/v1/admin/job-failures/"+why.ID+"/retry", admin, map[string]any{"reason": "provider corrected"})
	require.Equal(t, http.StatusOK, retried.status, string(retried.body))
	require.Contains(t, string(retried.body), `"retried":1`)
	eventually(t, func() bool { return strings.Contains(doctor(), "No item is put aside") }, "doctor is content")
	r.get("/v1/admin/job-failures", admin).into(t, &found)
	assert.Empty(t, found.Data)
	assert.Equal(t, 1, r.count("SELECT count(*) FROM events WHERE type = ? AND actor_type = ? AND reason = ?",
		domain.EventJobRetried, domain.ActorAdmin, "provider corrected"))
}
