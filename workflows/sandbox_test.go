package workflows_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/payment/sandbox/sandboxtest"
	"slipway/store"
	"slipway/workflows"
)

// shop is a database and a sandbox over HTTP that outlive the workflows on
// them; its clock is that of whichever runs.
type shop struct {
	then    func(f *flow) // before its workflow runs; nil for nothing
	t       testing.TB
	mu      sync.Mutex
	flow    *flow // the newest
	company *sandbox.Server
	stock   *store.Store
	o       *domain.Onboarding
	sandbox *sandbox.Provider
	away    func(now time.Time) bool // when the company answers 503
}

func newShop(t testing.TB) *shop {
	t.Helper()
	s := &shop{t: t}
	var err error
	s.company, err = sandbox.NewServer(sandbox.ServerConfig{
		APIKey: "sk_test", SlowFor: 400 * time.Millisecond, NoSync: true, Now: s.now,
	})
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(s.door))
	t.Cleanup(func() { assert.NoError(t, s.company.Close()); server.Close() })
	s.sandbox = sandbox.New(sandbox.Config{URL: server.URL, APIKey: "sk_test", Timeout: 2 * time.Second})
	f := s.next(noon)
	s.stock = f.openStoreAt(s.now)
	f.on(s)
	f.exec("UPDATE payment_options SET provider = 'sandbox', collection_method = 'charge_automatically', " +
		"instructions = '' WHERE key = 'card'")
	return s
}

func (s *shop) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.flow == nil {
		return noon
	}
	return s.flow.Now().UTC()
}

func (s *shop) door(w http.ResponseWriter, r *http.Request) {
	if s.away != nil && s.away(s.now()) {
		w.Header().Set("Retry-After", "10800") // the environment gives up after ten attempts
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	s.company.Handler().ServeHTTP(w, r)
}

// next is a fresh environment for one workflow that begins at the time.
func (s *shop) next(at time.Time) *flow {
	s.t.Helper()
	f := newFlow(s.t)
	f.SetStartTime(at)
	s.mu.Lock()
	s.flow = f
	s.mu.Unlock()
	if s.stock != nil {
		f.on(s)
	}
	return f
}

func (f *flow) on(s *shop) {
	f.store, f.db, f.o = s.stock, s.stock.Stats()["write"], s.o
	f.use(func(c *activities.Config) {
		c.Store, c.ReturnURL = s.stock, "https://shop.example/done"
		c.Providers = map[string]payment.Provider{sandbox.Name: s.sandbox, manual.Name: manual.New()}
	})
}

// signedUp runs a sign-up to its end.
func (s *shop) signedUp(wishes ...wish) {
	s.t.Helper()
	f := s.flow
	f.signup(wishes...)
	f.assertEnd(domain.OnboardingCompleted)
	s.o = f.o
}

// proposed stores a card of which only the token is known; attached makes it
// the account's default as well.
func (s *shop) proposed(token string) *domain.PaymentMethod {
	s.t.Helper()
	m := &domain.PaymentMethod{
		ID: store.NewID(domain.PrefixPaymentMethod), AccountID: s.o.AccountID, Option: "card", Provider: "sandbox",
		CollectionMethod: domain.ChargeAutomatically,
		Type:             domain.TypeCard, Name: "Card", Token: token, CreatedAt: s.now(),
	}
	require.NoError(s.t, s.stock.ProposeMethod(s.t.Context(), m))
	return m
}

func (s *shop) attached(token string) {
	s.t.Helper()
	m := s.proposed(token)
	made, err := s.sandbox.Attach(s.t.Context(), payment.Attach{Key: m.ID, AccountID: m.AccountID, Token: token})
	require.NoError(s.t, err)
	m.Token, m.Ref, m.Customer, m.Last4 = "", made.Ref, made.Customer, made.Last4
	require.NoError(s.t, s.stock.Within(s.t.Context(), func(tx *store.Store) error {
		if err := tx.SaveMethod(s.t.Context(), m); err != nil {
			return err
		}
		return tx.MakeDefault(s.t.Context(), m)
	}))
}

func (s *shop) ledger() []sandbox.Charge {
	s.t.Helper()
	return sandboxtest.Ledger(s.t, s.company, "sk_test")
}

// kept is what the company kept of the charges that succeeded.
func (s *shop) kept() int64 {
	s.t.Helper()
	var sum int64
	for _, c := range s.ledger() {
		if c.Status == payment.StatusSucceeded {
			sum += c.Amount - c.Refunded
		}
	}
	return sum
}

// assertBooks expects the company to have kept what our rows say was paid.
func (s *shop) assertBooks() {
	s.t.Helper()
	paid := s.flow.count("SELECT COALESCE(SUM(amount), 0) FROM payments " +
		"WHERE provider = 'sandbox' AND (status = 'succeeded' OR late)")
	assert.Equal(s.t, int64(paid), s.kept())
	paidTwice := "SELECT 1 FROM payments WHERE status = 'succeeded' GROUP BY invoice_id HAVING count(*) > 1"
	assert.Zero(s.t, s.flow.count("SELECT count(*) FROM ("+paidTwice+")"))
	undecided := "SELECT count(*) FROM payments WHERE status IN ('created', 'processing', 'unknown')"
	assert.Zero(s.t, s.flow.count(undecided), "nothing is left undecided")
}

// assertNoSecrets expects no history to hold what a customer gave, or what a
// provider made of it.
func (s *shop) assertNoSecrets(f *flow) {
	s.t.Helper()
	seen := f.seen.String()
	require.NotEmpty(s.t, seen)
	for _, secret := range []string{
		"tok_", "smt_", "scu_", "sk_test", personEmail, personName, personPassword, personReason, personReference,
	} {
		assert.NotContains(s.t, seen, secret)
	}
}

// enter enters a card by its token on the page of the proposed method.
func (s *shop) enter(f *flow, m *domain.PaymentMethod, token string) {
	s.t.Helper()
	page, err := s.sandbox.Setup(s.t.Context(), payment.Setup{
		Key: m.ID, Customer: f.customer(), ReturnURL: f.acts.ReturnURL,
	})
	require.NoError(s.t, err)
	s.submit(page.URL, url.Values{"token": {token}})
}

// submit sends the form of one of the company's pages, as a browser would.
func (s *shop) submit(page string, form url.Values) {
	s.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(page, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	require.Equal(s.t, http.StatusSeeOther, answer.StatusCode)
}

func card(token string) wish {
	return func(o *domain.Onboarding) { o.WantedOption, o.PaymentToken = "card", token }
}

// live runs the subscription's Billing for as long as it runs at once.
func (s *shop) live(f *flow, news ...string) {
	s.t.Helper()
	f.ExecuteWorkflow(workflows.Billing, workflows.BillingInput{SubscriptionID: s.o.SubscriptionID, News: news})
	require.True(s.t, f.IsWorkflowCompleted())
}
