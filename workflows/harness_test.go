package workflows_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
	"slipway/store/storetest"
	"slipway/workflows"
)

// noon is when every test begins; window is its payment window.
var noon = storetest.Noon

const window = 23 * time.Hour

// flow is one workflow in the SDK's environment, with the real activities on a
// database of its own. The store's clock is the environment's, so that skipped
// time and due times agree.
type flow struct {
	*testsuite.TestWorkflowEnvironment
	t     testing.TB
	acts  *activities.Activities
	store *store.Store
	db    *sql.DB
	faults
	seen  *recorder
	fakes *processes

	upserts []map[string]string // search attributes, as they were set
	o       *domain.Onboarding
}

func newFlow(t testing.TB) *flow {
	t.Helper()
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(quiet{})
	f := &flow{TestWorkflowEnvironment: suite.NewTestWorkflowEnvironment(), t: t, seen: &recorder{}, fakes: &processes{}}
	f.SetStartTime(noon)
	f.store = f.openStore()
	f.db = f.store.Stats()["write"]
	f.acts = activities.New(activities.Config{Store: f.store, Processes: f.fakes, Policy: domain.Policy{
		Billing: domain.DefaultBillingPolicy(), PaymentWindow: window, Reminders: []time.Duration{time.Hour, 20 * time.Hour},
	}})
	f.SetTestTimeout(30 * time.Second)
	f.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}, &f.faults}})
	f.SetDataConverter(&recording{DataConverter: converter.GetDefaultDataConverter(), recorder: f.seen})
	f.SetOnLocalActivityStartedListener(func(_ *activity.Info, _ context.Context, args []any) { f.seen.see(args) })
	f.RegisterActivity(f.acts)
	f.OnUpsertTypedSearchAttributes(mock.Anything).Run(f.upserted).Return(nil).Maybe()
	return f
}

// use has the activities work with something else from now on.
func (f *flow) use(change func(*activities.Config)) {
	config := f.acts.Config
	change(&config)
	*f.acts = *activities.New(config)
}

// useStore has the activities work on the store.
func (f *flow) useStore(s *store.Store) { f.use(func(c *activities.Config) { c.Store = s }) }

func (f *flow) openStore() *store.Store { return f.openStoreAt(f.Now) }

func (f *flow) openStoreAt(now func() time.Time) *store.Store {
	f.t.Helper()
	return storetest.Seeded(f.t, now)
}

func (f *flow) upserted(args mock.Arguments) {
	set, given := map[string]string{}, args.Get(0).(temporal.SearchAttributes)
	for name := range workflows.SearchAttributes() {
		if strings.Contains(fmt.Sprint(given), name) { // the getters hide those that are unset
			set[name], _ = given.GetKeyword(temporal.NewSearchAttributeKeyKeyword(name))
		}
	}
	f.upserts = append(f.upserts, set)
}

// wish is what a sign-up asks for.
type wish func(*domain.Onboarding)

func plan(code string) wish  { return func(o *domain.Onboarding) { o.WantedPlan = code } }
func option(key string) wish { return func(o *domain.Onboarding) { o.WantedOption = key } }

// What no history may hold.
const (
	personEmail    = "ada@lovelace.example"
	personName     = "Ada Lovelace Engines"
	personPassword = "hash-of-a-secret"
)

// receive stores a sign-up the way the API does.
func (f *flow) receive(wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), domain.KindSignup, f.store.Now())
	o.AccountID, o.OwnerID = store.NewID(domain.PrefixAccount), store.NewID(domain.PrefixUser)
	o.SubscriptionID = store.NewID(domain.PrefixSubscription)
	o.Email, o.PasswordHash, o.AccountName = personEmail, personPassword, personName
	for _, w := range wishes {
		w(o)
	}
	f.insert(o)
	return o
}

func (f *flow) insert(o *domain.Onboarding) {
	f.t.Helper()
	ok, err := f.store.InsertOnboarding(f.t.Context(), o)
	require.NoError(f.t, err)
	require.True(f.t, ok)
	f.o = o
}

// signup runs a fresh sign-up to its end.
func (f *flow) signup(wishes ...wish) {
	f.t.Helper()
	if f.o == nil {
		f.receive(wishes...)
	}
	f.ExecuteWorkflow(workflows.Signup, workflows.OnboardingInput{OnboardingID: f.o.ID})
}

// at runs fn when the time since the start has passed, in the workflow's thread.
func (f *flow) at(after time.Duration, fn func()) { f.RegisterDelayedCallback(fn, after) }

// answer is what became of an update.
type answer struct {
	rejected error
	accepted bool
	done     bool
	at       time.Time
	err      error
	state    onboarding.State
	refresh  onboarding.Repaired
}

// refusal is the type of the update's failure, rejected or later.
func (a *answer) refusal() string {
	var failure *temporal.ApplicationError
	if errors.As(errors.Join(a.rejected, a.err), &failure) {
		return failure.Type()
	}
	return ""
}

func (f *flow) send(name, id string, args ...any) *answer {
	a := &answer{}
	f.UpdateWorkflow(name, id, &testsuite.TestUpdateCallback{
		OnAccept: func() { a.accepted = true },
		OnReject: func(err error) { a.rejected = err },
		OnComplete: func(result any, err error) {
			a.done, a.err, a.at = true, err, f.Now()
			switch r := result.(type) {
			case onboarding.State:
				a.state = r
			case activities.ApplyCommandResult:
				if r.Onboarding != nil {
					a.state = *r.Onboarding
				}
			case onboarding.Repaired:
				a.refresh = r
			}
			if result != nil {
				f.seen.see(result)
			}
			if err != nil {
				f.seen.see(err.Error())
			}
		},
	}, args...)
	return a
}

// give stores a command and sends it, the way the API does.
func (f *flow) give(action domain.Action, fill ...func(*domain.Command)) *answer {
	f.t.Helper()
	c := f.command(action, fill...)
	return f.send(string(action), c.ID, workflows.CommandInput{CommandID: c.ID})
}

func (f *flow) command(action domain.Action, fill ...func(*domain.Command)) *domain.Command {
	f.t.Helper()
	c := &domain.Command{
		ID: store.NewID(domain.PrefixCommand), Action: action, OnboardingID: f.o.ID, SubscriptionID: f.o.SubscriptionID,
		ActorType: domain.ActorAdmin, ActorID: "usr_admin", Reason: personReason, CreatedAt: f.store.Now(),
	}
	switch action {
	case domain.ActionSubmitPayment:
		c.PaymentID, c.Reference = store.NewID(domain.PrefixPayment), personReference
	case domain.ActionApprovePayment, domain.ActionRejectPayment:
		if payments := f.payments(); len(payments) > 0 {
			c.PaymentID = payments[len(payments)-1].ID
		}
	}
	if invoice, err := f.store.OpenInvoice(f.t.Context(), f.o.SubscriptionID); err == nil {
		c.InvoiceID = invoice.ID
	}
	for _, change := range fill {
		change(c)
	}
	require.NoError(f.t, f.store.InsertCommand(f.t.Context(), c))
	return c
}

const (
	personReason    = "she asked for it on the phone"
	personReference = "RF18 LOVELACE"
)

func toPlan(code string) func(*domain.Command)  { return func(c *domain.Command) { c.Plan = code } }
func byOption(key string) func(*domain.Command) { return func(c *domain.Command) { c.Option = key } }

// What the database holds now.

func (f *flow) row() *domain.Onboarding {
	f.t.Helper()
	row, err := f.store.OnboardingByID(f.t.Context(), f.o.ID)
	require.NoError(f.t, err)
	return row
}

func (f *flow) subscription() *domain.Subscription {
	f.t.Helper()
	row, err := f.store.SubscriptionByID(f.t.Context(), f.o.SubscriptionID)
	require.NoError(f.t, err)
	return row
}

// payments of the account, oldest first.
func (f *flow) payments() []domain.Payment {
	f.t.Helper()
	list, err := f.store.ListPayments(f.t.Context(), store.PaymentFilter{AccountID: f.o.AccountID, Page: store.Page{Limit: 100}})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

// events of the type, oldest first.
func (f *flow) events(of domain.EventType) []domain.Event {
	f.t.Helper()
	list, err := f.store.ListEvents(f.t.Context(), store.EventFilter{
		OnboardingID: f.o.ID, Type: string(of), Page: store.Page{Limit: 100},
	})
	require.NoError(f.t, err)
	slices.Reverse(list.Data)
	return list.Data
}

func (f *flow) exec(statement string, args ...any) {
	f.t.Helper()
	_, err := f.db.ExecContext(f.t.Context(), statement, args...)
	require.NoError(f.t, err)
}

func (f *flow) count(query string, args ...any) int {
	f.t.Helper()
	var n int
	require.NoError(f.t, f.db.QueryRowContext(f.t.Context(), query, args...).Scan(&n))
	return n
}

// assertStatus expects the row to stand there now.
func (f *flow) assertStatus(want domain.OnboardingStatus, why ...any) {
	f.t.Helper()
	assert.Equal(f.t, want, f.row().Status, why...)
}

// assertEnd expects the workflow to have closed as Temporal's UI should show
// it, and the row to say the same.
func (f *flow) assertEnd(want domain.OnboardingStatus) {
	f.t.Helper()
	require.True(f.t, f.IsWorkflowCompleted())
	err := f.GetWorkflowError()
	var failure *temporal.ApplicationError
	switch want {
	case domain.OnboardingCompleted:
		require.NoError(f.t, err)
		var result workflows.OnboardingResult
		require.NoError(f.t, f.GetWorkflowResult(&result))
		assert.Equal(f.t, workflows.OnboardingResult{Status: want, SubscriptionStatus: f.subscription().Status}, result)
	case domain.OnboardingCanceled:
		assert.True(f.t, temporal.IsCanceledError(err), "%v", err)
	default:
		require.ErrorAs(f.t, err, &failure)
		assert.Equal(f.t, string(want), failure.Type())
		assert.True(f.t, failure.NonRetryable())
	}
	f.assertStatus(want)
	if want != domain.OnboardingCompleted {
		f.assertGivenBack()
	}
}

// assertGivenBack expects nothing left of a sign-up that ended early.
func (f *flow) assertGivenBack() {
	f.t.Helper()
	assert.Zero(f.t, f.count("SELECT count(*) FROM slugs WHERE account_id = ?", f.o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM accounts WHERE id = ? AND status <> 'closed'", f.o.AccountID))
	assert.Zero(f.t, f.count("SELECT count(*) FROM invoices WHERE status <> 'void'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM payments WHERE status <> 'failed'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM subscriptions WHERE status <> 'incomplete_expired'"))
	assert.Zero(f.t, f.count("SELECT count(*) FROM balances"))
}

// details is what Temporal's UI shows as the workflow's current details.
func (f *flow) details() string {
	f.t.Helper()
	value, err := f.QueryWorkflow("__temporal_workflow_metadata")
	require.NoError(f.t, err)
	var metadata sdkpb.WorkflowMetadata
	require.NoError(f.t, value.Get(&metadata))
	return metadata.GetCurrentDetails()
}

// quiet keeps the SDK's log out of the tests' output.
type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

// activationOf stores an activation of the sign-up's account.
func (f *flow) activationOf(first *domain.Onboarding, wishes ...wish) *domain.Onboarding {
	f.t.Helper()
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), domain.KindActivation, f.store.Now())
	o.AccountID, o.OwnerID, o.SubscriptionID = first.AccountID, first.OwnerID, store.NewID(domain.PrefixSubscription)
	for _, w := range wishes {
		w(o)
	}
	f.insert(o)
	return o
}

// kind is the type of an application error, however deep it sits.
func kind(err error) string {
	var failure *temporal.ApplicationError
	if errors.As(err, &failure) {
		return failure.Type()
	}
	return ""
}
