package activities_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/activities"
	"slipway/domain"
)

// An hour's events of a busy installation are pruned in one round, beside what else is
// due, and the next round has nothing to do.
func TestDeleteExpired_KeepsUpWithManyRowsInFewRounds(t *testing.T) {
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

	rounds, deleted := 0, int64(0)
	for more := true; more; rounds++ {
		result := s.reconcile()
		deleted, more = deleted+result.Deleted, result.More
	}
	assert.GreaterOrEqual(t, deleted, int64(15_000))
	assert.Less(t, rounds, 8, "batch after batch of a thousand; a slow machine's ten seconds may not be enough for all")
	assert.Zero(t, s.count("SELECT count(*) FROM job_failures"))
	assert.Equal(t, before, s.count("SELECT count(*) FROM events"))
	s.clock.forward(time.Minute)
	assert.Zero(t, s.reconcile().Deleted)
}

// Whatever is pruned of a customer's years, the books are right and the next month is
// renewed as ever.
func TestDeleteExpired_BreaksNoInvariant(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	o := s.buy(plan("growth"), card("tok_ok"))
	s.buyPackage(o, "credits-500")
	s.live(o, noon.AddDate(1, 0, 0))
	for _, limit := range []int{3, 7, 1000} { // some of it, more, and all
		_, err := s.store.At(time.Now().AddDate(3, 0, 0)).Prune(t.Context(), domain.DefaultRetention(), limit)
		require.NoError(t, err)
		s.assertInvariants()
		s.assertBooks(o)
	}
	assert.Zero(t, s.count("SELECT count(*) FROM events"))
	s.live(o, noon.AddDate(1, 2, 0))
	assert.Len(t, s.invoicesWith(o, domain.InvoicePaid), 16)
	s.assertInvariants()
	s.assertBooks(o)
}

// What went is counted by table, and no table is missing.
func TestDeleteExpired_CountsWhatWent(t *testing.T) {
	t.Parallel()
	s := newShop(t)
	counted := map[string]int64{}
	s.use(func(c *activities.Config) {
		c.Retention = domain.DefaultRetention()
		c.Pruned = func(table string, rows int64) { counted[table] += rows }
	})
	s.exec("INSERT INTO commands (id, action, actor_type, created_at) " +
		"VALUES ('cmd_00000000000000000000100001', 'cancel', 'admin', '2020-01-01'), " +
		"('cmd_00000000000000000000100002', 'cancel', 'admin', '2020-01-01')")
	s.exec("INSERT INTO job_failures (job, item_id, attempts, failed_at, retry_at) " +
		"VALUES ('route_events', 'x', 1, '2020-01-01', '2020-01-01')")
	result := s.reconcile()
	assert.Equal(t, map[string]int64{"commands": 2, "job_failures": 1}, counted)
	assert.EqualValues(t, 3, result.Deleted)
}
