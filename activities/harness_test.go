package activities_test

import (
	"database/sql"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/store/storetest"
)

// noon is when every test begins.
var noon = storetest.Noon

// reconcileEvery is the pause of every test's jobs.
const reconcileEvery = time.Second

// window is the payment window of every test.
const window = 23 * time.Hour

// clock is the store's clock, moved by the test.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) forward(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// fixture is a database of its own and the activities on it.
type fixture struct {
	*activities.Activities
	t     testing.TB
	clock *clock
	store *store.Store
	db    *sql.DB // for what the store refuses to do
	fakes *processes
}

func newFixture(t testing.TB, policy ...func(*domain.Policy)) *fixture {
	t.Helper()
	c := &clock{now: noon}
	s := storetest.Seeded(t, c.Now)
	fakes := &processes{states: map[string]onboarding.ProcessState{}}
	config := activities.Config{Store: s, Processes: fakes, ReconcileEvery: reconcileEvery, Policy: domain.Policy{
		Billing: domain.DefaultBillingPolicy(), PaymentWindow: window,
		Reminders: []time.Duration{time.Hour, 20 * time.Hour, 30 * time.Hour},
	}}
	for _, change := range policy {
		change(&config.Policy)
	}
	return &fixture{Activities: activities.New(config), t: t, clock: c, store: s, db: s.Stats()["write"], fakes: fakes}
}

// use has the activities work with something else from now on.
func (f *fixture) use(change func(*activities.Config)) {
	config := f.Config
	change(&config)
	f.Activities = activities.New(config)
}

// wish is what a sign-up asks for.
type wish func(*domain.Onboarding)

func plan(code string) wish     { return func(o *domain.Onboarding) { o.WantedPlan = code } }
func option(key string) wish    { return func(o *domain.Onboarding) { o.WantedOption = key } }
func country(code string) wish  { return func(o *domain.Onboarding) { o.Country = code } }
func named(name string) wish    { return func(o *domain.Onboarding) { o.AccountName = name } }
func slugged(slug string) wish  { return func(o *domain.Onboarding) { o.WantedSlug = slug } }
func email(address string) wish { return func(o *domain.Onboarding) { o.Email = address } }

// receive stores a sign-up the way the API does.
func (f *fixture) receive(wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), domain.KindSignup, f.store.Now())
	o.AccountID, o.OwnerID = store.NewID(domain.PrefixAccount), store.NewID(domain.PrefixUser)
	o.SubscriptionID = store.NewID(domain.PrefixSubscription)
	o.Email, o.PasswordHash, o.AccountName = strings.ToLower(o.ID)+"@example.com", "hash-of-"+o.ID, "Acme"
	for _, w := range wishes {
		w(o)
	}
	f.insert(o)
	return o
}

func (f *fixture) insert(o *domain.Onboarding) {
	f.t.Helper()
	require.NoError(f.t, f.store.Within(f.t.Context(), func(tx *store.Store) error {
		ok, err := tx.InsertOnboarding(f.t.Context(), o)
		require.True(f.t, ok)
		if err == nil && o.WantedSlug != "" {
			ok, err = tx.ClaimSlug(f.t.Context(), o.WantedSlug, o.AccountID)
			require.True(f.t, ok)
		}
		return err
	}))
}

// receiveActivation stores an activation of the sign-up's account.
func (f *fixture) receiveActivation(of *domain.Onboarding, wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), domain.KindActivation, f.store.Now())
	o.AccountID, o.OwnerID, o.SubscriptionID = of.AccountID, of.OwnerID, store.NewID(domain.PrefixSubscription)
	account := f.account(of)
	o.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	for _, w := range wishes {
		w(o)
	}
	f.insert(o)
	return o
}

// twice runs an activity as often as a worker may, and sees that the second
// time changes nothing but the hour.
func twice[R any](f *fixture, run func() (R, error)) R {
	f.t.Helper()
	first, err := run()
	require.NoError(f.t, err)
	before := f.dump()
	f.clock.forward(time.Second)
	again, err := run()
	f.clock.forward(-time.Second)
	require.NoError(f.t, err)
	assert.Equal(f.t, first, again)
	f.assertUnchanged(before, "the second run changes nothing")
	return first
}

// assertUnchanged expects the database as it was dumped, and shows only the
// rows that differ.
func (f *fixture) assertUnchanged(before map[string][]string, why string) {
	f.t.Helper()
	after := f.dump()
	for table := range before {
		for _, row := range before[table] {
			if !slices.Contains(after[table], row) {
				f.t.Errorf("%s: changed in %s:\n%s\nnow:\n%s", why, table, row, strings.Join(after[table], "\n"))
			}
		}
		assert.Len(f.t, after[table], len(before[table]), "%s: rows of %s", why, table)
	}
}

// signUp receives a sign-up and takes it as far as it goes by itself.
func (f *fixture) signUp(wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := f.receive(wishes...)
	f.create(o)
	f.open(o)
	return f.onboarding(o)
}

// activation is signUp for an account that exists.
func (f *fixture) activation(of *domain.Onboarding, wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := f.receiveActivation(of, wishes...)
	f.create(o)
	f.open(o)
	return f.onboarding(o)
}

// filling fills in what a command needs beside its action.
type filling = func(*domain.Command)

// command stores a command and returns the input that carries it.
func (f *fixture) command(o *domain.Onboarding, action domain.Action, fill ...filling) activities.ApplyCommandInput {
	f.t.Helper()
	c := &domain.Command{
		ID: store.NewID(domain.PrefixCommand), Action: action, OnboardingID: o.ID, SubscriptionID: o.SubscriptionID,
		ActorType: domain.ActorAdmin, ActorID: "usr_admin", CreatedAt: f.store.Now(),
	}
	if action == domain.ActionSubmitPayment {
		c.PaymentID, c.Reference = store.NewID(domain.PrefixPayment), "RF-1"
	}
	for _, change := range fill {
		change(c)
	}
	if action == domain.ActionSubmitPayment && c.InvoiceID == "" {
		c.InvoiceID = f.toBePaid(o)
	}
	require.NoError(f.t, f.store.InsertCommand(f.t.Context(), c))
	return activities.ApplyCommandInput{Noun: domain.NounOnboarding, ID: o.ID, CommandID: c.ID, Action: action}
}

func toPlan(code string) func(*domain.Command)  { return func(c *domain.Command) { c.Plan = code } }
func byOption(key string) func(*domain.Command) { return func(c *domain.Command) { c.Option = key } }

func because(reason string) func(*domain.Command) {
	return func(c *domain.Command) { c.Reason = reason }
}

func ofPayment(id string) func(*domain.Command) { return func(c *domain.Command) { c.PaymentID = id } }

func withReference(r string) func(*domain.Command) {
	return func(c *domain.Command) { c.Reference = r }
}

func waived(c *domain.Command) { c.Waive = true }

func (f *fixture) decide(in activities.ApplyCommandInput) error {
	_, err := f.ApplyCommand(f.t.Context(), in)
	return err
}

// apply stores a command and carries it out, twice.
func (f *fixture) apply(o *domain.Onboarding, action domain.Action, fill ...filling) onboarding.State {
	f.t.Helper()
	in := f.command(o, action, fill...)
	return twice(f, func() (onboarding.State, error) { return f.Apply(f.t.Context(), in) })
}

// toBePaid is the account's oldest open invoice without a submitted payment, or
// else one with it.
func (f *fixture) toBePaid(o *domain.Onboarding) string {
	f.t.Helper()
	open := ""
	for _, in := range f.invoices(o) {
		if in.Status != domain.InvoiceOpen {
			continue
		}
		open = in.ID
		if _, err := f.store.PendingPayment(f.t.Context(), in.ID); err != nil {
			return open
		}
	}
	return open
}

// submit submits a payment and returns it.
func (f *fixture) submit(o *domain.Onboarding) *domain.Payment {
	f.t.Helper()
	f.apply(o, domain.ActionSubmitPayment)
	payments := f.payments(o)
	return &payments[len(payments)-1]
}

func (f *fixture) end(o *domain.Onboarding, status domain.OnboardingStatus, code string) onboarding.State {
	f.t.Helper()
	in := activities.EndInput{OnboardingID: o.ID, Status: status, ErrorCode: code}
	return twice(f, func() (onboarding.State, error) { return f.EndOnboarding(f.t.Context(), in) })
}

// assertRefused expects the 409 that names what may be done instead.
func assertRefused(t testing.TB, o *domain.Onboarding, err error) {
	t.Helper()
	var refusal *domain.Error
	if assert.ErrorAs(t, err, &refusal) {
		assert.Equal(t, domain.CodeConflict, refusal.Code)
		assert.Equal(t, domain.ReasonInvalidTransition, refusal.Reason)
		assert.Equal(t, string(o.Status), refusal.From)
		assert.Equal(t, o.Actions(), refusal.AvailableActions)
	}
}
