package domain

// EventTypes says of each type of event what happened. The API's description
// and docs/webhooks.md show it. A type
// that is not in it cannot be asked for.
var EventTypes = map[EventType]string{
	EventOnboardingReceived:  "A sign-up, or the choice of a plan, was received.",
	EventOnboardingWaiting:   "It waits for a person: `data.status` says for what.",
	EventOnboardingReminded:  "The customer should be reminded that it waits for a payment.",
	EventOnboardingCompleted: "The account is in use.",
	EventOnboardingExpired:   "It ended because no payment came in time.",
	EventOnboardingCanceled:  "The customer or an admin canceled it.",
	EventOnboardingFailed:    "It ended because of something that only an operator can judge.",
	EventOnboardingRepaired:  "Its row did not say what is true, and was corrected.",
	EventClientSecretRevoked: "Its client_secret was ended before its time; its owner signs in instead.",
	EventCommandRefused:      "A signal from Temporal's own tools asked for what the state does not allow.",
	EventWorkflowRestarted:   "A workflow was stopped by hand, or failed, with work left, and runs again.",

	EventAccountCreated:   "The account exists, with its owner and its slug.",
	EventAccountImported:  "The account came from another system, with its subscription.",
	EventAccountActivated: "The account may be used.",
	EventAccountSuspended: "The account may not be used until it is paid for.",
	EventAccountClosed:    "The account is closed; its slug is never given away again.",

	EventPlanChosen:            "The customer chose a plan for an onboarding.",
	EventPaymentMethodAttached: "A payment method was added.",
	EventPaymentMethodDefault:  "Another payment method became the default.",
	EventPaymentMethodRemoved:  "A payment method was removed.",
	EventPaymentMethodRefused:  "The provider refused a payment method.",

	EventSubscriptionCreated:       "A subscription was opened; it is not in use yet.",
	EventSubscriptionActivated:     "The subscription is in use: trialing or active.",
	EventSubscriptionCanceled:      "The subscription ended.",
	EventSubscriptionExpired:       "The first invoice was never paid: the subscription was never in use.",
	EventSubscriptionRenewed:       "The next period has begun.",
	EventSubscriptionPastDue:       "A renewal was not paid; use continues within grace.",
	EventSubscriptionRecovered:     "The late renewal was paid.",
	EventSubscriptionUnpaid:        "No payment came in time: the subscription may not be used any more.",
	EventSubscriptionTrialEnds:     "The trial ends soon.",
	EventSubscriptionTrialExtended: "Staff moved the end of the trial.",
	EventSubscriptionChanged:       "The subscription is on another plan now.",
	EventSubscriptionWillChange:    "Another plan begins with the next period.",
	EventSubscriptionWillCancel:    "The subscription ends with the current period.",
	EventSubscriptionResumed:       "A scheduled cancellation or change of plan was taken back.",

	EventInvoiceOpened:        "An invoice is owed.",
	EventInvoicePaid:          "An invoice was paid.",
	EventInvoiceVoided:        "An invoice was taken back or waived: nothing is owed.",
	EventInvoiceReminded:      "The customer should be reminded of an open invoice.",
	EventInvoiceUncollectible: "An invoice was given up.",

	EventPaymentSubmitted:      "The customer submitted the reference of a transfer.",
	EventPaymentSucceeded:      "The money is there.",
	EventPaymentFailed:         "An attempt to pay failed; `data` says why.",
	EventPaymentLate:           "Money came for something that had ended: staff have to decide.",
	EventPaymentRequiresAction: "The customer has to confirm a payment on the provider's page.",
	EventPaymentRetrying:       "A late payment is tried again.",
	EventPaymentRefunded:       "Money was refunded.",

	EventCreditsGranted: "Credits were added to the account.",

	EventPlanSaved:          "A plan was added or changed.",
	EventPaymentOptionSaved: "A payment option was added or changed.",
	EventCreditPackageSaved: "A credit package was added or changed.",
	EventAPIKeyCreated:      "An API key was made.",
	EventAPIKeyRevoked:      "An API key was revoked.",
	EventJobRetried:         "Staff had a job of reconcile try again what it had put aside.",

	EventEndpointCreated:  "A webhook endpoint was added.",
	EventEndpointChanged:  "A webhook endpoint was changed or enabled.",
	EventEndpointDeleted:  "A webhook endpoint was removed.",
	EventEndpointDisabled: "A webhook endpoint was disabled; `disabled_reason` says why.",
	EventWebhookTest:      "A test, sent to one endpoint alone.",
}
