package stripe_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/stripe"
)

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
		"broken": {says(500, refusalJSON(`"type":"api_error"`)), payment.ClassUnknown, "api_error", false, 0},
		"broken, again": {says(500, refusalJSON(`"type":"api_error"`), "Idempotent-Replayed", "true"), payment.ClassUnknown,
			"api_error", true, 0},
		"no JSON": {says(502, `<html>Ada Lovelace</html>`), payment.ClassUnknown, "", false, 0},
		"key under way": {says(409, refusalJSON(`"type":"invalid_request_error","code":"idempotency_key_in_use"`)),
			payment.ClassUnknown, "idempotency_key_in_use", false, 0},
		"key under way, no code": {says(409, refusalJSON(`"type":"invalid_request_error"`)), payment.ClassUnknown,
			"invalid_request_error", false, 0},
		"key of another request": {says(400, refusalJSON(`"type":"idempotency_error"`)), payment.ClassMisconfigured,
			"idempotency_error", false, 0},
		"wrong API key": {says(401, refusalJSON(`"type":"invalid_request_error"`)), payment.ClassMisconfigured,
			"invalid_request_error", false, 0},
		"forbidden": {says(403, refusalJSON(`"type":"invalid_request_error","code":"more_permissions_required"`)),
			payment.ClassMisconfigured, "more_permissions_required", false, 0},
		"unknown currency": {says(400,
			refusalJSON(`"type":"invalid_request_error","code":"parameter_invalid","param":"currency"`)),
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
	s, _ := openStripe(t, map[string]http.HandlerFunc{createIntent: inTurn(says(500, body),
		says(502, "<html>"), says(402, body))})
	for range 3 {
		_, _ = s.Charge(t.Context(), aCharge)
	}
	require.NoError(t, out.Close())
	written, err := os.ReadFile(out.Name())
	require.NoError(t, err)
	assert.Empty(t, string(written))
}
