package store

// accountRules hold of accounts, their subscriptions and their onboardings. Each
// is true after every commit, except where a time says that something may still
// be under way.
var accountRules = []rule{
	{
		name: "one_live_subscription", table: "accounts",
		holds: "An account has at most one subscription in use.",
		fix:   correctByHand,
		broken: `SELECT account_id FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due')
			GROUP BY account_id HAVING count(*) > 1`,
	},
	{
		name: "one_default_method", table: "accounts",
		holds:  "An account has at most one default payment method.",
		fix:    correctByHand,
		broken: `SELECT account_id FROM payment_methods WHERE is_default GROUP BY account_id HAVING count(*) > 1`,
	},
	{
		name: "slugs", table: "accounts",
		holds: "Every account in use holds a slug of its own.",
		fix:   correctByHand,
		broken: `SELECT a.id FROM accounts a WHERE (a.status <> 'closed') <> EXISTS
			(SELECT 1 FROM slugs s WHERE s.slug = lower(a.slug) AND s.account_id = a.id AND s.status = 'held')`,
	},
	{
		name: "onboarding_ends", table: "onboardings",
		holds: "An onboarding and its subscription have the same end.",
		fix:   "Run POST /v1/admin/subscriptions/{id}/refresh for the subscriptions of these onboardings.",
		broken: `SELECT o.id FROM onboardings o LEFT JOIN subscriptions s ON s.id = o.subscription_id WHERE
			(o.status = 'completed' AND (s.id IS NULL OR s.status IN ('incomplete', 'incomplete_expired')))
			OR (o.status IN ('failed', 'expired', 'canceled') AND s.id IS NOT NULL AND s.status <> 'incomplete_expired')`,
	},
	{
		name: "named_waits", table: "onboardings",
		holds: "Every onboarding that runs waits for a named thing, and not for longer than is allowed.",
		fix:   "Open their workflows in Temporal's UI. If no worker runs, start one.",
		broken: `SELECT o.id FROM onboardings o WHERE o.updated_at < ?
			AND o.status IN ('received', 'creating_account', 'activating', 'compensating')
			UNION SELECT o.id FROM onboardings o JOIN invoices i ON i.subscription_id = o.subscription_id AND i.status = 'open'
			WHERE o.status = 'awaiting_payment' AND o.test_clock_id = '' AND i.due_at < ?`,
	},
	{
		name: "billing_in_time", table: "subscriptions",
		holds: "Billing has acted on every subscription in use when something was due.",
		fix:   "Open billing-{id} in Temporal's UI. If no worker runs, start one.",
		broken: `SELECT id FROM subscriptions WHERE status IN ('trialing', 'active', 'past_due') AND
			((due_at IS NULL AND updated_at < ?) OR (due_at < ? AND test_clock_id = ''))`,
	},
}
