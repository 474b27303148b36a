package api

import (
	"log/slog"

	"slipway/domain"
	"slipway/store"
)

// shared is what every noun is built on: the parts of the process, and the rules
// that all calls have in common, each in a file of its own.
type shared struct {
	config Config
	store  *store.Store
	flows  Workflows
	log    *slog.Logger

	problems    // how a refusal is answered
	idempotency // how a creating request is repeated safely

	auth      *authentication
	secrets   secrets
	passwords *gate
	catalogue *catalogue
	metrics   *metrics
	streams   *openStreams
}

func newShared(c Config) (*shared, error) {
	passwords, err := newGate(c.PasswordHash)
	if err != nil {
		return nil, err
	}
	s := &shared{
		config: c, store: c.Store, flows: c.Workflows, log: c.Log,
		problems: problems{c.Log}, secrets: c.SecretKey, passwords: passwords,
		catalogue: newCatalogue(c.Store), metrics: newMetrics(c.Metrics, passwords, c.Store),
		streams: newOpenStreams(c.Limits),
	}
	s.idempotency = idempotency{store: c.Store, secrets: s.secrets}
	s.auth = &authentication{store: c.Store, secrets: s.secrets, problems: s.problems, metrics: s.metrics,
		writes: newLimiter(c.Limits.Writes)}
	return s, nil
}

// nouns are what the API serves, each a type in the files that bear its name.
// The beginning of a file's name says who calls: public_, onboarding_, account_,
// backend_, admin_, hooks_, operator_.
type nouns struct {
	plans          plans
	paymentOptions paymentOptions
	creditPackages creditPackages

	signups     *signups
	onboardings onboardings
	sessions    sessions

	accounts       accounts
	billing        billing
	credits        credits
	events         events
	invoices       invoices
	payments       payments
	paymentMethods paymentMethods
	sites          sites
	subscriptions  subscriptions

	entitlementChecks entitlementChecks
	webhookEndpoints  webhookEndpoints
	webhookDeliveries webhookDeliveries

	staff       staff
	apiKeys     apiKeys
	testClocks  testClocks
	jobFailures jobFailures

	providerWebhooks providerWebhooks
	health           health
}

// newNouns makes the nouns, after those that they ask.
func newNouns(s *shared) nouns {
	n := nouns{
		plans: plans{s}, paymentOptions: paymentOptions{s}, credits: credits{s},
		events: events{s}, payments: payments{s}, sites: sites{s}, testClocks: testClocks{s}, apiKeys: apiKeys{s},
		entitlementChecks: entitlementChecks{s}, webhookEndpoints: webhookEndpoints{s},
		webhookDeliveries: webhookDeliveries{s}, providerWebhooks: providerWebhooks{s}, health: health{s},
		jobFailures: jobFailures{s},
	}
	give := commands{s}
	n.staff = staff{s, give}
	n.invoices = invoices{s, give}
	next := nextActions{s, n.invoices}
	n.accounts = accounts{s, next}
	n.creditPackages = creditPackages{s, n.invoices}
	n.paymentMethods = paymentMethods{s, give, n.paymentOptions}
	n.onboardings = onboardings{s, give, n.plans, n.paymentOptions, n.invoices, next}
	n.signups = newSignups(s, n.onboardings, n.paymentOptions, n.testClocks)
	n.sessions = sessions{s, n.accounts, newLimiter(s.config.LoginRate)}
	n.subscriptions = subscriptions{s, give, n.onboardings, n.plans, n.paymentOptions}
	n.billing = billing{s, n.subscriptions, n.credits, next}
	return n
}

// orNil turns the error of what does not exist into nil, where nothing is an
// answer too.
func orNil[T any](found *T, err error) (*T, error) {
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return found, err
}
