//go:build !nodev

package system

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	sdkpb "go.temporal.io/api/sdk/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/workflows"
)

// history is the whole history of a workflow.
func (r *running) history(workflowID string) *historypb.History {
	r.t.Helper()
	h := &historypb.History{}
	events := r.app.Temporal.GetWorkflowHistory(context.Background(), workflowID, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(r.t, err)
		h.Events = append(h.Events, e)
	}
	return h
}

// executions lists the workflows Temporal finds for a query, once it finds at
// least so many: its visibility follows a moment later.
func (r *running) executions(query string, atLeast int) []string {
	r.t.Helper()
	var ids []string
	eventually(r.t, func() bool {
		list, err := r.app.Temporal.ListWorkflow(context.Background(), &workflowservice.ListWorkflowExecutionsRequest{Query: query, PageSize: 1000})
		if err != nil {
			return false
		}
		ids = nil
		for _, e := range list.GetExecutions() {
			ids = append(ids, e.GetExecution().GetWorkflowId())
		}
		return len(ids) >= atLeast
	}, "%d workflows for %s", atLeast, query)
	return ids
}

// submit pays as the customer and approve as the admin.
func (r *running) submit(o kickedOff, reference string) domain.Payment {
	r.t.Helper()
	a := r.post("/v1/onboardings/"+o.ID+"/payment", o.ClientSecret, map[string]any{"reference": reference})
	require.Equal(r.t, http.StatusOK, a.status, string(a.body))
	r.until(o, domain.OnboardingAwaitingApproval)
	return r.pendingPayment(r.admin(), o.Account.ID)
}

func (r *running) approve(p domain.Payment) answer {
	r.t.Helper()
	return r.post("/v1/admin/payments/"+p.ID+"/approve", r.admin(), map[string]any{"reason": "seen on the bank statement"})
}

func TestSignup_TrialIsActiveInTheFirstAnswer(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	assert.Equal(t, domain.OnboardingCompleted, o.Status)
	assert.True(t, o.Done)
	assert.Equal(t, "acme", o.Account.Slug)
	assert.Equal(t, domain.SubscriptionTrialing, o.Subscription.Status)
	assert.Equal(t, domain.NextOpenApp, o.NextAction.Type)
	assert.NotEmpty(t, o.ClientSecret)

	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 1000, balance.Total)
}

func TestSignup_TrialCostsFewEventsAndOneExecution(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	events := r.history("signup-" + o.ID).GetEvents()
	assert.LessOrEqual(t, len(events), 20)
	t.Logf("a trial sign-up's history has %d events", len(events))
	ids := r.executions(fmt.Sprintf("AccountId = '%s'", o.Account.ID), 1)
	assert.Equal(t, []string{"signup-" + o.ID}, ids)
}

func TestSignup_GrowthWaitsForPaymentAndCompletesWhenApproved(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingAwaitingPayment, o.Status)
	require.Equal(t, domain.NextSubmitPayment, o.NextAction.Type)
	assert.EqualValues(t, 13900, *o.NextAction.Amount)
	assert.NotEmpty(t, o.NextAction.Instructions)
	assert.WithinDuration(t, time.Now().Add(23*time.Hour), *o.NextAction.ExpiresAt, time.Minute)

	payment := r.submit(o, "transfer of Tuesday")
	a := r.approve(payment)
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	done := r.until(o, domain.OnboardingCompleted)
	assert.Equal(t, domain.SubscriptionActive, done.Subscription.Status)
	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 2000, balance.Total)
}

func TestSignup_RejectedPaymentMayBeSubmittedAgain(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	payment := r.submit(o, "first try")
	a := r.post("/v1/admin/payments/"+payment.ID+"/reject", r.admin(), map[string]any{"reason": "no such transfer"})
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	back := r.until(o, domain.OnboardingAwaitingPayment)
	assert.Equal(t, "no such transfer", back.NextAction.Message)
	second := r.submit(o, "second try")
	assert.Equal(t, 2, second.Attempt)
	require.Equal(t, http.StatusOK, r.approve(second).status)
	r.until(o, domain.OnboardingCompleted)
}

func TestSignup_TwoHundredEqualRequestsAreOneSignup(t *testing.T) {
	r := startApp(t)
	var wg sync.WaitGroup
	bodies, secrets := make([]string, 200), make([]string, 200)
	for i := range bodies {
		wg.Go(func() {
			a, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "one")
			if assert.NoError(t, err) && assert.Equal(t, http.StatusCreated, a.status, string(a.body)) {
				var o kickedOff
				a.into(t, &o)
				bodies[i], secrets[i] = string(a.body), o.ClientSecret
			}
		})
	}
	wg.Wait()
	for i := range bodies {
		require.Equal(t, bodies[0], bodies[i])
		require.Equal(t, secrets[0], secrets[i])
	}
	var accounts struct{ Data []domain.Account }
	r.get("/v1/admin/accounts", r.admin()).into(t, &accounts)
	assert.Len(t, accounts.Data, 1)
	assert.Len(t, r.executions("WorkflowType = 'Signup'", 1), 1)
}

func TestSignup_ThousandPeopleOfOneCompanyNameAllGetTheirOwnSlug(t *testing.T) {
	r := startApp(t)
	const people = 1000
	slugs := make([]string, people)
	next := make(chan int)
	var wg sync.WaitGroup
	for range 40 {
		wg.Go(func() {
			for i := range next {
				a, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter"))
				if !assert.NoError(t, err) || !assert.Contains(t, []int{http.StatusCreated, http.StatusAccepted}, a.status, string(a.body)) {
					continue
				}
				var o kickedOff
				a.into(t, &o)
				slugs[i] = r.until(o, domain.OnboardingCompleted).Account.Slug
			}
		})
	}
	for i := range people {
		next <- i
	}
	close(next)
	wg.Wait()
	seen := map[string]bool{}
	for _, s := range slugs {
		require.NotEmpty(t, s)
		require.False(t, seen[s], s)
		seen[s] = true
	}
}

func TestSignup_ParksWithoutAPlanAndGoesOnByItself(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	plans := r.setPlans(admin, false)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingWaitingForPlan, o.Status)
	require.Contains(t, string(r.get("/readyz?verbose", "").body), "plans")
	for _, id := range plans {
		require.Equal(t, http.StatusOK, call(t, http.MethodPatch, r.url+"/v1/admin/plans/"+id, admin, map[string]any{"active": true}).status)
	}
	r.until(o, domain.OnboardingAwaitingPayment)
}

func TestSignup_ParksWithoutAPaymentOptionAndGoesOnByItself(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	var options struct{ Data []domain.PaymentOption }
	r.get("/v1/admin/payment-options", admin).into(t, &options)
	enable := func(on bool) {
		for _, p := range options.Data {
			a := call(t, http.MethodPatch, r.url+"/v1/admin/payment-options/"+p.ID, admin, map[string]any{"enabled": on && p.Enabled})
			require.Equal(t, http.StatusOK, a.status, string(a.body))
		}
	}
	enable(false)
	o := r.signUp("ada@example.com", "Acme", "growth")
	require.Equal(t, domain.OnboardingWaitingForPaymentMethod, o.Status)
	enable(true)
	waiting := r.until(o, domain.OnboardingAwaitingPayment)
	assert.Equal(t, "bank_transfer", waiting.NextAction.PaymentOption)
}

// setPlans switches every plan that is active and returns their ids.
func (r *running) setPlans(admin string, active bool) []string {
	r.t.Helper()
	var plans struct{ Data []domain.Plan }
	r.get("/v1/admin/plans", admin).into(r.t, &plans)
	var ids []string
	for _, p := range plans.Data {
		a := call(r.t, http.MethodPatch, r.url+"/v1/admin/plans/"+p.ID, admin, map[string]any{"active": active})
		require.Equal(r.t, http.StatusOK, a.status, string(a.body))
		ids = append(ids, p.ID)
	}
	return ids
}

func TestAdmin_PlainSignalsDoWhatCommandsDoAndAreAudited(t *testing.T) {
	r := startApp(t)
	activated := r.signUp("ada@example.com", "Acme", "growth")
	canceled := r.signUp("bob@example.com", "Bolt", "growth")
	ctx := context.Background()
	require.NoError(t, r.app.Temporal.SignalWorkflow(ctx, "signup-"+activated.ID, "", workflows.SignalActivate, nil))
	require.NoError(t, r.app.Temporal.SignalWorkflow(ctx, "signup-"+canceled.ID, "", workflows.SignalCancel, map[string]string{"reason": "asked by phone"}))
	r.until(activated, domain.OnboardingCompleted)
	r.until(canceled, domain.OnboardingCanceled)

	var events struct{ Data []domain.Event }
	r.get("/v1/admin/events?account_id="+canceled.Account.ID+"&type=onboarding.canceled", r.admin()).into(t, &events)
	require.Len(t, events.Data, 1)
	assert.Equal(t, domain.ActorTemporal, events.Data[0].ActorType)
	assert.Equal(t, "asked by phone", events.Data[0].Reason)
}

func TestAdmin_CommandsAreIdempotentAuditedAndCheckable(t *testing.T) {
	r := startApp(t)
	admin := r.admin()
	o := r.signUp("ada@example.com", "Acme", "growth")
	path := "/v1/admin/subscriptions/" + o.Subscription.ID

	dry := r.post(path+"/activate", admin, map[string]any{"reason": "agreed with sales", "dry_run": true})
	require.Equal(t, http.StatusOK, dry.status, string(dry.body))
	require.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(o).Status, "a dry run changes nothing")

	for range 2 {
		a := r.post(path+"/activate", admin, map[string]any{"reason": "agreed with sales"})
		require.Equal(t, http.StatusOK, a.status, string(a.body))
	}
	r.until(o, domain.OnboardingCompleted)
	for range 2 {
		a := r.post(path+"/cancel", admin, map[string]any{"reason": "customer left"})
		require.Equal(t, http.StatusOK, a.status, string(a.body))
	}
	illegal := r.post(path+"/activate", admin, map[string]any{"reason": "too late"})
	require.Equal(t, http.StatusConflict, illegal.status, string(illegal.body))
	var p problem
	illegal.into(t, &p)
	assert.Equal(t, domain.ReasonInvalidTransition, p.Code)
	assert.Equal(t, []domain.Action{domain.ActionRefresh}, p.AvailableActions)

	var events struct{ Data []domain.Event }
	r.get("/v1/admin/events?account_id="+o.Account.ID, admin).into(t, &events)
	byType := map[domain.EventType]int{}
	for _, e := range events.Data {
		byType[e.Type]++
		if e.Type == domain.EventSubscriptionActivated || e.Type == domain.EventSubscriptionCanceled {
			assert.Equal(t, domain.ActorAdmin, e.ActorType)
			assert.NotEmpty(t, e.Reason)
		}
	}
	assert.Equal(t, 1, byType[domain.EventSubscriptionActivated])
	assert.Equal(t, 1, byType[domain.EventSubscriptionCanceled])
}

func TestAdmin_RefreshRepairsTheProjectionAndSaysWhatDiffered(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	pool := r.app.Store.Stats()["write"]
	_, err := pool.Exec("UPDATE onboardings SET status = 'waiting_for_plan' WHERE id = ?", o.ID)
	require.NoError(t, err)
	a := r.post("/v1/admin/subscriptions/"+o.Subscription.ID+"/refresh", r.admin(), map[string]any{"reason": "looks wrong"})
	require.Equal(t, http.StatusOK, a.status, string(a.body))
	var result struct{ Differences []domain.Difference }
	a.into(t, &result)
	assert.Equal(t, []domain.Difference{{Field: "status", Was: "waiting_for_plan", Is: "awaiting_payment"}}, result.Differences)
	assert.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(o).Status)
}

func TestActivation_AccountChoosesAPaidPlanAfterItsTrial(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "starter")
	a := r.post("/v1/account/subscription", o.ClientSecret, map[string]any{"plan": "growth"})
	require.Equal(t, http.StatusCreated, a.status, string(a.body))
	var started struct {
		Onboarding   domain.Onboarding
		Subscription *domain.Subscription
	}
	a.into(t, &started)
	require.Equal(t, domain.KindActivation, started.Onboarding.Kind)
	require.Equal(t, domain.OnboardingAwaitingPayment, started.Onboarding.Status)

	upgrade := kickedOff{Onboarding: started.Onboarding, ClientSecret: o.ClientSecret}
	require.Equal(t, http.StatusOK, r.approve(r.submit(upgrade, "transfer of Friday")).status)
	r.until(upgrade, domain.OnboardingCompleted)
	var subs struct{ Data []domain.Subscription }
	r.get("/v1/admin/subscriptions?account_id="+o.Account.ID, r.admin()).into(t, &subs)
	status := map[string]domain.SubscriptionStatus{}
	for _, s := range subs.Data {
		status[s.PlanCode] = s.Status
	}
	assert.Equal(t, map[string]domain.SubscriptionStatus{"starter": domain.SubscriptionCanceled, "growth": domain.SubscriptionActive}, status)
	var balance domain.Balance
	r.get("/v1/account/balance", o.ClientSecret).into(t, &balance)
	assert.EqualValues(t, 2000, balance.Total, "the new plan's credits replace the trial's")
}

func TestInspection_OperatorsFindAndUnderstandWorkflows(t *testing.T) {
	r := startApp(t)
	o := r.signUp("ada@example.com", "Acme", "growth")
	query := "OnboardingStatus = 'awaiting_payment' AND BlockedOn = 'customer' AND PlanCode = 'growth' AND SubscriptionStatus = 'incomplete' AND AccountId = '" + o.Account.ID + "'"
	require.Equal(t, []string{"signup-" + o.ID}, r.executions(query, 1))
	started := r.history("signup-" + o.ID).GetEvents()[0]
	assert.Contains(t, string(started.GetUserMetadata().GetSummary().GetData()), o.Account.ID)

	meta, err := r.app.Temporal.QueryWorkflow(context.Background(), "signup-"+o.ID, "", "__temporal_workflow_metadata")
	require.NoError(t, err)
	var details sdkpb.WorkflowMetadata
	require.NoError(t, meta.Get(&details))
	assert.Contains(t, details.GetCurrentDetails(), "Waiting for the customer to pay $139.00")
}
