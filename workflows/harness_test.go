package workflows_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/mock"
	"github.com/stretchr/testify/require"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"slipway/activities"
	"slipway/domain"
	"slipway/store"
	"slipway/store/storetest"
	"slipway/workflows"
)

// noon is when every test begins; window is its payment window, and patience how
// long it waits for what has none.
var noon = storetest.Noon

const (
	window   = 23 * time.Hour
	patience = 30 * 24 * time.Hour
)

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
		Billing: domain.DefaultBillingPolicy(), PaymentWindow: window, ExpiresAfter: patience,
		Reminders: []time.Duration{time.Hour, 20 * time.Hour},
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
			if at, is := given.GetTime(workflows.AttributeWaitsUntil); is && name == "WaitsUntil" {
				set[name] = at.UTC().Format(time.RFC3339)
			}
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

// ExecuteWorkflow runs a workflow under the id that is its own.
func (f *flow) ExecuteWorkflow(workflow any, args ...any) {
	f.executeUnder(ownID(f.o, args...), workflow, args...)
}

func (f *flow) executeUnder(id string, workflow any, args ...any) {
	f.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: id})
	f.TestWorkflowEnvironment.ExecuteWorkflow(workflow, args...)
}

// ownID is the id of the workflow that takes the input.
func ownID(o *domain.Onboarding, args ...any) string {
	if len(args) == 0 {
		return workflows.ReconcileScheduleID
	}
	switch in := args[0].(type) {
	case workflows.OnboardingInput:
		if o == nil {
			return workflows.SignupID(in.OnboardingID)
		}
		return workflows.WorkflowID(o)
	case workflows.BillingInput:
		return workflows.BillingID(in.SubscriptionID)
	case workflows.PurchaseInput:
		return workflows.PurchaseID(in.InvoiceID)
	case workflows.PaymentMethodInput:
		return workflows.MethodID(in.MethodID)
	case workflows.AdvanceInput:
		return workflows.ClockID(in.ClockID)
	case workflows.DeliveryInput:
		return workflows.DeliveryID(in.EventID, in.EndpointID)
	case workflows.EndpointDeliveriesInput:
		return workflows.EndpointDeliveriesID(in.EndpointID)
	case workflows.RefreshInput:
		return workflows.RefreshID(in.OnboardingID)
	}
	return "of-no-noun"
}

// at runs fn when the time since the start has passed, in the workflow's thread.
func (f *flow) at(after time.Duration, fn func()) { f.RegisterDelayedCallback(fn, after) }

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
