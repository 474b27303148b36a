package storetest

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// Fill inserts accounts with everything that comes with them, as months of use leave
// it: sign-ups that ended in each way, subscriptions on four plans, renewals, credits,
// events, deliveries. It is set-based, so that a million take minutes.
func Fill(t testing.TB, s *store.Store, url string, accounts int) {
	t.Helper()
	statistics := "ANALYZE"
	if store.IsPostgres(url) {
		statistics = "VACUUM ANALYZE"
	}
	for _, statement := range append(fill, statistics) {
		fillWith(t, s, url, accounts, statement)
	}
}

// fillWith runs a statement of those below.
func fillWith(t testing.TB, s *store.Store, url string, accounts int, statement string) {
	t.Helper()
	steps, err := json.Marshal(NewOnboarding("").Steps)
	require.NoError(t, err)
	words := []string{
		"{n}", strconv.Itoa(accounts), "{steps}", string(steps), "{plan}", planJSON, "{code}", planCode,
		"{opening}", opening, "{closed}", closed, "{open}", open,
	}
	if store.IsPostgres(url) {
		words = append(words, "{json}", "jsonb", "{bytes}", "bytea", "{ago}", agoPostgres)
	} else {
		words = append(words, "{json}", "text", "{bytes}", "blob", "{ago}", agoSQLite)
	}
	filled := strings.NewReplacer(words...)
	statement = filled.Replace(filled.Replace(statement))
	_, err = writer(s).ExecContext(context.Background(), statement)
	require.NoError(t, err, "%.60s", statement)
}

// What stands for a word in the statements below.
const (
	agoPostgres = "(timestamptz '2026-03-14 15:09:26+00' - (i % 500000) * interval '1 minute')"
	agoSQLite   = "strftime('%Y-%m-%d %H:%M:%f+00:00', '2026-03-14 15:09:26', '-' || (i % 500000) || ' minutes')"
	planJSON    = `{"code":"growth","name":"Growth","amount":13900,"currency":"usd","interval":"month",` +
		`"features":["reports"],"limits":{"sites":10}}`
	planCode = "CASE WHEN i % 1000 = 0 THEN 'enterprise' WHEN i % 10 < 1 THEN 'scale' " +
		"WHEN i % 10 < 4 THEN 'growth' ELSE 'starter' END"
)

// id is an id in SQL, in the order of i, with the form that ids have.
func id(prefix, number string) string {
	return "'" + prefix + "_0000000000000000' || CAST(1000000000 + " + number + " AS text)"
}

// series is a common table expression of the numbers from 1 to n.
const series = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {n}) "

// each inserts rows for each account, in several kinds when there are some.
func each(table, columns, values string) string {
	return "INSERT INTO " + table + " (" + columns + ") " + series + "SELECT " + values
}

// Which accounts are what: of a hundred, eight are being opened and seven closed.
const (
	opening = "i % 100 >= 92"
	closed  = "i % 100 < 7"
	open    = "i % 100 BETWEEN 7 AND 91"
)

var fill = []string{
	each("accounts", "id, status, name, slug, created_at, updated_at", id(domain.PrefixAccount, "i")+`,
		CASE WHEN {opening} THEN 'pending' WHEN {closed} THEN 'closed' WHEN i % 100 = 50 THEN 'suspended'
			ELSE 'active' END,
		CASE i % 4 WHEN 0 THEN 'Northern Bakery ' WHEN 1 THEN 'Studio Halden ' WHEN 2 THEN 'Acme Tools '
			ELSE 'Vertex ' END || i,
		'company-' || i, {ago}, {ago} FROM n`),
	each("users", "id, account_id, role, email, password_hash, released_at, created_at", id(domain.PrefixUser, "i")+`, `+
		id(domain.PrefixAccount, "i")+`, 'owner', 'owner' || i || '@company-' || i || '.example', 'hash',
		CASE WHEN {closed} THEN {ago} END, {ago} FROM n`),
	each("slugs", "slug, base, number, account_id, status",
		`'company-' || i, 'company', i, `+id(domain.PrefixAccount, "i")+
			`, 'held' FROM n WHERE NOT ({closed})`),
	each("onboardings", `id, kind, status, version, account, steps, email, account_name, account_id, owner_id,
		subscription_id, checked_at, created_at, updated_at`, id(domain.PrefixOnboarding, "i")+`, 'signup',
		CASE WHEN i % 100 >= 98 THEN 'received' WHEN i % 100 = 97 THEN 'waiting_for_plan'
			WHEN i % 100 = 96 THEN 'awaiting_approval'
			WHEN {opening} THEN 'awaiting_payment' WHEN i % 100 < 5 THEN 'expired'
			WHEN {closed} THEN 'canceled' ELSE 'completed' END,
		5, CASE WHEN i % 100 < 98 THEN CAST('{"id":"x","name":"Company","slug":"company-' || i || '"}' AS {json}) END,
		'{steps}',
		'owner' || i || '@company-' || i || '.example', 'Company ' || i, `+id(domain.PrefixAccount, "i")+`, `+
		id(domain.PrefixUser, "i")+`, `+id(domain.PrefixSubscription, "i")+`, {ago}, {ago}, {ago} FROM n`),
	each("subscriptions", `id, account_id, onboarding_id, status, plan_code, plan, managed_by, current_period_start,
		current_period_end, due_at, created_at, updated_at`, id(domain.PrefixSubscription, "i")+`, `+
		id(domain.PrefixAccount, "i")+`, `+id(domain.PrefixOnboarding, "i")+`,
		CASE WHEN {opening} THEN 'incomplete' WHEN {closed} THEN 'incomplete_expired' WHEN i % 100 = 8 THEN 'past_due'
			WHEN i % 100 < 14 THEN 'trialing' WHEN i % 100 < 17 THEN 'canceled' ELSE 'active' END,
		{code}, '{plan}', 'provider', {ago}, {ago}, {ago}, {ago}, {ago} FROM n`),
	each("invoices", `id, account_id, subscription_id, type, reason, status, amount, currency, period_start, paid_at,
		created_at, updated_at`, id(domain.PrefixInvoice, "i * 3 + k")+`, `+id(domain.PrefixAccount, "i")+`, `+
		id(domain.PrefixSubscription, "i")+`, 'subscription', 'cycle' || k, CASE WHEN {open} THEN 'paid' ELSE 'open' END,
		13900, 'usd', {ago}, CASE WHEN {open} THEN {ago} END, {ago}, {ago}
		FROM n, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2) kinds WHERE k = 0 OR {open}`),
	each("payments", `id, account_id, invoice_id, provider, option_key, attempt, status, amount, currency, reference,
		late, idempotency_key, created_at, updated_at`, id(domain.PrefixPayment, "i * 3 + k")+`, `+
		id(domain.PrefixAccount, "i")+`, `+id(domain.PrefixInvoice, "i * 3 + k")+`,
		CASE WHEN i % 20 = 10 THEN 'manual' ELSE 'stripe' END, 'card', 1,
		CASE WHEN i % 100 = 96 THEN 'pending_approval' WHEN i % 100 = 95 THEN 'processing' WHEN {open} THEN 'succeeded'
			ELSE 'failed' END, 13900, 'usd',
		CASE WHEN i % 20 = 10 THEN 'Transfer ' || (CAST(i AS bigint) * 7919) ELSE '' END, i % 1000 = 3,
		CASE WHEN i % 20 = 10 THEN '' ELSE 'key-' || (i * 3 + k) END, {ago}, {ago}
		FROM n, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2) kinds WHERE k = 0 OR {open}`),
	each("payment_methods", `id, account_id, option_key, provider, type, name, is_default, created_at`,
		id(domain.PrefixPaymentMethod, "i")+`, `+id(domain.PrefixAccount, "i")+`, 'card', 'stripe', 'card', 'Card', {open},
		{ago} FROM n`),
	each("credits", `id, account_id, pool, amount, reason, subscription_id, idempotency_key, created_at`,
		id(domain.PrefixCredit, "i * 4 + k")+`, `+id(domain.PrefixAccount, "i")+`, 'plan', 100, 'plan_grant', `+
			id(domain.PrefixSubscription, "i")+`, 'key/' || k, {ago}
		FROM n, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3) kinds WHERE {open}`),
	each("balances", "account_id, plan_credits, bonus_credits, updated_at",
		id(domain.PrefixAccount, "i")+`, 400, 0, {ago} FROM n WHERE {open}`),
	each("events", "id, type, account_id, onboarding_id, subscription_id, actor_type, data, created_at",
		id(domain.PrefixEvent, "i * 8 + k")+`, CASE WHEN i % 1000 = 3 THEN 'payment.late' WHEN k % 2 = 0 THEN 'invoice.paid'
			ELSE 'payment.succeeded' END, `+id(domain.PrefixAccount, "i")+`, `+id(domain.PrefixOnboarding, "i")+`, `+
			id(domain.PrefixSubscription, "i")+`, 'system', '{"amount":13900,"currency":"usd"}', {ago}
		FROM n, (SELECT 0 AS k UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5
			UNION ALL SELECT 6 UNION ALL SELECT 7) kinds`),
	each("webhook_deliveries", `endpoint_id, event_id, event_type, account_id, status, created_at, started_at,
		delivered_at`,
		`'we_1', `+id(domain.PrefixEvent, "i * 8")+`, 'invoice.paid', `+id(domain.PrefixAccount, "i")+`,
		CASE i % 1000 WHEN 1 THEN 'pending' WHEN 2 THEN 'delivering' WHEN 3 THEN 'failed' ELSE 'delivered' END, {ago},
		CASE WHEN i % 1000 <> 1 THEN {ago} END, {ago} FROM n`),
	// What an endpoint that is away leaves: one in fifty waits for its next attempt.
	each("webhook_deliveries", `endpoint_id, event_id, event_type, account_id, status, tries, created_at, started_at,
		next_attempt_at`,
		`'we_1', `+id(domain.PrefixEvent, "i * 8 + 1")+`, 'invoice.paid', `+id(domain.PrefixAccount, "i")+`,
		'delivering', 3, {ago}, {ago}, {ago} FROM n WHERE i % 50 = 0`),
	each("commands", "id, action, subscription_id, actor_type, created_at",
		`'cmd_' || i, 'cancel', `+id(domain.PrefixSubscription, "i")+`, 'customer', {ago} FROM n`),
	each("sites", "id, account_id, name, created_at",
		`'site_' || i, `+id(domain.PrefixAccount, "i")+`, 'Shop', {ago} FROM n`),
	each("provider_events", "provider, event_id, type, name, received_at, occurred_at, processed_at",
		`'stripe', 'evt_' || i, 'charge', 'charge.succeeded', {ago}, {ago}, CASE WHEN i % 1000 <> 0 THEN {ago} END FROM n`),
	each("idempotency_keys", "scope, key, fingerprint, resource_id, created_at",
		`'sign_up', 'key-' || i, CAST('' AS {bytes}), `+id(domain.PrefixOnboarding, "i")+`, {ago} FROM n`),
	each("sessions", "id, token_hash, user_id, account_id, role, created_at, expires_at",
		`'ses_' || i, CAST('token' || i AS {bytes}), `+id(domain.PrefixUser, "i")+`, `+id(domain.PrefixAccount, "i")+`,
		'owner', {ago}, {ago} FROM n`),
	each("job_failures", "job, item_id, attempts, failed_at, retry_at",
		`'resolve_payments', `+id(domain.PrefixPayment, "i")+
			`, CASE WHEN i % 1000 = 0 THEN 1 ELSE 0 END, {ago}, {ago} FROM n`),
}
