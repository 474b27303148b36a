package activities_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// stop has Temporal say that a workflow was stopped by hand.
func (s *shop) stop(id string, w domain.StoppedWorkflow) {
	w.ID = id
	s.fakes.stopped = append(s.fakes.stopped, w)
	if s.fakes.workflows == nil {
		s.fakes.workflows = map[string]onboarding.ProcessState{}
	}
	s.fakes.workflows[id] = onboarding.ProcessStopped
}

// restarts goes one round and returns how many workflows it started again.
func (s *shop) restarts() int {
	s.t.Helper()
	s.reconcile()
	return len(s.fakes.billings) + len(s.fakes.restarted)
}

func TestRestart_StartsWhatHasWorkLeftAndNothingElse(t *testing.T) {
	t.Parallel()
	// Each makes something whose workflow was stopped, and what ends its work.
	for kind, make := range map[string]func(s *shop) (w domain.StoppedWorkflow, end string){
		"Billing": func(s *shop) (domain.StoppedWorkflow, string) {
			o := s.signUp(plan("free"))
			s.exec("UPDATE subscriptions SET due_at = '2099-01-01'") // it does not look as if it had none
			return domain.StoppedWorkflow{SubscriptionID: o.SubscriptionID}, "UPDATE subscriptions SET status = 'canceled'"
		},
		"Purchase": func(s *shop) (domain.StoppedWorkflow, string) {
			o := s.trial("tok_ok")
			s.exec("UPDATE subscriptions SET due_at = '2099-01-01'")
			return domain.StoppedWorkflow{InvoiceID: s.openPackage(o, "credits-500").InvoiceID},
				"UPDATE invoices SET status = 'void'"
		},
		"Advance": func(s *shop) (domain.StoppedWorkflow, string) {
			id := s.testClock()
			s.setOff(id, noon.Add(time.Hour))
			return domain.StoppedWorkflow{ClockID: id}, "UPDATE test_clocks SET status = 'ready', target = NULL"
		},
	} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newShop(t)
			w, end := make(s)
			s.stop("one", w)
			s.fakes.workflows["one"] = onboarding.ProcessRunning
			assert.Zero(t, s.restarts(), "it runs again already")
			s.fakes.workflows["one"] = onboarding.ProcessStopped
			assert.Equal(t, 1, s.restarts())
			assert.Equal(t, 1, s.restarts(), "one that stops at once is not started at once again")
			s.clock.forward(11 * time.Minute)
			assert.Equal(t, 2, s.restarts(), "but after a while")
			s.clock.forward(11 * time.Minute)
			s.exec(end)
			assert.Equal(t, 2, s.restarts(), "its work has ended")
			traces := map[string]int{"Billing": 2, "Purchase": 2}[kind]
			assert.Equal(t, traces, s.count("SELECT count(*) FROM events WHERE type = ?", domain.EventWorkflowRestarted))
		})
	}
}

func TestRestart_StartsAnEndpointsDeliveriesThatHaveWorkLeft(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sender := &starter{}
	s.use(func(c *activities.Config) { c.Deliveries = sender })
	s.endpoint("whk_1")
	require.NoError(t, s.store.InsertEvents(t.Context(), invoicePaid))
	s.stop("deliveries-whk_1", domain.StoppedWorkflow{EndpointID: "whk_1"})
	s.exec("UPDATE webhook_deliveries SET status = 'delivered', delivered_at = '2026-01-01'")
	s.reconcile()
	assert.Empty(t, sender.taken(), "all is delivered")
	s.exec("UPDATE webhook_deliveries SET status = 'delivering', tries = 1, next_attempt_at = '2099-01-01', " +
		"delivered_at = NULL")
	s.reconcile()
	assert.Equal(t, []string{"whk_1"}, sender.taken())
}

func TestRestart_ADeliveryOfItsOwnGoesToItsEndpointsWorkflow(t *testing.T) {
	t.Parallel()
	h := newHooked(t, http.StatusInternalServerError)
	fakes := &processes{stopped: []domain.StoppedWorkflow{
		{ID: "delivery-1", EventID: h.in.EventID, EndpointID: h.in.EndpointID},
	}, workflows: map[string]onboarding.ProcessState{"delivery-1": onboarding.ProcessStopped}}
	h.use(func(c *activities.Config) { c.Processes = fakes })
	h.fails()
	h.reconcile()
	assert.Equal(t, domain.DeliveryPending, h.row().Status)
	assert.False(t, h.row().Alone())
	h.answers(func(http.ResponseWriter, *http.Request) {})
	h.due()
	h.reconcile()
	assert.Equal(t, domain.DeliveryDelivered, h.row().Status, "what is done stays done")
}
