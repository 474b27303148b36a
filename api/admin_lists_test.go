package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/assert"
)

func TestAdmin_ListsFilterAndPage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i := range 5 {
		w.signUp(fmt.Sprintf("trial%d", i), "plan", "starter")
	}
	growth := w.signUp("grower", "plan", "growth")
	account := growth.text("account.id")
	count := func(path string) int { return len(w.call("GET", path, w.admin, nil).ok(200).rows()) }

	assert.Equal(t, 6, count("/v1/admin/onboardings"))
	assert.Equal(t, 1, count("/v1/admin/onboardings?status=awaiting_payment"))
	assert.Equal(t, 5, count("/v1/admin/onboardings?plan=starter"))
	assert.Equal(t, 1, count("/v1/admin/onboardings?q=grower@EXAMPLE"))
	assert.Equal(t, 1, count("/v1/admin/subscriptions?account_id="+account), "the deep link of M8")
	assert.Equal(t, 1, count("/v1/admin/accounts?q=GROW"))
	assert.Equal(t, 0, count("/v1/admin/accounts?q=%25row"), "LIKE's signs are taken literally")
	assert.Equal(t, 5, count("/v1/admin/accounts?plan=starter&status=active"))
	assert.Equal(t, 0, count("/v1/admin/onboardings?stuck=true"))
	w.age(growth.text("id"), 20*time.Minute)
	assert.Equal(t, 1, count("/v1/admin/onboardings?stuck=true"))
	assert.Equal(t, 0, count("/v1/admin/onboardings?stuck=30m"))
	assert.Equal(t, 5, count("/v1/admin/plans"))

	for _, list := range []string{"onboardings", "accounts", "subscriptions"} {
		seen := map[string]bool{}
		path, pages := "/v1/admin/"+list+"?limit=4", 0
		for url := path; url != ""; pages++ {
			r := w.call("GET", url, w.admin, nil).ok(200)
			for _, row := range r.rows() {
				seen[row["id"].(string)] = true
			}
			url = ""
			if r.at("has_more") == true {
				url = path + "&cursor=" + r.text("next_cursor")
			}
		}
		assert.Len(t, seen, 6, list)
		assert.Equal(t, 2, pages, list)
	}
}

func TestAdmin_FiltersThatDoNotExistAreRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, path := range []string{
		"onboardings?status=nonsense", "onboardings?state=completed", "onboardings?stuck=maybe", "onboardings?stuck=-5m",
		"onboardings?plan=%27",
		"accounts?account_id=1", "accounts?q=%00", "accounts?q=%ff", "subscriptions?limit=0", "subscriptions?limit=101",
		"subscriptions?limit=x",
		"payments?late=perhaps", "payments?cursor=nonsense", "events?type=nonsense", "events?cursor=b25iXzE", "plans?x=1",
	} {
		w.call("GET", "/v1/admin/"+path, w.admin, nil).problem(422, "invalid")
	}
}

func TestAdmin_RowsSayWhatMayBeDone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	path, secret := w.paying("acme")
	sub := w.call("GET", "/v1/admin/subscriptions", w.admin, nil).ok(200).rows()[0]
	assert.Equal(t, []any{"activate", "cancel", "refresh"}, sub["available_actions"])
	row := w.call("GET", "/v1/admin/onboardings", w.admin, nil).ok(200).rows()[0]
	assert.Equal(t, "acme@example.com", row["email"])
	assert.Equal(t, w.subscriptionOf(path), row["subscription_id"])
	assert.Contains(t, row["available_actions"], "submit_payment")

	id := w.pending(path, secret)
	payments := func() any {
		return w.call("GET", "/v1/admin/payments", w.admin, nil).ok(200).rows()[0]["available_actions"]
	}
	assert.Equal(t, []any{"approve_payment", "reject_payment"}, payments())
	w.call("POST", "/v1/admin/payments/"+id+"/reject", w.admin, reasonFor()).ok(200)
	assert.Nil(t, payments(), "the customer tries again; a rejected payment is not approved meanwhile")
	account := w.call("GET", "/v1/admin/accounts", w.admin, nil).ok(200).rows()[0]
	assert.Equal(t, "awaiting_payment", account["onboarding"].(map[string]any)["status"])
	assert.Equal(t, "payment_rejected", account["onboarding"].(map[string]any)["error"].(map[string]any)["code"])

	w.call("POST", path+"/cancel", secret, nil).ok(200)
	sub = w.call("GET", "/v1/admin/subscriptions", w.admin, nil).ok(200).rows()[0]
	assert.Equal(t, []any{"refresh"}, sub["available_actions"])
}

func TestLists_RefuseAValueThatNoFilterKnows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hook := w.call("POST", "/v1/webhook-endpoints", w.admin, map[string]any{"url": "https://example.com"}).ok(201)
	filled := strings.NewReplacer("{id}", hook.text("id"))
	free := []string{"q", "plan"} // anything may be looked for
	checked := 0
	for path, item := range w.api.huma.OpenAPI().Paths {
		if item.Get == nil {
			continue
		}
		for _, p := range item.Get.Parameters {
			if p.In != "query" || slices.Contains(free, p.Name) {
				continue
			}
			r := w.call("GET", filled.Replace(path)+"?"+p.Name+"=nothing.like_it", w.ownerOrAdmin(item.Get), nil)
			refusesField(t, r, "query."+p.Name)
			checked++
		}
	}
	assert.Greater(t, checked, 30)
	for _, events := range [][]string{{"invoice.payed"}, {"invoices.*"}, {"*"}, {"invoice.paid", "none.such"}} {
		body := map[string]any{"url": "https://example.com", "events": events}
		refusesField(t, w.call("POST", "/v1/webhook-endpoints", w.admin, body), "body.events")
	}
	change := map[string]any{"events": []string{"invoice.payed"}}
	refusesField(t, w.call("PATCH", "/v1/webhook-endpoints/"+hook.text("id"), w.admin, change), "body.events")
}

// ownerOrAdmin is a bearer that opens the operation.
func (w *world) ownerOrAdmin(operation *huma.Operation) string {
	if len(operation.Security) == 0 || operation.Security[0][string(owners)] == nil {
		return w.admin
	}
	return w.signUp(strings.ToLower(operation.OperationID)).text("client_secret")
}
