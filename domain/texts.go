package domain

import (
	"maps"
	"strings"
)

// TextCode names a sentence that a person may read.
type TextCode string

// What problems say. Where an error's reason says it all, the text bears its name.
const (
	TextInvalid                  TextCode = "invalid"
	TextNotFound                 TextCode = "not_found"
	TextUnavailable              TextCode = "unavailable"
	TextSchemaMissing            TextCode = "schema_missing"
	TextBusy                     TextCode = "busy"
	TextThrottled                TextCode = "throttled"
	TextInternal                 TextCode = "internal"
	TextInvalidTransition        TextCode = "invalid_transition"
	TextUnauthenticated          TextCode = "unauthenticated"
	TextWrongCredentials         TextCode = "wrong_credentials"
	TextClientSecretEnded        TextCode = "client_secret_ended"
	TextForbidden                TextCode = "forbidden"
	TextForgedWebhook            TextCode = "forged_webhook"
	TextBodyTooLarge             TextCode = "body_too_large"
	TextBodyMissing              TextCode = "body_missing"
	TextBodyCutOff               TextCode = "body_cut_off"
	TextBodyNotUTF8              TextCode = "body_not_utf8"
	TextBodyHalfSurrogate        TextCode = "body_half_surrogate"
	TextBodyNotJSON              TextCode = "malformed_body"
	TextMediaType                TextCode = "unsupported_media_type"
	TextMethod                   TextCode = "method_not_allowed"
	TextOrigin                   TextCode = "origin_not_allowed"
	TextSlashAtEnd               TextCode = "slash_at_end"
	TextEmailTaken               TextCode = "email_taken"
	TextChangeByNewSignUp        TextCode = "change_by_new_sign_up"
	TextChangePlanHere           TextCode = "change_plan_here"
	TextChangeMethodHere         TextCode = "change_method_here"
	TextChangeLater              TextCode = "change_later"
	TextSlugTaken                TextCode = "slug_taken"
	TextSlugReserved             TextCode = "slug_reserved"
	TextWeakPassword             TextCode = "weak_password"
	TextPlanUnavailable          TextCode = "plan_unavailable"
	TextPlanIsFree               TextCode = "plan_is_free"
	TextPaymentOptionUnavailable TextCode = "payment_option_unavailable"
	TextPackageUnavailable       TextCode = "package_unavailable"
	TextCardRefused              TextCode = "card_refused"
	TextSubscriptionExists       TextCode = "subscription_exists"
	TextChoosingPlan             TextCode = "choosing_plan"
	TextChoosingPlanIn           TextCode = "choosing_plan_in"
	TextAccountNotInUse          TextCode = "account_not_in_use"
	TextPaymentMethodMissing     TextCode = "payment_method_missing"
	TextPaymentMethodUnfinished  TextCode = "payment_method_unfinished"
	TextPaymentMethodNeeded      TextCode = "payment_method_needed"
	TextPaidByOnboarding         TextCode = "paid_by_onboarding"
	TextNothingLate              TextCode = "nothing_late"
	TextCardNotAccepted          TextCode = "card_not_accepted"
	TextPlanCodeTaken            TextCode = "plan_code_taken"
	TextOptionKeyTaken           TextCode = "payment_option_key_taken"
	TextPackageCodeTaken         TextCode = "credit_package_code_taken"
	TextEndpointDisabled         TextCode = "endpoint_disabled"
	TextBalanceUnavailable       TextCode = "balance_unavailable"
	TextListTooSlow              TextCode = "list_too_slow"
	TextAccountClosed            TextCode = "account_closed"
	TextPaymentRequired          TextCode = "payment_required"
	TextFeatureNotInPlan         TextCode = "feature_not_in_plan"
	TextLimitReached             TextCode = "limit_reached"
	TextInsufficientCredits      TextCode = "insufficient_credits"
	TextTooManyPurchases         TextCode = "too_many_purchases"
	TextTooManyMethods           TextCode = "too_many_payment_methods"
	TextTooManyStreams           TextCode = "too_many_streams"
	TextTooManyWrites            TextCode = "too_many_writes"
)

// english is the catalogue, by subject. A second language is a second map with
// the same codes; {name} is filled with a value.
var english = together(problemTexts, fieldTexts, stepTexts, declineTexts, billingTexts, importTexts,
	summaryTexts, detailTexts, checkTexts)

// together is one map of several.
func together(subjects ...map[TextCode]string) map[TextCode]string {
	all := map[TextCode]string{}
	for _, texts := range subjects {
		maps.Copy(all, texts)
	}
	return all
}

var problemTexts = map[TextCode]string{
	TextInvalid:                  "The request has a field that cannot be accepted.",
	TextNotFound:                 "There is no such {noun}.",
	TextBusy:                     "{what} is over one of its limits right now; try again later.",
	TextUnavailable:              "{what} is not available right now; try again.",
	TextSchemaMissing:            "The database's schema is not up to date; run `slipway migrate`, then try again.",
	TextThrottled:                "There were too many attempts; wait a little.",
	TextInternal:                 "Something went wrong on our side; the request_id finds it in the log.",
	TextInvalidTransition:        "The current state does not allow this.",
	TextUnauthenticated:          "A valid credential is needed: Authorization: Bearer.",
	TextClientSecretEnded:        "This client_secret has ended; sign in instead.",
	TextWrongCredentials:         "E-mail and password do not fit.",
	TextForbidden:                "This credential does not open this.",
	TextForgedWebhook:            "The webhook is not signed by the provider, or not lately.",
	TextBodyTooLarge:             "The body is larger than 64 KiB.",
	TextBodyMissing:              "This call needs a body.",
	TextBodyCutOff:               "The body could not be read to its end.",
	TextBodyNotUTF8:              "The body is not valid UTF-8.",
	TextBodyHalfSurrogate:        "The body has half of a surrogate pair.",
	TextBodyNotJSON:              "The body is not valid JSON.",
	TextMediaType:                "The body must be JSON in UTF-8, sent as application/json and not compressed.",
	TextMethod:                   "This route does not take this method; Allow lists those it takes.",
	TextOrigin:                   "Browsers may not call the API from this origin.",
	TextSlashAtEnd:               "No path ends with a slash; this one is {path}.",
	TextChangeByNewSignUp:        "It stays as it is; to have another, cancel this sign-up and begin a new one.",
	TextChangePlanHere:           "Choose another plan with change_url.",
	TextChangeMethodHere:         "Choose another way to pay with change_url.",
	TextChangeLater:              "It can be changed once the sign-up waits for you again, or has completed.",
	TextEmailTaken:               "This e-mail is registered; sign in instead.",
	TextSlugTaken:                "This slug is taken; choose another.",
	TextSlugReserved:             "This slug is reserved; choose another.",
	TextWeakPassword:             "The password is too weak.",
	TextPlanUnavailable:          "This plan is not on offer.",
	TextPlanIsFree:               "The plan is free: choose another with POST /v1/account/subscription.",
	TextPaymentOptionUnavailable: "This payment option cannot be used here.",
	TextPackageUnavailable:       "This credit package is not for sale.",
	TextCardRefused:              "The card was refused; use another one.",
	TextSubscriptionExists:       "The account has a paid subscription.",
	TextChoosingPlan:             "The account is choosing a plan already.",
	TextChoosingPlanIn:           "The account is choosing a plan already: continue with onboarding {onboarding}.",
	TextAccountNotInUse:          "The account is not in use.",
	TextPaymentMethodMissing:     "Add a payment method first.",
	TextPaymentMethodUnfinished:  "It is not attached yet: finish the provider's page first.",
	TextPaymentMethodNeeded:      "Something is paid with this method; make another one the default first.",
	TextPaidByOnboarding:         "The onboarding takes this payment: see next_action.",
	TextNothingLate: "Nothing is late: the card is charged when the period begins, on " +
		"{date}. To pay before, submit a reference.",
	TextCardNotAccepted:     "The card was not accepted; add another one, or try it again.",
	TextPlanCodeTaken:       "Another plan has this code.",
	TextOptionKeyTaken:      "Another payment option has this key or external id.",
	TextPackageCodeTaken:    "Another credit package has this code.",
	TextEndpointDisabled:    "The endpoint is disabled; enable it first.",
	TextBalanceUnavailable:  "The balance is not known right now; that is not the same as zero. Try again.",
	TextListTooSlow:         "Reading this list took too long; narrow it with a filter, or search for more of the text.",
	TextAccountClosed:       "The account is closed.",
	TextPaymentRequired:     "The account cannot be used before it is paid for.",
	TextFeatureNotInPlan:    "The account's plan does not include this.",
	TextLimitReached:        "The account's plan does not include that many.",
	TextInsufficientCredits: "There are not enough credits; nothing was taken.",
	TextTooManyPurchases: "The account has {limit} open purchases, as many as it may: pay one first. " +
		"GET /v1/account/invoices?status=open lists them; an unpaid one ends after seven days.",
	TextTooManyMethods: "The account has {limit} payment methods, as many as it may: remove one first, " +
		"with DELETE /v1/account/payment-methods/ and its id.",
	TextTooManyStreams: "Too many streams and long polls are open: close one, or try again later.",
	TextTooManyWrites:  "The account made too many changes within a minute; wait a little.",
}

// Text is the sentence of a code. Its placeholders are filled from pairs of a
// name and a value, such as "noun", "plan". Values are ids, dates and words of
// ours, never what a person submitted.
func Text(code TextCode, args ...string) string {
	pairs := make([]string, len(args))
	for i, arg := range args {
		if pairs[i] = arg; i%2 == 0 {
			pairs[i] = "{" + arg + "}"
		}
	}
	return strings.NewReplacer(pairs...).Replace(english[code])
}
