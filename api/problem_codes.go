package api

import (
	"maps"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"slipway/domain"
)

// problemCodes says of each code that a problem may have what it means. The
// API's description and docs/errors.md show it.
var problemCodes = map[string]string{
	string(domain.CodeInvalid):         "The request can never succeed as it is; `errors` names the fields.",
	string(domain.CodeUnauthenticated): "There is no credential, or one that is not valid.",
	string(domain.CodePaymentRequired): "Paying, or choosing a plan, cures it; `next_action` says where.",
	string(domain.CodeForbidden):       "The credential does not open this.",
	string(domain.CodeNotFound):        "There is no such thing, or it is not the caller's.",
	string(domain.CodeConflict):        "The state does not allow it now.",
	string(domain.CodeThrottled):       "There were too many attempts; again after `Retry-After`.",
	string(domain.CodeUnavailable):     "Something it needs is away; again after `Retry-After`.",
	string(domain.CodeInternal):        "A fault on our side; `request_id` finds it in the log.",

	domain.ReasonEmailTaken:               "The e-mail address is registered: sign in instead.",
	domain.ReasonSlugTaken:                "Another account has the slug; `suggestions` are free.",
	domain.ReasonSlugReserved:             "The product keeps the slug for itself; `suggestions` are free.",
	domain.ReasonPlanUnavailable:          "The plan is not on offer; `suggestions` are.",
	domain.ReasonPaymentOptionUnavailable: "The payment option cannot be used here; `suggestions` can.",
	domain.ReasonPackageUnavailable:       "The credit package is not for sale; `suggestions` are.",
	domain.ReasonWeakPassword:             "The password is too short, too long or too easy to guess.",
	domain.ReasonCardRefused:              "The payment provider refused the card.",
	domain.ReasonInvalidTransition:        "The status `from` does not allow it; `available_actions` are allowed.",
	domain.ReasonIdempotencyKeyReused:     "The Idempotency-Key came with another request before.",
	domain.ReasonSubscriptionExists:       "The account has a paid subscription: change its plan instead.",
	domain.ReasonBalanceUnavailable:       "The balance is not known right now, which is not the same as zero.",
	domain.ReasonListTooSlow:              "Reading the list took too long: narrow it.",
	domain.ReasonAccountClosed:            "The account is closed.",
	domain.ReasonFeatureNotInPlan:         "The account's plan does not include the feature.",
	domain.ReasonLimitReached:             "The account's plan does not include that many; `limit` says how many.",
	domain.ReasonInsufficientCredits:      "There are not enough credits; nothing was taken.",
	domain.ReasonClientSecretEnded:        "The client_secret was revoked, or its onboarding ended a day ago.",
	domain.ReasonTooMany:                  "The account has as many as it may at the same time; `detail` says what to do.",
	domain.ReasonTooManyStreams:           "Too many streams and long polls are open; again after `Retry-After`.",
	domain.ReasonBodyTooLarge:             "The body is larger than 64 KiB.",
	reasonMalformedBody:                   "The body is not JSON in UTF-8, or is missing.",
	reasonMediaType:                       "The body is not sent as application/json in UTF-8.",
	reasonMethod:                          "The route does not take this method; `Allow` lists those it takes.",
	reasonOrigin:                          "Browsers may not call the API from this origin (`SLIPWAY_ALLOWED_ORIGINS`).",
}

// documentCodes describes the fields that hold one of a list of codes. The lists
// may grow, so they are descriptions, not enums that a client would enforce.
func documentCodes(schemas map[string]*huma.Schema) {
	describe := func(schema, field, text string) {
		if s := schemas[schema]; s != nil && s.Properties[field] != nil {
			s.Properties[field].Description = text
		}
	}
	describe("Problem", "code", "What clients branch on; more may be added.\n\n"+bulletList(problemCodes))
	events := "More may be added.\n\n" + bulletList(domain.EventTypes)
	describe("Event", "type", "What happened. "+events)
	describe("WebhookDelivery", "event_type", "The event's type. "+events)
}

// bulletList is a Markdown list of codes and what they mean.
func bulletList[K ~string](meanings map[K]string) string {
	var list strings.Builder
	for _, code := range slices.Sorted(maps.Keys(meanings)) {
		list.WriteString("- `" + string(code) + "`: " + meanings[code] + "\n")
	}
	return list.String()
}
