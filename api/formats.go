package api

import (
	"maps"
	"math"
	"slices"

	"github.com/danielgtaylor/huma/v2"

	"slipway/domain"
)

// What takes one form only has a type of its own, described once: Huma checks
// requests against its schema.
type (
	catalogueKey       string // the code of a plan or a credit package, the key of a payment option
	currencyCode       string
	countryCode        string
	eventFilter        string // types of events that an endpoint is sent
	rowID              string
	feature            string // what a plan opens
	count              int64  // of what a plan limits
	sortOrder          int
	idempotencyKey     string
	planFilter         string
	accountFilter      string
	onboardingFilter   string
	eventTypeFilter    string
	onboardingStatus   string
	subscriptionStatus string
	paymentStatus      string
	invoiceStatus      string
	jobFilter          string
)

// Schema is Huma's hook, as are those below.
func (catalogueKey) Schema(huma.Registry) *huma.Schema {
	return ofForm("^[a-z0-9][a-z0-9_-]{0,59}$", domain.AcceptCatalogueKey)
}

// Schema describes a currency.
func (currencyCode) Schema(huma.Registry) *huma.Schema {
	s := ofForm("^[a-z]{3}$", domain.AcceptCurrencyForm)
	s.Format = currencyText.Name
	return s
}

// Schema describes a country.
func (countryCode) Schema(huma.Registry) *huma.Schema { return ofKind(countryText, countryText.Max) }

// Schema describes a filter of events.
func (eventFilter) Schema(huma.Registry) *huma.Schema {
	return ofKind(domain.EventsText, domain.EventsText.Max)
}

// Schema describes the id of a row.
func (rowID) Schema(huma.Registry) *huma.Schema { return ofKind(domain.CodeText, 60) }

// Schema describes the name of a feature.
func (feature) Schema(huma.Registry) *huma.Schema { return ofKind(domain.LineText, 60) }

// Schema describes a number of things.
func (count) Schema(huma.Registry) *huma.Schema { return between(0, 1_000_000_000_000) }

// Schema describes a place in an order, which the databases keep in 32 bits.
func (sortOrder) Schema(huma.Registry) *huma.Schema { return between(math.MinInt32, math.MaxInt32) }

// The kinds of text that need to know which countries and currencies there are.
var (
	countryText  = domain.NewTextKind("country", 2, domain.TextNotACountry, domain.AcceptCountry, validCountry)
	currencyText = domain.NewTextKind("currency", 3, domain.TextNotACurrency, domain.AcceptCurrency, knownCurrency)
)

// textKinds are the kinds of text by the format that a field names.
var textKinds = kindsByName(append(domain.TextKinds, countryText, currencyText))

func kindsByName(kinds []domain.TextKind) map[string]domain.TextKind {
	named := map[string]domain.TextKind{}
	for _, k := range kinds {
		named[k.Name] = k
	}
	return named
}

// ofKind is text of the kind that may not be empty.
func ofKind(kind domain.TextKind, longest int) *huma.Schema {
	shortest := 1
	return &huma.Schema{Type: huma.TypeString, Format: kind.Name, MinLength: &shortest, MaxLength: &longest}
}

// between is a whole number in a range.
func between(lowest, highest float64) *huma.Schema {
	return &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &lowest, Maximum: &highest}
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

// Schema describes the type of an event.
func (eventTypeFilter) Schema(huma.Registry) *huma.Schema {
	return ofKind(domain.EventText, domain.EventText.Max)
}

// Schema lists the states of an onboarding.
func (onboardingStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.OnboardingMoves) }

// Schema lists the states of a subscription.
func (subscriptionStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.SubscriptionMoves) }

// Schema lists the states of a payment.
func (paymentStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.PaymentMoves) }

// Schema lists the states of an invoice.
func (invoiceStatus) Schema(huma.Registry) *huma.Schema { return oneOf(domain.InvoiceMoves) }

// Schema lists the jobs of reconcile.
func (jobFilter) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Enum: values(domain.Jobs)}
}

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
