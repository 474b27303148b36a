package app

import (
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/alexedwards/argon2id"
	"github.com/urfave/cli/v3"

	"slipway/domain"
	"slipway/store"
)

// Settings is what a deployment can set. flags declares each one.
type Settings struct {
	Listen          string
	DatabaseURL     string
	DataDir         string
	Ephemeral       bool
	TemporalPort    int
	TemporalUIPort  int
	AdminEmail      string
	AdminPassword   string
	SecretKey       string
	PasswordHash    string
	SignupRate      int
	LoginRate       int
	PreferredOption string
	PaymentWindow   time.Duration
	Reminders       []string
	KeepSlugs       bool
	ReconcileEvery  time.Duration
	WebhookPrivate  bool
	TrustedProxies  []string
	AllowedOrigins  []string
	LogLevel        string
	LogFormat       string
	only            []string // doctor: the checks to make
	deep            bool     // doctor: check every invariant, too
	demo            demoSettings
	adopt           importSettings

	PublicURL           string
	SandboxURL          string
	SandboxPort         int
	StripeSecretKey     string
	StripeWebhookSecret string
	StripeAPIBase       string
	ProviderRate        float64
	TestClocks          bool
	testClocksSet       bool // either way: dev has them unless told otherwise
	DunningRetries      []string
	DunningGrace        time.Duration
	DunningFinal        string
	InvoiceAhead        time.Duration
	RemindAhead         time.Duration
}

// flags declares every setting once: name, environment variable, default, help.
// TEMPORAL_* is read by Temporal's own envconfig (see wire.go).
func (s *Settings) flags() []cli.Flag {
	return append(s.coreFlags(), s.billingFlags()...)
}

func env(name string) cli.ValueSourceChain { return cli.EnvVars("SLIPWAY_" + name) }

func (s *Settings) coreFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "listen", Sources: env("LISTEN"), Value: "127.0.0.1:8080", Destination: &s.Listen,
			Usage: "address the API listens on"},
		&cli.StringFlag{Name: "database-url", Sources: cli.EnvVars("DATABASE_URL", "SLIPWAY_DATABASE_URL"), Destination: &s.DatabaseURL,
			Usage: "postgres://…, or the path of a SQLite file; empty for slipway.db in the data directory"},
		&cli.StringFlag{Name: "data-dir", Sources: env("DATA_DIR"), Value: ".slipway", Destination: &s.DataDir,
			Usage: "folder for SQLite, the embedded Temporal and what dev generates"},
		&cli.BoolFlag{Name: "ephemeral", Sources: env("EPHEMERAL"), Destination: &s.Ephemeral,
			Usage: "dev: keep nothing, in a folder that is removed at the end"},
		&cli.IntFlag{Name: "temporal-port", Sources: env("TEMPORAL_PORT"), Value: 7233, Destination: &s.TemporalPort,
			Usage: "dev: port of the embedded Temporal; 0 for a free one"},
		&cli.IntFlag{Name: "temporal-ui-port", Sources: env("TEMPORAL_UI_PORT"), Value: 8233, Destination: &s.TemporalUIPort,
			Usage: "dev: port of the embedded Temporal UI; 0 for a free one"},
		&cli.StringFlag{Name: "admin-email", Sources: env("ADMIN_EMAIL"), Value: "admin@slipway.example", Destination: &s.AdminEmail,
			Usage: "e-mail of the admin that seed and dev create"},
		&cli.StringFlag{Name: "admin-password", Sources: env("ADMIN_PASSWORD"), Destination: &s.AdminPassword, HideDefault: true,
			Usage: "the admin's password; generated and shown once when empty"},
		&cli.StringFlag{Name: "secret-key", Sources: env("SECRET_KEY"), Destination: &s.SecretKey, HideDefault: true,
			Usage: "32 bytes in base64 that client secrets are derived from, the same for every API process; dev generates its own"},
		&cli.StringFlag{Name: "password-hash", Sources: env("PASSWORD_HASH"), Value: "19MiB,2,1", Destination: &s.PasswordHash,
			Usage: "argon2id memory, time and threads"},
		&cli.IntFlag{Name: "signup-rate", Sources: env("SIGNUP_RATE"), Value: 30, Destination: &s.SignupRate,
			Usage: "sign-ups per address and minute; 0 for no limit"},
		&cli.IntFlag{Name: "login-rate", Sources: env("LOGIN_RATE"), Value: 10, Destination: &s.LoginRate,
			Usage: "sign-ins per address and minute, and per e-mail; 0 for no limit"},
		&cli.StringFlag{Name: "preferred-payment-option", Sources: env("PREFERRED_PAYMENT_OPTION"), Destination: &s.PreferredOption,
			Usage: "key or external id of the payment option chosen when a customer names none, before the catalogue's own"},
		&cli.DurationFlag{Name: "payment-window", Sources: env("PAYMENT_WINDOW"), Value: 23 * time.Hour, Destination: &s.PaymentWindow,
			Usage: "how long a first invoice may stay unpaid"},
		&cli.StringSliceFlag{Name: "payment-reminders", Sources: env("PAYMENT_REMINDERS"), Value: []string{"1h", "20h"}, Destination: &s.Reminders,
			Usage: "when the customer is reminded, after the invoice opened"},
		&cli.BoolFlag{Name: "keep-slugs", Sources: env("KEEP_SLUGS"), Destination: &s.KeepSlugs,
			Usage: "never give the slug of an expired or canceled sign-up to anybody else"},
		&cli.DurationFlag{Name: "reconcile-every", Sources: env("RECONCILE_EVERY"), Value: 30 * time.Second, Destination: &s.ReconcileEvery,
			Usage: "how often rows and workflows are compared"},
		&cli.BoolFlag{Name: "webhook-allow-private", Sources: env("WEBHOOK_ALLOW_PRIVATE"), Destination: &s.WebhookPrivate,
			Usage: "post webhooks to private addresses and over plain HTTP, too; for development"},
		&cli.StringSliceFlag{Name: "trusted-proxies", Sources: env("TRUSTED_PROXIES"), Destination: &s.TrustedProxies,
			Usage: "addresses or networks whose X-Forwarded-For is believed"},
		&cli.StringSliceFlag{Name: "allowed-origins", Sources: env("ALLOWED_ORIGINS"), Destination: &s.AllowedOrigins,
			Usage: "origins of frontends that call the API from a browser (CORS)"},
		&cli.StringFlag{Name: "log-level", Sources: env("LOG_LEVEL"), Value: "info", Destination: &s.LogLevel,
			Usage: "debug, info, warn or error"},
		&cli.StringFlag{Name: "log-format", Sources: env("LOG_FORMAT"), Value: "text", Destination: &s.LogFormat,
			Usage: "text for people, json for machines"},
	}
}

// secretSettings are never shown in full.
var secretSettings = []string{"admin-password", "secret-key", "stripe-secret-key", "stripe-webhook-secret"}

// check returns an error that names the setting and what it accepts.
func (s *Settings) check() error {
	bad := func(name, accepts string) error {
		return fmt.Errorf("--%s (SLIPWAY_%s) must be %s", name, strings.ToUpper(strings.ReplaceAll(name, "-", "_")), accepts)
	}
	if _, ok := domain.NormalEmail(s.AdminEmail); !ok {
		return bad("admin-email", "an e-mail address")
	}
	if s.AdminPassword != "" && len(s.AdminPassword) < 8 {
		return bad("admin-password", "at least 8 characters")
	}
	if s.SignupRate < 0 || s.LoginRate < 0 {
		return bad("signup-rate or --login-rate", "0 or more")
	}
	if s.PaymentWindow <= 0 || s.ReconcileEvery < time.Second {
		return bad("payment-window", "above zero, and --reconcile-every at least 1s")
	}
	for _, p := range s.TrustedProxies {
		if _, err := netip.ParsePrefix(p); err != nil {
			if _, err := netip.ParseAddr(p); err != nil {
				return bad("trusted-proxies", "addresses or networks such as 10.0.0.0/8")
			}
		}
	}
	var level slog.Level
	if level.UnmarshalText([]byte(s.LogLevel)) != nil {
		return bad("log-level", "debug, info, warn or error")
	}
	if err := s.checkBilling(bad); err != nil {
		return err
	}
	if s.LogFormat != "text" && s.LogFormat != "json" {
		return bad("log-format", "text or json")
	}
	if _, err := s.HashParams(); err != nil {
		return bad("password-hash", "memory,time,threads such as 19MiB,2,1")
	}
	if _, err := s.reminderTimes(); err != nil {
		return bad("payment-reminders", "durations such as 1h,20h")
	}
	return nil
}

func (s *Settings) reminderTimes() ([]time.Duration, error) { return durations(s.Reminders) }

func durations(texts []string) ([]time.Duration, error) {
	times := make([]time.Duration, 0, len(texts))
	for _, text := range texts {
		d, err := time.ParseDuration(strings.TrimSpace(text))
		if err != nil || d <= 0 {
			return nil, fmt.Errorf("not a duration")
		}
		times = append(times, d)
	}
	return times, nil
}

// HashParams reads "19MiB,2,1". Memory without a unit is MiB below 1024, else KiB.
func (s *Settings) HashParams() (*argon2id.Params, error) {
	parts := strings.Split(strings.ReplaceAll(s.PasswordHash, " ", ""), ",")
	if len(parts) != 3 {
		return nil, fmt.Errorf("not three numbers")
	}
	memory, unit := strings.ToLower(parts[0]), uint64(0)
	switch {
	case strings.HasSuffix(memory, "mib"):
		memory, unit = strings.TrimSuffix(memory, "mib"), 1024
	case strings.HasSuffix(memory, "kib"):
		memory, unit = strings.TrimSuffix(memory, "kib"), 1
	}
	m, err := strconv.ParseUint(memory, 10, 20)
	if err != nil {
		return nil, err
	}
	if unit == 0 {
		if unit = 1; m < 1024 {
			unit = 1024
		}
	}
	t, err := strconv.ParseUint(parts[1], 10, 8)
	if err != nil {
		return nil, err
	}
	p, err := strconv.ParseUint(parts[2], 10, 8)
	if err != nil {
		return nil, err
	}
	if t == 0 || p == 0 || m*unit < 8*p || m*unit > 1<<20 {
		return nil, fmt.Errorf("out of range")
	}
	return &argon2id.Params{Memory: uint32(m * unit), Iterations: uint32(t), Parallelism: uint8(p), SaltLength: 16, KeyLength: 32}, nil
}

// Database is the URL to open: the one that was set, or the file in the data directory.
func (s *Settings) Database() string {
	if s.DatabaseURL != "" {
		return s.DatabaseURL
	}
	return filepath.Join(s.DataDir, "slipway.db")
}

// databaseName is the database as it may be shown: without its password.
func (s *Settings) databaseName() string {
	if !store.IsPostgres(s.Database()) {
		return s.Database()
	}
	u, err := url.Parse(s.Database())
	if err != nil {
		return "postgres://…"
	}
	return u.Redacted()
}

// Key is the secret key's bytes. Without one, dev keeps its own in the data
// directory; elsewhere it is an error, since processes must agree on it.
func (s *Settings) Key(generate bool) ([]byte, error) {
	text := s.SecretKey
	if text == "" && generate {
		var err error
		if text, err = s.remembered("secret-key", func() string { return base64.StdEncoding.EncodeToString(randomBytes(32)) }); err != nil {
			return nil, err
		}
	}
	key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(text))
	if err != nil || len(key) != 32 {
		return nil, fmt.Errorf("SLIPWAY_SECRET_KEY must be 32 bytes in base64; make one with `openssl rand -base64 32`")
	}
	return key, nil
}

// remembered reads a generated value from the data directory, or generates and
// keeps it there, readable by its owner only.
func (s *Settings) remembered(name string, generate func() string) (string, error) {
	file := filepath.Join(s.DataDir, name)
	if text, err := os.ReadFile(file); err == nil {
		return strings.TrimSpace(string(text)), nil
	}
	if err := os.MkdirAll(s.DataDir, 0o700); err != nil {
		return "", fmt.Errorf("create the data directory: %w", err)
	}
	text := generate()
	if err := os.WriteFile(file, []byte(text+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep a generated secret: %w", err)
	}
	return text, nil
}
