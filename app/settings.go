package app

import (
	"log/slog"
	"math"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
	"slipway/store"
)

// Settings is what a deployment can set. declare says all else about each.
type Settings struct {
	Listen           string
	WorkerListen     string
	WorkerDeployment string
	WorkerBuildID    string
	StopTimeout      time.Duration
	DatabaseURL      string
	DatabasePassword string
	DataDir          string
	Ephemeral        bool
	TemporalPort     int
	TemporalUIPort   int
	AdminEmail       string
	AdminPassword    string
	SecretKey        string
	PasswordHash     string
	SignupRate       int
	LoginRate        int
	PreferredOption  string
	PaymentWindow    time.Duration
	ExpiresAfter     time.Duration
	Reminders        []string
	KeepSlugs        bool
	ReservedSlugs    []string
	ReconcileEvery   time.Duration
	WebhookPrivate   bool
	WebhookPosts     int
	TrustedProxies   []string
	AllowedOrigins   []string
	LogLevel         string
	LogFormat        string

	PublicURL           string
	StripeSecretKey     string
	StripeWebhookSecret string
	StripeAPIBase       string
	SandboxURL          string
	SandboxPort         int
	ProviderRate        float64
	TestClocks          bool
	testClocksSet       bool // either way: dev has test clocks unless it is set to false
	DunningRetries      []string
	DunningGrace        time.Duration
	DunningFinal        string
	InvoiceAhead        time.Duration
	RemindAhead         time.Duration
	RenewalJitter       time.Duration
	Retention           domain.Retention
	Limits              domain.Limits
	CodecKeys           []string
	CodecToken          string
	CodecOrigins        []string
}

// Defaults are the settings of a deployment that sets nothing.
func Defaults() *Settings {
	s, _ := declare()
	return s
}

// declare declares every setting, once, and gives it its default. TEMPORAL_* is
// read by Temporal's own envconfig (see temporal.go).
func declare() (*Settings, []setting) {
	s := &Settings{}
	return s, slices.Concat(s.addressSettings(), s.versionSettings(), s.accessSettings(), s.signupSettings(),
		s.paymentSettings(), s.renewalSettings(), s.retentionSettings(), s.limitSettings(), s.codecSettings(),
		s.logSettings())
}

func (s *Settings) addressSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "listen", Value: "127.0.0.1:8080", Destination: &s.Listen,
			Usage: "address the API listens on"}).
			must("host:port, the port 0 for a free one", func() bool { return isAddress(s.Listen) }),
		define(&cli.StringFlag{Name: "worker-listen", Value: "127.0.0.1:8081", Destination: &s.WorkerListen,
			Usage: "worker: address of its /livez, /readyz and /metrics; empty for none"}).
			must("empty, or host:port", func() bool { return s.WorkerListen == "" || isAddress(s.WorkerListen) }),
		define(&cli.DurationFlag{Name: "stop-timeout", Value: 2 * time.Second, Destination: &s.StopTimeout,
			Usage: "how long a process that is asked to end finishes its work in hand; in production, 30s"}).
			must("between 0s and 10m", func() bool { return s.StopTimeout >= 0 && s.StopTimeout <= 10*time.Minute }),
		define(&cli.StringFlag{Name: "database-url", Destination: &s.DatabaseURL,
			Sources: cli.EnvVars("DATABASE_URL", "SLIPWAY_DATABASE_URL"),
			Usage:   "postgres://…, or the path of a SQLite file; empty for slipway.db in the data directory"}).
			must("a postgres:// URL or the path of a SQLite file", func() bool { return store.ValidURL(s.Database()) }).
			shownAs(s.databaseName),
		secret(&cli.StringFlag{Name: "database-password", Destination: &s.DatabasePassword,
			Usage: "PostgreSQL's password as it is, where DATABASE_URL has none"}),
		define(&cli.StringFlag{Name: "data-dir", Value: ".slipway", Destination: &s.DataDir,
			Usage: "folder for SQLite, the embedded Temporal and what dev generates"}),
		define(&cli.BoolFlag{Name: "ephemeral", Destination: &s.Ephemeral,
			Usage: "dev: keep nothing, in a folder that is removed at the end"}),
		define(&cli.IntFlag{Name: "temporal-port", Value: 7233, Destination: &s.TemporalPort,
			Usage: "dev: port of the embedded Temporal; 0 for a free one"}).
			must(aPort, func() bool { return isPort(s.TemporalPort) }),
		define(&cli.IntFlag{Name: "temporal-ui-port", Value: 8233, Destination: &s.TemporalUIPort,
			Usage: "dev: port of the embedded Temporal UI; 0 for a free one"}).
			must(aPort, func() bool { return isPort(s.TemporalUIPort) }),
	}
}

func (s *Settings) accessSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "admin-email", Value: "admin@slipway.example", Destination: &s.AdminEmail,
			Usage: "e-mail of the admin that seed and dev create"}).
			must("an e-mail address", func() bool { _, ok := domain.NormalEmail(s.AdminEmail); return ok }),
		secret(&cli.StringFlag{Name: "admin-password", Destination: &s.AdminPassword,
			Usage: "the admin's password; generated and shown once when empty"}).
			must("at least 8 characters", func() bool { return s.AdminPassword == "" || len(s.AdminPassword) >= 8 }),
		secret(&cli.StringFlag{Name: "secret-key", Destination: &s.SecretKey,
			Usage: "32 bytes in base64 that client secrets are derived from, the same for every API process; " +
				"dev generates its own"}),
		define(&cli.StringFlag{Name: "password-hash", Value: "19MiB,2,1", Destination: &s.PasswordHash,
			Usage: "argon2id memory, time and threads"}).
			must("memory,time,threads such as 19MiB,2,1", func() bool { _, err := s.HashParams(); return err == nil }),
		define(&cli.IntFlag{Name: "signup-rate", Value: 30, Destination: &s.SignupRate,
			Usage: "sign-ups per address and minute; 0 for no limit"}).
			must("0 or more", func() bool { return s.SignupRate >= 0 }),
		define(&cli.IntFlag{Name: "login-rate", Value: 10, Destination: &s.LoginRate,
			Usage: "sign-ins per address and minute, and per e-mail; 0 for no limit"}).
			must("0 or more", func() bool { return s.LoginRate >= 0 }),
	}
}

func (s *Settings) signupSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "preferred-payment-option", Destination: &s.PreferredOption,
			Usage: "key or external id of the payment option chosen when a customer names none, " +
				"before the catalogue's own"}),
		define(&cli.DurationFlag{Name: "payment-window", Value: 23 * time.Hour, Destination: &s.PaymentWindow,
			Usage: "how long a first invoice may stay unpaid"}).
			must("above zero", func() bool { return s.PaymentWindow > 0 }),
		define(
			&cli.DurationFlag{
				Name:        "onboarding-expires-after",
				Value:       30 * 24 * time.Hour,
				Destination: &s.ExpiresAfter,
				Usage:       "how long an onboarding may wait for a plan, a payment method or an approval without any change",
			},
		).
			must("at least 1h", func() bool { return s.ExpiresAfter >= time.Hour }),
		define(&cli.StringSliceFlag{Name: "payment-reminders", Value: []string{"1h", "20h"}, Destination: &s.Reminders,
			Usage: "when the customer is reminded, after the invoice opened"}).
			must("durations such as 1h,20h", func() bool { _, err := durations(s.Reminders); return err == nil }),
		define(&cli.BoolFlag{Name: "keep-slugs", Destination: &s.KeepSlugs,
			Usage: "never give the slug of an expired or canceled sign-up to anybody else"}),
		define(&cli.StringSliceFlag{Name: "reserved-slugs", Destination: &s.ReservedSlugs,
			Usage: "slugs that no account gets, beside those every product needs for itself"}).
			must("slugs such as my-product", func() bool { return all(s.ReservedSlugs, domain.ValidSlug) }),
		define(&cli.DurationFlag{Name: "reconcile-every", Value: 30 * time.Second, Destination: &s.ReconcileEvery,
			Usage: "how often rows and workflows are compared"}).
			must("at least 1s", func() bool { return s.ReconcileEvery >= time.Second }),
		define(&cli.BoolFlag{Name: "webhook-allow-private", Destination: &s.WebhookPrivate,
			Usage: "post webhooks to private addresses and over plain HTTP, too; for development"}),
		define(&cli.IntFlag{Name: "webhook-posts", Value: 10, Destination: &s.WebhookPosts,
			Usage: "how many webhooks a worker posts to one endpoint at the same time"}).
			must("1 to 100", func() bool { return s.WebhookPosts >= 1 && s.WebhookPosts <= 100 }),
		define(&cli.StringSliceFlag{Name: "trusted-proxies", Destination: &s.TrustedProxies,
			Usage: "addresses or networks of proxies whose X-Forwarded-For, or else X-Real-IP, is believed"}).
			must("addresses or networks such as 10.0.0.0/8", func() bool { return all(s.TrustedProxies, isNetwork) }),
		define(&cli.StringSliceFlag{Name: "allowed-origins", Destination: &s.AllowedOrigins,
			Usage: "origins of frontends that call the API from a browser (CORS); * for all"}).
			must("origins such as https://app.example.com", func() bool { return all(s.AllowedOrigins, isOrigin) }),
	}
}

func (s *Settings) logSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "log-level", Value: "info", Destination: &s.LogLevel,
			Usage: "debug, info, warn or error"}).
			must("debug, info, warn or error", func() bool { return new(slog.Level).UnmarshalText([]byte(s.LogLevel)) == nil }),
		define(&cli.StringFlag{Name: "log-format", Value: "text", Destination: &s.LogFormat,
			Usage: "text for people, json for machines"}).
			must("text or json", func() bool { return s.LogFormat == "text" || s.LogFormat == "json" }),
	}
}

func isNetwork(text string) bool {
	_, err := netip.ParsePrefix(text)
	if err != nil {
		_, err = netip.ParseAddr(text)
	}
	return err == nil
}

func isOrigin(text string) bool {
	_, ok := domain.NormalOrigin(text)
	return ok || text == "*"
}

// aPort says what isPort accepts.
const aPort = "a port, 0 to 65535"

// isPort reports whether this process can listen on the port; 0 is a free one.
func isPort(port int) bool { return port >= 0 && port <= math.MaxUint16 }

// isAddress reports whether this process can listen on the address.
func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	return err == nil && (port == "0" || domain.ValidPort(port))
}

// aURL says what isURL accepts of HTTP's schemes.
const aURL = "an http or https URL"

// isURL reports whether the text is a URL that can be connected to, of one of the
// schemes if any are named.
func isURL(text string, schemes ...string) bool {
	_, ok := domain.ParseURL(text, schemes...)
	return ok
}
