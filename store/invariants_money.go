package store

// neverBegan is true of a payment for a period that began after its subscription
// had ended.
const neverBegan = `p.status = 'succeeded' AND i.reason = 'subscription_cycle'
			AND s.ended_at IS NOT NULL AND s.ended_at < i.period_start`

// moneyRules hold of invoices, payments and what was paid for. Each is true after
// every commit, except where a time says that something may still be under way.
var moneyRules = []rule{
	{
		name: "paid_invoices", table: "invoices",
		holds: "Every paid invoice has one succeeded payment of its amount.",
		fix:   correctByHand,
		broken: `SELECT i.id FROM invoices i WHERE i.status = 'paid' AND (SELECT count(*) FROM payments p
			WHERE p.invoice_id = i.id
			AND p.status = 'succeeded' AND p.amount = i.amount AND p.currency = i.currency) <> 1`,
	},
	{
		name: "succeeded_payments", table: "payments",
		holds: "Every succeeded payment has paid its invoice, and none paid twice.",
		fix:   correctByHand,
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.status = 'succeeded'
			AND (i.status <> 'paid'
			OR EXISTS (SELECT 1 FROM payments q WHERE q.invoice_id = p.invoice_id AND q.status = 'succeeded' AND q.id <> p.id))`,
	},
	{
		name: "fulfilled_once", table: "subscriptions",
		holds: "What was paid for is in use, or was in use until it ended.",
		fix:   "Activate them with POST /v1/admin/subscriptions/{id}/activate, or refund the payment.",
		broken: `SELECT s.id FROM subscriptions s JOIN invoices i ON i.subscription_id = s.id
			JOIN accounts a ON a.id = s.account_id
			WHERE i.reason = 'subscription_create' AND i.status = 'paid'
			AND (s.status IN ('incomplete', 'incomplete_expired') OR a.status = 'pending')`,
	},
	{
		name: "nothing_charged_after_the_end", table: "payments",
		holds: "No subscription was charged for after its end.",
		fix:   "Refund these payments at their provider.",
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id
			JOIN subscriptions s ON s.id = i.subscription_id
			WHERE p.status = 'succeeded' AND s.ended_at IS NOT NULL
			AND (p.created_at > s.ended_at OR i.created_at > s.ended_at)`,
	},
	{
		name: "late_payments", table: "payments",
		holds: "A payment is late when nothing was open to pay, or when its period never began; each has its event.",
		fix:   "Refund these payments, or start a new subscription with the money.",
		broken: `SELECT p.id FROM payments p LEFT JOIN invoices i ON i.id = p.invoice_id
			LEFT JOIN subscriptions s ON s.id = i.subscription_id
			WHERE (p.late AND NOT EXISTS (SELECT 1 FROM events e WHERE e.account_id = p.account_id AND e.type = 'payment.late'))
			OR p.late <> (` + neverBegan + `) AND p.status <> 'failed'`,
	},
	{
		name: "decided_payments", table: "payments",
		holds: "Every payment gets its outcome from its provider.",
		fix:   "Check the provider: it may not answer, or its keys may be wrong.",
		broken: `SELECT p.id FROM payments p JOIN invoices i ON i.id = p.invoice_id WHERE p.idempotency_key <> ''
			AND p.updated_at < ?
			AND (p.status IN ('created', 'processing', 'unknown') OR (p.status = 'requires_action' AND i.status <> 'open'))`,
	},
}
