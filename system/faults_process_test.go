//go:build !nodev

package system

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// The numbers are the rows of the fault matrix in docs/faults.md.

// 2. A worker dies right before or after each step's transaction, so that nobody
// heard of it: what was done is done once, and the next worker continues. Steps that
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
	t.Parallel()
	s := newSite(t, "")
	api, r := s.api()
	gone := make(chan error, 1)
	go func() { // no worker runs yet, so the answer is not there at once
		_, err := try(http.MethodPost, r.url+"/v1/onboardings", "", person("ada@example.com", "Acme", "starter"),
			"Idempotency-Key", "k")
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

// 17. No worker runs: accepted, and completed when one does.
func TestFault17_NoWorkerForAWhile(t *testing.T) {
	t.Parallel()
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
