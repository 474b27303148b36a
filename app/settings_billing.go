package app

import (
	"net/url"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
)

// billingFlags declares the settings of payments and renewals.
func (s *Settings) billingFlags() []cli.Flag {
	policy := domain.DefaultBillingPolicy()
	return []cli.Flag{
		&cli.StringFlag{Name: "public-url", Sources: env("PUBLIC_URL"), Destination: &s.PublicURL,
			Usage: "URL under which customers and payment providers reach the API; empty for the address it listens on"},
		&cli.StringFlag{Name: "stripe-secret-key", Sources: cli.EnvVars("STRIPE_SECRET_KEY"), Destination: &s.StripeSecretKey, HideDefault: true,
			Usage: "charges cards through Stripe; empty for the sandbox"},
		&cli.StringFlag{Name: "stripe-webhook-secret", Sources: cli.EnvVars("STRIPE_WEBHOOK_SECRET"), Destination: &s.StripeWebhookSecret, HideDefault: true,
			Usage: "whsec_… of the endpoint PUBLIC_URL/webhooks/stripe"},
		&cli.StringFlag{Name: "stripe-api-base", Sources: cli.EnvVars("STRIPE_API_BASE"), Destination: &s.StripeAPIBase,
			Usage: "another address than Stripe's own, for tests"},
		&cli.StringFlag{Name: "sandbox-url", Sources: env("SANDBOX_URL"), Destination: &s.SandboxURL,
			Usage: "a running `slipway sandbox`; dev runs its own"},
		&cli.IntFlag{Name: "sandbox-port", Sources: env("SANDBOX_PORT"), Value: 8234, Destination: &s.SandboxPort,
			Usage: "dev, sandbox: port of the payment sandbox; 0 for a free one"},
		&cli.FloatFlag{Name: "provider-rate", Sources: env("PROVIDER_RATE"), Value: 50, Destination: &s.ProviderRate,
			Usage: "activities a second that may ask payment providers, over all workers; 0 for no limit"},
		&cli.BoolFlag{Name: "test-clocks", Sources: env("TEST_CLOCKS"), Destination: &s.TestClocks,
			Usage: "let admins move time for accounts bound to a test clock; never in production. On in dev unless set to false"},
		&cli.StringSliceFlag{Name: "dunning-retries", Sources: env("DUNNING_RETRIES"), Value: []string{"24h", "72h", "120h", "168h"}, Destination: &s.DunningRetries,
			Usage: "when an unpaid renewal is tried again, after it failed"},
		&cli.DurationFlag{Name: "dunning-grace", Sources: env("DUNNING_GRACE"), Value: policy.Grace, Destination: &s.DunningGrace,
			Usage: "how long a past-due subscription may still be used"},
		&cli.StringFlag{Name: "dunning-final", Sources: env("DUNNING_FINAL"), Value: string(policy.Final), Destination: &s.DunningFinal,
			Usage: "what becomes of a subscription that recovery could not save: cancel or unpaid"},
		&cli.DurationFlag{Name: "invoice-ahead", Sources: env("INVOICE_AHEAD"), Value: policy.InvoiceAhead, Destination: &s.InvoiceAhead,
			Usage: "how long before its period the invoice of who pays by hand is sent, and a trial's end announced"},
		&cli.DurationFlag{Name: "remind-ahead", Sources: env("REMIND_AHEAD"), Value: policy.RemindAhead, Destination: &s.RemindAhead,
			Usage: "how long before its period an unpaid invoice is reminded of"},
	}
}

// checkBilling is check for the settings of payments and renewals.
func (s *Settings) checkBilling(bad func(name, accepts string) error) error {
	if u, err := url.Parse(s.PublicURL); s.PublicURL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		return bad("public-url", "an http or https URL")
	}
	if u, err := url.Parse(s.SandboxURL); s.SandboxURL != "" && (err != nil || u.Host == "") {
		return bad("sandbox-url", "an http URL")
	}
	if s.ProviderRate < 0 {
		return bad("provider-rate", "0 or more")
	}
	if retries, err := durations(s.DunningRetries); err != nil || !slices.IsSorted(retries) {
		return bad("dunning-retries", "durations, ascending, such as 24h,72h")
	}
	if s.DunningGrace < 0 {
		return bad("dunning-grace", "0 or more")
	}
	if final := domain.FinalAction(s.DunningFinal); final != domain.FinalCancel && final != domain.FinalUnpaid {
		return bad("dunning-final", "cancel or unpaid")
	}
	if s.InvoiceAhead < s.RemindAhead || s.RemindAhead < 0 {
		return bad("invoice-ahead", "at least --remind-ahead, which is 0 or more")
	}
	return nil
}

// billingPolicy is what activities go by; check has refused what it cannot be.
func (s *Settings) billingPolicy() domain.BillingPolicy {
	retries, _ := durations(s.DunningRetries)
	return domain.BillingPolicy{
		Retries: retries, Grace: s.DunningGrace, Final: domain.FinalAction(s.DunningFinal),
		InvoiceAhead: s.InvoiceAhead, RemindAhead: s.RemindAhead,
	}
}

// sandboxTimeout is how long the sandbox may take; it is on this machine.
const sandboxTimeout = 10 * time.Second
