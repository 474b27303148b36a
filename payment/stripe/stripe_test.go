package stripe_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/stripe"
)

const (
	apiKey     = "sk_test_51secretOfOurs"
	hookSecret = "whsec_secretOfOurs"
)

// askedCall is one request Stripe was sent.
type askedCall struct {
	call string // such as POST /v1/refunds
	key  string // Idempotency-Key
	form url.Values
}

// otherSide is Stripe's side of a test: it gives the answers of its table, by
// method and path, and remembers what it was asked.
type otherSide struct {
	t       *testing.T
	answers map[string]http.HandlerFunc
	mu      sync.Mutex
	asked   []askedCall
}

func (s *otherSide) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	assert.NoError(s.t, r.ParseForm())
	assert.Equal(s.t, "Bearer "+apiKey, r.Header.Get("Authorization"))
	call := r.Method + " " + r.URL.Path
	s.mu.Lock()
	s.asked = append(s.asked, askedCall{call: call, key: r.Header.Get("Idempotency-Key"), form: r.Form})
	s.mu.Unlock()
	answer, known := s.answers[call]
	if !assert.True(s.t, known, "nobody expects %s", call) {
		answer = says(http.StatusNotFound, `{}`)
	}
	answer(w, r)
}

func (s *otherSide) calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var calls []string
	for _, a := range s.asked {
		calls = append(calls, a.call)
	}
	return calls
}

// last is the latest request of the call.
func (s *otherSide) last(call string) askedCall {
	s.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.asked) - 1; i >= 0; i-- {
		if s.asked[i].call == call {
			return s.asked[i]
		}
	}
	require.Failf(s.t, "not asked", "%s", call)
	return askedCall{}
}

func openStripe(t *testing.T, answers map[string]http.HandlerFunc) (*stripe.Provider, *otherSide) {
	t.Helper()
	side := &otherSide{t: t, answers: answers}
	server := httptest.NewServer(side)
	t.Cleanup(server.Close)
	cfg := stripe.Config{SecretKey: apiKey, WebhookSecret: hookSecret, APIBase: server.URL, HTTPClient: server.Client()}
	return stripe.New(cfg), side
}

// says answers with a status, a body and headers given as name, value.
func says(status int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Request-Id", "req_1")
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

// inTurn gives one answer after the other, the last one again and again.
func inTurn(answers ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		answer := answers[0]
		if len(answers) > 1 {
			answers = answers[1:]
		}
		mu.Unlock()
		answer(w, r)
	}
}

// intentJSON is a payment intent in Stripe's shape, with more fields appended.
func intentJSON(id, status string, more ...string) string {
	fields := append([]string{
		fmt.Sprintf(`"id":%q,"object":"payment_intent","amount":2900,"currency":"eur","status":%q`, id, status),
		`"client_secret":"` + id + `_secret_42","metadata":{"key":"in_1/1","invoice_id":"in_1","account_id":"acct_1"}`,
		fmt.Sprintf(`"created":%d`, time.Now().Add(-10*time.Minute).Unix()),
	}, more...)
	return "{" + strings.Join(fields, ",") + "}"
}

// refusalJSON is an error in Stripe's shape.
func refusalJSON(fields string) string {
	return `{"error":{"message":"Ada Lovelace, ` + apiKey + `",` + fields + `}}`
}

var aCharge = payment.Charge{
	Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 2900, Currency: "eur", InvoiceID: "in_1",
	AccountID: "acct_1",
	ReturnURL: "https://app.example.com/back",
}

func requirePaymentError(t *testing.T, err error) *payment.Error {
	t.Helper()
	var e *payment.Error
	require.ErrorAs(t, err, &e)
	return e
}

const (
	createIntent = "POST /v1/payment_intents"
	listIntents  = "GET /v1/payment_intents"
	searchIntent = "GET /v1/payment_intents/search"
	getIntent    = "GET /v1/payment_intents/pi_1"
	cancelIntent = "POST /v1/payment_intents/pi_1/cancel"
	createRefund = "POST /v1/refunds"
)
