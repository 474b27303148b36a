package stripe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
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
	Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 2900, Currency: "eur", InvoiceID: "in_1", AccountID: "acct_1",
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

func TestStripe_ChargeCarriesItsKeyAndIsConfirmedAtOnce(t *testing.T) {
	t.Parallel()
	s, side := openStripe(t, map[string]http.HandlerFunc{createIntent: says(200, intentJSON("pi_1", "succeeded"))})
	out, err := s.Charge(t.Context(), aCharge)
	require.NoError(t, err)
	want := payment.Outcome{Key: "in_1/1", Ref: "pi_1", Status: payment.StatusSucceeded, Amount: 2900, Currency: "eur"}
	assert.Equal(t, want, out)
	asked := side.last(createIntent)
	assert.Equal(t, "in_1/1", asked.key)
	form := url.Values{
		"amount": {"2900"}, "currency": {"eur"}, "customer": {"cus_1"}, "payment_method": {"pm_1"}, "payment_method_types[0]": {"card"},
		"confirm": {"true"}, "error_on_requires_action": {"false"}, "setup_future_usage": {"off_session"},
		"return_url":    {"https://app.example.com/back"},
		"metadata[key]": {"in_1/1"}, "metadata[invoice_id]": {"in_1"}, "metadata[account_id]": {"acct_1"},
	}
	assert.Equal(t, form, asked.form)

	renewal := aCharge
	renewal.OffSession = true
	_, err = s.Charge(t.Context(), renewal)
	require.NoError(t, err)
	form["off_session"] = []string{"true"}
	form.Del("return_url")
	form.Del("setup_future_usage")
	assert.Equal(t, form, side.last(createIntent).form)
}

func TestStripe_ADeclineIsAnOutcome(t *testing.T) {
	t.Parallel()
	page := `"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`
	for name, c := range map[string]struct {
		answer string
		want   payment.Outcome
	}{
		"soft, by the bank's code": {
			`"type":"card_error","code":"card_declined","decline_code":"insufficient_funds","payment_intent":` + intentJSON("pi_1", "requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "insufficient_funds"},
		},
		"hard, by the bank's code": {
			`"type":"card_error","code":"card_declined","decline_code":"lost_card","payment_intent":` + intentJSON("pi_1", "requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "lost_card"},
		},
		"hard, by Stripe's code, without an intent": {
			`"type":"card_error","code":"expired_card"`,
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "expired_card"},
		},
		"a bank that wants the customer": {
			`"type":"card_error","code":"authentication_required","decline_code":"authentication_required","payment_intent":` +
				intentJSON("pi_1", "requires_payment_method"),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "authentication_required"},
		},
		"a bank that wants the customer, and a page": {
			`"type":"card_error","code":"authentication_required","payment_intent":` + intentJSON("pi_1", "requires_payment_method", page),
			payment.Outcome{Ref: "pi_1", Status: payment.StatusRequiresAction, ActionURL: "https://hooks.stripe.com/3ds"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: says(402, refusalJSON(c.answer))})
			c.want.Key, c.want.Amount, c.want.Currency = "in_1/1", 2900, "eur"
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestStripe_StatusOfAnIntent(t *testing.T) {
	t.Parallel()
	young := fmt.Sprintf(`"created":%d`, time.Now().Unix())
	failure := `"last_payment_error":{"type":"card_error","code":"card_declined","decline_code":"stolen_card"}`
	for name, c := range map[string]struct {
		intent string
		want   payment.Outcome
	}{
		"processing": {intentJSON("pi_1", "processing"), payment.Outcome{Status: payment.StatusProcessing}},
		"canceled":   {intentJSON("pi_1", "canceled"), payment.Outcome{Status: payment.StatusCanceled}},
		"a page": {
			intentJSON("pi_1", "requires_action", `"next_action":{"type":"redirect_to_url","redirect_to_url":{"url":"https://hooks.stripe.com/3ds"}}`),
			payment.Outcome{Status: payment.StatusRequiresAction, ActionURL: "https://hooks.stripe.com/3ds"},
		},
		"an action without a page": {
			intentJSON("pi_1", "requires_action", `"next_action":{"type":"use_stripe_sdk","use_stripe_sdk":{}}`),
			payment.Outcome{Status: payment.StatusRequiresAction},
		},
		"declined": {
			intentJSON("pi_1", "requires_payment_method", failure, young),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "stolen_card"},
		},
		"turned down by the customer": {
			intentJSON("pi_1", "requires_payment_method", `"last_payment_error":{"type":"card_error","code":"payment_intent_authentication_failure"}`),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassHardDecline, Code: "payment_intent_authentication_failure"},
		},
		"still being confirmed": {intentJSON("pi_1", "requires_confirmation", young), payment.Outcome{Status: payment.StatusProcessing}},
		"never confirmed": {
			intentJSON("pi_1", "requires_confirmation"),
			payment.Outcome{Status: payment.StatusFailed, Class: payment.ClassSoftDecline, Code: "not_confirmed"},
		},
		"refunded": {
			intentJSON("pi_1", "succeeded", `"latest_charge":{"id":"ch_1","object":"charge","amount_refunded":900}`),
			payment.Outcome{Status: payment.StatusSucceeded, Refunded: 900},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: says(200, c.intent)})
			c.want.Key, c.want.Ref, c.want.Amount, c.want.Currency = "in_1/1", "pi_1", 2900, "eur"
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, c.want, out)
		})
	}
}

func TestStripe_ARepeatedChargeTellsHowItIsNow(t *testing.T) {
	t.Parallel()
	decline := `"type":"card_error","code":"card_declined","payment_intent":` + intentJSON("pi_1", "requires_payment_method")
	for name, stored := range map[string]http.HandlerFunc{
		"confirmed since": says(200, intentJSON("pi_1", "requires_action"), "Idempotent-Replayed", "true"),
		"declined":        says(402, refusalJSON(decline), "Idempotent-Replayed", "true"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: stored, getIntent: says(200, intentJSON("pi_1", "succeeded"))})
			out, err := s.Charge(t.Context(), aCharge)
			require.NoError(t, err)
			assert.Equal(t, payment.StatusSucceeded, out.Status)
		})
	}
}

func TestStripe_ErrorsSayWhatMayBeDone(t *testing.T) {
	t.Parallel()
	limited := refusalJSON(`"type":"invalid_request_error","code":"rate_limit"`)
	onDate := func(w http.ResponseWriter, r *http.Request) {
		says(429, limited, "Retry-After", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))(w, r)
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		class  payment.Class
		code   string
		spent  bool
		after  time.Duration
	}{
		"throttled, seconds": {says(429, limited, "Retry-After", "7"),
			payment.ClassThrottled, "rate_limit", false, 7 * time.Second},
		"throttled, date": {onDate, payment.ClassThrottled, "rate_limit", false, 90 * time.Second},
		"throttled, nonsense": {says(429, limited, "Retry-After", "soon"),
			payment.ClassThrottled, "rate_limit", false, 0},
		"locked": {says(429, refusalJSON(`"type":"invalid_request_error","code":"lock_timeout"`)),
			payment.ClassThrottled, "lock_timeout", false, 0},
		"broken":        {says(500, refusalJSON(`"type":"api_error"`)), payment.ClassUnknown, "api_error", false, 0},
		"broken, again": {says(500, refusalJSON(`"type":"api_error"`), "Idempotent-Replayed", "true"), payment.ClassUnknown, "api_error", true, 0},
		"no JSON":       {says(502, `<html>Ada Lovelace</html>`), payment.ClassUnknown, "", false, 0},
		"key under way": {says(409, refusalJSON(`"type":"invalid_request_error","code":"idempotency_key_in_use"`)),
			payment.ClassUnknown, "idempotency_key_in_use", false, 0},
		"key under way, no code": {says(409, refusalJSON(`"type":"invalid_request_error"`)), payment.ClassUnknown, "invalid_request_error", false, 0},
		"key of another request": {says(400, refusalJSON(`"type":"idempotency_error"`)), payment.ClassMisconfigured, "idempotency_error", false, 0},
		"wrong API key":          {says(401, refusalJSON(`"type":"invalid_request_error"`)), payment.ClassMisconfigured, "invalid_request_error", false, 0},
		"forbidden": {says(403, refusalJSON(`"type":"invalid_request_error","code":"more_permissions_required"`)),
			payment.ClassMisconfigured, "more_permissions_required", false, 0},
		"unknown currency": {says(400, refusalJSON(`"type":"invalid_request_error","code":"parameter_invalid","param":"currency"`)),
			payment.ClassMisconfigured, "parameter_invalid", false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, side := openStripe(t, map[string]http.HandlerFunc{createIntent: c.answer})
			_, err := s.Charge(t.Context(), aCharge)
			e := requirePaymentError(t, err)
			assert.Equal(t, c.class, e.Class)
			assert.Equal(t, c.code, e.Code)
			assert.Equal(t, c.spent, e.Spent)
			assert.InDelta(t, c.after.Seconds(), e.RetryAfter.Seconds(), 3)
			assert.Len(t, side.calls(), 1, "the library does not try again")
			assertNoSecrets(t, err)
		})
	}
}

// assertNoSecrets looks through an error and everything it wraps.
func assertNoSecrets(t *testing.T, err error) {
	t.Helper()
	for ; err != nil; err = errors.Unwrap(err) {
		for _, secret := range []string{apiKey, hookSecret, "Ada", "_secret_"} {
			assert.NotContains(t, err.Error(), secret)
		}
	}
}

func TestStripe_ErrorsCarryNothingOfTheAnswer(t *testing.T) {
	t.Parallel()
	body := refusalJSON(`"type":"api_error","payment_intent":` + intentJSON("pi_1", "requires_action"))
	s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: says(500, body)})
	_, err := s.Charge(t.Context(), aCharge)
	assertNoSecrets(t, err)
	assert.ErrorContains(t, errors.Unwrap(err), "req_1", "the request can be found in Stripe's own log")
}

func TestStripe_NoAnswerIsUnknown(t *testing.T) {
	t.Parallel()
	hang := make(chan struct{})
	t.Cleanup(func() { close(hang) })
	hangUp := func(linger int) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := http.NewResponseController(w).Hijack()
			if assert.NoError(t, err) {
				assert.NoError(t, conn.(*net.TCPConn).SetLinger(linger))
				assert.NoError(t, conn.Close())
			}
		}
	}
	for name, answer := range map[string]http.HandlerFunc{
		"reset":    hangUp(0),
		"hung up":  hangUp(-1),
		"half":     says(200, `{"id":"pi_1",`),
		"cut off":  says(200, `{"id":"pi_1",`, "Content-Length", "500"),
		"timeout":  func(_ http.ResponseWriter, r *http.Request) { <-hang },
		"one byte": func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("{")); <-hang },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(answer)
			t.Cleanup(server.CloseClientConnections)
			s := stripe.New(stripe.Config{SecretKey: apiKey, APIBase: server.URL, Timeout: 200 * time.Millisecond})
			start := time.Now()
			_, err := s.Charge(t.Context(), aCharge)
			assert.Less(t, time.Since(start), stripe.DefaultTimeout/2)
			e := requirePaymentError(t, err)
			assert.Equal(t, payment.ClassUnknown, e.Class)
			assert.Error(t, e.Cause)
			assertNoSecrets(t, err)
		})
	}
}

func TestStripe_NoConnectionIsUnavailable(t *testing.T) {
	t.Parallel()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	for name, base := range map[string]string{
		"refused":                 "http://127.0.0.1:1",
		"no such name":            "http://stripe.invalid",
		"somebody else's machine": server.URL,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := stripe.New(stripe.Config{SecretKey: apiKey, APIBase: base})
			_, err := s.Charge(t.Context(), aCharge)
			assert.Equal(t, payment.ClassUnavailable, payment.ClassOf(err), "%v", errors.Unwrap(err))
		})
	}
}

func TestStripe_CanceledRequestSaysSo(t *testing.T) {
	t.Parallel()
	s, _ := openStripe(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Charge(ctx, aCharge)
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, payment.ClassUnknown, payment.ClassOf(err))
}

// It is not parallel: the standard error is everybody's.
func TestStripe_TheLibraryWritesNoAnswerAnywhere(t *testing.T) {
	out, err := os.Create(filepath.Join(t.TempDir(), "stderr"))
	require.NoError(t, err)
	stderr, stdout := os.Stderr, os.Stdout
	os.Stderr, os.Stdout = out, out
	defer func() { os.Stderr, os.Stdout = stderr, stdout }()
	body := refusalJSON(`"type":"api_error","payment_intent":` + intentJSON("pi_1", "requires_action"))
	s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: inTurn(says(500, body), says(502, "<html>"), says(402, body))})
	for range 3 {
		_, _ = s.Charge(t.Context(), aCharge)
	}
	require.NoError(t, out.Close())
	written, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	assert.Empty(t, string(written))
}

func TestStripe_AChargeThatCanNeverBeMadeIsADeclineAndNoFaultOfOurs(t *testing.T) {
	t.Parallel()
	for code, param := range map[string]string{"amount_too_small": "amount", "resource_missing": "payment_method"} {
		s, _ := openStripe(t, map[string]http.HandlerFunc{
			createIntent: says(400, refusalJSON(`"type":"invalid_request_error","code":"`+code+`","param":"`+param+`"`)),
		})
		out, err := s.Charge(t.Context(), payment.Charge{Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 7, Currency: "usd"})
		require.NoError(t, err, code)
		assert.Equal(t, payment.StatusFailed, out.Status)
		assert.Equal(t, payment.ClassHardDecline, out.Class, "asked again it would be refused for ever")
		assert.Equal(t, code, out.Code)
	}
	s, _ := openStripe(t, map[string]http.HandlerFunc{
		createIntent: says(400, refusalJSON(`"type":"invalid_request_error","code":"resource_missing","param":"customer"`)),
	})
	_, err := s.Charge(t.Context(), payment.Charge{Key: "in_1/1", Customer: "cus_1", Method: "pm_1", Amount: 700, Currency: "usd"})
	assert.Equal(t, payment.ClassMisconfigured, payment.ClassOf(err), "perhaps the key of another mode: nobody's card is to blame")
}
