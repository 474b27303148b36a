package storetest

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// promise is one thing every database must keep.
type promise struct {
	name  string
	empty bool // begins without a schema
	check func(t *testing.T, s *store.Store)
}

// Run checks every promise of the store, each on a database of its own. open
// returns a store on a fresh database without a schema.
func Run(t *testing.T, open func(t testing.TB) *store.Store) {
	t.Helper()
	for _, promises := range [][]promise{
		schemaPromises, roundTripPromises, onboardingPromises, slugPromises, cataloguePromises,
		billingPromises, creditPromises, accountPromises, listPromises,
		entitlementPromises, debitPromises, webhookPromises, jobPromises, retentionPromises,
	} {
		for _, p := range promises {
			t.Run(p.name, func(t *testing.T) {
				t.Parallel()
				s := open(t)
				if !p.empty {
					require.NoError(t, s.Migrate(t.Context()))
				}
				p.check(t, s)
			})
		}
	}
}

// moment is a time as it is stored: UTC, whole milliseconds.
var moment = time.Date(2026, 3, 14, 15, 9, 26, 535_000_000, time.UTC)

// later is moment and some minutes.
func later(minutes int) *time.Time {
	at := moment.Add(time.Duration(minutes) * time.Minute)
	return &at
}

// writer is the connection pool behind the store, for what its methods refuse to do.
func writer(s *store.Store) *sql.DB { return s.Stats()["write"] }

// within runs fn in a transaction that must commit.
func within(t testing.TB, s *store.Store, fn func(tx *store.Store) error) {
	t.Helper()
	require.NoError(t, s.Within(t.Context(), fn))
}

// Together runs fn n times at once and returns the errors there were.
func Together(n int, fn func(i int) error) []error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var errs []error
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			if err := fn(i); err != nil {
				mu.Lock()
				defer mu.Unlock()
				errs = append(errs, err)
			}
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func assertCode(t testing.TB, want domain.Code, err error) {
	t.Helper()
	if assert.Error(t, err) {
		assert.Equal(t, want, domain.CodeOf(err), err)
	}
}

// NewOnboarding returns a sign-up that was received and not yet stored.
func NewOnboarding(email string) *domain.Onboarding {
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), domain.KindSignup, moment)
	o.Email, o.AccountName = email, "Acme"
	o.AccountID, o.OwnerID = store.NewID(domain.PrefixAccount), store.NewID(domain.PrefixUser)
	o.SubscriptionID = store.NewID(domain.PrefixSubscription)
	return o
}

// insertOnboarding stores a sign-up in the status.
func insertOnboarding(t testing.TB, s *store.Store, email string, status domain.OnboardingStatus) *domain.Onboarding {
	t.Helper()
	o := NewOnboarding(email)
	o.Status = status
	ok, err := s.InsertOnboarding(t.Context(), o)
	require.NoError(t, err)
	require.True(t, ok)
	return o
}

// newAccount returns an account with a slug of its own.
func newAccount() *domain.Account {
	id := store.NewID(domain.PrefixAccount)
	return &domain.Account{
		ID:        id,
		Status:    domain.AccountActive,
		Name:      "Acme",
		Slug:      store.SlugBase("", id),
		CreatedAt: moment,
		UpdatedAt: moment,
	}
}

func newOwner(accountID, email string) *domain.User {
	return &domain.User{
		ID: store.NewID(domain.PrefixUser), AccountID: accountID, Role: domain.RoleOwner,
		Email: email, PasswordHash: "hash", CreatedAt: moment,
	}
}

// insertAccount stores an account with an owner.
func insertAccount(t testing.TB, s *store.Store) *domain.Account {
	t.Helper()
	a := newAccount()
	require.NoError(t, s.InsertAccount(t.Context(), a, newOwner(a.ID, a.Slug+"@example.com")))
	return a
}

func newSubscription(accountID string, status domain.SubscriptionStatus) *domain.Subscription {
	plan := &domain.PlanRef{
		Code:     "growth",
		Interval: domain.IntervalMonth,
		Features: []string{},
		Limits:   map[string]int64{},
	}
	id, onboarding := store.NewID(domain.PrefixSubscription), store.NewID(domain.PrefixOnboarding)
	sub := domain.NewSubscription(id, accountID, onboarding, plan, moment)
	sub.Status = status
	return sub
}

// subscribed stores a subscription, and the onboarding it is of where that is not there.
func subscribed(t testing.TB, s *store.Store, sub *domain.Subscription) error {
	t.Helper()
	if _, err := s.OnboardingByID(t.Context(), sub.OnboardingID); domain.CodeOf(err) == domain.CodeNotFound {
		o := NewOnboarding(sub.ID + "@onboarding.example")
		o.ID, o.AccountID, o.SubscriptionID, o.Status = sub.OnboardingID, sub.AccountID, sub.ID, domain.OnboardingCompleted
		_, err = s.InsertOnboarding(t.Context(), o)
		require.NoError(t, err)
	}
	return s.InsertSubscription(t.Context(), sub)
}

// endedSubscription stores a subscription of the account that is over, and returns its id.
func endedSubscription(t testing.TB, s *store.Store, accountID string) string {
	t.Helper()
	sub := newSubscription(accountID, domain.SubscriptionCanceled)
	require.NoError(t, subscribed(t, s, sub))
	return sub.ID
}

func newInvoice(accountID, subscriptionID string, status domain.InvoiceStatus) *domain.Invoice {
	in := &domain.Invoice{
		ID: store.NewID(domain.PrefixInvoice), AccountID: accountID, SubscriptionID: subscriptionID,
		Type: domain.InvoiceSubscription, Reason: domain.ReasonSubscriptionCreate, Status: status,
		Amount: 13900, Currency: "usd", PeriodStart: moment, CreatedAt: moment, UpdatedAt: moment,
	}
	if status == domain.InvoicePaid {
		in.PaidAt = later(1)
	}
	return in
}

func newPayment(in *domain.Invoice, status domain.PaymentStatus) *domain.Payment {
	return &domain.Payment{
		ID:        store.NewID(domain.PrefixPayment),
		AccountID: in.AccountID,
		InvoiceID: in.ID,
		Provider:  domain.ProviderManual,
		Option:    "bank_transfer",
		Status:    status,
		Amount:    in.Amount,
		Currency:  in.Currency,
		CreatedAt: moment,
		UpdatedAt: moment,
	}
}

func newMethod(accountID, option string) *domain.PaymentMethod {
	return &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: accountID, Option: option,
		Provider: domain.ProviderManual, CollectionMethod: domain.SendInvoice, Type: domain.TypeCard, Name: option,
		CreatedAt: moment,
	}
}

// insertInvoice stores an open invoice of a new account, for no subscription.
func insertInvoice(t testing.TB, s *store.Store) *domain.Invoice {
	t.Helper()
	a := insertAccount(t, s)
	in := newInvoice(a.ID, "", domain.InvoiceOpen)
	require.NoError(t, s.InsertInvoice(t.Context(), in))
	return in
}

// LedgerSum adds up the account's entries of a pool, to be compared with its balance.
func LedgerSum(t testing.TB, s *store.Store, accountID string, pool domain.CreditPool) (sum int64) {
	t.Helper()
	entries, err := s.ListCredits(context.Background(), accountID, store.Page{Limit: 10_000})
	require.NoError(t, err)
	require.Empty(t, entries.Next, "the whole ledger")
	for _, e := range entries.Data {
		if e.Pool == pool {
			sum += e.Amount
		}
	}
	return sum
}

// count returns how many rows a query counts.
func count(t testing.TB, s *store.Store, from string) int {
	t.Helper()
	var n int
	require.NoError(t,
		writer(s).QueryRowContext(context.Background(), fmt.Sprintf("SELECT COUNT(*) FROM %s", from)).Scan(&n))
	return n
}
