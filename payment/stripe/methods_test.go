package stripe_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
)

const (
	createCustomer = "POST /v1/customers"
	createMethod   = "POST /v1/payment_methods"
	attachMethod   = "POST /v1/payment_methods/pm_1/attach"
	createPage     = "POST /v1/checkout/sessions"
	getPage        = "GET /v1/checkout/sessions/cs_test_1"

	cardJSON = `{"id":"pm_1","object":"payment_method","type":"card","customer":"cus_1",
		"card":{"brand":"visa","last4":"4242","exp_month":12,"exp_year":2031}}`
	customerJSON = `{"id":"cus_1","object":"customer"}`
)

var aMethod = payment.Method{Customer: "cus_1", Ref: "pm_1", Brand: "visa", Last4: "4242", ExpMonth: 12, ExpYear: 2031}

// pageJSON is a Checkout session of the account, in Stripe's shape.
func pageJSON(status, account string) string {
	setup := "null"
	if status == "complete" {
		setup = `{"id":"seti_1","object":"setup_intent","status":"succeeded","payment_method":` + cardJSON + `}`
	}
	return `{"id":"cs_test_1","object":"checkout.session","mode":"setup","status":"` + status + `","customer":"cus_1",
		"url":"https://checkout.stripe.com/c/pay/cs_test_1","expires_at":1924992000,
		"metadata":{"account_id":"` + account + `"},"setup_intent":` + setup + `}`
}

func TestStripe_AttachKeepsACardWithTheCustomer(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		customer, token string
		calls, keys     []string
	}{
		"method, new customer": {"", "pm_1", []string{createCustomer, attachMethod},
			[]string{"customer/acct_1", "attach/m_1"}},
		"method, known": {"cus_1", "pm_1", []string{attachMethod}, []string{"attach/m_1"}},
		"token": {"", "tok_visa", []string{createMethod, createCustomer, attachMethod},
			[]string{"token/m_1", "customer/acct_1", "attach/m_1"}},
		"finished page":        {"", "cs_test_1", []string{getPage}, []string{""}},
		"finished page, known": {"cus_1", "cs_test_1", []string{getPage}, []string{""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, side := openStripe(t, map[string]http.HandlerFunc{
				createCustomer: says(200, customerJSON), createMethod: says(200, cardJSON), attachMethod: says(200, cardJSON),
				getPage: says(200, pageJSON("complete", "acct_1")),
			})
			m, err := s.Attach(t.Context(), payment.Attach{Key: "m_1", AccountID: "acct_1", Customer: c.customer,
				Token: c.token})
			require.NoError(t, err)
			assert.Equal(t, aMethod, m)
			assert.Equal(t, c.calls, side.calls())
			for i, call := range c.calls {
				assert.Equal(t, c.keys[i], side.last(call).key)
			}
		})
	}
}

func TestStripe_ACustomerIsNobodyByName(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{createCustomer: says(200, customerJSON),
		attachMethod: says(200, cardJSON)})
	_, err := s.Attach(t.Context(), payment.Attach{Key: "m_1", AccountID: "acct_1", Token: "pm_1"})
	require.NoError(t, err)
	assert.Equal(t, url.Values{"metadata[account_id]": {"acct_1"}}, side.last(createCustomer).form)
	assert.Equal(t, url.Values{"customer": {"cus_1"}}, side.last(attachMethod).form)
}

func TestStripe_AttachRefuses(t *testing.T) {
	t.Parallel()
	missing := `"type":"invalid_request_error","code":"resource_missing","param":`
	for name, c := range map[string]struct {
		token  string
		call   string
		answer http.HandlerFunc
		class  payment.Class
		code   string
	}{
		"nonsense": {"4242424242424242", "", nil, payment.ClassHardDecline, "invalid_token"},
		"nothing":  {"", "", nil, payment.ClassHardDecline, "invalid_token"},
		"unknown method": {"pm_1", attachMethod, says(404, refusalJSON(missing+`"payment_method"`)),
			payment.ClassHardDecline, "resource_missing"},
		"no such token": {"tok_1", createMethod, says(400, refusalJSON(missing+`"card[token]"`)), payment.ClassHardDecline,
			"resource_missing"},
		"foreign method": {"pm_1", attachMethod, says(400, refusalJSON(`"type":"invalid_request_error"`)),
			payment.ClassHardDecline, "invalid_token"},
		"unknown page": {"cs_test_1", getPage, says(404, refusalJSON(missing+`"session"`)), payment.ClassHardDecline,
			"resource_missing"},
		"lost customer": {"pm_1", attachMethod, says(400, refusalJSON(missing+`"customer"`)), payment.ClassMisconfigured,
			"resource_missing"},
		"wrong API key": {"pm_1", attachMethod, says(401, refusalJSON(`"type":"invalid_request_error"`)),
			payment.ClassMisconfigured, "invalid_request_error"},
		"declined, soft": {"pm_1", attachMethod, says(402, refusalJSON(`"type":"card_error","code":"incorrect_cvc"`)),
			payment.ClassSoftDecline, "incorrect_cvc"},
		"declined, hard": {"pm_1", attachMethod, says(402,
			refusalJSON(`"type":"card_error","code":"card_declined","decline_code":"stolen_card"`)), payment.ClassHardDecline,
			"stolen_card"},
		"broken": {"tok_1", createMethod, says(500, refusalJSON(`"type":"api_error"`)), payment.ClassUnknown,
			"api_error"},
		"unfinished page": {"cs_test_1", getPage, says(200, pageJSON("open", "acct_1")), payment.ClassRequiresAction, "open"},
		"expired page": {"cs_test_1", getPage, says(200, pageJSON("expired", "acct_1")), payment.ClassRequiresAction,
			"expired"},
		"foreign page": {"cs_test_1", getPage, says(200, pageJSON("complete", "acct_2")), payment.ClassHardDecline,
			"page_of_another_account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createCustomer: says(200, customerJSON), c.call: c.answer})
			_, err := s.Attach(t.Context(), payment.Attach{Key: "m_1", AccountID: "acct_1", Token: c.token})
			e := requirePaymentError(t, err)
			assert.Equal(t, c.class, e.Class)
			assert.Equal(t, c.code, e.Code)
			assertNoSecrets(t, err)
		})
	}
}

func TestStripe_AttachRefusesAPageOfAnotherCustomer(t *testing.T) {
	t.Parallel()
	s, _ := openStripe(t, map[string]http.HandlerFunc{getPage: says(200, pageJSON("complete", "acct_1"))})
	_, err := s.Attach(t.Context(), payment.Attach{Key: "m_1", AccountID: "acct_1", Customer: "cus_2", Token: "cs_test_1"})
	assert.Equal(t, payment.ClassHardDecline, payment.ClassOf(err))
}

func TestStripe_SetupMakesAPageThatTakesNoMoney(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{
		createCustomer: says(200, customerJSON), createPage: says(200, pageJSON("open", "acct_1")),
	})
	page, err := s.Setup(t.Context(), payment.Setup{Key: "m_1", AccountID: "acct_1",
		ReturnURL: "https://app.example.com/back"})
	require.NoError(t, err)
	want := payment.Page{
		Ref: "cs_test_1", URL: "https://checkout.stripe.com/c/pay/cs_test_1", ExpiresAt: time.Date(2031, 1, 1, 0, 0, 0, 0,
			time.UTC),
	}
	assert.Equal(t, want, page)
	assert.Equal(t, "customer/acct_1", side.last(createCustomer).key)
	asked := side.last(createPage)
	assert.Equal(t, "setup/m_1", asked.key)
	assert.Equal(t, url.Values{
		"mode": {"setup"}, "payment_method_types[0]": {"card"}, "client_reference_id": {"m_1"}, "customer": {"cus_1"},
		"success_url": {"https://app.example.com/back"}, "cancel_url": {"https://app.example.com/back"},
		"metadata[key]": {"m_1"}, "metadata[account_id]": {"acct_1"},
	}, asked.form)
}
