package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// longDocs are the descriptions of fields and parameters that do not fit beside
// them: there, doc:"@bulk.ids" names the text.
var longDocs = map[string]string{
	"accounts.plan": "Of the subscription in use.",
	"addPaymentMethod.payment_token": "" +
		"From the payment provider's form, for options that are charged; without one, next_action leads to " +
		"the provider's page.",
	"attach.payment_token": "" +
		"From the payment provider's form, for options that are charged; without one, setup_url leads to the " +
		"provider's page.",
	"attachedMethod.setup_url": "" +
		"The provider's page on which the customer enters it; it is attached when that is done.",
	"bulk.ids": "1 to 100; each is answered for itself.",
	"changeOwnPlan.plan": "" +
		"Code of a plan on offer. A dearer one takes effect when the difference is paid, a cheaper one at the " +
		"end of the period.",
	"checkEntitlement.limit": "" +
		"A limit of its plan that must not be passed, such as sites.",
	"checkEntitlement.quantity": "" +
		"With limit: how many more; 1 when absent, 0 asks whether what there is fits.",
	"checkEntitlement.used": "" +
		"With limit: how many there are, as the caller counts; sites are counted here, whatever it says.",
	"command.note": "For colleagues only: never shown to the customer, in no event.",
	"command.reason": "" +
		"Why: 3 to 500 visible characters, of any number of lines, kept in the audit. Some commands need none. " +
		"The customer sees that of a rejected payment, and no other.",
	"commandResult.differences": "" +
		"refresh: what did not say what is true, and was repaired.",
	"commandResult.from": "" +
		"Status before: of the payment, else of the onboarding while it runs, else of the subscription.",
	"createClock.now": "What it shows; accounts bound to it live from then on.",
	"creditBalance.status": "" +
		"provisioning: the onboarding still runs; the figures are null.",
	"debit.idempotency_key": "" +
		"Required: what is charged must be charged once. Kept as long as the ledger.",
	"debit.reason": "What they are spent on, for the ledger: 1 to 120 visible characters.",
	"debitResult.entries": "" +
		"One for each pool it drew on, the plan's first; their amounts are negative.",
	"endpointChange.events": "" +
		"Types such as invoice.paid, or invoice.* for all of a noun; empty for everything that concerns an " +
		"account.",
	"endpointChange.url": "" +
		"Where events are posted: https, a public host, no credentials.",
	"entitlement.limit":     "How far the limit that was asked for is used up.",
	"entitlements.features": "What may be used now; empty unless entitled.",
	"entitlements.limits": "" +
		"How much of each; empty unless entitled. A key that is missing is not included.",
	"allowed.plans": "Unless entitled: codes of the plans on offer.",
	"allowed":       "Whether the account may use the product at all.",
	"entitlements.upgradable": "" +
		"Unless entitled: whether choosing a plan on offer cures it.",
	"event.reason": "" +
		"What the actor gave as the reason. Of what staff give, customers see that of a rejected payment alone: " +
		"show them no other.",
	"idempotent.idempotency_key": "" +
		"The same key and body again answer with the same resource; kept for three days.",
	"jobFailure.item_id": "" +
		"What the job could not deal with: the id of an onboarding, a subscription, a payment, a webhook endpoint " +
		"or a workflow, or a provider and its event's id.",
	"onboardings.plan": "Only those of this plan.",
	"onboardings.stuck": "" +
		"true: not ended and unchanged for ten minutes; or a duration such as 30m.",
	"option.countries":      "ISO 3166-1 alpha-2 codes, upper case; empty for all.",
	"option.currencies":     "ISO 4217 codes, lower case; empty for all.",
	"options.if_none_match": "The ETag the client has: 304 while it is the current one.",
	"optionChange.preferred": "" +
		"Chosen when the customer names none; the one before is not any more.",
	"packageChange.credits": "Added to the bonus pool once it is paid for.",
	"option.external_id":    "The id an imported catalogue gave it.",
	"option.instructions":   "How to pay, for the customer to read.",
	"option.provider": "" +
		"Name of a registered payment provider; by hand when none is named.",
	"payInvoice.reference": "" +
		"What finds the transfer: 1 to 140 visible characters. Left out, the card is charged for a renewal " +
		"that is late.",
	"amount": "Price per interval in minor units; 0 is free.",
	"planChange.default": "" +
		"Chosen when a sign-up names none; the one before is not any more.",
	"problem.actions": "invalid_transition: what may be done instead.",
	"problem.current_plan": "" +
		"402, and 403 by the plan: code of the account's plan; absent without one.",
	"problem.errors": "The fields that cannot be accepted.",
	"problem.next_action": "" +
		"402, and 403 by the plan: where the customer cures it; absent when nothing does.",
	"problem.request_id": "" +
		"The same as the X-Request-Id header; finds the request in the log.",
	"problem.required_plans": "" +
		"402, and 403 by the plan: codes of the plans on offer that allow it.",
	"problem.suggestions": "" +
		"What is available instead: slugs, plan codes or payment option keys.",
	"problem.upgradable": "" +
		"402, and 403 by the plan: whether choosing a plan on offer cures it.",
	"readiness.checks": "With ?verbose: each check, and what to do about it.",
	"receivedOnboarding.client_secret": "" +
		"The bearer for this onboarding, and for a day the owner's session. Only here and in an idempotent " +
		"replay.",
	"receivedOnboarding.already_started": "" +
		"Only when this person's sign-up had begun before: it is answered instead of a new one, also for ten minutes " +
		"after it has completed.",
	"alreadyStarted.differs":      "What this request asks for and the sign-up does not have; empty when nothing.",
	"startedOtherwise.change_url": "The call that changes it, where there is one now.",
	"search.q": "" +
		"Part of a name, slug, e-mail or reference, of at least three letters or digits; or a whole id.",
	"billing.methods":  "The first hundred; the others follow in GET /v1/account/payment-methods.",
	"billing.invoices": "The newest hundred; the others follow in GET /v1/account/invoices?status=open.",
	"billing.payments": "The newest hundred; the others follow in GET /v1/account/payments?pending=true.",
	"section.next_cursor": "" +
		"The cursor with which the list goes on; null when this is all of it.",
	"section.status": "" +
		"unavailable: not known right now, which is not the same as none.",
	"signUp.account_name": "1 to 120 visible characters of any script.",
	"signUp.email":        "A plain address; compared without regard to case.",
	"signUp.payment_option": "" +
		"Key of a payment option; without one the server's rule chooses.",
	"signUp.payment_token": "" +
		"From the payment provider's form, for options that are charged; alone it chooses such an option.",
	"signUp.plan": "Code of a plan; without one the catalogue's default.",
	"signUp.slug": "" +
		"Chosen instead of one made from the name: 3 to 48 lower-case letters, digits and single hyphens. " +
		"Taken is 409, never another.",
	"signUp.test_clock": "" +
		"Id of a test clock for the account to live by; only where they are enabled.",
	"stream.last_event_id": "The version the client has: it is not sent again.",
	"status.if_none_match": "" +
		"The ETag of the version the client has: 304 while it is the current one.",
	"status.prefer": "" +
		"wait=20 waits up to that many seconds (30 at most): for another version than If-None-Match names, " +
		"or, without one, until somebody has to act.",
	"submitPayment.reference": "" +
		"What finds the transfer: 1 to 140 visible characters. Left out, the card is charged once more.",
	"subscribe.country": "ISO 3166-1 alpha-2, upper case; without one the account's.",
	"subscribe.payment_option": "" +
		"Key of a payment option; without one the account's default method, then the server's rule.",
	"subscriptionCancel.at": "When it ends; until then it can be resumed.",
	"subscriptions.plan":    "Only those of this plan.",

	"invoice.period_end":        "End of that period; null for the first one, which begins when it is paid.",
	"nextAction.expires_at":     "When the offer ends; for submit_payment, the payment window.",
	"nextAction.message":        "Why the customer is asked again, such as the reason of a rejection.",
	"onboarding.next_action":    "What the customer does next; null at an end without one.",
	"onboarding.plan":           "Snapshot of the plan at the time it was chosen.",
	"onboarding.retry_after_ms": "When to ask again, for clients that poll; 0 when done.",
	"payment.failure_class":     "Whether another attempt with the same method may bring it.",
	"payment.late": "" +
		"Money for what had already ended, or ended before it began: refund it, or start a new " +
		"subscription.",
	"payment.method":                   "The method that was charged.",
	"paymentOption.countries":          "ISO 3166-1 alpha-2 codes it is for; empty for all.",
	"paymentOption.currencies":         "ISO 4217 codes it is for; empty for all.",
	"plan.default":                     "Chosen when a sign-up names no plan; at most one. Never derived from the price.",
	"plan.trial_days":                  "Free days before the first charge; once per account.",
	"subscription.cancellation_reason": "Such as canceled_by_admin, replaced, payment_failed or trial_ended.",
	"subscription.grace_ends_at":       "While past_due: until when it may still be used.",
	"subscription.next_retry_at": "" +
		"While past_due: when the next attempt is made; null when only the customer can change " +
		"it.",
	"subscription.onboarding_id":       "The onboarding that opened it; its commands take the payment.",
	"subscription.pending_plan":        "Takes effect at the end of the period.",
	"webhookDelivery.last_error":       "Code of what went wrong last, such as timeout or private_address.",
	"webhookDelivery.last_status_code": "What the endpoint answered last; absent when it did not.",
	"webhookDelivery.next_attempt_at":  "About when it is tried again; null when it is not.",
	"endpoint.disabled": "" +
		"Why it is disabled: by_hand, gone (it answered 410), failing (nothing was delivered for five " +
		"days).",
	"webhookEndpoint.events": "" +
		"Types such as invoice.paid, or invoice.* for all of a noun; empty for everything that concerns " +
		"an account.",
	"webhookEndpoint.failing_since": "Since when every attempt failed; null when the last one succeeded.",
}

// longDoc is the description as it is read.
func longDoc(doc string) string {
	if name, long := strings.CutPrefix(doc, "@"); long {
		return longDocs[name]
	}
	return doc
}

// documentParameters gives the parameters and headers of every operation their
// long descriptions.
func documentParameters(oapi *huma.OpenAPI) {
	for _, item := range oapi.Paths {
		for _, operation := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if operation == nil {
				continue
			}
			for _, p := range operation.Parameters {
				limitText(p.Schema)
				p.Description, p.Schema.Description = longDoc(p.Description), longDoc(p.Schema.Description)
			}
		}
	}
}
