// Package api answers HTTP. Questions are answered from the store, commands are
// carried to workflows; a handler binds, asks and answers. Start reading at
// routes.go, which lists every call, who may make it and how it can fail.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/singleflight"

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
	// PasswordHash is the cost of argon2id; zero is 19 MiB, 2 passes, 1 thread.
	PasswordHash argon2id.Params
	// KickoffWait is how long a sign-up waits for its account before it is
	// answered 202; 0 is 2.5 s.
	KickoffWait time.Duration

	// WebhookAllowPrivate takes webhook URLs of private addresses and plain HTTP.
	WebhookAllowPrivate bool

	TrustedProxies []string // addresses whose X-Forwarded-For is believed; none by default
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

// API is the HTTP side of Slipway.
type API struct {
	Config
	store *store.Store
	flows Workflows
	log   *slog.Logger

	router *gin.Engine
	huma   huma.API

	gate      *gate
	signups   *limiter
	logins    *limiter
	flights   singleflight.Group // sign-ups under way, by person or key
	catalogue *catalogue
	metrics   *metrics
	openapi   func() *rendered
}

// New returns the API. It touches neither the database nor Temporal.
func New(c Config) (*API, error) {
	if len(c.SecretKey) != 32 {
		return nil, errors.New("new API: the secret key must have 32 bytes")
	}
	if c.Providers == nil {
		c.Providers = &payment.Registry{}
	}
	if c.Log == nil {
		c.Log = slog.Default()
	}
	if c.KickoffWait == 0 {
		c.KickoffWait = 2500 * time.Millisecond
	}
	if c.Providers == nil {
		c.Providers = &payment.Registry{}
	}
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	a := &API{
		Config: c, store: c.Store, flows: c.Workflows, log: c.Log,
		signups: newLimiter(c.SignupRate), logins: newLimiter(c.LoginRate),
		catalogue: newCatalogue(c.Store),
	}
	var err error
	if a.gate, err = newGate(c.PasswordHash); err != nil {
		return nil, err
	}
	a.metrics = newMetrics(c.Metrics, a.gate, c.Store)
	a.openapi = sync.OnceValue(a.describe)
	return a, a.build()
}

// Handler serves every route.
func (a *API) Handler() http.Handler { return a.router }

// OpenAPI is the description of the API as JSON, OpenAPI 3.1.
func (a *API) OpenAPI() []byte { return a.openapi().body }
