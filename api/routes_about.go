package api

// abouts says, by operation id, what a reader of the description must know
// beyond the summary.
var abouts = map[string]string{
	"list-plans":           "Every plan that is active and public, in order: show all of them. Never limited.",
	"list-credit-packages": "Every package that is active, in order. Never limited.",
	"sign-up": "201 with the account in it; 202 when it is not there within a moment: the onboarding continues by " +
		"itself. Without a key, the same person's unfinished sign-up is continued. " +
		"An admin's bearer is not limited by address, so that many people can be moved in.",
	"revoke-client-secret": "At once, with the streams that it opened, and for good: the same sign-up again is " +
		"email_taken. The owner signs in, and finds the same next_action. Again changes nothing.",
	"confirm-payment":  "The outcome is looked up at the provider.",
	"get-billing":      "Each section says whether it is available: one that cannot be read fails no other.",
	"get-entitlements": "Answers in every billing state, for guards that ask before they act.",
	"subscribe":        "Starts an onboarding of kind activation: after a trial, a free plan, or a subscription's end.",
	"list-sites": "Sites are the sample of a resource that a plan limits. " +
		"Reading and deleting works in every billing state.",
	"check-entitlement": "200 when it may; else 402 when paying cures it, 403 when the account is closed or its plan " +
		"does not include it, with what does. Without feature and limit: may the account use the product at all?",
	"debit-credits": "All of the amount or nothing, the plan's credits first. Idempotency-Key is required: the same " +
		"key, amount and reason again answer with the same entries and take nothing, however often and at whatever time; " +
		"keys belong to the account.",
	"create-webhook-endpoint": "It receives what happens from now on, signed as Standard Webhooks specifies. " +
		"The secret is in this answer only.",
	"redeliver":             "At once, whatever became of it before; with three days of attempts.",
	"test-webhook-endpoint": "To this endpoint alone, whatever it filters. Its deliveries say the outcome.",
	"advance-test-clock":    "It is advancing until everything due by then is done; read it until it is ready.",
	"admin-list-job-failures": "An item that a job cannot deal with is put aside and tried again by itself, later and " +
		"later. It is listed until the job has dealt with it, or finds it no more.",
	"admin-retry-job-failure": "In its job's next round, within a minute. Again changes nothing but the audit.",
	"admin-retry-job":         "In the job's next round, within a minute: once what they have in common is corrected.",
	"provider-webhook":        "2xx only once it is stored; the same event again changes nothing.",
}
