package domain

import "time"

// Retention says how long rows are kept that nothing needs any more; zero is for
// ever. What counts money is kept whatever it says.
type Retention struct {
	// Events are kept this long, and until every endpoint that wants one has it.
	Events time.Duration
	// Commands are kept this long after they were given.
	Commands time.Duration
	// ProviderEvents are kept this long after they were passed on.
	ProviderEvents time.Duration
	// Deliveries are kept this long after they ended.
	Deliveries time.Duration
	// Onboardings that ended early are kept this long, with what they reserved.
	Onboardings time.Duration
	// Debits become one ledger entry for each pool and period after this long; their
	// idempotency keys are good for as long.
	Debits time.Duration
	// Removed is how long revoked API keys and deleted sites are kept.
	Removed time.Duration
}

// ShortestRetention is the least that running work needs: a delivery is tried for
// three days, an idempotency key is good for as long.
const ShortestRetention = 7 * 24 * time.Hour

// ShortestOnboardingRetention is the least for onboardings that ended and for
// commands: money may be on its way for weeks, and a payment waits for staff for
// thirty days.
const ShortestOnboardingRetention = 30 * 24 * time.Hour

// DefaultRetention keeps what is said of an account for more than a year, what only
// served a transport for a month, and who never became a customer for three.
func DefaultRetention() Retention {
	const month, year = 30 * 24 * time.Hour, 400 * 24 * time.Hour
	return Retention{
		Events: year, Commands: year, ProviderEvents: month, Deliveries: month, Onboardings: 3 * month,
		Debits: year, Removed: year,
	}
}
