// Package stripe takes cards through Stripe.
package stripe

import (
	"errors"
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v85"

	"slipway/payment"
)

// Name is how a payment option refers to this provider.
const Name = "stripe"

// DefaultTimeout is how long one request to Stripe may take, unless Config says
// otherwise. Most take one or two seconds; a bank that is slow to authorise takes
// longest.
const DefaultTimeout = 30 * time.Second

// Config is what Stripe's dashboard hands out, and where to find Stripe.
type Config struct {
	SecretKey     string        // sk_… or a restricted rk_…
	WebhookSecret string        // whsec_… of the endpoint; without it no webhook is believed
	APIBase       string        // empty for https://api.stripe.com
	HTTPClient    *http.Client  // nil for one of its own
	Timeout       time.Duration // of one request; 0 for DefaultTimeout
}

// Provider takes cards through Stripe: cards are kept by its customers, charges
// are its payment intents, setup pages its Checkout. It holds no state and may
// be used by many goroutines.
//
// Stripe remembers an idempotency key for a day or longer. Whoever asks again
// after that looks the charge up first.
type Provider struct {
	client        *stripe.Client
	webhookSecret string
}

var _ payment.Provider = (*Provider)(nil)

// New connects to nothing; a wrong key shows as ClassMisconfigured at the first
// request.
func New(cfg Config) *Provider {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, backendConfig(cfg))
	client := stripe.NewClient(cfg.SecretKey, stripe.WithBackends(&stripe.Backends{API: backend}))
	return &Provider{client: client, webhookSecret: cfg.WebhookSecret}
}

// Registration charges cards. Its check finds a missing webhook secret, without
// which a payment that the customer confirms is noticed minutes later.
func (s *Provider) Registration() payment.Registration {
	return payment.Registration{Name: Name, Provider: s, Charges: true, Types: []string{"card"}, Check: s.check}
}

func (s *Provider) check() error {
	if s.webhookSecret == "" {
		return errors.New("Stripe's webhooks are not believed without STRIPE_WEBHOOK_SECRET")
	}
	return nil
}

// backendConfig turns off what the library would do on its own: trying again,
// which is Temporal's, and logging, which would write whole answers, with the
// client secrets in them, to the standard error. Go's own HTTP client still sends
// a request again when a connection it had kept open turns out to be dead; the
// idempotency key makes that safe.
func backendConfig(cfg Config) *stripe.BackendConfig {
	b := &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        httpClient(cfg),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
		MaxNetworkRetries: stripe.Int64(0),
	}
	if cfg.APIBase != "" {
		b.URL = stripe.String(cfg.APIBase)
	}
	return b
}

// httpClient is a copy, so that the caller's keeps its own time-out.
func httpClient(cfg Config) *http.Client {
	client := http.Client{}
	if cfg.HTTPClient != nil {
		client = *cfg.HTTPClient
	}
	if cfg.Timeout > 0 {
		client.Timeout = cfg.Timeout
	}
	if client.Timeout == 0 {
		client.Timeout = DefaultTimeout
	}
	return &client
}

// The names of our metadata on Stripe's objects.
const (
	metaKey     = "key"
	metaAccount = "account_id"
	metaInvoice = "invoice_id"
)

// cardOnly is the one type of method asked for. Naming it keeps Stripe from
// offering, on a page or in a confirmation, what cannot be charged without the
// customer.
func cardOnly() []*string {
	return stripe.StringSlice([]string{string(stripe.PaymentMethodTypeCard)})
}
