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

// What several routes fail with.
var (
	conflict   = fails(string(domain.CodeConflict))
	transition = fails(domain.ReasonInvalidTransition)
	reused     = fails(domain.ReasonIdempotencyKeyReused)
	created    = answers(http.StatusCreated)
	accepted   = alsoAnswers(http.StatusAccepted)
	cacheable  = alsoAnswers(http.StatusNotModified)
	noContent  = answers(http.StatusNoContent)
	refuses    = fails(string(domain.CodePaymentRequired), domain.ReasonAccountClosed) // paying cures the first
	underway   = answers(http.StatusAccepted)
)

// routes lists every call: who may make it, what answers it, and how it can
// fail beside the ways every route can.
func (a *API) routes() {
	a.catalogueRoutes()
	a.onboardingRoutes()
	a.accountRoutes()
	a.entitlementRoutes()
	a.adminRoutes()
	if a.TestClocks {
		a.clockRoutes()
	}
	handle(a, group{tagOperator, anyone}, "POST /webhooks/{provider}", "provider-webhook", "What a payment provider sends", a.receiveProviderWebhook, noContent,
		fails(string(domain.CodeUnauthenticated)), about("2xx only once it is stored; the same event again changes nothing."))
	a.webhookRoutes()

	operator := group{tagOperator, anyone}
	handle(a, operator, "GET /livez", "livez", "Is the process alive?", a.livez)
	raw[readiness](a, operator, "GET /readyz", "readyz", "Can requests be served? ?verbose names each check", a.readyz, alsoAnswers(http.StatusServiceUnavailable))
	a.serveOperator() // /metrics, /openapi.json, /docs
}

func (a *API) catalogueRoutes() {
	public := group{tagCatalogue, anyone}
	raw[listOf[domain.Plan]](a, public, "GET /v1/plans", "list-plans", "List the plans on offer", a.listPlans, cacheable,
		about("Every plan that is active and public, in order: clients show all of them. Never limited."))
	handle(a, public, "GET /v1/payment-options", "list-payment-options", "List the ways to pay", a.listPaymentOptions, cacheable,
		fails(string(domain.CodeInvalid)))
}

func (a *API) onboardingRoutes() {
	public := group{tagOnboarding, anyone}
	handle(a, public, "POST /v1/onboardings", "sign-up", "Sign up", a.signUp, created, accepted, reused, limitedByAddress, sparesAdmins, within(patiently),
		fails(domain.ReasonEmailTaken, domain.ReasonSlugTaken, domain.ReasonSlugReserved, domain.ReasonWeakPassword,
			domain.ReasonPlanUnavailable, domain.ReasonPaymentOptionUnavailable),
		about("201 with the account in it; 202 when it is not there within a moment: the onboarding goes on by itself. Without a key, the same person's unfinished sign-up is continued. An admin's bearer is not limited by address: whoever moves many people in is no stranger."))

	one := group{tagOnboarding, participants}
	handle(a, one, "GET /v1/onboardings/{id}", "get-onboarding", "Read how far it has come, or wait for a change", a.getOnboarding, cacheable, within(0))
	handle(a, one, "GET /v1/onboardings/{id}/events", "stream-onboarding", "Follow it as server-sent events", a.streamOnboarding, streams, within(0))
	handle(a, one, "POST /v1/onboardings/{id}/plan", "choose-plan", "Choose a plan", a.choosePlan,
		transition, reused, within(patiently), fails(domain.ReasonPlanUnavailable))
	handle(a, one, "POST /v1/onboardings/{id}/payment-method", "add-payment-method", "Choose how to pay", a.addPaymentMethod,
		transition, reused, within(patiently), fails(domain.ReasonPaymentOptionUnavailable))
	handle(a, one, "POST /v1/onboardings/{id}/payment", "submit-payment", "Submit the reference of a payment", a.submitPayment,
		transition, reused, within(patiently))
	handle(a, one, "POST /v1/onboardings/{id}/confirm", "confirm-payment", "Say that the provider's page is done", a.confirmPayment,
		transition, reused, within(patiently), about("What became of it is looked up at the provider."))
	handle(a, one, "POST /v1/onboardings/{id}/cancel", "cancel-onboarding", "Give it up", a.cancelOnboarding,
		transition, reused, within(patiently))
}

func (a *API) accountRoutes() {
	handle(a, group{tagSession, anyone}, "POST /v1/sessions", "sign-in", "Sign in", a.signIn, created, limitedByAddress, within(patiently),
		fails(string(domain.CodeUnauthenticated)))
	handle(a, group{tagSession, signedIn}, "DELETE /v1/sessions/current", "sign-out", "Sign out", a.signOut, noContent)

	own := group{tagAccount, owners}
	handle(a, own, "GET /v1/account", "get-account", "Read the account", a.getAccount, fails(string(domain.CodeNotFound)))
	handle(a, own, "GET /v1/account/billing", "get-billing", "Read everything about billing at once", a.getBilling,
		about("Each section says whether it is available: one that cannot be read fails none of the others."))
	handle(a, own, "GET /v1/account/balance", "get-balance", "Read the credits left", a.getBalance, unavailableAs(domain.ReasonBalanceUnavailable))
	handle(a, own, "GET /v1/account/events", "list-account-events", "List what happened", a.listOwnEvents, filtered)
	handle(a, own, "GET /v1/account/invoices", "list-account-invoices", "List the invoices", a.listOwnInvoices, filtered)
	handle(a, own, "POST /v1/account/invoices/{id}/payment", "pay-invoice", "Submit the reference of a payment, or charge the card", a.payInvoice,
		transition, reused, conflict, within(patiently))
	handle(a, own, "GET /v1/account/payment-methods", "list-payment-methods", "List the payment methods", a.listOwnMethods, filtered)
	handle(a, own, "POST /v1/account/payment-methods", "attach-payment-method", "Add a payment method", a.attachMethod, created, reused, within(patiently),
		fails(domain.ReasonCardRefused, domain.ReasonPaymentOptionUnavailable, string(domain.CodeNotFound)))
	handle(a, own, "POST /v1/account/payment-methods/{id}/default", "default-payment-method", "Make a payment method the default", a.defaultMethod, conflict, within(patiently))
	handle(a, own, "DELETE /v1/account/payment-methods/{id}", "remove-payment-method", "Remove a payment method", a.removeMethod, noContent, conflict)
	handle(a, own, "POST /v1/account/subscription", "subscribe", "Choose a plan for the account", a.subscribe, created, accepted, reused, conflict, within(patiently),
		fails(domain.ReasonSubscriptionExists, domain.ReasonPlanUnavailable, domain.ReasonPaymentOptionUnavailable, string(domain.CodeNotFound)),
		about("Starts an onboarding of kind activation: after a trial, a free plan, or the end of a subscription."))
	handle(a, own, "POST /v1/account/credit-packages", "buy-credits", "Buy a credit package", a.buyCredits, created, reused, conflict, within(patiently),
		fails(domain.ReasonPackageUnavailable, string(domain.CodeNotFound)))
	handle(a, own, "GET /v1/account/subscription", "get-subscription", "Read the subscription in use", a.getSubscription, fails(string(domain.CodeNotFound)))
	billing := []option{transition, reused, conflict, within(patiently), fails(string(domain.CodeNotFound))}
	handle(a, own, "POST /v1/account/subscription/cancel", "cancel-subscription", "Cancel now or at the end of the period", a.cancelOwn, billing...)
	handle(a, own, "POST /v1/account/subscription/resume", "resume-subscription", "Take back what is to come", a.resumeOwn, billing...)
	handle(a, own, "POST /v1/account/subscription/retry", "retry-payment", "Charge a late payment now", a.retryOwn, billing...)
	handle(a, own, "POST /v1/account/subscription/change", "change-plan", "Change the plan", a.changeOwnPlan,
		append(billing, fails(domain.ReasonPlanUnavailable))...)
}

func (a *API) clockRoutes() {
	admin := group{tagAdmin, admins}
	handle(a, admin, "GET /v1/test-clocks", "list-test-clocks", "List test clocks", a.listClocks, filtered)
	handle(a, admin, "POST /v1/test-clocks", "create-test-clock", "Make a test clock", a.createClock, created, reused)
	handle(a, admin, "GET /v1/test-clocks/{id}", "get-test-clock", "Read a test clock", a.getClock)
	handle(a, admin, "POST /v1/test-clocks/{id}/advance", "advance-test-clock", "Move time for those who live by the clock", a.advanceClock, transition,
		within(patiently), about("It is advancing until everything due by then is done; read it until it is ready."))
}

func (a *API) adminRoutes() {
	admin := group{tagAdmin, admins}
	handle(a, admin, "GET /v1/admin/onboardings", "admin-list-onboardings", "List onboardings", a.adminOnboardings, filtered)
	handle(a, admin, "GET /v1/admin/accounts", "admin-list-accounts", "List accounts", a.adminAccounts, filtered)
	handle(a, admin, "GET /v1/admin/subscriptions", "admin-list-subscriptions", "List subscriptions", a.adminSubscriptions, filtered)
	handle(a, admin, "GET /v1/admin/payments", "admin-list-payments", "List payments", a.adminPayments, filtered)
	handle(a, admin, "GET /v1/admin/events", "admin-list-events", "List events", a.adminEvents, filtered)

	handle(a, admin, "POST /v1/admin/subscriptions/bulk", "admin-command-subscriptions", "Command many subscriptions", a.commandSubscriptions, within(inBulk))
	a.staffRoutes(admin)
	handle(a, admin, "POST /v1/admin/payments/bulk", "admin-decide-payments", "Approve or reject many payments", a.decidePayments, within(inBulk))

	handle(a, admin, "GET /v1/admin/plans", "admin-list-plans", "List every plan", a.adminPlans, filtered)
	handle(a, admin, "POST /v1/admin/plans", "admin-create-plan", "Add a plan", a.createPlan, created, conflict, reused)
	handle(a, admin, "PATCH /v1/admin/plans/{id}", "admin-change-plan", "Change a plan", a.changePlan, conflict)
	handle(a, admin, "GET /v1/admin/payment-options", "admin-list-payment-options", "List every payment option", a.adminPaymentOptions, filtered)
	handle(a, admin, "POST /v1/admin/payment-options", "admin-create-payment-option", "Add a payment option", a.createPaymentOption, created, conflict, reused)
	handle(a, admin, "PATCH /v1/admin/payment-options/{id}", "admin-change-payment-option", "Change a payment option", a.changePaymentOption, conflict)
	handle(a, admin, "GET /v1/admin/api-keys", "admin-list-api-keys", "List API keys", a.listAPIKeys, filtered)
	handle(a, admin, "POST /v1/admin/api-keys", "admin-create-api-key", "Make an API key", a.createAPIKey, created, reused)
	handle(a, admin, "DELETE /v1/admin/api-keys/{id}", "admin-revoke-api-key", "Revoke an API key", a.revokeAPIKey, noContent)
}

// entitlementRoutes lists the calls that ask what an account may do, and those
// that do it.
func (a *API) entitlementRoutes() {
	backend := group{tagBackend, admins}
	handle(a, backend, "POST /v1/entitlements/check", "check-entitlement", "May this account do that?", a.checkEntitlement, refuses,
		fails(domain.ReasonFeatureNotInPlan, domain.ReasonLimitReached, string(domain.CodeNotFound)),
		about("200 when it may; else 402 when paying cures it, 403 when the account is closed or its plan does not include it, with what does. Without feature and limit: may the account use the product at all?"))
	handle(a, backend, "POST /v1/credits/debit", "debit-credits", "Spend credits", a.debit, refuses, reused, unavailableAs(domain.ReasonBalanceUnavailable),
		fails(domain.ReasonInsufficientCredits, string(domain.CodeNotFound)),
		about("All of the amount or nothing, the plan's credits first. Idempotency-Key is required: the same key, amount and reason again answer with the same entries and take nothing, however often and at whatever time; keys belong to the account."))

	own := group{tagAccount, owners}
	handle(a, own, "GET /v1/account/entitlements", "get-entitlements", "Read what the account may do", a.getEntitlements,
		about("Answers in every billing state, for guards that ask before they act."))
	handle(a, own, "GET /v1/account/credits", "list-account-credits", "List the credits granted and spent", a.listOwnCredits, filtered)
	handle(a, own, "GET /v1/account/sites", "list-sites", "List the sites", a.listSites, filtered,
		about("Sites are the sample of a resource that a plan limits. Reading and deleting works in every billing state."))
	handle(a, own, "POST /v1/account/sites", "create-site", "Add a site, if the plan allows one more", a.createSite, created, reused, refuses,
		fails(domain.ReasonLimitReached))
	handle(a, own, "DELETE /v1/account/sites/{id}", "delete-site", "Delete a site; it no longer counts", a.deleteSite, noContent)

	raw[listOf[domain.CreditPackage]](a, group{tagCatalogue, anyone}, "GET /v1/credit-packages", "list-credit-packages", "List the credit packages for sale",
		a.listCreditPackages, cacheable, about("Every package that is active, in order. Never limited."))
	admin := group{tagAdmin, admins}
	handle(a, admin, "GET /v1/admin/credit-packages", "admin-list-credit-packages", "List every credit package", a.adminCreditPackages, filtered)
	handle(a, admin, "POST /v1/admin/credit-packages", "admin-create-credit-package", "Add a credit package", a.createCreditPackage, created, conflict, reused)
	handle(a, admin, "PATCH /v1/admin/credit-packages/{id}", "admin-change-credit-package", "Change a credit package", a.changeCreditPackage)
}

func (a *API) webhookRoutes() {
	hooks := group{tagWebhooks, admins}
	handle(a, hooks, "GET /v1/webhook-endpoints", "list-webhook-endpoints", "List webhook endpoints", a.listEndpoints, filtered)
	handle(a, hooks, "POST /v1/webhook-endpoints", "create-webhook-endpoint", "Add a webhook endpoint", a.createEndpoint, created, reused,
		about("It is told what happens from now on, signed as the Standard Webhooks specification says. The secret is in this answer only."))
	handle(a, hooks, "GET /v1/webhook-endpoints/{id}", "get-webhook-endpoint", "Read a webhook endpoint", a.getEndpoint)
	handle(a, hooks, "PATCH /v1/webhook-endpoints/{id}", "change-webhook-endpoint", "Change, disable or enable a webhook endpoint", a.changeEndpoint)
	handle(a, hooks, "DELETE /v1/webhook-endpoints/{id}", "delete-webhook-endpoint", "Remove a webhook endpoint", a.deleteEndpoint, noContent)
	handle(a, hooks, "GET /v1/webhook-endpoints/{id}/deliveries", "list-webhook-deliveries", "List what it was told", a.listDeliveries, filtered)
	handle(a, hooks, "POST /v1/webhook-endpoints/{id}/deliveries/{event_id}/redeliver", "redeliver", "Deliver an event once more", a.redeliver, underway, conflict,
		about("At once, whatever became of it before; with three days of attempts."))
	handle(a, hooks, "POST /v1/webhook-endpoints/{id}/test", "test-webhook-endpoint", "Send a webhook.test event", a.testEndpoint, underway, conflict, reused,
		about("To this endpoint alone, whatever it filters. Its deliveries say what became of it."))
}
