package activities_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
)

// What the database holds of an onboarding now.

func (f *fixture) onboarding(o *domain.Onboarding) *domain.Onboarding {
	f.t.Helper()
	row, err := f.store.OnboardingByID(f.t.Context(), o.ID)
	require.NoError(f.t, err)
	return row
}

func (f *fixture) account(o *domain.Onboarding) *domain.Account {
	f.t.Helper()
	row, err := f.store.AccountByID(f.t.Context(), o.AccountID)
	require.NoError(f.t, err)
	return row
}

func (f *fixture) subscription(o *domain.Onboarding) *domain.Subscription {
	f.t.Helper()
	row, err := f.store.SubscriptionByID(f.t.Context(), o.SubscriptionID)
	require.NoError(f.t, err)
	return row
}

// invoices of the account, oldest first.
func (f *fixture) invoices(o *domain.Onboarding) []domain.Invoice {
	f.t.Helper()
	list, err := f.store.InvoicesOf(f.t.Context(), o.AccountID, "", store.Page{Limit: 100})
	require.NoError(f.t, err)
	slices.SortStableFunc(list.Data, func(a, b domain.Invoice) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list.Data
}

// payments of the account, oldest first.
func (f *fixture) payments(o *domain.Onboarding) []domain.Payment {
	f.t.Helper()
	all := store.PaymentFilter{AccountID: o.AccountID, Page: store.Page{Limit: 100}}
	list, err := f.store.ListPayments(f.t.Context(), all)
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

// methods of the account, oldest first.
func (f *fixture) methods(o *domain.Onboarding) []domain.PaymentMethod {
	f.t.Helper()
	list, err := f.store.ListMethods(f.t.Context(), o.AccountID, store.Page{Limit: 100})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

// events of the onboarding, oldest first.
func (f *fixture) events(o *domain.Onboarding) []domain.Event {
	f.t.Helper()
	list, err := f.store.ListEvents(f.t.Context(), store.EventFilter{OnboardingID: o.ID, Page: store.Page{Limit: 100}})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

// story is the types of the onboarding's events, oldest first.
func (f *fixture) story(o *domain.Onboarding) []domain.EventType {
	f.t.Helper()
	var types []domain.EventType
	for _, e := range f.events(o) {
		types = append(types, e.Type)
	}
	return types
}

// lastEvent of the type.
func (f *fixture) lastEvent(o *domain.Onboarding, of domain.EventType) domain.Event {
	f.t.Helper()
	events := f.events(o)
	for i := len(events) - 1; i >= 0; i-- {
		if events[i].Type == of {
			return events[i]
		}
	}
	require.Fail(f.t, "no event", "%s", of)
	return domain.Event{}
}

// credits are the plan's credits, seen to be the ledger's sum.
func (f *fixture) credits(o *domain.Onboarding) int64 {
	f.t.Helper()
	balance, err := f.store.Balance(f.t.Context(), o.AccountID)
	require.NoError(f.t, err)
	sum := storetest.LedgerSum(f.t, f.store, o.AccountID, domain.PoolPlan)
	assert.Equal(f.t, sum, balance.Plan, "the balance is the ledger's sum")
	return balance.Plan
}

// placed is a statement with the placeholders of its database.
func (f *fixture) placed(statement string) string {
	if !strings.Contains(fmt.Sprintf("%T", f.db.Driver()), "stdlib") { // pgx's
		return statement
	}
	parts := strings.Split(statement, "?")
	for i := range parts[:len(parts)-1] {
		parts[i] += "$" + strconv.Itoa(i+1)
	}
	return strings.Join(parts, "")
}

func (f *fixture) exec(statement string, args ...any) {
	f.t.Helper()
	_, err := f.db.ExecContext(f.t.Context(), f.placed(statement), args...)
	require.NoError(f.t, err)
}

func (f *fixture) count(query string, args ...any) int {
	f.t.Helper()
	var n int
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), f.placed(query), args...).Scan(&n))
	return n
}

// dump is every row of every table of ours.
func (f *fixture) dump() map[string][]string {
	f.t.Helper()
	all := map[string][]string{}
	for _, table := range []string{
		"plans", "payment_options", "accounts", "slugs", "users", "sessions", "onboardings", "subscriptions", "invoices",
		"payments", "payment_methods", "credits", "balances", "events", "commands", "idempotency_keys",
		"webhook_endpoints", "webhook_deliveries",
	} {
		all[table] = f.rows(table)
	}
	return all
}

func (f *fixture) rows(table string) []string {
	f.t.Helper()
	rows, err := f.db.QueryContext(f.t.Context(), "SELECT * FROM "+table+" ORDER BY 1, 2")
	require.NoError(f.t, err)
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	require.NoError(f.t, err)
	lines := []string{}
	for rows.Next() {
		values, line := make([]any, len(columns)), strings.Builder{}
		for i := range values {
			values[i] = new(any)
		}
		require.NoError(f.t, rows.Scan(values...))
		for i, v := range values {
			fmt.Fprintf(&line, "%s=%v ", columns[i], *v.(*any))
		}
		lines = append(lines, line.String())
	}
	require.NoError(f.t, rows.Err())
	return lines
}

// change saves a changed plan or payment option.
func (f *fixture) changePlan(code string, change func(*domain.Plan)) {
	f.t.Helper()
	p, err := f.store.PlanByCode(f.t.Context(), code)
	require.NoError(f.t, err)
	change(p)
	ok, err := f.store.SavePlan(f.t.Context(), p)
	require.NoError(f.t, err)
	require.True(f.t, ok)
}

func (f *fixture) noOptions() { f.t.Helper(); f.exec("UPDATE payment_options SET enabled = false") }
func (f *fixture) allOptions() {
	f.t.Helper()
	f.exec("UPDATE payment_options SET enabled = (key <> 'cheque')")
}
