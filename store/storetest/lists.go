package storetest

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var listPromises = []promise{
	{"Lists_WalkEveryRowOnce", false, walkLists},
	{"ListOnboardings_Filters", false, filterOnboardings},
	{"ListAccounts_Filters", false, filterAccounts},
	{"ListSubscriptionsAndPayments_Filter", false, filterBilling},
	{"ListEvents_KeepTheirOrder", false, filterEvents},
	{"Lists_SearchesTakeEverySignLiterally", false, literalSearch},
	{"Lists_SearchesKnowEveryScript", false, everyScript},
}

// walk reads a list page by page and returns the ids in order.
func walk[T any](t *testing.T, limit int, list func(store.Page) (store.List[T], error), id func(T) string) []string {
	t.Helper()
	ids, page := []string{}, store.Page{Limit: limit}
	for {
		l, err := list(page)
		require.NoError(t, err)
		require.LessOrEqual(t, len(l.Data), limit)
		for _, row := range l.Data {
			ids = append(ids, id(row))
		}
		if l.Next == "" {
			return ids
		}
		require.Len(t, l.Data, limit, "only the last page is short")
		require.Less(t, len(ids), 1000, "it ends")
		page.Cursor = l.Next
	}
}

func walkLists(t *testing.T, s *store.Store) {
	ctx := t.Context()
	want := []string{}
	for i := range 7 {
		want = append(want, insertOnboarding(t, s, fmt.Sprintf("p%d@example.com", i), domain.OnboardingReceived).ID)
	}
	slices.Reverse(want) // newest first
	all := func(p store.Page) (store.List[domain.Onboarding], error) {
		return s.ListOnboardings(ctx, store.OnboardingFilter{Page: p})
	}
	id := func(o domain.Onboarding) string { return o.ID }
	for limit := 1; limit <= 8; limit++ {
		assert.Equal(t, want, walk(t, limit, all, id), "pages of %d", limit)
	}
	first, err := all(store.Page{Limit: 3})
	require.NoError(t, err)
	insertOnboarding(t, s, "new@example.com", domain.OnboardingReceived)
	second, err := all(store.Page{Limit: 3, Cursor: first.Next})
	require.NoError(t, err)
	assert.Equal(t, want[3:6], []string{second.Data[0].ID, second.Data[1].ID, second.Data[2].ID},
		"what is new shifts nothing")
	assert.Equal(t, "onboarding", second.Data[0].Object)

	for range 25 {
		require.NoError(t, s.InsertEvents(ctx, domain.Event{Type: "x", ActorType: domain.ActorSystem}))
	}
	events, err := s.ListEvents(ctx, store.EventFilter{})
	require.NoError(t, err)
	assert.Len(t, events.Data, 20, "twenty, unless a limit is set")
	none, err := s.ListAccounts(ctx, store.AccountFilter{})
	require.NoError(t, err)
	assert.NotNil(t, none.Data, "an empty list is a list")
}

func filterOnboardings(t *testing.T, s *store.Store) {
	ctx := t.Context()
	ada := insertOnboarding(t, s, "ada@example.com", domain.OnboardingAwaitingPayment)
	bob := insertOnboarding(t, s, "bob@example.org", domain.OnboardingCompleted)
	a := newAccount()
	a.ID, a.Slug = ada.AccountID, "ada-works"
	require.NoError(t, s.InsertAccount(ctx, a, newOwner(a.ID, ada.Email)))
	sub := newSubscription(a.ID, domain.SubscriptionIncomplete)
	sub.ID, sub.OnboardingID = ada.SubscriptionID, ada.ID
	require.NoError(t, subscribed(t, s, sub))
	for _, c := range []struct {
		why    string
		filter store.OnboardingFilter
		want   []string
	}{
		{"all", store.OnboardingFilter{}, []string{bob.ID, ada.ID}},
		{"account", store.OnboardingFilter{AccountID: ada.AccountID}, []string{ada.ID}},
		{"status", store.OnboardingFilter{Status: "completed"}, []string{bob.ID}},
		{"plan", store.OnboardingFilter{Plan: "growth"}, []string{ada.ID}},
		{"another plan", store.OnboardingFilter{Plan: "scale"}, []string{}},
		{"id", store.OnboardingFilter{Query: bob.ID}, []string{bob.ID}},
		{"part of the e-mail", store.OnboardingFilter{Query: "EXAMPLE.org"}, []string{bob.ID}},
		{"part of the name", store.OnboardingFilter{Query: "aCM"}, []string{bob.ID, ada.ID}},
		{"part of the slug", store.OnboardingFilter{Query: "a-work"}, []string{ada.ID}},
		{"both", store.OnboardingFilter{Query: "acme", Status: "completed"}, []string{bob.ID}},
		{"stuck", store.OnboardingFilter{StuckFor: *later(1)}, []string{ada.ID}},
		{"not stuck yet", store.OnboardingFilter{StuckFor: *later(-1)}, []string{}},
	} {
		list := func(p store.Page) (store.List[domain.Onboarding], error) {
			c.filter.Page = p
			return s.ListOnboardings(ctx, c.filter)
		}
		assert.Equal(t, c.want, walk(t, 1, list, func(o domain.Onboarding) string { return o.ID }), c.why)
	}
}

func filterAccounts(t *testing.T, s *store.Store) {
	ctx := t.Context()
	insert := func(slug, name, email string, status domain.AccountStatus) *domain.Account {
		a := newAccount()
		a.Slug, a.Name, a.Status = slug, name, status
		require.NoError(t, s.InsertAccount(ctx, a, newOwner(a.ID, email)))
		return a
	}
	ada := insert("ada-works", "Ada's Works", "ada@example.com", domain.AccountActive)
	bob := insert("bobs", "Bob", "bob@example.org", domain.AccountSuspended)
	require.NoError(t, subscribed(t, s, newSubscription(ada.ID, domain.SubscriptionTrialing)))
	require.NoError(t, subscribed(t, s, newSubscription(bob.ID, domain.SubscriptionCanceled)))
	for _, c := range []struct {
		why    string
		filter store.AccountFilter
		want   []string
	}{
		{"all", store.AccountFilter{}, []string{bob.ID, ada.ID}},
		{"account", store.AccountFilter{AccountID: ada.ID}, []string{ada.ID}},
		{"status", store.AccountFilter{Status: "suspended"}, []string{bob.ID}},
		{"plan in use", store.AccountFilter{Plan: "growth"}, []string{ada.ID}},
		{"id", store.AccountFilter{Query: bob.ID}, []string{bob.ID}},
		{"part of the slug", store.AccountFilter{Query: "A-WORK"}, []string{ada.ID}},
		{"part of the name", store.AccountFilter{Query: "da's w"}, []string{ada.ID}},
		{"owner's e-mail", store.AccountFilter{Query: "bob@example"}, []string{bob.ID}},
		{"nothing", store.AccountFilter{Query: "zzz"}, []string{}},
	} {
		list := func(p store.Page) (store.List[domain.Account], error) {
			c.filter.Page = p
			return s.ListAccounts(ctx, c.filter)
		}
		assert.Equal(t, c.want, walk(t, 1, list, func(a domain.Account) string { return a.ID }), c.why)
	}
}

func filterBilling(t *testing.T, s *store.Store) {
	ctx := t.Context()
	in, other := insertInvoice(t, s), insertInvoice(t, s)
	sub := newSubscription(in.AccountID, domain.SubscriptionActive)
	old := newSubscription(in.AccountID, domain.SubscriptionCanceled)
	old.PlanCode = "scale"
	require.NoError(t, subscribed(t, s, sub))
	require.NoError(t, subscribed(t, s, old))
	for _, c := range []struct {
		filter store.SubscriptionFilter
		want   []string
	}{
		{store.SubscriptionFilter{}, []string{old.ID, sub.ID}},
		{store.SubscriptionFilter{AccountID: other.AccountID}, []string{}},
		{store.SubscriptionFilter{Status: "active"}, []string{sub.ID}},
		{store.SubscriptionFilter{Plan: "scale"}, []string{old.ID}},
	} {
		list := func(p store.Page) (store.List[domain.Subscription], error) {
			c.filter.Page = p
			return s.ListSubscriptions(ctx, c.filter)
		}
		assert.Equal(t, c.want, walk(t, 1, list, func(s domain.Subscription) string { return s.ID }), "%+v", c.filter)
	}

	late, pending := newPayment(in, domain.PaymentFailed), newPayment(other, domain.PaymentPendingApproval)
	late.Late, late.Reference, pending.Reference = true, "Ref 42", "ref 43"
	require.NoError(t, s.InsertPayment(ctx, late))
	require.NoError(t, s.InsertPayment(ctx, pending))
	for _, c := range []struct {
		filter store.PaymentFilter
		want   []string
	}{
		{store.PaymentFilter{}, []string{pending.ID, late.ID}},
		{store.PaymentFilter{AccountID: in.AccountID}, []string{late.ID}},
		{store.PaymentFilter{Status: "pending_approval"}, []string{pending.ID}},
		{store.PaymentFilter{LateOnly: true}, []string{late.ID}},
		{store.PaymentFilter{Query: "REF 4"}, []string{pending.ID, late.ID}},
		{store.PaymentFilter{Query: "ref 42"}, []string{late.ID}},
		{store.PaymentFilter{Query: other.ID}, []string{pending.ID}},
		{store.PaymentFilter{Query: late.ID}, []string{late.ID}},
	} {
		list := func(p store.Page) (store.List[domain.Payment], error) {
			c.filter.Page = p
			return s.ListPayments(ctx, c.filter)
		}
		assert.Equal(t, c.want, walk(t, 1, list, func(p domain.Payment) string { return p.ID }), "%+v", c.filter)
	}
	for status, want := range map[domain.InvoiceStatus]int{"": 1, in.Status: 1, domain.InvoiceVoid: 0} {
		invoices, err := s.InvoicesOf(ctx, in.AccountID, status, store.Page{})
		require.NoError(t, err)
		require.Len(t, invoices.Data, want, status)
	}
	for accountID, want := range map[string][]string{other.AccountID: {pending.ID}, in.AccountID: {}} {
		list := func(p store.Page) (store.List[domain.Payment], error) { return s.PaymentsOf(ctx, accountID, true, p) }
		assert.Equal(t, want, walk(t, 1, list, func(p domain.Payment) string { return p.ID }))
	}
	keys, err := s.ListAPIKeys(ctx, store.Page{})
	require.NoError(t, err)
	assert.Empty(t, keys.Data)
}

func filterEvents(t *testing.T, s *store.Store) {
	ctx := t.Context()
	event := func(kind domain.EventType, account, onboarding string) domain.Event {
		return domain.Event{Type: kind, AccountID: account, OnboardingID: onboarding, ActorType: domain.ActorSystem}
	}
	require.NoError(t, s.InsertEvents(ctx, event("a.first", "acct_1", "onb_1"), event("a.second", "acct_1", "onb_1"),
		event("a.third", "acct_2", "onb_2")))
	require.NoError(t, s.InsertEvents(ctx, event("a.fourth", "acct_1", "onb_3")))
	types := func(f store.EventFilter) []string {
		list := func(p store.Page) (store.List[domain.Event], error) {
			f.Page = p
			return s.ListEvents(ctx, f)
		}
		return walk(t, 2, list, func(e domain.Event) string { return string(e.Type) })
	}
	assert.Equal(t, []string{"a.fourth", "a.third", "a.second", "a.first"}, types(store.EventFilter{}))
	assert.Equal(t, []string{"a.fourth", "a.second", "a.first"}, types(store.EventFilter{AccountID: "acct_1"}))
	assert.Equal(t, []string{"a.third"}, types(store.EventFilter{OnboardingID: "onb_2"}))
	assert.Equal(t, []string{"a.second"}, types(store.EventFilter{Type: "a.second"}))
}

// named stores an account, a sign-up and a payment that carry the text, and
// search finds which texts a query brings up, the same in all three.
func named(t *testing.T, s *store.Store, texts ...string) (search func(q string) []string) {
	t.Helper()
	ctx := t.Context()
	byAccount, byPayment := map[string]string{}, map[string]string{}
	for i, text := range texts {
		o := NewOnboarding(fmt.Sprintf("p%d@host.test", i))
		o.AccountName = text
		ok, err := s.InsertOnboarding(ctx, o)
		require.NoError(t, err)
		require.True(t, ok)
		a := newAccount()
		a.ID, a.Name, a.Slug = o.AccountID, text, fmt.Sprintf("slug%d", i)
		require.NoError(t, s.InsertAccount(ctx, a, newOwner(a.ID, o.Email)))
		in := newInvoice(a.ID, "", domain.InvoiceOpen)
		require.NoError(t, s.InsertInvoice(ctx, in))
		p := newPayment(in, domain.PaymentFailed)
		p.Reference = text
		require.NoError(t, s.InsertPayment(ctx, p))
		byAccount[a.ID], byPayment[p.ID] = text, text
	}
	return func(q string) []string {
		t.Helper()
		accounts, onboardings, payments := []string{}, []string{}, []string{}
		as, err := s.ListAccounts(ctx, store.AccountFilter{Query: q})
		require.NoError(t, err)
		for _, a := range as.Data {
			accounts = append(accounts, byAccount[a.ID])
		}
		os, err := s.ListOnboardings(ctx, store.OnboardingFilter{Query: q})
		require.NoError(t, err)
		for _, o := range os.Data {
			onboardings = append(onboardings, o.AccountName)
		}
		ps, err := s.ListPayments(ctx, store.PaymentFilter{Query: q})
		require.NoError(t, err)
		for _, p := range ps.Data {
			payments = append(payments, byPayment[p.ID])
		}
		assert.Equal(t, accounts, onboardings, "%q", q)
		assert.Equal(t, accounts, payments, "%q", q)
		return accounts
	}
}

func literalSearch(t *testing.T, s *store.Store) {
	search := named(t, s, "100% wool", "snake_case", `back\slash`, "it's; --", "plain")
	for q, want := range map[string][]string{
		"%": {"100% wool"}, "_": {"snake_case"}, `\`: {`back\slash`}, "'": {"it's; --"}, "%%": {}, "_a": {},
		"e_c": {"snake_case"}, "0% W": {"100% wool"}, `\%`: {}, "PLAIN": {"plain"},
	} {
		assert.Equal(t, want, search(q), "%q", q)
	}
}

func everyScript(t *testing.T, s *store.Store) {
	const turkish, russian, greek, arabic = "Ünal Öztürk", "Кофейня", "Ωmega", "شركة أكمي"
	const japanese, rockets = "株式会社アクメ", "🚀 Rockets"
	search := named(t, s, turkish, russian, greek, japanese, arabic, rockets)
	for q, want := range map[string]string{
		"Ünal": turkish, "Öz": turkish, "Кофе": russian, "офей": russian, "Ωmega": greek,
		"アクメ": japanese, "أكمي": arabic, "🚀 rock": rockets,
	} {
		assert.Equal(t, []string{want}, search(q), "%q", q)
	}
}
