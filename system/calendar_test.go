//go:build !nodev

package system

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// calendarOf is an account's life as a table: every event with the time the
// clock showed, and what it was about. It holds no ids, so that two runs of the
// same life are the same text.
func (r *running) calendarOf(accountID string) string {
	r.t.Helper()
	var events []domain.Event
	for cursor := ""; ; {
		page, err := r.app.Store.ListEvents(context.Background(),
			store.EventFilter{AccountID: accountID, Page: store.Page{Limit: 100, Cursor: cursor}})
		require.NoError(r.t, err)
		events = append(events, page.Data...)
		if cursor = page.Next; cursor == "" {
			break
		}
	}
	var b strings.Builder
	b.WriteString("| date | event | what |\n| --- | --- | --- |\n")
	for i := len(events) - 1; i >= 0; i-- {
		e := events[i]
		fmt.Fprintf(&b, "| %s | `%s` | %s |\n", e.CreatedAt.Format("2006-01-02 15:04"), e.Type, described(e))
	}
	return b.String()
}

// described is what an event says, in words; ids are left out.
func described(e domain.Event) string {
	var parts []string
	if amount, ok := e.Data["amount"].(float64); ok {
		if currency, ok := e.Data["currency"].(string); ok {
			parts = append(parts, onboarding.Price(int64(amount), currency))
		} else {
			parts = append(parts, fmt.Sprintf("%d", int64(amount)))
		}
	}
	for _, key := range []string{"plan", "to", "status", "reason", "failure_code", "blocked_on", "class"} {
		if value, ok := e.Data[key].(string); ok {
			parts = append(parts, value)
		}
	}
	for _, key := range []string{"current_period_end", "trial_end", "grace_ends_at", "cancel_at"} {
		if value, ok := e.Data[key].(string); ok {
			if at, err := time.Parse(time.RFC3339, value); err == nil {
				parts = append(parts, strings.ReplaceAll(strings.TrimSuffix(key, "_at"), "_",
					" ")+" "+at.UTC().Format("2006-01-02"))
			}
		}
	}
	return strings.Join(parts, ", ")
}

// booksOf lists an account's invoices with their payments, oldest first.
func (r *running) booksOf(accountID string) string {
	r.t.Helper()
	page, err := r.app.Store.InvoicesOf(context.Background(), accountID, "", store.Page{Limit: 100})
	require.NoError(r.t, err)
	payments := map[string][]string{}
	for _, p := range r.payments(accountID) {
		outcome := string(p.Status)
		if p.FailureCode != "" {
			outcome += " (" + p.FailureCode + ")"
		}
		payments[p.InvoiceID] = append(payments[p.InvoiceID], p.CreatedAt.Format("2006-01-02")+" "+outcome)
	}
	var b strings.Builder
	b.WriteString("| opened | period | amount | invoice | payments |\n| --- | --- | --- | --- | --- |\n")
	for i := len(page.Data) - 1; i >= 0; i-- {
		in := page.Data[i]
		period := "the first"
		if in.PeriodEnd != nil {
			period = in.PeriodStart.Format("2006-01-02") + " – " + in.PeriodEnd.Format("2006-01-02")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", in.CreatedAt.Format("2006-01-02"), period,
			onboarding.Price(in.Amount, in.Currency), in.Status, strings.Join(payments[in.ID], "; "))
	}
	return b.String()
}

const calendarFile = "calendar.md"

// life is a year of a customer, written to docs/calendar.md.
type life struct {
	title, text string
	begins      string
	plan, token string
	until       string
}

var lives = []life{
	{
		title: "A card that runs dry in month five", begins: "2026-01-31T10:00:00Z", until: "2027-02-01T10:00:00Z",
		plan: "growth", token: "tok_fails_from_5",
		text: "The plan `growth`, $139.00 a month, begun on 31 January. Four charges succeed, the fifth fails for want of " +
			"funds; four retries within seven days of grace fail too, and the subscription is canceled and the account " +
			"suspended. After that nothing more happens, to the end of the twelve months.",
	},
	{
		title: "A trial that becomes a paid plan", begins: "2026-03-01T09:00:00Z", until: "2026-05-20T09:00:00Z",
		plan: "starter", token: "tok_ok",
		text: "The plan `starter`, $89.00 a month after fourteen days, with a card given at the start.",
	},
	{
		title: "A trial that nobody pays for", begins: "2026-03-01T09:00:00Z", until: "2026-05-20T09:00:00Z", plan: "starter",
		text: "The same plan, and nobody gives a card: it is to be paid by bank transfer. The invoice comes three days " +
			"before the trial ends and is reminded of once; nobody pays, and it is canceled after seven days of grace.",
	},
}

// TestCalendar_IsWhatDocsSay lives through the lives of docs/calendar.md on a
// test clock, writing nothing but the sign-ups, and compares: every event,
// invoice and payment. With -record it writes the file anew.
func TestCalendar_IsWhatDocsSay(t *testing.T) {
	r := startApp(t)
	var b strings.Builder
	b.WriteString("# Calendar of a subscription\n\nWhat happens to a subscription, and when: each table is a run on a " +
		"test clock, written by `make calendar` and compared by `TestCalendar_IsWhatDocsSay`. Times are UTC.\n")
	for i, l := range lives {
		accountID, status := r.live(i, l)
		fmt.Fprintf(&b, "\n## %s\n\n%s\n\n### Events\n\n%s\n### Invoices\n\n%s\nAt the end: subscription `%s`, account "+
			"`%s`.\n",
			l.title, l.text, r.calendarOf(accountID), r.booksOf(accountID), status, r.accountStatus(accountID))
	}
	r.sound()
	file := filepath.Join("..", "docs", calendarFile)
	if *record {
		require.NoError(t, os.WriteFile(file, []byte(b.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), b.String())
}

// live lives through one life and returns its account and how its subscription
// ended.
func (r *running) live(n int, l life) (string, domain.SubscriptionStatus) {
	r.t.Helper()
	clock := r.newClock(l.begins)
	request := person(fmt.Sprintf("life-%d@example.com", n), "Acme", l.plan)
	request["test_clock"] = clock
	if l.token != "" {
		request["payment_option"], request["payment_token"] = "card", l.token
	}
	o := r.kickOff(request)
	done := r.until(o, domain.OnboardingCompleted)
	r.advance(clock, l.until)
	sub, err := r.app.Store.SubscriptionByID(context.Background(), done.Subscription.ID)
	require.NoError(r.t, err)
	return o.Account.ID, sub.Status
}

func (r *running) accountStatus(id string) domain.AccountStatus {
	r.t.Helper()
	account, err := r.app.Store.AccountByID(context.Background(), id)
	require.NoError(r.t, err)
	return account.Status
}

// declined is how an account's books show an attempt for which there was no money.
func declined(date string) string { return date + " failed (insufficient_funds)" }

// 19. The card fails in month five: the exact dates, whatever docs say.
func TestFault19_TwelveMonthsWithACardThatFailsInMonthFive(t *testing.T) {
	r := startApp(t)
	accountID, status := r.live(0, lives[0])
	assert.Equal(t, domain.SubscriptionCanceled, status)
	assert.Equal(t, domain.AccountSuspended, r.accountStatus(accountID))
	assert.Equal(t, strings.TrimLeft(`
| opened | period | amount | invoice | payments |
| --- | --- | --- | --- | --- |
| 2026-01-31 | the first | $139.00 | paid | 2026-01-31 succeeded |
| 2026-02-28 | 2026-02-28 – 2026-03-31 | $139.00 | paid | 2026-02-28 succeeded |
| 2026-03-31 | 2026-03-31 – 2026-04-30 | $139.00 | paid | 2026-03-31 succeeded |
| 2026-04-30 | 2026-04-30 – 2026-05-31 | $139.00 | paid | 2026-04-30 succeeded |
| 2026-05-31 | 2026-05-31 – 2026-06-30 | $139.00 | uncollectible | `, "\n")+
		strings.Join([]string{declined("2026-05-31"), declined("2026-06-01"), declined("2026-06-03"), declined("2026-06-05"),
			declined("2026-06-07")}, "; ")+" |\n", r.booksOf(accountID))
	_, n := r.kept(accountID)
	assert.Equal(t, 4, n)
	r.sound()
}

// 18. Anchored dates and exact sums: 31 January, leap days, year end, a currency
// without minor units.
func TestFault18_DatesAndSums(t *testing.T) {
	r := startApp(t)
	a := r.post("/v1/admin/plans", r.admin(), map[string]any{
		"code": "nihon", "name": "Nihon", "amount": 1500, "currency": "jpy", "interval": "month", "credits": 300,
		"features": []string{}, "limits": map[string]int{"sites": 1}, "active": true, "public": true,
	})
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	a = r.post("/v1/admin/plans", r.admin(), map[string]any{
		"code": "yearly", "name": "Yearly", "amount": 99900, "currency": "usd", "interval": "year", "credits": 300,
		"features": []string{}, "limits": map[string]int{"sites": 1}, "active": true, "public": true,
	})
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	for i, c := range []struct {
		life
		dates []string
		price string
	}{
		{life{begins: "2027-10-31T23:30:00Z", until: "2028-05-01T00:00:00Z", plan: "growth", token: "tok_ok"},
			[]string{"2027-10-31", "2027-11-30", "2027-12-31", "2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"},
			"$139.00"},
		{life{begins: "2027-12-30T00:00:00Z", until: "2028-03-31T00:00:00Z", plan: "nihon", token: "tok_ok"},
			[]string{"2027-12-30", "2028-01-30", "2028-02-29", "2028-03-30"}, "¥1,500"},
		{life{begins: "2028-02-29T12:00:00Z", until: "2030-02-20T12:00:00Z", plan: "yearly", token: "tok_ok"},
			[]string{"2028-02-29", "2029-02-28"}, "$999.00"},
	} {
		accountID, status := r.live(100+i, c.life)
		assert.Equal(t, domain.SubscriptionActive, status)
		books := strings.Split(strings.TrimSpace(r.booksOf(accountID)), "\n")[2:]
		require.Len(t, books, len(c.dates))
		for n, line := range books {
			assert.True(t, strings.HasPrefix(line, "| "+c.dates[n]), line)
			assert.Contains(t, line, c.price)
			assert.Contains(t, line, "| paid |")
		}
	}
	r.sound()
}

// A credit package that nobody pays for is taken back when its account's clock
// says so, like everything else of that account.
func TestClock_AnUnpaidPurchaseEndsByItsAccountsClock(t *testing.T) {
	r := startApp(t)
	clock := r.newClock("2026-01-15T10:00:00Z")
	request := person("ada@example.com", "Acme", "starter")
	request["test_clock"] = clock
	var o kickedOff
	r.post("/v1/onboardings", "", request).into(t, &o)
	var bought struct{ Invoice domain.Invoice }
	r.post("/v1/account/credit-packages", o.ClientSecret, map[string]any{"package": "credits-500"}).into(t, &bought)
	status := func() domain.InvoiceStatus {
		in, err := r.app.Store.InvoiceByID(t.Context(), bought.Invoice.ID)
		require.NoError(t, err)
		return in.Status
	}
	r.advance(clock, "2026-01-22T09:00:00Z")
	require.Equal(t, domain.InvoiceOpen, status())
	r.advance(clock, "2026-01-22T11:00:00Z")
	assert.Equal(t, domain.InvoiceVoid, status(), "seven days later")
	assert.Contains(t, r.calendarOf(o.Account.ID), "| 2026-01-22 10:00 | `invoice.voided` |")
	r.sound()
}
