package api

// bounds says, by operation id, of each call by which a customer adds something what
// keeps it from growing when it is made again and again. The description of the API
// shows it. Beside it, SLIPWAY_LIMIT_WRITES bounds whatever an account changes in a
// minute. Staff and API keys act for many accounts, and are bound by none of it.
var bounds = map[string]string{
	"sign-up":           "One unfinished sign-up for each e-mail address; SLIPWAY_SIGNUP_RATE a minute.",
	"sign-in":           "SLIPWAY_LOGIN_RATE a minute; the oldest session beyond SLIPWAY_LIMIT_SESSIONS ends.",
	"get-onboarding":    "At most SLIPWAY_LIMIT_STREAMS wait at once, SLIPWAY_LIMIT_ALL_STREAMS of all accounts.",
	"stream-onboarding": "At most SLIPWAY_LIMIT_STREAMS open at once, SLIPWAY_LIMIT_ALL_STREAMS of all accounts.",

	"choose-plan":        "One plan at a time: another voids the invoice of the one before.",
	"add-payment-method": "At most SLIPWAY_LIMIT_PAYMENT_METHODS, as added to the account.",
	"submit-payment":     "One payment at a time waits for a decision.",
	"confirm-payment":    "It adds nothing: the payment is there.",
	"cancel-onboarding":  "It ends what there is.",

	"buy-credits":            "At most SLIPWAY_LIMIT_PURCHASES open at once.",
	"pay-invoice":            "One payment of an invoice at a time waits for a decision.",
	"attach-payment-method":  "At most SLIPWAY_LIMIT_PAYMENT_METHODS.",
	"default-payment-method": "It adds nothing.",

	"subscribe":           "One onboarding at a time.",
	"cancel-subscription": "It ends what there is.",
	"resume-subscription": "It adds nothing.",
	"retry-payment":       "One attempt at a time.",
	"change-plan":         "One change at a time; another takes its place.",

	"create-site": "As many as the plan includes.",
}
