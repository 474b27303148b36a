package app

import (
	"slices"
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
)

func (s *Settings) paymentSettings() []setting {
	return []setting{
		define(&cli.StringFlag{Name: "public-url", Destination: &s.PublicURL,
			Usage: "URL under which customers and payment providers reach the API; empty for the address it listens on"}).
			must(aURL, func() bool { return s.PublicURL == "" || isURL(s.PublicURL, "http", "https") }),
		secret(&cli.StringFlag{Name: "stripe-secret-key", Destination: &s.StripeSecretKey,
			Sources: cli.EnvVars("STRIPE_SECRET_KEY"), Usage: "Stripe's secret key, to charge cards; empty for the sandbox"}),
		secret(&cli.StringFlag{Name: "stripe-webhook-secret", Destination: &s.StripeWebhookSecret,
			Sources: cli.EnvVars("STRIPE_WEBHOOK_SECRET"), Usage: "whsec_… of the endpoint PUBLIC_URL/webhooks/stripe"}),
		define(&cli.StringFlag{Name: "stripe-api-base", Destination: &s.StripeAPIBase,
			Sources: cli.EnvVars("STRIPE_API_BASE"), Usage: "another address than Stripe's own, for tests"}).
			must(aURL, func() bool { return s.StripeAPIBase == "" || isURL(s.StripeAPIBase, "http", "https") }),
		define(&cli.StringFlag{Name: "sandbox-url", Destination: &s.SandboxURL,
			Usage: "a running `slipway sandbox`; dev runs its own"}).
			must(aURL, func() bool { return s.SandboxURL == "" || isURL(s.SandboxURL, "http", "https") }),
		define(&cli.IntFlag{Name: "sandbox-port", Value: 8234, Destination: &s.SandboxPort,
			Usage: "dev, sandbox: port of the payment sandbox; 0 for a free one"}).
			must(aPort, func() bool { return isPort(s.SandboxPort) }),
		define(&cli.FloatFlag{Name: "provider-rate", Value: 50, Destination: &s.ProviderRate,
			Usage: "activities a second that may ask payment providers, over all workers; 0 for no limit"}).
			must("0 or more", func() bool { return s.ProviderRate >= 0 }),
		define(&cli.BoolFlag{Name: "test-clocks", Destination: &s.TestClocks,
			Usage: "let admins move time for accounts bound to a test clock; never in production. " +
				"On in dev unless set to false"}),
	}
}

func (s *Settings) renewalSettings() []setting {
	policy := domain.DefaultBillingPolicy()
	return []setting{
		define(&cli.StringSliceFlag{
			Name:        "dunning-retries",
			Destination: &s.DunningRetries,
			Value: []string{
				"24h",
				"72h",
				"120h",
				"168h",
			},
			Usage: "when an unpaid renewal is tried again, after it failed",
		}).
			must("durations, ascending, such as 24h,72h", func() bool {
				retries, err := durations(s.DunningRetries)
				return err == nil && slices.IsSorted(retries)
			}),
		define(&cli.DurationFlag{Name: "dunning-grace", Value: policy.Grace, Destination: &s.DunningGrace,
			Usage: "how long a past-due subscription may still be used"}).
			must("0 or more", func() bool { return s.DunningGrace >= 0 }),
		define(&cli.StringFlag{Name: "dunning-final", Value: string(policy.Final), Destination: &s.DunningFinal,
			Usage: "what a subscription becomes when recovery gives up: cancel or unpaid"}).
			must("cancel or unpaid", func() bool {
				final := domain.FinalAction(s.DunningFinal)
				return final == domain.FinalCancel || final == domain.FinalUnpaid
			}),
		define(&cli.DurationFlag{
			Name:        "invoice-ahead",
			Value:       policy.InvoiceAhead,
			Destination: &s.InvoiceAhead,
			Usage:       "how long before a period customers who pay by hand get its invoice, and a trial's end is announced",
		}).
			must("at least --remind-ahead, which is 0 or more", func() bool {
				return s.InvoiceAhead >= s.RemindAhead && s.RemindAhead >= 0
			}),
		define(&cli.DurationFlag{Name: "remind-ahead", Value: policy.RemindAhead, Destination: &s.RemindAhead,
			Usage: "how long before a period customers are reminded of its unpaid invoice"}),
		define(&cli.DurationFlag{Name: "renewal-jitter", Value: time.Hour, Destination: &s.RenewalJitter,
			Usage: "charge renewals up to so much after their period's end, each at a time of its own; 0 for none"}).
			must("between 0s and 24h", func() bool { return s.RenewalJitter >= 0 && s.RenewalJitter <= 24*time.Hour }),
	}
}

// policy is what onboarding and billing go by; check has refused what it cannot be.
func (s *Settings) policy() domain.Policy {
	reminders, _ := durations(s.Reminders)
	retries, _ := durations(s.DunningRetries)
	return domain.Policy{
		PaymentWindow: s.PaymentWindow, ExpiresAfter: s.ExpiresAfter, Reminders: reminders,
		PreferredOption: s.PreferredOption, KeepSlugs: s.KeepSlugs, Limits: s.Limits,
		Billing: domain.BillingPolicy{
			Retries: retries, Grace: s.DunningGrace, Final: domain.FinalAction(s.DunningFinal),
			InvoiceAhead: s.InvoiceAhead, RemindAhead: s.RemindAhead, RenewalJitter: s.RenewalJitter,
		},
	}
}
