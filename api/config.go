package api

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/prometheus/client_golang/prometheus"

	"slipway/domain"
	"slipway/payment"
	"slipway/store"
)

// Workflows is what the API asks of workflows.Client, here so that tests can
// take Temporal away.
type Workflows interface {
	Begin(ctx context.Context, o *domain.Onboarding) error
	// Command returns conflict when the state does not allow it, not_found when
	// the workflow has closed, and unavailable when Temporal is away.
	Command(ctx context.Context, to domain.Recipient, cmd *domain.Command) error
	Refresh(ctx context.Context, o *domain.Onboarding, cmd *domain.Command) ([]domain.Difference, error)
	CatalogueChanged(ctx context.Context) error
	Payments
	AdvanceClock(ctx context.Context, clockID string) error
}

// Payments is the part of Workflows that is about payments beside a
// subscription's.
type Payments interface {
	AttachMethod(ctx context.Context, m *domain.PaymentMethod) (pageURL, refused string, err error)
	BeginPurchase(ctx context.Context, accountID, invoiceID, creditPackage string) error
	ProviderEvent(ctx context.Context, owner *domain.PaymentOwner) error
}

// Config is what the API is made of.
type Config struct {
	Store     *store.Store // nil only where nothing but the description is asked for
	Workflows Workflows
	Log       *slog.Logger // slog.Default() when nil

	// SecretKey is 32 random bytes. Client secrets and fingerprints of
	// idempotent requests derive from it: another key ends them all.
	SecretKey []byte
	// SignupRate and LoginRate are how many attempts one address, and apart from
	// that one e-mail, may make in a minute; 0 for no limit.
	SignupRate, LoginRate int
	// Limits bound what one customer can have, or add, by calling again and again.
	Limits domain.Limits
	// PasswordHash is the cost of argon2id; zero is 19 MiB, 2 passes, 1 thread.
	PasswordHash argon2id.Params
	// KickoffWait is how long a sign-up waits for its account before it is
	// answered 202; 0 is 2.5 s.
	KickoffWait time.Duration

	// WebhookAllowPrivate takes webhook URLs of private addresses and plain HTTP.
	WebhookAllowPrivate bool

	TrustedProxies []string // whose X-Forwarded-For, or else X-Real-IP, is believed; none by default
	AllowedOrigins []string // origins that browsers may call from; none by default

	// Providers take money. Here they check tokens and read their webhooks, and
	// payment options name them; none when nil.
	Providers *payment.Registry
	// TestClocks opens the calls that move time for the accounts bound to a
	// clock; never where there are customers.
	TestClocks bool

	Metrics *prometheus.Registry // a new one when nil
	// Checks is what readiness depends on; none when nil.
	Checks  func(context.Context) []domain.Check
	Version string
}

// withDefaults is the configuration with what was left out filled in.
func (c Config) withDefaults() (Config, error) {
	if len(c.SecretKey) != 32 {
		return c, errors.New("new API: the secret key must have 32 bytes")
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	c.PasswordHash = hashCost(c.PasswordHash)
	if c.KickoffWait == 0 {
		c.KickoffWait = 2500 * time.Millisecond
	}
	if c.Providers == nil {
		c.Providers = &payment.Registry{}
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	return c, nil
}

// hashCost is the cost of argon2id, with the usual lengths of salt and key.
func hashCost(p argon2id.Params) argon2id.Params {
	if p == (argon2id.Params{}) {
		p = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1}
	}
	if p.SaltLength == 0 {
		p.SaltLength = 16
	}
	if p.KeyLength == 0 {
		p.KeyLength = 32
	}
	return p
}
