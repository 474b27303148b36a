//go:build !nodev

package system

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/serviceerror"

	"slipway/domain"
)

// loseTemporal stops Temporal and brings up one that knows nothing. Its file is
// another: in one process, Temporal keeps a SQLite file open after it has stopped,
// and would go on with one that was removed.
func (s *site) loseTemporal(known kickedOff) {
	s.t.Helper()
	require.NoError(s.t, s.temporal.Stop())
	s.temporalDir = s.t.TempDir()
	s.startTemporal()
	_, err := s.dial().DescribeWorkflowExecution(s.t.Context(), "signup-"+known.ID, "")
	require.ErrorAs(s.t, err, new(*serviceerror.NotFound))
}

// untilResumed waits until reconcile has started the onboarding's workflow again.
func (s *site) untilResumed(o kickedOff) {
	s.t.Helper()
	const long = "UPDATE onboardings SET checked_at = '2020-01-01', updated_at = '2020-01-01' WHERE id = ?"
	_, err := s.store.Stats()["write"].Exec(long, o.ID) // rather than wait five minutes
	require.NoError(s.t, err)
	temporal := s.dial()
	eventually(s.t, func() bool {
		_, err := temporal.DescribeWorkflowExecution(s.t.Context(), "signup-"+o.ID, "")
		return err == nil
	}, "the workflow of the customer who waited runs again")
}

// Temporal loses its database, and comes back with an empty one: the rows say where
// everybody was, and whoever waits goes on from there, once.
func TestFault_TemporalLosesItsDatabase(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	_, r := s.api()
	worker := s.worker()
	completed := r.accepted("ida@example.com", "Ida", "starter", "k1")
	r.until(completed, domain.OnboardingCompleted)
	waiting := r.accepted("ada@example.com", "Acme", "growth", "k2")
	r.until(waiting, domain.OnboardingAwaitingPayment)

	worker.kill()
	require.NoError(t, s.temporal.Stop())
	during := r.accepted("eve@example.com", "Eve", "free", "k3")
	s.loseTemporal(completed)
	s.worker()

	r.until(during, domain.OnboardingCompleted)
	s.untilResumed(waiting)
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "transfer")).status)
	r.until(waiting, domain.OnboardingCompleted)
	assert.Equal(t, 3, s.count("SELECT count(*) FROM accounts WHERE status = 'active'"))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	s.sound()
}

// The database goes back to its backup, as docs/operations.md says. What was done
// since is done again, and renewals and invoices that had been charged are not
// charged again. Who is not in the backup signs up again, and the deep doctor
// names the charge that nobody owes.
func TestFault_TheDatabaseGoesBackToItsBackup(t *testing.T) {
	t.Parallel()
	s := newSite(t, "")
	backup := filepath.Join(t.TempDir(), "backup.db")
	api, r := s.api()
	worker := s.worker()
	clock := r.newClock("2026-01-15T10:00:00Z")
	renewed := r.paysOn(clock, "ada@example.com", "growth", "tok_ok")
	r.until(renewed, domain.OnboardingCompleted)
	waiting := r.accepted("ida@example.com", "Ida", "growth", "k1")
	r.until(waiting, domain.OnboardingAwaitingPayment)

	const sleeping = "SELECT count(*) FROM clock_waits WHERE sleeps_until IS NOT NULL"
	eventually(t, func() bool { return s.count(sleeping) == 1 }, "Billing sleeps")
	_, err := s.store.Stats()["write"].Exec("VACUUM INTO ?", backup)
	require.NoError(t, err)
	r.advance(clock, "2026-02-20T10:00:00Z")
	r.until(r.pays("eve@example.com", "growth", "tok_ok"), domain.OnboardingCompleted)
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "transfer")).status)
	r.until(waiting, domain.OnboardingCompleted)
	_, charges := s.kept()
	require.Equal(t, 3, charges, "two sign-ups and a renewal")

	api.kill()
	worker.kill()
	require.NoError(t, s.store.Close())
	for _, tail := range []string{"-wal", "-shm"} {
		_ = os.Remove(s.database + tail)
	}
	require.NoError(t, os.Rename(backup, s.database))
	s.loseTemporal(renewed)
	s.reopen()
	s.worker()
	_, r = s.api()

	r.advance(clock, "2026-02-20T10:00:00Z")
	_, charges = s.kept()
	assert.Equal(t, 3, charges, "the renewal is the same charge")
	assert.Equal(t, 2, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	s.untilResumed(waiting)
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "transfer")).status)
	r.until(waiting, domain.OnboardingCompleted)
	r.until(r.pays("eve@example.com", "growth", "tok_ok"), domain.OnboardingCompleted)
	_, charges = s.kept()
	assert.Equal(t, 4, charges, "who is not in the backup is charged as somebody new")
	eventually(t, func() bool {
		var found []string
		for _, c := range s.checker().DeepChecks(context.Background(), time.Now()) {
			if c.Status != domain.CheckOK {
				found = append(found, c.Name)
			}
		}
		return slices.Equal(found, []string{"charges_sandbox"})
	}, "the deep doctor names the charge of before, and nothing else")
}
