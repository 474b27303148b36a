package activities_test

import (
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

func TestRestart_StartsADeliveryThatWasTerminated(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	sender := &starter{started: map[string]bool{}, poison: map[string]bool{}}
	s.use(func(c *activities.Config) { c.Deliveries = sender })
	s.exec("INSERT INTO webhook_endpoints (id, url, secret, created_at, updated_at) " +
		"VALUES ('we_1', 'https://example.com', 'x', '2026-01-01', '2026-01-01')")
	require.NoError(t, s.store.InsertEvents(t.Context(), invoicePaid))
	s.reconcile()
	require.Len(t, sender.started, 1)
	for event := range sender.started {
		s.stop("delivery-1", domain.StoppedWorkflow{EventID: event, EndpointID: "we_1"})
	}
	clear(sender.started)
	s.exec("UPDATE webhook_deliveries SET status = 'delivered', delivered_at = '2026-01-01'")
	s.reconcile()
	assert.Empty(t, sender.started, "it was delivered")
	s.exec("UPDATE webhook_deliveries SET status = 'delivering', delivered_at = NULL")
	s.reconcile()
	assert.Len(t, sender.started, 1)
}
