package payment

import (
	"net/http"
	"time"

	"github.com/stripe/stripe-go/v85"
)

// DefaultStripeTimeout is how long one request to Stripe may take, unless
// StripeConfig says otherwise. Most take one or two seconds; a bank that is slow
// to authorise takes longest.
const DefaultStripeTimeout = 30 * time.Second

// StripeConfig is what Stripe's dashboard hands out, and where to find Stripe.
type StripeConfig struct {
	SecretKey     string        // sk_… or a restricted rk_…
	WebhookSecret string        // whsec_… of the endpoint; without it no webhook is believed
	APIBase       string        // empty for https://api.stripe.com
	HTTPClient    *http.Client  // nil for one of its own
	Timeout       time.Duration // of one request; 0 for DefaultStripeTimeout
}

// Stripe takes cards through Stripe: cards are kept by its customers, charges
// are its payment intents, setup pages its Checkout. It holds no state and may
// be used by many goroutines.
//
// Stripe remembers an idempotency key for a day or longer. Whoever asks again
// after that looks the charge up first.
type Stripe struct {
	client        *stripe.Client
	webhookSecret string
}

var _ Provider = (*Stripe)(nil)

// NewStripe connects to nothing; a wrong key shows as ClassMisconfigured at the
// first request.
func NewStripe(cfg StripeConfig) *Stripe {
	backend := stripe.GetBackendWithConfig(stripe.APIBackend, stripeBackend(cfg))
	client := stripe.NewClient(cfg.SecretKey, stripe.WithBackends(&stripe.Backends{API: backend}))
	return &Stripe{client: client, webhookSecret: cfg.WebhookSecret}
}

// stripeBackend turns off what the library would do on its own: trying again,
// which is Temporal's, and logging, which would write whole answers, with the
// client secrets in them, to the standard error. Go's own HTTP client still sends
// a request again when a connection it had kept open turns out to be dead; the
// idempotency key makes that safe.
func stripeBackend(cfg StripeConfig) *stripe.BackendConfig {
	b := &stripe.BackendConfig{
		EnableTelemetry:   stripe.Bool(false),
		HTTPClient:        stripeHTTPClient(cfg),
		LeveledLogger:     &stripe.LeveledLogger{Level: stripe.LevelNull},
		MaxNetworkRetries: stripe.Int64(0),
	}
	if cfg.APIBase != "" {
		b.URL = stripe.String(cfg.APIBase)
	}
	return b
}

// stripeHTTPClient is a copy, so that the caller's keeps its own time-out.
func stripeHTTPClient(cfg StripeConfig) *http.Client {
	client := http.Client{}
	if cfg.HTTPClient != nil {
		client = *cfg.HTTPClient
	}
	if cfg.Timeout > 0 {
		client.Timeout = cfg.Timeout
	}
	if client.Timeout == 0 {
		client.Timeout = DefaultStripeTimeout
	}
	return &client
}

// The names of our metadata on Stripe's objects.
const (
	stripeMetaKey     = "key"
	stripeMetaAccount = "account_id"
	stripeMetaInvoice = "invoice_id"
)

// stripeCard is the one type of method asked for. Naming it keeps Stripe from
// offering, on a page or in a confirmation, what cannot be charged without the
// customer.
func stripeCard() []*string {
	return stripe.StringSlice([]string{string(stripe.PaymentMethodTypeCard)})
}
