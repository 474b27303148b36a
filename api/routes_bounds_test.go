package api

import (
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store/storetest"
)

// limitSetting finds the settings that a bound names.
var limitSetting = regexp.MustCompile(`SLIPWAY_LIMIT_([A-Z_]+)`)

// TestBounds_EachCallByWhichACustomerAddsSomethingHasOne walks the description: what
// customers can call again and again, and what stays open, says what bounds it.
func TestBounds_EachCallByWhichACustomerAddsSomethingHasOne(t *testing.T) {
	t.Parallel()
	served, customers := map[string]bool{}, []string{string(anyone), string(owners), string(participants)}
	for path, item := range newWorld(t).api.huma.OpenAPI().Paths {
		for _, method := range []string{"GET", "POST", "PATCH"} {
			operation := operationIn(item, method)
			if operation == nil || path == "/webhooks/{provider}" { // signed by the provider
				continue
			}
			who := string(anyone)
			for _, scheme := range operation.Security {
				for name := range scheme {
					who = name
				}
			}
			stays := operation.Responses["429"] != nil // open, or rated
			if strings.Contains(strings.Join(customers, " "), who) && (method != "GET" || stays) {
				assert.NotEmpty(t, bounds[operation.OperationID], "%s %s needs an entry in bounds", method, path)
				assert.True(t, stays, "%s %s can be refused for its rate", method, path)
				assert.Contains(t, operation.Description, bounds[operation.OperationID])
			}
			served[operation.OperationID] = true
		}
	}
	for id, bound := range bounds {
		assert.True(t, served[id], "no route %s has a bound", id)
		for _, named := range limitSetting.FindAllStringSubmatch(bound, -1) {
			assert.NotNil(t, limits[strings.ReplaceAll(named[1], "_", "")], "%s needs an entry in limits", named[0])
		}
	}
}

// reached drives one limit of two to one more, in a world of its own.
type reached func(t *testing.T, w *world)

// limits has an entry for each field of domain.Limits, in capitals.
var limits = map[string]reached{
	"PURCHASES": purchasesReached, "PAYMENTMETHODS": methodsReached, "SESSIONS": sessionsReached,
	"STREAMS":    func(t *testing.T, w *world) { streamsReached(t, w, true) },
	"ALLSTREAMS": func(t *testing.T, w *world) { streamsReached(t, w, false) },
	"WRITES":     writesReached,
}

func TestLimits_OneMoreIsRefusedOnBothDatabases(t *testing.T) {
	t.Parallel()
	fields := reflect.TypeFor[domain.Limits]()
	databases := map[string]func(testing.TB) string{"sqlite": storetest.SQLite, "postgres": storetest.Postgres}
	for name, fresh := range databases {
		for i := range fields.NumField() {
			field := fields.Field(i).Name
			drive := limits[strings.ToUpper(field)]
			require.NotNil(t, drive, "%s needs an entry in limits", field)
			t.Run(name+"/"+field, func(t *testing.T) {
				t.Parallel()
				drive(t, newWorldOn(t, fresh(t), func(c *Config) {
					reflect.ValueOf(&c.Limits).Elem().Field(i).SetInt(2)
				}))
			})
		}
	}
}

// together makes equal calls at the same moment, and counts their answers by status.
func (w *world) together(n int, path, bearer string, body any) map[int]int {
	statuses := make([]int, n)
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() { statuses[i] = w.call("POST", path, bearer, body).status })
	}
	all.Wait()
	counts := map[int]int{}
	for _, status := range statuses {
		counts[status]++
	}
	return counts
}

func purchasesReached(t *testing.T, w *world) {
	const path = "/v1/account/credit-packages"
	owner := w.signUp("ada", "plan", "starter").text("client_secret")
	w.call("POST", "/v1/account/payment-methods", owner, map[string]any{"payment_option": "bank_transfer"}).ok(201)
	pack := map[string]any{"package": w.call("GET", "/v1/credit-packages", "", nil).rows()[0]["code"]}
	assert.Equal(t, map[int]int{201: 2, 409: 4}, w.together(6, path, owner, pack))
	open := w.call("GET", "/v1/account/invoices?status=open", owner, nil).rows()
	require.Len(t, open, 2)
	refused := w.call("POST", path, owner, pack).problem(409, domain.ReasonTooMany)
	assert.Contains(t, refused.text("detail"), "has 2 open purchases")

	other := w.signUp("bob", "plan", "starter").text("client_secret")
	w.call("POST", "/v1/account/payment-methods", other, map[string]any{"payment_option": "bank_transfer"}).ok(201)
	w.call("POST", path, other, pack).ok(201)
	invoice := "/v1/account/invoices/" + open[0]["id"].(string)
	w.call("POST", invoice+"/payment", owner, map[string]any{"reference": "wire 1"}).ok(200)
	paid := w.call("GET", "/v1/account/payments", owner, nil).rows()[0]["id"].(string)
	w.call("POST", "/v1/admin/payments/"+paid+"/approve", w.admin, map[string]any{}).ok(200)
	w.call("POST", path, owner, pack).ok(201)
}

func methodsReached(t *testing.T, w *world) {
	const path = "/v1/account/payment-methods"
	o := w.signUp("ada", "plan", "growth")
	owner, card := o.text("client_secret"), map[string]any{"payment_option": "card", "payment_token": "tok_ok"}
	w.together(6, path, owner, card)
	assert.LessOrEqual(t, len(w.call("GET", path, owner, nil).rows()), 2)
	for len(w.call("GET", path, owner, nil).rows()) < 2 {
		w.call("POST", path, owner, card).ok(201)
	}
	w.together(6, path, owner, card)
	have := w.call("GET", path, owner, nil).rows()
	require.Len(t, have, 2)
	w.call("POST", path, owner, card).problem(409, domain.ReasonTooMany)
	w.call("POST", path, owner, map[string]any{"payment_option": "bank_transfer"}).ok(201) // it has that one
	refused := w.call("POST", "/v1/onboardings/"+o.text("id")+"/payment-method", owner, card).
		problem(409, domain.ReasonTooMany)
	assert.Contains(t, refused.text("detail"), "DELETE /v1/account/payment-methods/")
	for _, m := range have {
		if m["default"] == false {
			w.call("DELETE", path+"/"+m["id"].(string), owner, nil).ok(204)
		}
	}
	w.call("POST", path, owner, card).ok(201)
}

func sessionsReached(t *testing.T, w *world) {
	w.signUp("ada", "plan", "starter")
	first := w.signIn("ada")
	w.call("GET", "/v1/account", first, nil).ok(200)
	credentials := map[string]any{"email": "ada@example.com", "password": goodPassword}
	assert.Equal(t, map[int]int{201: 6}, w.together(6, "/v1/sessions", "", credentials), "nobody is locked out")
	w.call("GET", "/v1/account", first, nil).problem(401, "unauthenticated")
	var sessions int
	count := "SELECT count(*) FROM sessions WHERE role = 'owner'"
	require.NoError(t, w.store.Stats()["write"].QueryRowContext(t.Context(), count).Scan(&sessions))
	assert.Equal(t, 2, sessions)
}

// streamsReached opens one more than the limit, which is each customer's or that of all.
func streamsReached(t *testing.T, w *world, each bool) {
	server, _ := w.serve(t)
	first, second := w.signUp("ada", "plan", "growth"), w.signUp("bob", "plan", "growth")
	open := func(o *reply) *eventStream { return w.stream(t, server, o.text("id"), o.text("client_secret")) }
	one, two := open(first), open(first)
	require.NotNil(t, one.next())
	require.NotNil(t, two.next())
	path, secret := "/v1/onboardings/"+first.text("id"), first.text("client_secret")
	assert.Equal(t, http.StatusTooManyRequests, open(first).response.StatusCode)
	version := w.call("GET", path, secret, nil).ok(200).header.Get("ETag")
	wait := []string{"Prefer", "wait=1", "If-None-Match", version}
	refused := w.call("GET", path, secret, nil, wait...).problem(429, domain.ReasonTooManyStreams)
	assert.NotEmpty(t, refused.header.Get("Retry-After"))
	others := map[bool]int{true: http.StatusOK, false: http.StatusTooManyRequests}[each]
	assert.Equal(t, others, open(second).response.StatusCode)
	require.NoError(t, one.response.Body.Close())
	eventually(t, func() bool { return w.call("GET", path, secret, nil, wait...).status == http.StatusNotModified })
}

func writesReached(t *testing.T, w *world) {
	owner, path := w.signUp("ada", "plan", "starter").text("client_secret"), "/v1/account/sites/site_none"
	for range 2 {
		w.call("DELETE", path, owner, nil).problem(404, "not_found")
	}
	refused := w.call("DELETE", path, owner, nil).problem(429, "throttled")
	assert.Equal(t, domain.Text(domain.TextTooManyWrites), refused.text("detail"))
	w.call("GET", "/v1/account", owner, nil).ok(200)
	for range 4 { // staff act for many
		w.call("POST", "/v1/admin/job-failures/jf_none/retry", w.admin, nil).problem(404, "not_found")
	}
	other := w.signUp("bob", "plan", "starter").text("client_secret")
	w.call("DELETE", path, other, nil).problem(404, "not_found")
}
