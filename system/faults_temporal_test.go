//go:build !nodev

package system

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"

	"slipway/domain"
)

// 6. Temporal is away at sign-up: accepted, and started when it is back. It is
// restarted while somebody is waited for: timers fire once.
func TestFault6_TemporalStoppedAndBack(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
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

// 16. Terminated by hand: the status says so. Reset by hand: the status stays
// true and nothing happens twice.
func TestFault16_TerminatedByHand(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	s := newSite(t, "")
	_, r := s.api()
	s.worker()
	o := r.accepted("ada@example.com", "Acme", "growth", "k")
	r.until(o, domain.OnboardingAwaitingPayment)
	require.Equal(t, http.StatusOK, r.approve(r.submit(o, "x")).status)
	r.until(o, domain.OnboardingCompleted)
	reset, err := s.dial().ResetWorkflowExecution(context.Background(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: client.DefaultNamespace, WorkflowExecution: &commonpb.WorkflowExecution{WorkflowId: "signup-" + o.ID},
		Reason: "by hand", WorkflowTaskFinishEventId: 3, RequestId: "reset",
		ResetReapplyType: enumspb.RESET_REAPPLY_TYPE_NONE,
	})
	require.NoError(t, err)
	require.NoError(t, s.dial().GetWorkflow(context.Background(), "signup-"+o.ID,
		reset.GetRunId()).Get(context.Background(), nil))
	assert.Equal(t, domain.OnboardingCompleted, r.onboarding(o).Status)
	s.requireOneOfEach(1)
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments"))
	s.sound()
}
