package app

import (
	"time"

	"github.com/urfave/cli/v3"

	"slipway/domain"
)

// retentionSettings say how long rows are kept that nothing needs any more. Each has a
// least value, which protects work that may still need them.
func (s *Settings) retentionSettings() []setting {
	r, defaults := &s.Retention, domain.DefaultRetention()
	keep := func(name string, kept *time.Duration, value, least time.Duration, what string) setting {
		return define(&cli.DurationFlag{Name: "retention-" + name, Value: value, Destination: kept,
			Usage: "how long " + what + "; 0 for ever"}).
			must("0, or at least "+hours(least), func() bool { return *kept == 0 || *kept >= least })
	}
	shortest, onboarding := domain.ShortestRetention, domain.ShortestOnboardingRetention
	events := keep("events", &r.Events, defaults.Events, shortest, "events are kept, once every webhook has them").
		must("0, or at least "+hours(shortest)+" and --retention-deliveries", func() bool {
			return r.Events == 0 || (r.Events >= shortest && r.Deliveries > 0 && r.Events >= r.Deliveries)
		})
	return []setting{
		events,
		keep("commands", &r.Commands, defaults.Commands, onboarding, "commands are kept"),
		keep("provider-events", &r.ProviderEvents, defaults.ProviderEvents, shortest,
			"what providers reported is kept, once it was passed on"),
		keep("deliveries", &r.Deliveries, defaults.Deliveries, shortest, "ended deliveries of webhooks are kept"),
		keep("onboardings", &r.Onboardings, defaults.Onboardings, onboarding,
			"onboardings that ended early are kept, with the personal data of who never became a customer"),
		keep("debits", &r.Debits, defaults.Debits, shortest,
			"debits are kept one by one, and their idempotency keys are good; after it a period has their sum"),
		keep("removed", &r.Removed, defaults.Removed, shortest, "revoked API keys and deleted sites are kept"),
	}
}

// hours writes a duration as settings do.
func hours(d time.Duration) string {
	return d.Truncate(time.Hour).String()[:len(d.String())-len("0m0s")]
}
