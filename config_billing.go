package main

import (
	"net/url"
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
)

// billingFlags declares the settings of payments and renewals.
func (s *settings) billingFlags() []cli.Flag {
	policy := domain.DefaultBillingPolicy()
	return []cli.Flag{
		&cli.StringFlag{Name: "public-url", Sources: env("PUBLIC_URL"), Destination: &s.publicURL,
			Usage: "URL under which customers and payment providers reach the API; empty for the address it listens on"},
		&cli.StringFlag{Name: "stripe-secret-key", Sources: cli.EnvVars("STRIPE_SECRET_KEY"), Destination: &s.stripeSecretKey, HideDefault: true,
			Usage: "charges cards through Stripe; empty for the sandbox"},
		&cli.StringFlag{Name: "stripe-webhook-secret", Sources: cli.EnvVars("STRIPE_WEBHOOK_SECRET"), Destination: &s.stripeWebhookSecret, HideDefault: true,
			Usage: "whsec_… of the endpoint PUBLIC_URL/webhooks/stripe"},
		&cli.StringFlag{Name: "stripe-api-base", Sources: cli.EnvVars("STRIPE_API_BASE"), Destination: &s.stripeAPIBase,
			Usage: "another address than Stripe's own, for tests"},
		&cli.StringFlag{Name: "sandbox-url", Sources: env("SANDBOX_URL"), Destination: &s.sandboxURL,
			Usage: "a running `slipway sandbox`; dev runs its own"},
		&cli.IntFlag{Name: "sandbox-port", Sources: env("SANDBOX_PORT"), Value: 8234, Destination: &s.sandboxPort,
			Usage: "dev, sandbox: port of the payment sandbox; 0 for a free one"},
		&cli.FloatFlag{Name: "provider-rate", Sources: env("PROVIDER_RATE"), Value: 50, Destination: &s.providerRate,
			Usage: "activities a second that may ask payment providers, over all workers; 0 for no limit"},
		&cli.BoolFlag{Name: "test-clocks", Sources: env("TEST_CLOCKS"), Destination: &s.testClocks,
			Usage: "let admins move time for accounts bound to a test clock; never in production. On in dev unless set to false"},
		&cli.StringSliceFlag{Name: "dunning-retries", Sources: env("DUNNING_RETRIES"), Value: []string{"24h", "72h", "120h", "168h"}, Destination: &s.dunningRetries,
			Usage: "when an unpaid renewal is tried again, after it failed"},
		&cli.DurationFlag{Name: "dunning-grace", Sources: env("DUNNING_GRACE"), Value: policy.Grace, Destination: &s.dunningGrace,
			Usage: "how long a past-due subscription may still be used"},
		&cli.StringFlag{Name: "dunning-final", Sources: env("DUNNING_FINAL"), Value: string(policy.Final), Destination: &s.dunningFinal,
			Usage: "what becomes of a subscription that recovery could not save: cancel or unpaid"},
		&cli.DurationFlag{Name: "invoice-ahead", Sources: env("INVOICE_AHEAD"), Value: policy.InvoiceAhead, Destination: &s.invoiceAhead,
			Usage: "how long before its period the invoice of who pays by hand is sent, and a trial's end announced"},
		&cli.DurationFlag{Name: "remind-ahead", Sources: env("REMIND_AHEAD"), Value: policy.RemindAhead, Destination: &s.remindAhead,
			Usage: "how long before its period an unpaid invoice is reminded of"},
	}
}

// checkBilling is check for the settings of payments and renewals.
func (s *settings) checkBilling(bad func(name, accepts string) error) error {
	if u, err := url.Parse(s.publicURL); s.publicURL != "" && (err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https")) {
		return bad("public-url", "an http or https URL")
	}
	if u, err := url.Parse(s.sandboxURL); s.sandboxURL != "" && (err != nil || u.Host == "") {
		return bad("sandbox-url", "an http URL")
	}
	if s.providerRate < 0 {
		return bad("provider-rate", "0 or more")
	}
	if retries, err := durations(s.dunningRetries); err != nil || !slices.IsSorted(retries) {
		return bad("dunning-retries", "durations, ascending, such as 24h,72h")
	}
	if s.dunningGrace < 0 {
		return bad("dunning-grace", "0 or more")
	}
	if final := domain.FinalAction(s.dunningFinal); final != domain.FinalCancel && final != domain.FinalUnpaid {
		return bad("dunning-final", "cancel or unpaid")
	}
	if s.invoiceAhead < s.remindAhead || s.remindAhead < 0 {
		return bad("invoice-ahead", "at least --remind-ahead, which is 0 or more")
	}
	return nil
}

// billingPolicy is what activities go by; check has refused what it cannot be.
func (s *settings) billingPolicy() domain.BillingPolicy {
	retries, _ := durations(s.dunningRetries)
	return domain.BillingPolicy{
		Retries: retries, Grace: s.dunningGrace, Final: domain.FinalAction(s.dunningFinal),
		InvoiceAhead: s.invoiceAhead, RemindAhead: s.remindAhead,
	}
}

// sandboxTimeout is how long the sandbox may take; it is on this machine.
const sandboxTimeout = 10 * time.Second
