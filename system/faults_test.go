//go:build !nodev

package system

import (
	"context"
	"database/sql"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/domain"
	"slipway/store/storetest"
)

// The numbers are the rows of the fault matrix in docs/faults.md.

// 2. A worker dies right before or after each step's transaction, so that nobody
// heard of it: what was done is done once, and the next worker goes on. Steps that
// are declared later are walked as well.
func TestFault2_WorkerKilledAroundEachStep(t *testing.T) {
	for _, step := range domain.Steps {
		plan, end := "starter", domain.OnboardingCompleted
		if step.Key == domain.StepPayment { // of who has to pay
			plan, end = "growth", domain.OnboardingAwaitingPayment
		}
		for name, c := range map[string]childConfig{
			"before " + step.Activity: {KillBefore: step.Activity},
			"after " + step.Activity:  {KillAfter: step.Activity},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := newSite(t, "")
				_, r := s.api()
				doomed := s.child("worker", c)
				o := r.accepted("ada@example.com", "Acme", plan, "k")
				doomed.wait()
				s.worker()
				r.until(o, end)
				again := r.accepted("ada@example.com", "Acme", plan, "k")
				assert.Equal(t, o.ID, again.ID)
				assert.Equal(t, o.ClientSecret, again.ClientSecret)
				if end == domain.OnboardingCompleted {
					s.requireOneOfEach(1)
					return
				}
				for _, table := range []string{"accounts", "slugs", "subscriptions", "invoices", "payment_methods"} {
					assert.Equal(t, 1, s.count("SELECT count(*) FROM "+table), table)
				}
			})
		}
	}
}

// 3. The API dies after the start was sent, before it could answer: the client
// repeats its request and gets what the first one made.
func TestFault3_APIKilledBeforeItAnswered(t *testing.T) {
	s := newSite(t, "")
	api, r := s.api()
	gone := make(chan error, 1)
	go func() { // no worker runs yet, so the answer is not there at once
		_, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "k")
		gone <- err
	}()
	stored := s.untilStored("ada@example.com")
	c := s.dial()
	require.Eventually(t, func() bool {
		_, err := c.DescribeWorkflowExecution(context.Background(), "signup-"+stored.ID, "")
		return err == nil
	}, 30*time.Second, 10*time.Millisecond)
	api.kill()
	require.Error(t, <-gone, "the first client never got an answer")

	_, r = s.api()
	s.worker()
	o := r.accepted("ada@example.com", "Acme", "starter", "k")
	assert.Equal(t, stored.ID, o.ID)
	r.until(o, domain.OnboardingCompleted)
	assert.Equal(t, o.ClientSecret, r.accepted("ada@example.com", "Acme", "starter", "k").ClientSecret)
	s.requireOneOfEach(1)
}

// 4. Equal sign-ups at once are one; equal company names at once are all served.
func TestFault4_OnPostgres(t *testing.T) {
	s := newSite(t, storetest.Postgres(t))
	_, r := s.api()
	s.worker()
	var wg sync.WaitGroup
	ids := make([]string, 200)
	for i := range ids {
		wg.Go(func() { ids[i] = r.accepted("one@example.com", "Solo", "starter", "one").ID })
	}
	wg.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	people := make(chan int)
	for range 50 {
		wg.Go(func() {
			for i := range people {
				o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "starter", fmt.Sprint(i))
				r.until(o, domain.OnboardingCompleted)
			}
		})
	}
	for i := range 1000 {
		people <- i
	}
	close(people)
	wg.Wait()
	s.requireOneOfEach(1001)
}

// 5. The database is away: 503 with Retry-After; it is back: everything goes on.
func TestFault5_DatabaseStoppedKilledAndBack(t *testing.T) {
	cluster := storetest.StartCluster(t)
	s := newSite(t, cluster.Database(t))
	_, r := s.api()
	s.worker()
	waiting := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(waiting, domain.OnboardingAwaitingPayment)

	require.Equal(t, http.StatusOK, r.get("/v1/plans", "").status)

	// Killed in the middle of many sign-ups: none half made.
	var wg sync.WaitGroup
	acknowledged := make([]kickedOff, 40)
	for i := range acknowledged {
		wg.Go(func() {
			a, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person(fmt.Sprintf("p%d@example.com", i), "Acme", "starter"), "Idempotency-Key", fmt.Sprint(i))
			if err == nil && a.status < 300 {
				a.into(t, &acknowledged[i])
			}
		})
	}
	cluster.Kill(t)
	wg.Wait()
	for _, path := range []string{"/v1/onboardings/" + waiting.ID, "/v1/account/balance"} {
		a := r.get(path, waiting.ClientSecret)
		require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
		require.NotEmpty(t, a.header.Get("Retry-After"), path)
	}
	a := r.post("/v1/onboardings", "", person("late@example.com", "Late", "starter"))
	require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.Equal(t, http.StatusOK, r.get("/v1/plans", "").status, "plans are served from the last good copy")

	cluster.Start(t)
	r.until(waiting, domain.OnboardingAwaitingPayment)
	completed := 0
	for i := range acknowledged {
		o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "starter", fmt.Sprint(i))
		if acknowledged[i].ID != "" {
			require.Equal(t, acknowledged[i].ID, o.ID, "an acknowledged sign-up was lost")
		}
		r.until(o, domain.OnboardingCompleted)
		completed++
	}
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "x")).status)
	r.until(waiting, domain.OnboardingCompleted)
	s.reopen() // the test's own connections died with the cluster
	require.Equal(t, completed+1, s.count("SELECT count(*) FROM onboardings WHERE status = 'completed'"))
	require.Equal(t, completed+1, s.count("SELECT count(*) FROM credits"))
}

// 5, on SQLite: another process holds the file's lock for longer than we wait.
func TestFault5_SQLiteLocked(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	lock, err := sql.Open("sqlite", "file:"+s.database+"?_txlock=exclusive")
	require.NoError(t, err)
	defer func() { _ = lock.Close() }()
	tx, err := lock.Begin()
	require.NoError(t, err)
	a := r.post("/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusServiceUnavailable, a.status, string(a.body))
	require.NotEmpty(t, a.header.Get("Retry-After"))
	require.NoError(t, tx.Rollback())
	r.until(r.accepted("ada@example.com", "Acme", "starter", "k"), domain.OnboardingCompleted)
	s.requireOneOfEach(1)
}

// 6. Temporal is away at sign-up: accepted, and started when it is back. It is
// restarted while somebody is waited for: timers fire once.
func TestFault6_TemporalStoppedAndBack(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	waiting := r.accepted("bob@example.com", "Bolt", "growth", "b")
	r.until(waiting, domain.OnboardingAwaitingPayment)

	require.NoError(t, s.temporal.Stop())
	a := r.post("/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	var o kickedOff
	a.into(t, &o)
	assert.Equal(t, domain.OnboardingReceived, o.Status)
	assert.Equal(t, domain.OnboardingAwaitingPayment, r.onboarding(waiting).Status, "status reads need no Temporal")
	s.startTemporal()
	r.until(o, domain.OnboardingCompleted)
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "x")).status)
	r.until(waiting, domain.OnboardingCompleted)
	s.requireOneOfEach(2)
}

func TestFault6_TimersFireOnceAcrossARestart(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.child("worker", childConfig{PaymentWindow: 8 * time.Second, Reminders: []string{"6s"}})
	o := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(o, domain.OnboardingAwaitingPayment)
	require.NoError(t, s.temporal.Stop())
	s.startTemporal()
	r.until(o, domain.OnboardingExpired)
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'onboarding.reminded'"))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM events WHERE type = 'onboarding.expired'"))
	assert.Equal(t, 0, s.count("SELECT count(*) FROM slugs"), "the slug is free again")
	r.until(r.accepted("ada@example.com", "Acme", "free", "again"), domain.OnboardingCompleted)
}

// 13. Twenty admins approve at once: one fulfilment. Approved after the end:
// flagged, never lost.
func TestFault13_ApprovedTwentyTimesAtOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, database string) {
		s := newSite(t, database)
		_, r := s.api()
		s.worker()
		o := r.accepted("ada@example.com", "Acme", "growth", "k")
		r.until(o, domain.OnboardingAwaitingPayment)
		payment, admin := r.submit(o, "x"), r.admin()
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				a, err := try(http.MethodPost, r.url+"/v1/admin/payments/"+payment.ID+"/approve", admin, map[string]any{"reason": "seen"})
				if assert.NoError(t, err) {
					assert.Equal(t, http.StatusOK, a.status, string(a.body))
				}
			})
		}
		wg.Wait()
		r.until(o, domain.OnboardingCompleted)
		s.requireOneOfEach(1)
		assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
		assert.Equal(t, 1, s.count("SELECT count(*) FROM invoices WHERE status = 'paid'"))
		s.sound()
	})
}

func TestFault13_ApprovedAfterTheEndIsFlaggedNotLost(t *testing.T) {
	for name, end := range map[string]struct {
		worker childConfig
		bring  func(r *running, o kickedOff, p domain.Payment)
		status domain.OnboardingStatus
	}{
		"canceled": {childConfig{}, func(r *running, o kickedOff, _ domain.Payment) {
			require.Equal(r.t, http.StatusOK, r.post("/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{}).status)
		}, domain.OnboardingCanceled},
		// No window runs while an admin decides: one was told that the money is not
		// there, another one opens and closes, and then the money is found.
		"expired": {childConfig{PaymentWindow: 8 * time.Second}, func(r *running, _ kickedOff, p domain.Payment) {
			a := r.post("/v1/admin/payments/"+p.ID+"/reject", r.admin(), map[string]any{"reason": "not on the bank statement"})
			require.Equal(r.t, http.StatusOK, a.status, string(a.body))
		}, domain.OnboardingExpired},
	} {
		t.Run(name, func(t *testing.T) {
			onBoth(t, func(t *testing.T, database string) {
				s := newSite(t, database)
				_, r := s.api()
				s.child("worker", end.worker)
				o := r.accepted("ada@example.com", "Acme", "growth", "k")
				r.until(o, domain.OnboardingAwaitingPayment)
				payment := r.submit(o, "x")
				end.bring(r, o, payment)
				r.until(o, end.status)
				s.requireFlaggedOnce(r, payment)
			})
		})
	}
}

// requireFlaggedOnce approves the payment, twice, after the only onboarding has
// ended: its money is told of once, and brings nothing back to life.
func (s *site) requireFlaggedOnce(r *running, payment domain.Payment) {
	s.t.Helper()
	for range 2 {
		a := r.approve(payment)
		require.Equal(s.t, http.StatusOK, a.status, string(a.body))
	}
	assert.Equal(s.t, 1, s.count("SELECT count(*) FROM payments WHERE late"))
	assert.Equal(s.t, 1, s.count("SELECT count(*) FROM events WHERE type = 'payment.late'"))
	assert.Equal(s.t, 0, s.count("SELECT count(*) FROM subscriptions WHERE status <> 'incomplete_expired'"))
	s.sound()
}

// 15. Canceled while the payment window ends: one end, everything given back.
func TestFault15_CanceledDuringCompensation(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.child("worker", childConfig{PaymentWindow: 3 * time.Second})
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			o := r.accepted(fmt.Sprintf("p%d@example.com", i), "Acme", "growth", fmt.Sprint(i))
			waiting := r.until(o, domain.OnboardingAwaitingPayment)
			due := time.NewTimer(time.Until(*waiting.NextAction.ExpiresAt) + time.Duration(i*5)*time.Millisecond)
			<-due.C
			_, _ = try(http.MethodPost, r.url+"/v1/onboardings/"+o.ID+"/cancel", o.ClientSecret, map[string]any{})
			eventually(t, func() bool { return r.onboarding(o).Done }, "%s ends", o.ID)
		})
	}
	wg.Wait()
	assert.Equal(t, 10, s.count("SELECT count(*) FROM onboardings WHERE status IN ('expired', 'canceled')"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM events WHERE type IN ('onboarding.expired', 'onboarding.canceled')"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM invoices WHERE status = 'void'"))
	assert.Equal(t, 10, s.count("SELECT count(*) FROM subscriptions WHERE status = 'incomplete_expired'"))
	assert.Equal(t, 0, s.count("SELECT count(*) FROM slugs"))
	s.sound()
}

// 16. Terminated by hand: the status says so. Reset by hand: the status stays
// true and nothing happens twice.
func TestFault16_TerminatedByHand(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	o := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(o, domain.OnboardingAwaitingPayment)
	require.NoError(t, s.dial().TerminateWorkflow(context.Background(), "signup-"+o.ID, "", "by hand"))
	failed := r.until(o, domain.OnboardingFailed)
	assert.Equal(t, domain.ReasonTerminatedExternally, failed.Error.Code)
	assert.Equal(t, 1, s.count("SELECT count(*) FROM invoices WHERE status = 'void'"))
	r.until(r.accepted("ada@example.com", "Acme", "free", "again"), domain.OnboardingCompleted)
	s.sound()
}

func TestFault16_ResetByHand(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	o := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(o, domain.OnboardingAwaitingPayment)
	require.Equal(t, http.StatusOK, r.approve(r.submit(o, "x")).status)
	r.until(o, domain.OnboardingCompleted)
	reset, err := s.dial().ResetWorkflowExecution(context.Background(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "signup-" + o.ID},
		Reason: "by hand", WorkflowTaskFinishEventId: 3, RequestId: "reset", ResetReapplyType: enumspb.RESET_REAPPLY_TYPE_NONE,
	})
	require.NoError(t, err)
	require.NoError(t, s.dial().GetWorkflow(context.Background(), "signup-"+o.ID, reset.GetRunId()).Get(context.Background(), nil))
	assert.Equal(t, domain.OnboardingCompleted, r.onboarding(o).Status)
	s.requireOneOfEach(1)
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments"))
	s.sound()
}

// 17. No worker runs: accepted, and completed when one does.
func TestFault17_NoWorkerForAWhile(t *testing.T) {
	s := newSite(t, "")
	_, r := s.api()
	a := r.post("/v1/onboardings", "", person("ada@example.com", "Acme", "starter"), "Idempotency-Key", "k")
	require.Equal(t, http.StatusAccepted, a.status, string(a.body))
	var o kickedOff
	a.into(t, &o)
	require.Contains(t, string(r.get("/readyz?verbose", "").body), "slipway worker")
	s.worker()
	r.until(o, domain.OnboardingCompleted)
	s.requireOneOfEach(1)
}
