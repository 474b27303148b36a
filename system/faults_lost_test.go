//go:build !nodev

package system

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/devserver"
	"slipway/domain"
)

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
	files, err := filepath.Glob(devserver.Path(s.dir) + "*")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		require.NoError(t, os.Remove(file))
	}
	during := r.accepted("eve@example.com", "Eve", "free", "k3")
	s.startTemporal()
	s.worker()

	r.until(during, domain.OnboardingCompleted)
	const long = "UPDATE onboardings SET checked_at = '2020-01-01', updated_at = '2020-01-01' WHERE id = ?"
	_, err = s.store.Stats()["write"].Exec(long, waiting.ID) // rather than wait five minutes
	require.NoError(t, err)
	temporal := s.dial()
	eventually(t, func() bool {
		_, err := temporal.DescribeWorkflowExecution(t.Context(), "signup-"+waiting.ID, "")
		return err == nil
	}, "the workflow of the customer who waited runs again")
	require.Equal(t, http.StatusOK, r.approve(r.submit(waiting, "transfer")).status)
	r.until(waiting, domain.OnboardingCompleted)
	assert.Equal(t, 3, s.count("SELECT count(*) FROM accounts WHERE status = 'active'"))
	assert.Equal(t, 1, s.count("SELECT count(*) FROM payments WHERE status = 'succeeded'"))
	s.sound()
}
