package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// TestStaffCommands_TheirReasonsAreNotTheCustomers gives every command of staff in
// every situation, and looks for its reason in everything that the customer reads.
func TestStaffCommands_TheirReasonsAreNotTheCustomers(t *testing.T) {
	t.Parallel()
	const internal, forCustomer = "suspected of fraud", "no such transfer"
	w := newWorld(t)
	applied, read, explained := map[domain.Action]bool{}, 0, false
	for i, s := range situations {
		for _, c := range collections {
			for _, r := range c.staffRules() {
				subscription, payment := s.reach(w, fmt.Sprintf("%s-%d", strings.ReplaceAll(string(r.Action), "_", "-"), i))
				id, reason := subscription, internal
				if c == ofPayments {
					id = payment
				}
				if r.Action == domain.ActionRejectPayment {
					reason = forCustomer
				}
				if id == "" {
					continue
				}
				call, _ := c.call(r.Action)
				body := map[string]any{"reason": reason}
				if r.Action == domain.ActionExtendTrial {
					body["days"] = 7
				}
				path := strings.ReplaceAll(strings.TrimPrefix(call, "POST "), "{id}", id)
				if w.call("POST", path, w.admin, body).status != 200 {
					continue
				}
				applied[r.Action] = true
				shown := w.everythingOfCustomer(subscription)
				assert.NotContains(t, shown, internal, "%s, %s", r.Action, s.name)
				read += len(shown)
				explained = explained || strings.Contains(shown, forCustomer)
			}
		}
	}
	for _, action := range staffActions(collections...) {
		assert.True(t, applied[action], "%s was never carried out", action)
	}
	assert.Positive(t, read)
	assert.True(t, explained, "a rejection is explained to the customer")
	assert.Contains(t, w.everything(), internal, "staff read them")
}

// everythingOfCustomer is what the customer of a subscription reads of every route.
func (w *world) everythingOfCustomer(subscription string) string {
	w.t.Helper()
	o, err := w.store.OnboardingBySubscription(w.t.Context(), subscription)
	require.NoError(w.t, err)
	secret, all := w.api.secrets.clientSecret(o.ID), ""
	for path, item := range w.api.huma.OpenAPI().Paths {
		if who := accessOf(item, "GET"); who != owners && who != participants {
			continue
		}
		url := strings.ReplaceAll(path, "{id}", o.ID)
		if strings.HasSuffix(path, "{id}/events") { // a stream sends what a GET answers
			continue
		}
		all += w.call("GET", url, secret, nil).raw
	}
	return all
}
