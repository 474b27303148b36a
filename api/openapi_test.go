package api

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOpenAPI_DescribesEveryFieldParameterAndHeader(t *testing.T) {
	t.Parallel()
	oapi := newWorld(t).api.huma.OpenAPI()
	assert.Equal(t, "3.1.0", oapi.OpenAPI)
	for name, schema := range oapi.Components.Schemas.Map() {
		for field, property := range schema.Properties {
			assert.True(t, property.Description != "" || property.Ref != "", "%s.%s", name, field)
		}
	}
	ids := map[string]bool{}
	for path, item := range oapi.Paths {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			operation := operationIn(item, method)
			if operation == nil {
				continue
			}
			call := method + " " + path
			assert.False(t, ids[operation.OperationID], operation.OperationID)
			ids[operation.OperationID] = true
			assert.NotEmpty(t, operation.Summary, call)
			assert.Len(t, operation.Tags, 1, call)
			for _, p := range operation.Parameters {
				assert.NotEmpty(t, p.Description, "%s %s", call, p.Name)
			}
			for status, response := range operation.Responses {
				if status[0] >= '4' && path != "/readyz" {
					assert.Contains(t, response.Content, problemContentType, "%s %s", call, status)
				}
				for header, h := range response.Headers {
					assert.NotEmpty(t, h.Schema.Description, "%s %s %s", call, status, header)
				}
			}
		}
	}
	assert.Greater(t, len(ids), 40)
	for id := range abouts {
		assert.True(t, ids[id], "no route %s is described", id)
	}
}

func TestOpenAPI_IsServedWithAViewerThatLoadsNothingFromOutside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	assert.Equal(t, string(w.api.OpenAPI()), w.call("GET", "/openapi.json", "", nil).ok(200).raw)
	page := w.call("GET", "/docs", "", nil).ok(200)
	assert.NotContains(t, page.raw, "http://")
	assert.NotContains(t, page.raw, "https://")
	assert.Contains(t, page.header.Get("Content-Security-Policy"), "default-src 'none'")
	for _, file := range []string{"swagger-ui-bundle.js", "swagger-ui.css", "viewer.js", "favicon.png", "LICENSE"} {
		assert.NotEmpty(t, w.call("GET", "/docs/"+file, "", nil).ok(200).raw)
		assert.Contains(t, page.raw+"LICENSE", file)
	}
	w.call("GET", "/docs/..%2Fapi.go", "", nil).problem(404, "not_found")
}

func TestOpenAPI_NeedsNeitherDatabaseNorTemporal(t *testing.T) {
	t.Parallel()
	a, err := New(Config{SecretKey: make([]byte, 32), PasswordHash: cheap})
	require.NoError(t, err)
	assert.True(t, json.Valid(a.OpenAPI()))
	_, err = New(Config{})
	assert.Error(t, err, "no secret key")
}

// described returns how to make calls whose requests and answers are checked
// against the served description, and how many there were.
func (w *world) described() (call func(method, path, bearer string, body any, headers ...string) *reply, checked *int) {
	t := w.t
	t.Helper()
	document, err := libopenapi.NewDocument(w.api.OpenAPI())
	require.NoError(t, err)
	v, errs := validator.NewValidator(document)
	require.Empty(t, errs)
	valid, problems := v.ValidateDocument()
	require.True(t, valid, "%v", problems)

	checked = new(int)
	return func(method, path, bearer string, body any, headers ...string) *reply {
		r := w.call(method, path, bearer, body, headers...)
		request := httptest.NewRequest(method, path, strings.NewReader(asJSON(body)))
		request.Header.Set("Content-Type", "application/json")
		if bearer != "" {
			request.Header.Set("Authorization", "Bearer "+bearer)
		}
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}
		response := &http.Response{
			StatusCode: r.status, Header: r.header, Body: io.NopCloser(strings.NewReader(r.raw)), Request: request,
		}
		ok, problems := v.ValidateHttpResponse(request, response)
		for _, p := range problems {
			t.Errorf("%s %s %d: %s: %s %v\n%s", method, path, r.status, p.Message, p.Reason, p.SchemaValidationErrors, r.raw)
		}
		require.True(t, ok)
		*checked++
		return r
	}, checked
}

// TestOpenAPI_AnswersAreAsDescribed makes the calls of a whole onboarding and
// of everything around it, and checks each request and answer against the
// served description.
func TestOpenAPI_AnswersAreAsDescribed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	call, checked := w.described()

	call("GET", "/v1/plans", "", nil)
	call("GET", "/v1/payment-options?country=KE", "", nil)
	s := call("POST", "/v1/onboardings", "", person("acme", "plan", "growth"))
	path, secret := "/v1/onboardings/"+s.text("id"), s.text("client_secret")
	call("POST", "/v1/onboardings", "", person("other", "slug", "acme")).problem(409, "slug_taken")
	call("POST", "/v1/onboardings", "", person("other", "plan", "nothing")).problem(422, "plan_unavailable")
	call("POST", "/v1/onboardings", "", map[string]any{"x": 1}).problem(422, "invalid")
	call("GET", path, secret, nil)
	call("GET", path, "", nil).problem(401, "unauthenticated")
	call("POST", path+"/payment-method", secret, map[string]any{"payment_option": "bank_transfer"})
	call("POST", path+"/payment", secret, map[string]any{"reference": "paid"})
	call("POST", path+"/plan", secret, map[string]any{"plan": "free"}).problem(409, "invalid_transition")
	session := call(
		"POST", "/v1/sessions", "", map[string]any{"email": "acme@example.com", "password": goodPassword},
	).text("token")
	for _, own := range []string{"", "/balance", "/events", "/invoices", "/payment-methods"} {
		call("GET", "/v1/account"+own, session, nil)
	}
	payment := call("GET", "/v1/admin/payments", w.admin, nil).rows()[0]["id"].(string)
	call("POST", "/v1/admin/payments/"+payment+"/approve", w.admin, map[string]any{"dry_run": true})
	call("POST", "/v1/admin/payments/"+payment+"/approve", w.admin, map[string]any{})
	call("POST", "/v1/admin/payments/bulk", w.admin, map[string]any{"action": "approve_payment", "ids": []string{payment}})
	sub := call("GET", "/v1/admin/subscriptions", w.admin, nil).rows()[0]["id"].(string)
	call("POST", "/v1/admin/subscriptions/"+sub+"/refresh", w.admin, map[string]any{})
	call("POST", "/v1/admin/subscriptions/bulk", w.admin, reasonFor("action", "cancel", "ids", []string{sub}))
	call("POST", "/v1/account/subscription", session, map[string]any{"plan": "free"})
	for _, list := range []string{"onboardings", "accounts", "events", "plans", "payment-options", "api-keys"} {
		call("GET", "/v1/admin/"+list, w.admin, nil)
	}
	call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": "script"})
	plan := call(
		"POST", "/v1/admin/plans", w.admin, map[string]any{"code": "x", "name": "X", "amount": 1, "currency": "eur"},
	)
	call("PATCH", "/v1/admin/plans/"+plan.text("id"), w.admin, map[string]any{"active": false})
	hook := call(
		"POST", "/v1/webhook-endpoints", w.admin,
		map[string]any{"url": "https://example.com", "events": []string{"invoice.*"}},
	)
	call("GET", "/v1/webhook-endpoints", w.admin, nil)
	hooks := "/v1/webhook-endpoints/" + hook.text("id")
	call("GET", hooks, w.admin, nil)
	call("PATCH", hooks, w.admin, map[string]any{"description": "Billing", "enabled": false})
	call("POST", hooks+"/test", w.admin, nil).problem(409, "conflict")
	call("PATCH", hooks, w.admin, map[string]any{"enabled": true})
	test := call("POST", hooks+"/test", w.admin, nil)
	call("POST", hooks+"/deliveries/"+test.text("event_id")+"/redeliver", w.admin, nil)
	call("GET", hooks+"/deliveries?status=pending", w.admin, nil)
	call("DELETE", hooks, w.admin, nil)
	call("GET", "/readyz", "", nil)
	call("GET", "/livez", "", nil)
	call("DELETE", "/v1/sessions/current", session, nil)
	w.flows.set(func() { w.flows.away = true })
	call("POST", "/v1/onboardings", "", person("later")).ok(202)
	assert.Greater(t, *checked, 35)
}

func asJSON(body any) string {
	if body == nil {
		return ""
	}
	b, _ := json.Marshal(body)
	return string(b)
}
