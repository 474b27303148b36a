package stripe_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"slipway/payment/paymenttest"
	"slipway/payment/stripe"
)

// TestStripe_KeepsThePromises runs all of the providers' suite against a double
// with a memory. What the double knows of Stripe is what its documentation says:
// keys, stored answers, objects. That the requests are Stripe's is shown by
// TestStripe_Contract.
func TestStripe_KeepsThePromises(t *testing.T) {
	t.Parallel()
	d := &double{t: t, stored: map[string]storedAnswer{}, tries: map[string]int{}, objects: map[string]object{}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	// On a connection used before, Go itself would send a lost request again.
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	open := func(key string) *stripe.Provider {
		return stripe.New(stripe.Config{SecretKey: key, WebhookSecret: hookSecret, APIBase: server.URL, HTTPClient: client})
	}
	paymenttest.Run(t, func(testing.TB) paymenttest.Subject {
		return paymenttest.Subject{
			Provider: open(apiKey), Refused: open("sk_test_revoked"),
			Tokens: paymenttest.Tokens{
				OK: "tok_ok", DeclinedSoft: "tok_soft", DeclinedHard: "tok_hard", RequiresAction: "tok_action",
				Refused: "tok_refused", Throttled: "tok_throttled", LostResponse: "tok_lost", StoredFailure: "tok_stored",
				Reset: "tok_reset", Failing: "tok_failing",
			},
			Ledger: d.ledger, Confirm: d.confirm, Finish: d.finish,
			Event: eventAbout, Sign: func(body []byte, at time.Time) http.Header { return sign(body, at) },
		}
	})
}
