package sandbox_test

import (
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/payment"
	"slipway/payment/paymenttest"
	"slipway/payment/sandbox"
)

const apiKey = "sandbox-key"

var secret = []byte("a secret to sign webhooks with")

// company is a sandbox server on loopback and a client of it.
type company struct {
	*sandbox.Provider
	server *sandbox.Server
	http   *httptest.Server
	url    string
}

// open starts a company whose configuration may be changed before.
func open(t testing.TB, change ...func(c *sandbox.ServerConfig)) *company {
	t.Helper()
	config := sandbox.ServerConfig{
		File: filepath.Join(t.TempDir(), "sandbox.db"), APIKey: apiKey, Secret: secret, NoSync: true,
		SlowFor: 5 * time.Second, Log: slog.New(slog.DiscardHandler),
	}
	for _, fn := range change {
		fn(&config)
	}
	server, err := sandbox.NewServer(config)
	require.NoError(t, err)
	c := &company{server: server, http: httptest.NewServer(server.Handler())}
	t.Cleanup(func() { c.close(t) })
	c.url = c.http.URL
	c.Provider = c.client(apiKey, 0)
	return c
}

// close stops the company as a process would end. It may be called again.
func (c *company) close(t testing.TB) {
	t.Helper()
	assert.NoError(t, c.server.Close())
	c.http.CloseClientConnections()
	c.http.Close()
}

func (c *company) client(key string, timeout time.Duration) *sandbox.Provider {
	return sandbox.New(sandbox.Config{URL: c.url, APIKey: key, WebhookSecret: secret, Timeout: timeout})
}

// attach makes a method of the token.
func (c *company) attach(t testing.TB, token string) payment.Method {
	t.Helper()
	m, err := c.Attach(t.Context(), payment.Attach{Key: "pm/" + token + "/" + t.Name(), AccountID: "acct_1", Token: token})
	require.NoError(t, err)
	return m
}

func chargeOf(m payment.Method, key string) payment.Charge {
	return payment.Charge{Key: key, Customer: m.Customer, Method: m.Ref, Amount: 4900, Currency: "eur", InvoiceID: "in_1",
		AccountID: "acct_1"}
}

// charged makes the charge and returns its outcome.
func (c *company) charged(t testing.TB, in payment.Charge) payment.Outcome {
	t.Helper()
	o, err := c.Charge(t.Context(), in)
	require.NoError(t, err)
	return o
}

// ledger is what is on the books.
func (c *company) ledger(t testing.TB) []sandbox.Charge {
	t.Helper()
	charges, err := c.server.Ledger(t.Context())
	require.NoError(t, err)
	return charges
}

// browser follows no redirect, so that a test sees where it leads.
var browser = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// answered is an answer, read to its end.
type answered struct {
	*http.Response
	text string
}

func read(t testing.TB, answer *http.Response, err error) answered {
	t.Helper()
	require.NoError(t, err)
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	return answered{answer, string(body)}
}

func look(t testing.TB, address string) answered {
	t.Helper()
	answer, err := browser.Get(address)
	return read(t, answer, err)
}

func submit(t testing.TB, address, field, value string) answered {
	t.Helper()
	answer, err := browser.PostForm(address, url.Values{field: {value}})
	return read(t, answer, err)
}

func sign(body []byte, at time.Time) http.Header { return signWith(secret, body, at) }

func signWith(secret, body []byte, at time.Time) http.Header {
	var e struct{ ID string }
	_ = json.Unmarshal(body, &e)
	signer, _ := standardwebhooks.NewWebhookRaw(secret)
	signature, _ := signer.Sign(e.ID, at, body)
	return http.Header{
		"Webhook-Id": {e.ID}, "Webhook-Timestamp": {strconv.FormatInt(at.Unix(), 10)}, "Webhook-Signature": {signature},
	}
}

func event(kind payment.EventType, key string) []byte {
	name := map[payment.EventType]string{payment.EventCharge: "charge.succeeded",
		payment.EventSetup: "setup.completed"}[kind]
	body, _ := json.Marshal(map[string]string{"id": "sev_1", "type": name, "key": key, "ref": "sch_1",
		"created_at": "2026-03-14T15:09:26Z"})
	return body
}

func TestSandbox_KeepsWhatEveryProviderPromises(t *testing.T) {
	t.Parallel()
	paymenttest.Run(t, func(t testing.TB) paymenttest.Subject {
		c := open(t)
		return paymenttest.Subject{
			Provider: c, Refused: c.client("another key", 0), Event: event, Sign: sign,
			Tokens: paymenttest.Tokens{
				OK: "tok_ok", DeclinedSoft: "tok_declined_funds", DeclinedHard: "tok_declined_stolen", RequiresAction: "tok_3ds",
				Refused: "tok_unknown", Throttled: "tok_throttled_3", LostResponse: "tok_lost_response",
				StoredFailure: "tok_stored_500", Reset: "tok_reset", Failing: "tok_flaky_3",
			},
			Ledger: func() (entries []paymenttest.Entry) {
				for _, e := range c.ledger(t) {
					entries = append(entries, paymenttest.Entry{Key: e.Key, Amount: e.Amount, Currency: e.Currency, Status: e.Status,
						Refunded: e.Refunded})
				}
				return entries
			},
			Confirm: func(o payment.Outcome, yes bool) {
				submit(t, o.ActionURL, "decision", map[bool]string{true: "confirm", false: "decline"}[yes])
			},
			Finish: func(p payment.Page) { submit(t, p.URL, "token", "tok_ok") },
		}
	})
}
