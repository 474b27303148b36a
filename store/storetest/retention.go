package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var retentionPromises = []promise{
	{"Prune_DeletesWhatIsDueAndNothingElse", false, prunesWhatIsDue},
	{"Prune_AZeroRetentionIsForEver", false, prunesNothingForEver},
	{"Prune_WhatEndsItHalfWayIsTakenBack", false, pruneEndsHalfWay},
	{"Prune_TakesARemovedEndpointsDeliveriesInBatches", false, prunesRemovedEndpoint},
	{"Prune_FoldsDebitsAndChangesNoTotal", false, foldsDebits},
	{"Prune_ForgetsWhoNeverBecameACustomer", false, prunesOnboardings},
	{"CheckRetention_SaysWhatIsLate", false, checksRetention},
}

// allDue is long after everything that tests insert is past its default retention.
const allDue = 500 * 24 * time.Hour

// pruneAll prunes batch after batch, as of some time from now, and adds up what went.
func pruneAll(t *testing.T, s *store.Store, after time.Duration, keep domain.Retention, limit int) map[string]int64 {
	t.Helper()
	total := map[string]int64{}
	for more := true; more; {
		pruned, err := s.At(s.Now().Add(after)).Prune(t.Context(), keep, limit)
		require.NoError(t, err)
		for table, n := range pruned.Rows {
			total[table] += n
		}
		more = pruned.More
	}
	return total
}

// stays is what is never pruned of the rows of oneOfEachPruned: what is in use, or
// still needed.
var stays = map[string]int{
	"sessions": 0, "idempotency_keys": 0, "job_failures": 0, "webhook_endpoints": 1,
	"webhook_deliveries": 1, // the open one
	"events":             2, // that of the open delivery, and that of a late payment
	"commands":           0,
	"provider_events":    1, // was not passed on
	"api_keys":           1, "sites": 1,
	"onboardings": 1, // it runs
	"credits":     2, // the grant, and the sum of the debits
}

// oneOfEachPruned stores, in each table that is pruned, three rows that become due and
// those that stay.
func oneOfEachPruned(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := t.Context()
	account := insertAccount(t, s)
	owner := newOwner(account.ID, "owner@example.com")
	require.NoError(t, s.InsertAccount(ctx, newAccount(), owner))
	removed := insertEndpoint(t, s, "nothing.happens")
	require.NoError(t, s.DeleteEndpoint(ctx, removed.ID))
	insertEndpoint(t, s, "invoice.*")
	happens(t, s, domain.EventInvoicePaid, domain.EventInvoicePaid, domain.EventInvoicePaid, domain.EventPaymentLate)
	for i, status := range []string{"delivered", "failed", "delivered"} {
		run(t, s, fmt.Sprintf("UPDATE webhook_deliveries SET status = '%s', delivered_at = created_at, "+
			"started_at = created_at WHERE event_id = (SELECT id FROM events ORDER BY id LIMIT 1 OFFSET %d)", status, i))
	}
	happens(t, s, domain.EventInvoicePaid) // its delivery is open
	within(t, s, func(tx *store.Store) error {
		_, err := tx.GrantCredits(ctx, grant(account.ID, domain.PoolPlan, 100, "first"))
		return err
	})
	insertOnboarding(t, s, "runs@example.com", domain.OnboardingReceived)
	for i := range 3 {
		key := fmt.Sprint(i)
		require.NoError(t, s.InsertSession(ctx, newSession(owner, byte(i))))
		_, err := s.ClaimKey(ctx, store.Key{Scope: "s", Value: key, Fingerprint: []byte{1}}, "x")
		require.NoError(t, err)
		run(t, s, "INSERT INTO job_failures (job, item_id, attempts, failed_at, retry_at) "+
			"VALUES ('redispatch_deliveries', '"+key+"', 1, '2026-01-01 00:00:00+00:00', '2026-01-01 00:00:00+00:00')")
		require.NoError(t, s.InsertCommand(ctx, &domain.Command{
			ID: store.NewID(domain.PrefixCommand), Action: domain.ActionCancel, ActorType: domain.ActorAdmin, CreatedAt: moment,
		}))
		at := s.Now()
		for name, processed := range map[string]*time.Time{"done": &at, "open": nil} {
			_, err = s.InsertProviderEvent(ctx, &domain.ProviderEvent{
				Provider: "stripe", EventID: name + key, Type: "charge", OccurredAt: at, ReceivedAt: at, ProcessedAt: processed,
			})
			require.NoError(t, err)
		}
		require.NoError(t, s.InsertAPIKey(ctx, &domain.APIKey{
			ID: store.NewID(domain.PrefixAPIKey), SecretHash: []byte(key), CreatedAt: moment, RevokedAt: &at,
		}))
		site := newSite(account.ID)
		require.NoError(t, s.InsertSite(ctx, site))
		require.NoError(t, s.DeleteSite(ctx, account.ID, site.ID))
		debited(t, s, account.ID, 10, key)
		insertOnboarding(t, s, key+"@example.com", domain.OnboardingExpired)
	}
	run(t, s, "DELETE FROM provider_events WHERE event_id IN ('open1', 'open2')")
	require.NoError(t, s.InsertAPIKey(ctx,
		&domain.APIKey{ID: store.NewID(domain.PrefixAPIKey), SecretHash: []byte("used"), CreatedAt: moment}))
	require.NoError(t, s.InsertSite(ctx, newSite(account.ID)))
}

// run runs a statement that the store's methods do not.
func run(t testing.TB, s *store.Store, statement string) {
	t.Helper()
	_, err := writer(s).ExecContext(context.Background(), statement)
	require.NoError(t, err, statement)
}

func prunesWhatIsDue(t *testing.T, s *store.Store) {
	oneOfEachPruned(t, s)
	run(t, s, "DELETE FROM job_failures WHERE item_id = 'none'")
	now, err := s.Prune(t.Context(), domain.DefaultRetention(), 100)
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"job_failures": 3}, now.Rows, "all else has its time")

	pruned := pruneAll(t, s, allDue, domain.DefaultRetention(), 2)
	for _, table := range store.PrunedTables() {
		left, known := stays[table]
		require.True(t, known, "%s needs rows in oneOfEachPruned", table)
		assert.Equal(t, left, count(t, s, table), table)
		if table != "job_failures" && table != "webhook_endpoints" { // which are counted by their deliveries
			assert.EqualValues(t, 3, pruned[table], table)
		}
	}
	assert.Empty(t, pruneAll(t, s, allDue, domain.DefaultRetention(), 2), "once is enough")
}

func prunesNothingForEver(t *testing.T, s *store.Store) {
	oneOfEachPruned(t, s)
	pruned := pruneAll(t, s, 100*365*24*time.Hour, domain.Retention{}, 100)
	assert.Equal(t, map[string]int64{"sessions": 3, "idempotency_keys": 3, "job_failures": 3}, pruned,
		"what no setting keeps")
}

// pruneEndsHalfWay takes a batch back, as a process does that dies in it.
func pruneEndsHalfWay(t *testing.T, s *store.Store) {
	oneOfEachPruned(t, s)
	counts := func() (all []int) {
		for _, table := range store.PrunedTables() {
			all = append(all, count(t, s, table))
		}
		return all
	}
	before := counts()
	dies := errors.New("dies")
	require.ErrorIs(t, s.Within(t.Context(), func(tx *store.Store) error {
		_, err := tx.At(s.Now().Add(allDue)).Prune(t.Context(), domain.DefaultRetention(), 100)
		require.NoError(t, err)
		return dies
	}), dies)
	assert.Equal(t, before, counts())
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.Prune(ctx, domain.DefaultRetention(), 100)
	assertCode(t, domain.CodeUnavailable, err)
	pruneAll(t, s, allDue, domain.DefaultRetention(), 2)
	for _, table := range store.PrunedTables() {
		assert.Equal(t, stays[table], count(t, s, table), table)
	}
}

func prunesRemovedEndpoint(t *testing.T, s *store.Store) {
	ctx := t.Context()
	w, other := insertEndpoint(t, s), insertEndpoint(t, s)
	for range 7 {
		happens(t, s, domain.EventInvoicePaid)
	}
	require.NoError(t, s.DeleteEndpoint(ctx, w.ID))
	assertCode(t, domain.CodeNotFound, s.DeleteEndpoint(ctx, w.ID))
	_, err := s.EndpointByID(ctx, w.ID)
	assertCode(t, domain.CodeNotFound, err)
	list, err := s.ListEndpoints(ctx, store.Page{})
	require.NoError(t, err)
	require.Len(t, list.Data, 1)
	assert.Equal(t, 1, count(t, s, "webhook_endpoints WHERE id = '"+w.ID+"' AND secret = '' AND NOT enabled"))

	dispatched, err := s.DispatchEndpoints(ctx, 100)
	require.NoError(t, err)
	assert.Equal(t, []string{other.ID}, dispatched, "nothing more is posted to it")
	for left := 7; left > 0; left -= min(left, 3) {
		assert.Equal(t, left, count(t, s, "webhook_deliveries WHERE endpoint_id = '"+w.ID+"'"))
		_, err = s.Prune(ctx, domain.Retention{}, 3)
		require.NoError(t, err)
	}
	pruneAll(t, s, 0, domain.Retention{}, 3)
	assert.Equal(t, 2, count(t, s, "webhook_endpoints"), "a transaction under way may still know it")
	pruneAll(t, s, 2*time.Hour, domain.Retention{}, 3)
	assert.Equal(t, 1, count(t, s, "webhook_endpoints"))
	assert.Len(t, outbox(t, s, other), 7)
}

func checksRetention(t *testing.T, s *store.Store) {
	oneOfEachPruned(t, s)
	assert.Equal(t, domain.CheckWarn, s.CheckRetention(t.Context(), domain.DefaultRetention()).Status, "job_failures")
	pruneAll(t, s, 0, domain.DefaultRetention(), 100)
	assert.Equal(t, domain.CheckOK, s.CheckRetention(t.Context(), domain.DefaultRetention()).Status)
	late := s.At(s.Now().Add(allDue)).CheckRetention(t.Context(), domain.DefaultRetention())
	for _, table := range store.PrunedTables() {
		if table != "job_failures" && table != "webhook_endpoints" { // of which none is left, and which are few
			assert.Contains(t, late.Message, table)
		}
	}
	pruneAll(t, s, allDue, domain.DefaultRetention(), 100)
	late = s.At(s.Now().Add(allDue)).CheckRetention(t.Context(), domain.DefaultRetention())
	assert.Equal(t, domain.CheckOK, late.Status)
}
