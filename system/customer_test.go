//go:build !nodev

package system

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// kickedOff is the answer to POST /v1/onboardings.
type kickedOff struct {
	domain.Onboarding
	ClientSecret string `json:"client_secret"`
}

// person is a sign-up request.
func person(email, company, plan string) map[string]any {
	return map[string]any{"email": email, "password": testPassword, "account_name": company, "plan": plan}
}

// byCard is a sign-up that pays with a card of the sandbox's.
func byCard(email, plan, token string) map[string]any {
	request := person(email, "Acme", plan)
	request["payment_option"], request["payment_token"] = "card", token
	return request
}

// kickOff signs somebody up and takes 201 and 202 alike; headers come in pairs.
func (r *running) kickOff(request map[string]any, headers ...string) kickedOff {
	r.t.Helper()
	a := r.post("/v1/onboardings", "", request, headers...)
	require.Contains(r.t, []int{http.StatusCreated, http.StatusAccepted}, a.status, string(a.body))
	var o kickedOff
	a.into(r.t, &o)
	return o
}

// kickOffAtOnce signs somebody up and expects the account in the answer.
func (r *running) kickOffAtOnce(request map[string]any) kickedOff {
	r.t.Helper()
	a := r.post("/v1/onboardings", "", request)
	require.Equal(r.t, http.StatusCreated, a.status, string(a.body))
	var o kickedOff
	a.into(r.t, &o)
	return o
}

// signUp kicks off and expects the account in the answer.
func (r *running) signUp(email, company, plan string) kickedOff {
	r.t.Helper()
	return r.kickOffAtOnce(person(email, company, plan))
}

// accepted kicks off under the key, which may be repeated.
func (r *running) accepted(email, company, plan, key string) kickedOff {
	r.t.Helper()
	return r.kickOff(person(email, company, plan), "Idempotency-Key", key)
}

// pays kicks off with a card.
func (r *running) pays(email, plan, token string, headers ...string) kickedOff {
	r.t.Helper()
	return r.kickOff(byCard(email, plan, token), headers...)
}

// paysOn is pays for an account that lives by the clock.
func (r *running) paysOn(clock, email, plan, token string) kickedOff {
	r.t.Helper()
	request := byCard(email, plan, token)
	request["test_clock"] = clock
	return r.kickOff(request)
}

// onboarding reads it with its client secret; headers come in pairs.
func (r *running) onboarding(o kickedOff, headers ...string) domain.Onboarding {
	r.t.Helper()
	a := r.get("/v1/onboardings/"+o.ID, o.ClientSecret, headers...)
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
	var now domain.Onboarding
	a.into(r.t, &now)
	return now
}

// until long-polls the onboarding until it has the status.
func (r *running) until(o kickedOff, status domain.OnboardingStatus) domain.Onboarding {
	r.t.Helper()
	var now domain.Onboarding
	eventually(r.t, func() bool {
		now = r.onboarding(o, "Prefer", "wait=20")
		return now.Status == status
	}, "onboarding %s becomes %s", o.ID, status)
	return now
}

// untilAction long-polls the onboarding until its customer has to do the thing.
func (r *running) untilAction(o kickedOff, action domain.NextActionType) domain.Onboarding {
	r.t.Helper()
	var now domain.Onboarding
	eventually(r.t, func() bool {
		now = r.onboarding(o)
		return now.NextAction != nil && now.NextAction.Type == action
	}, "onboarding %s asks for %s", o.ID, action)
	return now
}

// submit pays as the customer and approve as the admin.
func (r *running) submit(o kickedOff, reference string) domain.Payment {
	r.t.Helper()
	a := r.post("/v1/onboardings/"+o.ID+"/payment", o.ClientSecret, map[string]any{"reference": reference})
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
	r.until(o, domain.OnboardingAwaitingApproval)
	return r.pendingPayment(r.admin(), o.Account.ID)
}

// browser stays on the company's page, which leads back to a shop there is not.
var browser = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// fillIn does what a customer does on a page of the company's, and returns the
// answer's status.
func fillIn(with *http.Client, page, field, value string) (int, error) {
	resp, err := with.PostForm(page, url.Values{field: {value}})
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// confirm decides on the company's page about a charge.
func (r *running) confirm(page, decision string) error {
	_, err := fillIn(browser, page, "decision", decision)
	return err
}

// form fills in a page that is there, and goes where it leads.
func (r *running) form(page, field, value string) {
	r.t.Helper()
	status, err := fillIn(testHTTP, page, field, value)
	require.NoError(r.t, err)
	require.Less(r.t, status, http.StatusBadRequest)
}

// bought buys a credit package and returns its invoice.
func (r *running) bought(o kickedOff) string {
	r.t.Helper()
	var p struct{ Invoice domain.Invoice }
	require.NoError(r.t, json.Unmarshal(r.own(o, "credit-packages", map[string]any{"package": "credits-500"}).body, &p))
	require.Equal(r.t, domain.InvoicePaid, p.Invoice.Status)
	return p.Invoice.ID
}

// invoiced asks for a credit package that is paid by hand and returns its invoice.
func (r *running) invoiced(o kickedOff) string {
	r.t.Helper()
	var p struct{ Invoice domain.Invoice }
	r.own(o, "credit-packages", map[string]any{"package": "credits-500"}).into(r.t, &p)
	require.Equal(r.t, domain.InvoiceOpen, p.Invoice.Status)
	return p.Invoice.ID
}
