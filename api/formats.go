package api

import (
	"maps"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"slipway/domain"
)

// What takes one form only has a type of its own, described once: Huma checks
// requests against its schema.
type (
	catalogueKey       string // the code of a plan or a credit package, the key of a payment option
	currencyCode       string
	idempotencyKey     string
	planFilter         string
	accountFilter      string
	onboardingFilter   string
	eventTypeFilter    string
	onboardingStatus   string
	subscriptionStatus string
	paymentStatus      string
)

// Schema is Huma's hook, as are those below.
func (catalogueKey) Schema(huma.Registry) *huma.Schema {
	return ofForm("^[a-z0-9][a-z0-9_-]{0,59}$", domain.AcceptCatalogueKey)
}

// Schema describes a currency.
func (currencyCode) Schema(huma.Registry) *huma.Schema {
	return ofForm("^[a-z]{3}$", domain.AcceptCurrencyForm)
}

// Schema describes an Idempotency-Key.
func (idempotencyKey) Schema(huma.Registry) *huma.Schema {
	return ofForm("^[!-~]{1,255}$", domain.AcceptIdempotencyKey)
}

// Schema describes the code of a plan that is looked for.
func (planFilter) Schema(huma.Registry) *huma.Schema {
	return ofForm("^[a-z0-9_-]{1,60}$", domain.AcceptPlanFilter)
}

// Schema describes the id of an account.
func (accountFilter) Schema(huma.Registry) *huma.Schema {
	return ofForm("^acct_[0-9A-Z]{26}$", domain.AcceptAccountID)
}

// Schema describes the id of an onboarding.
func (onboardingFilter) Schema(huma.Registry) *huma.Schema {
	return ofForm("^onb_[0-9A-Z]{26}$", domain.AcceptOnboardingID)
}

// Schema describes the type of an event; deployments have types of their own.
func (eventTypeFilter) Schema(huma.Registry) *huma.Schema {
	return ofForm(`^[a-z_]{1,40}\.[a-z_]{1,40}$`, domain.AcceptEventTypeFilter)
}

// Schema lists the states of an onboarding.
func (onboardingStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.OnboardingMoves) }

// Schema lists the states of a subscription.
func (subscriptionStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.SubscriptionMoves) }

// Schema lists the states of a payment.
func (paymentStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.PaymentMoves) }

// ofForm is text that matches the pattern; in words, for people.
func ofForm(pattern string, words domain.TextCode) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: pattern, PatternDescription: domain.Text(words)}
}

// oneOf is one of the states of a table.
func oneOf[S ~string](moves domain.Moves[S]) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeString}
	for _, state := range slices.Sorted(maps.Keys(moves)) {
		s.Enum = append(s.Enum, string(state))
	}
	return s
}
