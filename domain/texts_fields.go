package domain

// What is wrong with a field of a request (FieldError.Message).
const (
	TextFieldRequired   TextCode = "field_required"
	TextFieldUnfit      TextCode = "field_unfit"
	TextFieldUnknown    TextCode = "field_unknown"
	TextQueryUnknown    TextCode = "query_unknown"
	TextNotAnEmail      TextCode = "not_an_email"
	TextNotAName        TextCode = "not_a_name"
	TextNotASlug        TextCode = "not_a_slug"
	TextSlugKept        TextCode = "slug_kept"
	TextEasyPassword    TextCode = "easy_password"
	TextNotACountry     TextCode = "not_a_country"
	TextNotACurrency    TextCode = "not_a_currency"
	TextNotAToken       TextCode = "not_a_token"
	TextTokenUnwanted   TextCode = "token_unwanted"
	TextTokenElsewhere  TextCode = "token_of_another_provider"
	TextProviderRefused TextCode = "provider_refused"
	TextNotOnOffer      TextCode = "not_on_offer"
	TextNotUsableHere   TextCode = "not_usable_here"
	TextNotAReference   TextCode = "not_a_reference"
	TextReasonNeeded    TextCode = "reason_needed"
	TextNotADebitReason TextCode = "not_a_debit_reason"
	TextNotVisible      TextCode = "not_visible"
	TextNotACode        TextCode = "not_a_code"
	TextNulCharacter    TextCode = "nul_character"
	TextNotAnID         TextCode = "one_not_an_id"
	TextNotLimits       TextCode = "one_not_a_limit"
	TextNotAnEventType  TextCode = "not_an_event_type"
	TextProviderUnknown TextCode = "provider_unknown"
	TextTypeNotServed   TextCode = "type_not_served"
	TextNotAWebhookURL  TextCode = "not_a_webhook_url"
	TextNotAClockTime   TextCode = "not_a_clock_time"
	TextClockCannot     TextCode = "clock_cannot"
	TextClockUnknown    TextCode = "clock_unknown"
	TextSearchTooShort  TextCode = "search_too_short"
	TextNotACursor      TextCode = "not_a_cursor"
	TextNotADuration    TextCode = "not_a_duration"
)

// What a field accepts (FieldError.Accepted).
const (
	AcceptEmail        TextCode = "accept_email"
	AcceptName         TextCode = "accept_name"
	AcceptSlug         TextCode = "accept_slug"
	AcceptPassword     TextCode = "accept_password"
	AcceptCountry      TextCode = "accept_country"
	AcceptCurrency     TextCode = "accept_currency"
	AcceptToken        TextCode = "accept_token"
	AcceptNoToken      TextCode = "accept_no_token"
	AcceptOtherCard    TextCode = "accept_other_card"
	AcceptSuggestion   TextCode = "accept_suggestion"
	AcceptVisible      TextCode = "accept_visible"
	AcceptVisibleLine  TextCode = "accept_visible_line"
	AcceptVisibleASCII TextCode = "accept_visible_ascii"
	AcceptReference    TextCode = "accept_reference"
	AcceptWithoutNul   TextCode = "accept_without_nul"
	AcceptReason       TextCode = "accept_reason"
	AcceptDebitReason  TextCode = "accept_debit_reason"
	AcceptFromOne      TextCode = "accept_from_one"
	AcceptLimit        TextCode = "accept_limit"
	AcceptDays         TextCode = "accept_days"
	AcceptIDs          TextCode = "accept_ids"
	AcceptOptionType   TextCode = "accept_option_type"
	AcceptWebhookURL   TextCode = "accept_webhook_url"
	AcceptEventFilters TextCode = "accept_event_filters"
	AcceptClockTime    TextCode = "accept_clock_time"
	AcceptClockTarget  TextCode = "accept_clock_target"
	AcceptTestClock    TextCode = "accept_test_clock"
	AcceptSearch       TextCode = "accept_search"
	AcceptCursor       TextCode = "accept_cursor"
	AcceptDuration     TextCode = "accept_duration"

	AcceptCatalogueKey    TextCode = "accept_catalogue_key"
	AcceptCurrencyForm    TextCode = "accept_currency_form"
	AcceptIdempotencyKey  TextCode = "accept_idempotency_key"
	AcceptPlanFilter      TextCode = "accept_plan_filter"
	AcceptAccountID       TextCode = "accept_account_id"
	AcceptOnboardingID    TextCode = "accept_onboarding_id"
	AcceptEventTypeFilter TextCode = "accept_event_type"
)

// What is not available right now, and the page that a payment provider sends
// customers back to.
const (
	LabelWorkflow   TextCode = "label_workflow"
	LabelBalance    TextCode = "label_balance"
	LabelNextAction TextCode = "label_next_action"
	LabelPasswords  TextCode = "label_passwords"
	LabelThanks     TextCode = "label_thanks"
	TextReturned    TextCode = "returned"
)

var fieldTexts = map[TextCode]string{
	TextFieldRequired:   "It is required.",
	TextFieldUnfit:      "It cannot be accepted.",
	TextFieldUnknown:    "It has a field that does not exist; case matters.",
	TextQueryUnknown:    "There is a query parameter that does not exist.",
	TextNotAnEmail:      "It is not a plain e-mail address.",
	TextNotAName:        "It cannot be a name.",
	TextNotASlug:        "It does not have the form of a slug.",
	TextSlugKept:        "It is reserved for the product.",
	TextEasyPassword:    "It is too short, too long or too easy to guess.",
	TextNotACountry:     "There is no such country.",
	TextNotACurrency:    "There is no such currency.",
	TextNotAToken:       "It is not a token.",
	TextTokenUnwanted:   "This payment option takes no token.",
	TextTokenElsewhere:  "It is not a token of this option's provider.",
	TextProviderRefused: "The provider refused it: {reason}.",
	TextNotOnOffer:      "It is not on offer.",
	TextNotUsableHere:   "It cannot be used here.",
	TextNotAReference:   "It cannot be a reference.",
	TextReasonNeeded:    "A reason is needed.",
	TextNotADebitReason: "It cannot be the reason of a debit.",
	TextNotVisible:      "It has characters that cannot be shown.",
	TextNotACode:        "It is too long for a code, or has characters that none has.",
	TextNulCharacter:    "It has a NUL character.",
	TextNotAnID:         "One of them is not an id of this kind.",
	TextNotLimits:       "One of them cannot be a limit.",
	TextNotAnEventType:  "It is no type of event.",
	TextProviderUnknown: "No payment provider with this name is registered.",
	TextTypeNotServed:   "The payment provider {provider} does not serve it.",
	TextNotAWebhookURL:  "Events cannot be posted there.",
	TextNotAClockTime:   "No clock shows this time.",
	TextClockCannot:     "The clock cannot go there.",
	TextClockUnknown:    "There is no such test clock.",
	TextSearchTooShort:  "It is too short to be searched for.",
	TextNotACursor:      "It is not a cursor of this list.",
	TextNotADuration:    "It is neither true nor a duration.",

	AcceptEmail: "a plain address such as ada@example.com, at most 254 bytes",
	AcceptName:  "1 to 120 visible characters: no control, zero-width or line-breaking ones",
	AcceptSlug:  "3 to 48 lower-case letters, digits and single hyphens between them",
	AcceptPassword: "8 to 128 characters that are hard to guess: several uncommon words, or a longer mix; " +
		"not the e-mail address or the account's name",
	AcceptCountry:      "an ISO 3166-1 alpha-2 code, upper case, such as KE",
	AcceptCurrency:     "an ISO 4217 code, lower case, such as eur",
	AcceptToken:        "a token from the provider's form, or nothing",
	AcceptNoToken:      "nothing; leave it out",
	AcceptOtherCard:    "another card",
	AcceptSuggestion:   "one of the suggestions",
	AcceptVisible:      "visible text",
	AcceptVisibleLine:  "one line of visible text",
	AcceptVisibleASCII: "visible ASCII characters, without spaces",
	AcceptReference:    "1 to 140 visible characters",
	AcceptWithoutNul:   "text without NUL",
	AcceptReason:       "3 to 500 visible characters",
	AcceptDebitReason:  "1 to 120 visible characters, and none of the ledger's own reasons",
	AcceptFromOne:      "a number from 1",
	AcceptLimit:        "a key of 1 to 60 visible characters and a number from 0",
	AcceptDays:         "1 to 365",
	AcceptIDs:          "ids that begin with {prefix}_",
	AcceptOptionType:   "card, bank_transfer, wallet or invoice",
	AcceptWebhookURL:   "an https URL of a public host, without credentials, at most 2000 characters",
	AcceptEventFilters: "types such as invoice.paid, or invoice.*",
	AcceptClockTime:    "an RFC 3339 time between 2000 and 2100, such as 2026-01-31T10:00:00Z",
	AcceptClockTarget:  "a time later than it shows, by two years at most, and before 2100",
	AcceptTestClock:    "the id of a test clock, where they are enabled",
	AcceptSearch:       "at least three letters or digits, or an id",
	AcceptCursor:       "next_cursor of the page before",
	AcceptDuration:     "true, or a duration such as 30m",

	AcceptCatalogueKey:    "1 to 60 lower-case letters, digits, hyphens and underscores",
	AcceptCurrencyForm:    "three lower-case letters",
	AcceptIdempotencyKey:  "1 to 255 visible ASCII characters",
	AcceptPlanFilter:      "a plan's code",
	AcceptAccountID:       "an account's id",
	AcceptOnboardingID:    "an onboarding's id",
	AcceptEventTypeFilter: "an event's type, such as payment.succeeded",

	LabelWorkflow:   "The workflow",
	LabelBalance:    "The balance",
	LabelNextAction: "The next action",
	LabelPasswords:  "Checking passwords",
	LabelThanks:     "Thank you",
	TextReturned:    "That is all we needed. You can close this page and continue in the app.",
}
