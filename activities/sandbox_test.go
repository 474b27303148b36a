package activities_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/activities/activitiestest"
	"slipway/billing"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/payment"
	"slipway/payment/manual"
	"slipway/payment/sandbox"
	"slipway/payment/sandbox/sandboxtest"
	"slipway/store"
)

func (c *clock) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = to
}

// shop is a fixture whose cards are charged at a sandbox, over HTTP.
type shop struct {
	*fixture
	company *sandbox.Server
	sandbox *sandbox.Provider
	url     string

	mu     sync.Mutex
	keys   []string            // of each request to charge, as it came in
	down   bool                // the company answers 503
	before func(*http.Request) // runs before the company sees a request to charge
	after  func(*http.Request) // runs when it has charged, before it answers
}

// sandboxKey is the API key of every shop's sandbox.
const sandboxKey = "sk_test"

func newShop(t testing.TB, policy ...func(*domain.Policy)) *shop {
	t.Helper()
	s := &shop{fixture: newFixture(t, policy...)}
	s.exec("UPDATE payment_options SET provider = 'sandbox', collection_method = 'charge_automatically'," +
		" instructions = '' WHERE key = 'card'")
	var err error
	config := sandbox.ServerConfig{APIKey: sandboxKey, SlowFor: 400 * time.Millisecond, NoSync: true}
	s.company, err = sandbox.NewServer(config)
	require.NoError(t, err)
	server := httptest.NewServer(http.HandlerFunc(s.door))
	s.url = server.URL
	t.Cleanup(func() { assert.NoError(t, s.company.Close()); server.Close() })
	s.sandbox = sandbox.New(sandbox.Config{URL: server.URL, APIKey: sandboxKey, Timeout: 2 * time.Second})
	s.use(func(c *activities.Config) {
		c.ReturnURL = "https://shop.example/done"
		c.Providers = map[string]payment.Provider{sandbox.Name: s.sandbox, manual.Name: manual.New()}
	})
	return s
}

// door is the company's, where the tests stand.
func (s *shop) door(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	down, before, after := s.down, s.before, s.after
	charge := r.Method == http.MethodPost && r.URL.Path == "/v1/charges"
	if charge {
		s.keys = append(s.keys, r.Header.Get("Idempotency-Key"))
	}
	s.mu.Unlock()
	if down {
		w.Header().Set("Retry-After", "2")
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if charge && before != nil {
		before(r)
	}
	s.company.Handler().ServeHTTP(w, r)
	if charge && after != nil {
		after(r)
	}
}

func (s *shop) outage(down bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.down = down
}

// once runs fn at the next request to charge, and no other.
func once(fn func()) func(*http.Request) {
	var first sync.Once
	return func(*http.Request) { first.Do(fn) }
}

// asked are the keys of the requests to charge, each named once.
func (s *shop) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := slices.Clone(s.keys)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// ledger is what the company's books hold.
func (s *shop) ledger() []sandbox.Charge {
	s.t.Helper()
	return sandboxtest.Ledger(s.t, s.company, sandboxKey)
}

func card(token string) wish {
	return func(o *domain.Onboarding) { o.WantedOption, o.PaymentToken = "card", token }
}

func byCard(token string) func(*domain.Command) {
	return func(c *domain.Command) {
		c.Option, c.Token, c.MethodID = "card", token, store.NewID(domain.PrefixPaymentMethod)
	}
}

// collectOnce asks the provider once.
func (s *shop) collectOnce(o *domain.Onboarding) (onboarding.State, error) {
	return activitiestest.AskProvider(s.t.Context(), s.Activities, o.ID)
}

// collect asks the provider as often as Temporal would have to, and twice when
// it has answered. It returns what went wrong before.
func (s *shop) collect(o *domain.Onboarding) (state onboarding.State, troubles []error) {
	s.t.Helper()
	for range 10 {
		if _, err := s.collectOnce(o); err != nil {
			troubles = append(troubles, err)
			s.assertRetrying(o, err)
			continue
		}
		return twice(s.fixture, func() (onboarding.State, error) { return s.collectOnce(o) }), troubles
	}
	require.Fail(s.t, "the provider never answered")
	return state, troubles
}

// assertRetrying expects a step that says what it waits for, and until when.
func (s *shop) assertRetrying(o *domain.Onboarding, err error) {
	s.t.Helper()
	var trouble *domain.Error
	require.ErrorAs(s.t, err, &trouble)
	assert.True(s.t, trouble.Code.Retryable())
	assert.Positive(s.t, trouble.RetryAfter)
	row := s.onboarding(o)
	key := domain.StepPayment
	if row.Status == domain.OnboardingWaitingForPaymentMethod {
		key = domain.StepPaymentMethod
	}
	step := row.Step(key)
	assert.Equal(s.t, domain.StepRetrying, step.Status)
	assert.Positive(s.t, step.Attempts)
	require.NotNil(s.t, step.NextAttemptAt)
	assert.WithinDuration(s.t, time.Now().Add(trouble.RetryAfter), *step.NextAttemptAt, 5*time.Second)
	require.NotNil(s.t, step.Error)
	assert.Equal(s.t, trouble.Reason, step.Error.Code)
}

// buy signs up with a card and charges it.
func (s *shop) buy(wishes ...wish) *domain.Onboarding {
	s.t.Helper()
	o := s.signUp(wishes...)
	s.collect(o)
	return s.onboarding(o)
}

// due has billing do what is due, twice.
func (s *shop) due(o *domain.Onboarding, due domain.DueKind) billing.SubscriptionState {
	s.t.Helper()
	in := activities.ProcessDueInput{SubscriptionID: o.SubscriptionID, Due: due}
	return twice(s.fixture, func() (billing.SubscriptionState, error) { return s.Process(s.t.Context(), in) })
}

// ask has billing ask its providers, as often as it takes, and then twice.
func (s *shop) ask(o *domain.Onboarding) billing.SubscriptionState {
	s.t.Helper()
	in := activities.SubscriptionInput{SubscriptionID: o.SubscriptionID}
	for range 10 {
		if _, err := s.ChargeSubscription(s.t.Context(), in); err == nil {
			return twice(s.fixture, func() (billing.SubscriptionState, error) { return s.ChargeSubscription(s.t.Context(), in) })
		}
	}
	require.Fail(s.t, "the provider never answered")
	return billing.SubscriptionState{}
}

// live lets the subscription live until the time as its Billing would: what is
// due is done when it is, and providers are asked whenever there is cause.
func (s *shop) live(o *domain.Onboarding, until time.Time) billing.SubscriptionState {
	s.t.Helper()
	state := s.due(o, "")
	for range 500 {
		switch {
		case state.Charge:
			state = s.ask(o)
		case state.DueAt == nil || state.DueAt.After(until):
			if until.After(s.clock.Now()) {
				s.clock.set(until)
			}
			s.assertBooks(o)
			return state
		default:
			if state.DueAt.After(s.clock.Now()) {
				s.clock.set(*state.DueAt)
			}
			state = s.due(o, state.Due)
		}
	}
	require.Fail(s.t, "billing never comes to rest", "%+v", state)
	return state
}

// execute applies a command to a subscription and does what follows from it.
func (s *shop) execute(o *domain.Onboarding, action domain.Action, fill ...filling) billing.SubscriptionState {
	s.t.Helper()
	s.applyBilling(o, action, fill...)
	return s.live(o, s.clock.Now())
}

// refused sends a command that is not allowed now, and returns why.
func (s *shop) refused(o *domain.Onboarding, action domain.Action, fill ...filling) error {
	s.t.Helper()
	in := s.billingInput(o, s.command(o, action, fill...).CommandID)
	before := s.dump()
	_, err := s.ApplyBilling(s.t.Context(), in)
	require.Error(s.t, err)
	s.assertUnchanged(before, "refused")
	return err
}

// last is the account's newest payment.
func (s *shop) last(o *domain.Onboarding) domain.Payment {
	s.t.Helper()
	payments := s.payments(o)
	require.NotEmpty(s.t, payments)
	return payments[len(payments)-1]
}

// submitForm sends the form of one of the company's pages, as a browser would.
func (s *shop) submitForm(page string, form url.Values) {
	s.t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, page, strings.NewReader(form.Encode()))
	require.NoError(s.t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := client.Do(r)
	require.NoError(s.t, err)
	require.NoError(s.t, answer.Body.Close())
	require.Equal(s.t, http.StatusSeeOther, answer.StatusCode)
}

// confirm is the customer's word on the company's page.
func (s *shop) confirm(p domain.Payment, decision string) {
	s.t.Helper()
	require.NotEmpty(s.t, p.ActionURL)
	s.submitForm(p.ActionURL, url.Values{"decision": {decision}})
}

// lookUp is what follows from a provider's event about the payment.
func (s *shop) lookUp(p domain.Payment) {
	s.t.Helper()
	twice(s.fixture, func() (any, error) {
		return nil, s.LookUpPayment(s.t.Context(), activities.LookUpInput{PaymentID: p.ID})
	})
}

// dates of the events of a type that the subscription saw, in days since noon.
func (s *shop) days(o *domain.Onboarding, of domain.EventType) []int {
	s.t.Helper()
	all := store.EventFilter{AccountID: o.AccountID, Type: string(of), Page: store.Page{Limit: 100}}
	list, err := s.store.ListEvents(s.t.Context(), all)
	require.NoError(s.t, err)
	slices.Reverse(list.Data)
	days := []int{}
	for _, e := range list.Data {
		days = append(days, int(e.CreatedAt.Sub(noon)/(24*time.Hour)))
	}
	return days
}
