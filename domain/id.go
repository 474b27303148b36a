package domain

// Prefixes of the ids. An id is its prefix, an underscore and a ULID, so ids
// sort by creation and say what they are wherever they turn up.
const (
	PrefixOnboarding    = "onb"
	PrefixAccount       = "acct"
	PrefixUser          = "usr"
	PrefixPlan          = "plan"
	PrefixPaymentOption = "po"
	PrefixPaymentMethod = "pm"
	PrefixSubscription  = "sub"
	PrefixInvoice       = "in"
	PrefixPayment       = "pay"
	PrefixCredit        = "cr"
	PrefixEvent         = "evt"
	PrefixCommand       = "cmd"
	PrefixSession       = "ses"
	PrefixAPIKey        = "key"
	PrefixTestClock     = "clk"
	PrefixCreditPackage = "pkg"
	PrefixSite          = "site"
	PrefixJobFailure    = "jf"
)
