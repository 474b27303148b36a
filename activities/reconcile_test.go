package activities_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"go.temporal.io/sdk/interceptor"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
	"slipway/store"
)

// temporalEnv runs activities the way a worker does, errors included.
func (f *fixture) temporalEnv() *testsuite.TestActivityEnvironment {
	suite := testsuite.WorkflowTestSuite{}
	suite.SetLogger(quiet{})
	env := suite.NewTestActivityEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{&activities.Errors{}}})
	env.RegisterActivity(f.Activities)
	return env
}

type quiet struct{}

func (quiet) Debug(string, ...any) {}
func (quiet) Info(string, ...any)  {}
func (quiet) Warn(string, ...any)  {}
func (quiet) Error(string, ...any) {}

const stale = 5 * time.Minute

func (f *fixture) reconcile() activities.ReconcileResult {
	f.t.Helper()
	value, err := f.temporalEnv().ExecuteActivity(f.Reconcile, activities.ReconcileInput{StaleAfter: stale})
	require.NoError(f.t, err)
	var result activities.ReconcileResult
	require.NoError(f.t, value.Get(&result))
	require.True(f.t, result.Undecided, "the workflow of 0.1.0 goes on to ResolvePayments")
	result.Undecided = false
	return result
}

// What a round compared before it was cut off is left out until all others were.
func TestReconcile_GoesOnWhereARoundWasCutOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	first, second := f.signUp(plan("growth")), f.signUp(plan("growth"))
	f.clock.forward(time.Second)
	f.reconcile()
	f.clock.forward(time.Hour)
	require.NoError(t, f.store.MarkChecked(t.Context(), first.ID))
	f.clock.forward(stale + time.Second)
	f.fakes.asked = nil
	f.reconcile()
	assert.Equal(t, []string{second.ID}, f.fakes.asked)
	f.clock.forward(stale + time.Second)
	f.fakes.asked = nil
	f.reconcile()
	assert.ElementsMatch(t, []string{first.ID, second.ID}, f.fakes.asked)
}

func TestReconcile_PutsRightWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	missing, running := f.receive(), f.signUp(plan("growth"))
	stopped := f.reach(domain.OnboardingAwaitingApproval)
	closed := f.signUp(plan("free"))
	f.exec("UPDATE onboardings SET status = 'activating' WHERE id = ?", closed.ID)
	ended := []*domain.Onboarding{
		f.reach(domain.OnboardingCompleted), f.reach(domain.OnboardingCanceled),
		f.reach(domain.OnboardingExpired), f.reach(domain.OnboardingFailed),
	}
	f.fakes.states = map[string]onboarding.ProcessState{
		missing.ID: onboarding.ProcessMissing, stopped.ID: onboarding.ProcessStopped, closed.ID: onboarding.ProcessCompleted,
	}
	for _, o := range ended {
		f.fakes.states[o.ID] = onboarding.ProcessStopped
	}
	assert.Equal(t, activities.ReconcileResult{Billings: 2}, f.reconcile(), "too fresh to check")
	f.clock.forward(stale + time.Second)
	before := f.dump()
	assert.Equal(t, activities.ReconcileResult{Checked: 4, Started: 1, Repaired: 2, Billings: 2}, f.reconcile())
	unended := []string{missing.ID, running.ID, stopped.ID, closed.ID}
	assert.ElementsMatch(t, unended, f.fakes.asked, "never those that ended")

	assert.Equal(t, []string{missing.ID}, f.fakes.started)
	assert.Equal(t, domain.OnboardingReceived, f.onboarding(missing).Status, "its workflow does the rest")
	assert.Equal(t, domain.OnboardingCompleted, f.onboarding(closed).Status)
	row := f.onboarding(stopped)
	assert.Equal(t, domain.OnboardingFailed, row.Status)
	assert.Equal(t, domain.ReasonTerminatedExternally, row.Error.Code)
	f.assertGivenBack(stopped, "failed", domain.FailureCanceled)

	now := f.store.Now()
	assert.Equal(t, now, f.onboarding(running).CheckedAt)
	assert.Equal(t, running.Version, f.onboarding(running).Version, "no change a watcher would see")
	for _, o := range ended {
		assert.Contains(t, before["onboardings"], f.line("onboardings", o.ID))
	}
	f.fakes.asked = nil
	assert.Equal(t, activities.ReconcileResult{Billings: 3}, f.reconcile(), "once is enough")
	assert.Empty(t, f.fakes.asked)
}

// line is one row of a table as dump shows it.
func (f *fixture) line(table, id string) string {
	f.t.Helper()
	for _, line := range f.rows(table) {
		if len(line) > len(id)+4 && line[3:3+len(id)] == id {
			return line
		}
	}
	return ""
}

func TestReconcile_ResumesOnlyWhomTheCatalogueServes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.exec("UPDATE plans SET active = false WHERE code IN ('growth', 'free')")
	f.exec("UPDATE payment_options SET enabled = false")
	wantsGrowth, wantsGold := f.signUp(plan("growth")), f.signUp(plan("gold"))
	wantsDefault, wantsHidden := f.signUp(), f.signUp(plan("enterprise"))
	payer, walletInKenya := f.signUp(plan("scale")), f.signUp(plan("scale"), option("wallet"), country("KE"))
	walletInGermany := f.signUp(plan("scale"), option("wallet"), country("DE"))
	for _, o := range []*domain.Onboarding{wantsGrowth, wantsGold, wantsDefault, wantsHidden} {
		require.Equal(t, domain.OnboardingWaitingForPlan, o.Status)
	}
	for _, o := range []*domain.Onboarding{payer, walletInKenya, walletInGermany} {
		require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	}
	assert.Zero(t, f.reconcile().Resumed)
	resumes := func(change string, want ...*domain.Onboarding) {
		t.Helper()
		f.clock.forward(time.Hour)
		f.exec(change, f.store.Now())
		f.fakes.resumed = nil
		var ids []string
		for _, o := range want {
			ids = append(ids, o.ID)
		}
		assert.Equal(t, len(want), f.reconcile().Resumed)
		assert.ElementsMatch(t, ids, f.fakes.resumed)
	}
	resumes("UPDATE plans SET active = true, updated_at = ? WHERE code = 'growth'", wantsGrowth)
	resumes("UPDATE plans SET active = true, updated_at = ? WHERE code = 'free'", wantsGrowth, wantsDefault)
	resumes("UPDATE payment_options SET enabled = true, updated_at = ? WHERE key = 'wallet'",
		wantsGrowth, wantsDefault, walletInKenya)
	resumes("UPDATE payment_options SET enabled = true, updated_at = ? WHERE key = 'card'",
		wantsGrowth, wantsDefault, walletInKenya, payer)

	f.clock.forward(time.Minute + time.Second)
	assert.Equal(t, 4, f.reconcile().Resumed, "one who came to wait while it changed is found")
	for range 3 {
		assert.Zero(t, f.reconcile().Resumed, "nothing has changed since: there is nothing to say")
	}
	f.exec("UPDATE plans SET updated_at = ?", f.store.Now().Add(-2*time.Minute))
	f.exec("UPDATE job_rounds SET started_at = ?", f.store.Now().Add(-2*time.Minute))
	f.fakes.poison = map[string]error{payer.ID: errors.New("its history is full")}
	assert.Equal(t, 3, f.reconcile().Resumed)
	f.fakes.poison = nil
	assert.Zero(t, f.reconcile().Resumed)
	f.clock.forward(time.Minute)
	f.fakes.resumed = nil
	assert.Equal(t, 1, f.reconcile().Resumed)
	assert.Equal(t, []string{payer.ID}, f.fakes.resumed, "the one whose signal failed")
	assert.Zero(t, f.reconcile().Resumed)
}

func TestReconcile_LeavesTheCustomersPageAlone(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	onPage := s.buy(plan("growth"), option("card"))
	refused := s.buy(plan("growth"), card("tok_declined"))
	for _, o := range []*domain.Onboarding{onPage, refused} {
		require.Equal(t, domain.OnboardingWaitingForPaymentMethod, s.onboarding(o).Status)
	}
	s.exec("UPDATE payment_options SET updated_at = ?", s.store.Now())
	assert.Zero(t, s.reconcile().Resumed, "their customers have to do something; the catalogue has not")
}

func TestReconcile_WorksInBatches(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const batch, people = 500, 700
	for range people {
		f.receive()
	}
	f.clock.forward(stale + time.Second)
	assert.Equal(t, activities.ReconcileResult{Checked: batch, More: true}, f.reconcile())
	assert.Equal(t, activities.ReconcileResult{Checked: people - batch}, f.reconcile())
	assert.Len(t, f.fakes.asked, people, "each is asked for once")

	f.exec("UPDATE onboardings SET status = 'waiting_for_plan'")
	f.exec("UPDATE plans SET updated_at = ?", f.store.Now())
	assert.Equal(t, people, f.reconcile().Resumed, "all who wait are resumed in one run")
}

func TestReconcile_DeletesWhatExpired(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.signUp(plan("free"))
	for name, lives := range map[string]time.Duration{"old": time.Hour, "new": 1000 * time.Hour} {
		require.NoError(t, f.store.InsertSession(t.Context(), &domain.Session{
			ID: store.NewID(domain.PrefixSession), TokenHash: []byte(name), UserID: o.OwnerID, AccountID: o.AccountID,
			Role: domain.RoleOwner, CreatedAt: noon, ExpiresAt: noon.Add(lives),
		}))
	}
	claim := func(value string) {
		_, err := f.store.ClaimKey(t.Context(), store.Key{Scope: "sign_up", Value: value, Fingerprint: []byte("x")}, o.ID)
		require.NoError(t, err)
	}
	claim("old")
	f.clock.forward(72*time.Hour + time.Minute)
	claim("new")
	assert.Equal(t, int64(2), f.reconcile().Deleted)
	assert.Equal(t, 1, f.count("SELECT count(*) FROM sessions"))
	assert.Equal(t, 1, f.count("SELECT count(*) FROM idempotency_keys"))
}

func TestReconcile_ComesBackWhenTemporalIsAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	o := f.receive()
	f.clock.forward(stale + time.Second)
	f.fakes.failure = domain.Unavailable("Temporal", time.Second)
	_, err := f.temporalEnv().ExecuteActivity(f.Reconcile, activities.ReconcileInput{StaleAfter: stale})
	require.Error(t, err)
	assert.Equal(t, noon, f.onboarding(o).CheckedAt, "not compared, not marked")
	f.fakes.failure = nil
	assert.Equal(t, 1, f.reconcile().Checked)
}

func TestCompare_DoesForOneWhatReconcileDoesForAll(t *testing.T) {
	t.Parallel()
	compare := func(f *fixture, o *domain.Onboarding) onboarding.Repaired {
		in := activities.CompareInput{OnboardingID: o.ID}
		result, err := f.CompareOnboarding(t.Context(), in)
		require.NoError(t, err)
		before := f.dump()
		again, err := f.CompareOnboarding(t.Context(), in)
		require.NoError(t, err)
		assert.Empty(t, again.Differences)
		f.assertUnchanged(before, "the second run changes nothing")
		return result
	}
	for _, c := range []struct {
		why   string
		from  domain.OnboardingStatus
		state onboarding.ProcessState
		want  [][3]string
	}{
		{"running", domain.OnboardingAwaitingPayment, onboarding.ProcessRunning, nil},
		{"stopped", domain.OnboardingAwaitingPayment, onboarding.ProcessStopped,
			[][3]string{{"status", "awaiting_payment", "failed"}}},
		{"ended", domain.OnboardingExpired, onboarding.ProcessStopped, nil},
	} {
		f := newFixture(t)
		o := f.reach(c.from)
		f.fakes.states[o.ID] = c.state
		assert.Equal(t, differences(o, c.want), compare(f, o).Differences, c.why)
	}
	f := newFixture(t)
	o := f.reach(domain.OnboardingReceived)
	f.fakes.states[o.ID] = onboarding.ProcessMissing
	assert.Empty(t, compare(f, o).Differences)
	assert.Equal(t, []string{o.ID}, f.fakes.started)

	f.fakes.failure = errors.New("no such thing")
	_, err := f.CompareOnboarding(t.Context(), activities.CompareInput{OnboardingID: o.ID})
	assert.Error(t, err)
}
