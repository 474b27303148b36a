package storetest

import (
	"strings"
	"testing"
	"time"

	"slipway/domain"
	"slipway/store"
)

// YearPart is one kind of row that an account which pays monthly leaves in a year, with
// one webhook endpoint and ten debits a month.
type YearPart struct {
	What, Table string
	Rows        int                                  // for each account
	Kept        func(domain.Retention) time.Duration // nil: for ever
	statement   string
}

// Fill inserts the part for each of the accounts that Fill has inserted.
func (p *YearPart) Fill(t testing.TB, s *store.Store, url string, accounts int) {
	t.Helper()
	fillWith(t, s, url, accounts, p.statement)
}

// ofYear numbers the rows of a part, apart from those of Fill.
const ofYear = "3000000000 + i * 1000 + k"

// inYear inserts so many rows for each account.
func inYear(table, columns, values, rows string) string {
	const series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}), " +
		"m(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM m WHERE k < {rows}) "
	return "INSERT INTO " + table + " (" + columns + ") " + strings.ReplaceAll(series, "{rows}", rows) +
		"SELECT " + values + " FROM n, m"
}

// Year are the rows of a year, those that others name first.
var Year = []YearPart{
	{What: "invoices", Table: "invoices", Rows: 12, statement: inYear("invoices",
		`id, account_id, subscription_id, type, reason, status, amount, currency, period_start, period_end, due_at, lines,
		plan, paid_at, created_at, updated_at`, id(domain.PrefixInvoice, ofYear)+", "+id(domain.PrefixAccount, "i")+", "+
			id(domain.PrefixSubscription, "i")+`, 'subscription', 'subscription_cycle' || k, 'paid', 13900, 'usd', {ago},
			{ago}, {ago}, '[{"description":"Growth, 15 Feb 2026 – 15 Mar 2026","amount":13900}]', '{plan}', {ago}, {ago},
			{ago}`, "12")},
	{What: "payments", Table: "payments", Rows: 12, statement: inYear("payments",
		`id, account_id, invoice_id, provider, option_key, attempt, status, amount, currency, payment_method_id,
		idempotency_key, provider_ref, created_at, updated_at`, id(domain.PrefixPayment, ofYear)+", "+
			id(domain.PrefixAccount, "i")+", "+id(domain.PrefixInvoice, ofYear)+`, 'stripe', 'card', 1, 'succeeded', 13900,
			'usd', `+id(domain.PrefixPaymentMethod, "i")+", "+id(domain.PrefixInvoice, ofYear)+
			` || '/1', 'pi_3QabcdefghijklmnopqrS' || k, {ago}, {ago}`, "12")},
	{What: "credits: grants and resets", Table: "credits", Rows: 24, statement: inYear("credits",
		"id, account_id, pool, amount, reason, subscription_id, idempotency_key, created_at",
		id(domain.PrefixCredit, ofYear)+", "+id(domain.PrefixAccount, "i")+`, 'plan', 2000, 'plan_grant', `+
			id(domain.PrefixSubscription, "i")+", "+id(domain.PrefixSubscription, "i")+
			` || '/2026-02-15T12:00:00.000Z/' || k, {ago}`, "24")},
	{What: "credits: debits", Table: "credits", Rows: 120,
		Kept: func(r domain.Retention) time.Duration { return r.Debits }, statement: inYear("credits",
			"id, account_id, pool, amount, reason, subscription_id, idempotency_key, created_at",
			id(domain.PrefixCredit, ofYear+" + 100")+", "+id(domain.PrefixAccount, "i")+`, 'plan', -20, 'render', '',
			'debit/1/render-2026-02-15-' || k, {ago}`, "120")},
	{What: "events", Table: "events", Rows: 60,
		Kept: func(r domain.Retention) time.Duration { return r.Events }, statement: inYear("events",
			"id, type, account_id, onboarding_id, subscription_id, actor_type, data, created_at",
			id(domain.PrefixEvent, ofYear)+", CASE k % 5 WHEN 0 THEN 'invoice.opened' WHEN 1 THEN 'payment.succeeded' "+
				"WHEN 2 THEN 'invoice.paid' WHEN 3 THEN 'subscription.renewed' ELSE 'credits.granted' END, "+
				id(domain.PrefixAccount, "i")+", "+id(domain.PrefixOnboarding, "i")+", "+id(domain.PrefixSubscription, "i")+`,
			'system', CAST('{"amount":13900,"currency":"usd","invoice":"in_01M8GF4CVQ5A9GQFQ5W2MZQMN5"}' AS {json}),
			{ago}`, "60")},
	{What: "webhook deliveries", Table: "webhook_deliveries", Rows: 60,
		Kept: func(r domain.Retention) time.Duration { return r.Deliveries }, statement: inYear("webhook_deliveries",
			"endpoint_id, event_id, event_type, account_id, status, attempts, last_status_code, started_at, delivered_at, "+
				"created_at", id(domain.PrefixWebhookEndpoint, "1")+", "+id(domain.PrefixEvent, ofYear)+", 'invoice.opened', "+
				id(domain.PrefixAccount, "i")+", 'delivered', 1, 200, {ago}, {ago}, {ago}", "60")},
	{What: "provider events", Table: "provider_events", Rows: 24,
		Kept: func(r domain.Retention) time.Duration { return r.ProviderEvents }, statement: inYear("provider_events",
			"provider, event_id, type, name, key, occurred_at, received_at, processed_at",
			"'stripe', 'evt_1QabcdefghijklmnopqrS' || i || 'x' || k, 'charge', 'charge.succeeded', "+
				id(domain.PrefixInvoice, "i")+" || '/1', {ago}, {ago}, {ago}", "24")},
}
