package api

import (
	"net/http"

	"slipway/domain"
)

// The sections of the description.
const (
	tagCatalogue  = "Catalogue"
	tagOnboarding = "Onboarding"
	tagSession    = "Sessions"
	tagAccount    = "Account"
	tagAdmin      = "Admin"
	tagWebhooks   = "Webhooks"
	tagOperator   = "Operation"
	tagBackend    = "Backend"
)

// What several routes say of themselves.
var (
	created   = answers(http.StatusCreated)
	accepted  = alsoAnswers(http.StatusAccepted)
	underway  = answers(http.StatusAccepted)
	cacheable = alsoAnswers(http.StatusNotModified)
	noContent = answers(http.StatusNoContent)
	waits     = within(patiently) // for a workflow, or for a password to be hashed

	missing    = fails(string(domain.CodeNotFound))
	conflict   = fails(string(domain.CodeConflict))
	transition = fails(domain.ReasonInvalidTransition)
	reused     = fails(domain.ReasonIdempotencyKeyReused)
	refuses    = fails(string(domain.CodePaymentRequired), domain.ReasonAccountClosed) // paying cures the first
	noPlan     = fails(domain.ReasonPlanUnavailable)
	noOption   = fails(domain.ReasonPaymentOptionUnavailable)
	noBalance  = unavailableAs(domain.ReasonBalanceUnavailable)
)

// routes lists every call, by who makes it. A row says what the call is (method
// and path, operation id, summary), who answers it, and how it can fail beside
// the ways every route can. Longer descriptions are in routes_about.go.
func (a *API) routes() {
	a.serve(tagCatalogue, anyone, a.catalogueRows())
	a.serve(tagOnboarding, anyone, a.signUpRows())
	a.serve(tagOnboarding, participants, a.onboardingRows())
	a.serve(tagSession, anyone, a.signInRows())
	a.serve(tagSession, signedIn, a.signOutRows())
	a.serve(tagAccount, owners, a.accountRows())
	a.serve(tagAccount, owners, a.subscriptionRows())
	a.serve(tagAccount, owners, a.siteRows())
	a.serve(tagBackend, admins, a.backendRows())
	a.serve(tagWebhooks, admins, a.webhookRows())
	a.serve(tagAdmin, admins, a.adminListRows())
	a.serve(tagAdmin, admins, a.adminCommandRows())
	a.serve(tagAdmin, admins, a.adminCatalogueRows())
	a.serve(tagAdmin, signedInAdmins, a.apiKeyRows())
	a.serve(tagAdmin, admins, a.jobFailureRows())
	a.serve(tagAdmin, admins, a.testClockRows())
	a.serve(tagOperator, anyone, a.operatorRows())
	a.serveOperator() // /metrics, /openapi.json, /docs
}

func (a *API) catalogueRows() []row {
	return []row{
		raw[listOf[domain.Plan]]("GET /v1/plans", "list-plans", "List the plans on offer",
			a.plans.listPublic, cacheable),
		raw[listOf[domain.CreditPackage]]("GET /v1/credit-packages", "list-credit-packages",
			"List the credit packages for sale", a.creditPackages.listPublic, cacheable),
		do("GET /v1/payment-options", "list-payment-options", "List the ways to pay",
			a.paymentOptions.listPublic, cacheable, fails(string(domain.CodeInvalid))),
	}
}

func (a *API) signUpRows() []row {
	return []row{
		do("POST /v1/onboardings", "sign-up", "Sign up",
			a.signups.create, created, accepted, reused, waits, limitedByAddress, sparesAdmins, noPlan, noOption,
			checks((*signUpInput).check), counts(a.signups.countRefused),
			fails(domain.ReasonEmailTaken, domain.ReasonSlugTaken, domain.ReasonSlugReserved, domain.ReasonWeakPassword)),
	}
}

func (a *API) onboardingRows() []row {
	onboarding := domain.NounOnboarding
	return []row{
		do("GET /v1/onboardings/{id}", "get-onboarding", "Read how far it has come, or wait for a change",
			a.onboardings.get, cacheable, within(0), follows),
		do("GET /v1/onboardings/{id}/events", "stream-onboarding", "Follow it as server-sent events",
			a.onboardings.stream, streams, within(0), follows),
		give(onboarding, domain.ActionChoosePlan, "POST /v1/onboardings/{id}/plan", "choose-plan",
			a.onboardings.choosePlan, noPlan),
		give(onboarding, domain.ActionAddPaymentMethod, "POST /v1/onboardings/{id}/payment-method", "add-payment-method",
			a.onboardings.addPaymentMethod, noOption, tooMany),
		give(onboarding, domain.ActionSubmitPayment, "POST /v1/onboardings/{id}/payment", "submit-payment",
			a.onboardings.submitPayment),
		give(onboarding, domain.ActionConfirmPayment, "POST /v1/onboardings/{id}/confirm", "confirm-payment",
			a.onboardings.confirmPayment),
		give(onboarding, domain.ActionCancel, "POST /v1/onboardings/{id}/cancel", "cancel-onboarding",
			a.onboardings.cancel),
	}
}

func (a *API) signInRows() []row {
	return []row{
		do("POST /v1/sessions", "sign-in", "Sign in",
			a.sessions.signIn, created, limitedByAddress, waits, counts(a.sessions.countRefused),
			fails(string(domain.CodeUnauthenticated))),
	}
}

func (a *API) signOutRows() []row {
	return []row{
		do("DELETE /v1/sessions/current", "sign-out", "Sign out", a.sessions.signOut, noContent),
	}
}

func (a *API) accountRows() []row {
	return []row{
		do("GET /v1/account", "get-account", "Read the account",
			a.accounts.get, missing),
		do("GET /v1/account/billing", "get-billing", "Read everything about billing at once",
			a.billing.get),
		do("GET /v1/account/balance", "get-balance", "Read the credits left",
			a.credits.balance, noBalance),
		do("GET /v1/account/entitlements", "get-entitlements", "Read what the account may do",
			a.entitlementChecks.own),
		do("GET /v1/account/events", "list-account-events", "List what happened",
			a.events.listOwn, filtered),
		do("GET /v1/account/credits", "list-account-credits", "List the credits granted and spent",
			a.credits.list, filtered),
		do("POST /v1/account/credit-packages", "buy-credits", "Buy a credit package",
			a.creditPackages.buy, created, reused, conflict, waits, missing, tooMany,
			fails(domain.ReasonPackageUnavailable)),
		do("GET /v1/account/invoices", "list-account-invoices", "List the invoices",
			a.invoices.list, filtered),
		do("GET /v1/account/payments", "list-account-payments", "List the payments",
			a.payments.listOwn, filtered),
		do("POST /v1/account/invoices/{id}/payment", "pay-invoice",
			"Submit the reference of a payment, or charge the card",
			a.invoices.pay, transition, reused, conflict, waits),
		do("GET /v1/account/payment-methods", "list-payment-methods", "List the payment methods",
			a.paymentMethods.list, filtered),
		do("POST /v1/account/payment-methods", "attach-payment-method", "Add a payment method",
			a.paymentMethods.attach, created, reused, waits, noOption, missing, tooMany, fails(domain.ReasonCardRefused)),
		do("POST /v1/account/payment-methods/{id}/default", "default-payment-method",
			"Make a payment method the default", a.paymentMethods.makeDefault, conflict, waits),
		do("DELETE /v1/account/payment-methods/{id}", "remove-payment-method", "Remove a payment method",
			a.paymentMethods.remove, noContent, conflict),
	}
}

func (a *API) subscriptionRows() []row {
	subscription := domain.NounSubscription
	return []row{
		do("GET /v1/account/subscription", "get-subscription", "Read the subscription in use",
			a.subscriptions.get, missing),
		do("POST /v1/account/subscription", "subscribe", "Choose a plan for the account",
			a.subscriptions.subscribe, created, accepted, reused, conflict, waits, noPlan, noOption, missing,
			fails(domain.ReasonSubscriptionExists)),
		give(subscription, domain.ActionCancel, "POST /v1/account/subscription/cancel", "cancel-subscription",
			a.subscriptions.cancel, conflict, missing),
		give(subscription, domain.ActionResume, "POST /v1/account/subscription/resume", "resume-subscription",
			a.subscriptions.resume, conflict, missing),
		give(subscription, domain.ActionRetryPayment, "POST /v1/account/subscription/retry", "retry-payment",
			a.subscriptions.retry, conflict, missing),
		give(subscription, domain.ActionChangePlan, "POST /v1/account/subscription/change", "change-plan",
			a.subscriptions.changePlan, conflict, missing, noPlan),
	}
}

func (a *API) siteRows() []row {
	return []row{
		do("GET /v1/account/sites", "list-sites", "List the sites", a.sites.list, filtered),
		do("POST /v1/account/sites", "create-site", "Add a site, if the plan allows one more",
			a.sites.create, created, reused, refuses, fails(domain.ReasonLimitReached)),
		do("DELETE /v1/account/sites/{id}", "delete-site", "Delete a site; it no longer counts",
			a.sites.delete, noContent),
	}
}

func (a *API) backendRows() []row {
	return []row{
		do("POST /v1/entitlements/check", "check-entitlement", "May this account do that?",
			a.entitlementChecks.check, refuses, missing, fails(domain.ReasonFeatureNotInPlan, domain.ReasonLimitReached)),
		do("POST /v1/credits/debit", "debit-credits", "Spend credits",
			a.credits.debit, checks((*debitInput).check), refuses, reused, noBalance, missing,
			fails(domain.ReasonInsufficientCredits)),
		do("DELETE /v1/onboardings/{id}/client-secret", "revoke-client-secret", "End an onboarding's client_secret",
			a.onboardings.revokeSecret, noContent),
	}
}

func (a *API) webhookRows() []row {
	const endpoints, endpoint = "/v1/webhook-endpoints", "/v1/webhook-endpoints/{id}"
	return []row{
		do("GET "+endpoints, "list-webhook-endpoints", "List webhook endpoints",
			a.webhookEndpoints.list, filtered),
		do("POST "+endpoints, "create-webhook-endpoint", "Add a webhook endpoint",
			a.webhookEndpoints.create, checks(a.webhookEndpoints.checkNew), created, reused),
		do("GET "+endpoint, "get-webhook-endpoint", "Read a webhook endpoint",
			a.webhookEndpoints.get),
		do("PATCH "+endpoint, "change-webhook-endpoint", "Change, disable or enable a webhook endpoint",
			a.webhookEndpoints.change),
		do("DELETE "+endpoint, "delete-webhook-endpoint", "Remove a webhook endpoint",
			a.webhookEndpoints.delete, noContent),
		do("POST "+endpoint+"/test", "test-webhook-endpoint", "Send a webhook.test event",
			a.webhookDeliveries.sendTest, underway, conflict, reused),
		do("GET "+endpoint+"/deliveries", "list-webhook-deliveries", "List what was sent to it",
			a.webhookDeliveries.list, filtered),
		do("POST "+endpoint+"/deliveries/{event_id}/redeliver", "redeliver", "Deliver an event once more",
			a.webhookDeliveries.redeliver, underway, conflict),
	}
}

func (a *API) adminListRows() []row {
	return []row{
		do("GET /v1/admin/onboardings", "admin-list-onboardings", "List onboardings", a.onboardings.list, filtered),
		do("GET /v1/admin/accounts", "admin-list-accounts", "List accounts", a.accounts.list, filtered),
		do("GET /v1/admin/subscriptions", "admin-list-subscriptions", "List subscriptions", a.subscriptions.list, filtered),
		do("GET /v1/admin/payments", "admin-list-payments", "List payments", a.payments.list, filtered),
		do("GET /v1/admin/events", "admin-list-events", "List events", a.events.list, filtered),
	}
}

// adminCommandRows are the commands that domain.Rules gives to staff, such as
// POST /v1/admin/subscriptions/{id}/cancel and …/payments/{id}/approve.
func (a *API) adminCommandRows() []row {
	return append(a.staff.rows(),
		do("POST /v1/admin/subscriptions/bulk", "admin-command-subscriptions", "Command many subscriptions",
			a.staff.commandSubscriptions, checks((*bulkSubscriptionsInput).check), within(inBulk)),
		do("POST /v1/admin/payments/bulk", "admin-decide-payments", "Approve or reject many payments",
			a.staff.decidePayments, checks((*bulkPaymentsInput).check), within(inBulk)),
	)
}

func (a *API) adminCatalogueRows() []row {
	const plans, options, packages = "/v1/admin/plans", "/v1/admin/payment-options", "/v1/admin/credit-packages"
	return []row{
		do("GET "+plans, "admin-list-plans", "List every plan", a.plans.list, filtered),
		do("POST "+plans, "admin-create-plan", "Add a plan",
			a.plans.create, checks((*createPlanInput).check), created, conflict, reused),
		do("PATCH "+plans+"/{id}", "admin-change-plan", "Change a plan", a.plans.change, conflict),
		do("GET "+options, "admin-list-payment-options", "List every payment option", a.paymentOptions.list, filtered),
		do("POST "+options, "admin-create-payment-option", "Add a payment option",
			a.paymentOptions.create, checks(a.paymentOptions.checkNew), created, conflict, reused),
		do("PATCH "+options+"/{id}", "admin-change-payment-option", "Change a payment option",
			a.paymentOptions.change, conflict),
		do("GET "+packages, "admin-list-credit-packages", "List every credit package", a.creditPackages.list, filtered),
		do("POST "+packages, "admin-create-credit-package", "Add a credit package",
			a.creditPackages.create, checks((*createPackageInput).check), created, conflict, reused),
		do("PATCH "+packages+"/{id}", "admin-change-credit-package", "Change a credit package", a.creditPackages.change),
	}
}

func (a *API) apiKeyRows() []row {
	const keys = "/v1/admin/api-keys"
	return []row{
		do("GET "+keys, "admin-list-api-keys", "List API keys", a.apiKeys.list, filtered),
		do("POST "+keys, "admin-create-api-key", "Make an API key", a.apiKeys.create, created, reused),
		do("DELETE "+keys+"/{id}", "admin-revoke-api-key", "Revoke an API key", a.apiKeys.revoke, noContent),
	}
}

func (a *API) jobFailureRows() []row {
	const failures = "/v1/admin/job-failures"
	return []row{
		do("GET "+failures, "admin-list-job-failures", "List what the jobs of reconcile put aside",
			a.jobFailures.list, filtered),
		do("POST "+failures+"/{id}/retry", "admin-retry-job-failure", "Try again what was put aside",
			a.jobFailures.retry, reused),
		do("POST "+failures+"/retry", "admin-retry-job", "Try again all that a job put aside",
			a.jobFailures.retryJob, reused),
	}
}

// testClockRows are there only where test clocks are enabled.
func (a *API) testClockRows() []row {
	if !a.config.TestClocks {
		return nil
	}
	return []row{
		do("GET /v1/test-clocks", "list-test-clocks", "List test clocks", a.testClocks.list, filtered),
		do("POST /v1/test-clocks", "create-test-clock", "Make a test clock",
			a.testClocks.create, checks((*createClockInput).check), created, reused),
		do("GET /v1/test-clocks/{id}", "get-test-clock", "Read a test clock", a.testClocks.get),
		do("POST /v1/test-clocks/{id}/advance", "advance-test-clock", "Move time for the accounts bound to the clock",
			a.testClocks.advance, transition, waits),
	}
}

func (a *API) operatorRows() []row {
	return []row{
		do("POST /webhooks/{provider}", "provider-webhook", "What a payment provider sends",
			a.providerWebhooks.receive, noContent, fails(string(domain.CodeUnauthenticated))),
		do("GET /livez", "livez", "Is the process alive?", a.health.alive),
		raw[readiness]("GET /readyz", "readyz", "Can requests be served? ?verbose names each check",
			a.health.ready, alsoAnswers(http.StatusServiceUnavailable)),
	}
}
