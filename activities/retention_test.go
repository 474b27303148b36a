package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"slipway/activities"
	"slipway/domain"
)

// An hour's events of a busy installation are pruned in one round, beside what else is
// due, and the next round has nothing to do.
func TestDeleteExpired_KeepsUpWithManyRowsInOneRound(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	s.use(func(c *activities.Config) { c.Retention = domain.DefaultRetention() })
	const many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) "
	s.exec("INSERT INTO events (id, type, actor_type, created_at) " + many +
		"SELECT 'evt_00000000000000000000' || (100000 + i), 'invoice.paid', 'system', '2020-01-01' FROM n")
	s.exec("INSERT INTO commands (id, action, actor_type, created_at) " + many +
		"SELECT 'cmd_00000000000000000000' || (100000 + i), 'cancel', 'admin', '2020-01-01' FROM n")
	s.exec("INSERT INTO job_failures (job, item_id, attempts, failed_at, retry_at) " + many +
		"SELECT 'route_events', i, 1, '2020-01-01', '2020-01-01' FROM n")
	o := s.signUp(plan("free"))
	before := s.count("SELECT count(*) FROM events WHERE onboarding_id = ?", o.ID)

	result := s.reconcile()
	assert.GreaterOrEqual(t, result.Deleted, int64(15_000))
	assert.False(t, result.More)
	assert.Zero(t, s.count("SELECT count(*) FROM job_failures"))
	assert.Equal(t, before, s.count("SELECT count(*) FROM events"))
	s.clock.forward(time.Minute)
	assert.Zero(t, s.reconcile().Deleted)
}
