package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

// putAside has items of the job fail at moment, each with the error.
func putAside(t *testing.T, s *store.Store, job domain.Job, why error, items ...string) {
	t.Helper()
	bad := func(context.Context, *string) error { return why }
	require.NoError(t, store.Each(t.Context(), roundAt(s, job, moment), items, itself, bad))
}

// asideOf are the items that a list of what is put aside has.
func asideOf(t *testing.T, s *store.Store, f store.JobFailureFilter) (items []string, next string) {
	t.Helper()
	list, err := s.ListJobFailures(t.Context(), f)
	require.NoError(t, err)
	for _, row := range list.Data {
		items = append(items, row.ItemID)
		found, err := s.JobFailureByID(t.Context(), row.ID)
		require.NoError(t, err)
		assert.Equal(t, row, *found)
	}
	return items, list.Next
}

func failuresListed(t *testing.T, s *store.Store) {
	nobody := errors.New("what nobody expected")
	putAside(t, s, domain.JobRouteEvents, nobody, "one", "two", "three")
	putAside(t, s, domain.JobRedispatch, nobody, "four")
	putAside(t, s, domain.JobRedispatch, store.Later(1), "not due")
	all, _ := asideOf(t, s, store.JobFailureFilter{})
	assert.Equal(t, []string{"four", "three", "two", "one"}, all)
	of := store.JobFailureFilter{Job: string(domain.JobRouteEvents), Page: store.Page{Limit: 2}}
	first, next := asideOf(t, s, of)
	of.Cursor = next
	rest, next := asideOf(t, s, of)
	assert.Equal(t, []string{"three", "two", "one"}, append(first, rest...))
	assert.Empty(t, next)

	round := func(minutes int) {
		require.NoError(t, s.CompleteRound(t.Context(), &domain.JobRound{Job: domain.JobRouteEvents,
			StartedAt: *later(minutes), CompletedAt: *later(minutes), NextDueAt: *later(minutes)}))
	}
	round(0)
	all, _ = asideOf(t, s, store.JobFailureFilter{})
	assert.Len(t, all, 4, "none was due in that round")
	round(1)
	all, _ = asideOf(t, s, store.JobFailureFilter{})
	assert.Equal(t, []string{"four"}, all, "they were due, and the job found them no more")
	counts, err := s.CountPutAside(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[domain.Job]int64{domain.JobRedispatch: 1}, counts)
}

func retriedNow(t *testing.T, s *store.Store) {
	nobody := errors.New("what nobody expected")
	putAside(t, s, domain.JobRouteEvents, nobody, "one", "two", "three")
	putAside(t, s, domain.JobRedispatch, nobody, "one")
	now := s.At(moment.Add(1))
	due := func() (items []string) {
		list, err := now.ListJobFailures(t.Context(), store.JobFailureFilter{})
		require.NoError(t, err)
		for _, f := range list.Data {
			if !f.RetryAt.After(now.Now()) {
				items = append(items, string(f.Job)+" "+f.ItemID)
			}
		}
		return items
	}
	retry := func(item string) int64 {
		n, err := now.RetryNow(t.Context(), domain.JobRouteEvents, item)
		require.NoError(t, err)
		return n
	}
	assert.Empty(t, due())
	assert.EqualValues(t, 1, retry("two"))
	assert.Equal(t, []string{"route_events two"}, due())
	assert.Zero(t, retry("unknown"))
	assert.EqualValues(t, 3, retry(""))
	assert.EqualValues(t, 3, retry(""), "again changes nothing")
	want := []string{"route_events one", "route_events two", "route_events three"}
	assert.ElementsMatch(t, want, due(), "another job's items wait for their time")
}

func failuresSayWhy(t *testing.T, s *store.Store) {
	const person = "ada@example.com"
	for name, why := range map[string]error{
		"ours":     fmt.Errorf("charge %s: %w", person, domain.NotFound("payment")),
		"unknown":  errors.New("no such customer: " + person),
		"database": s.InsertAccount(t.Context(), &domain.Account{ID: person, Status: domain.AccountStatus(person)}, nil),
	} {
		require.Error(t, why, name)
		putAside(t, s, domain.JobRouteEvents, why, name)
	}
	list, err := s.ListJobFailures(t.Context(), store.JobFailureFilter{})
	require.NoError(t, err)
	said := map[string]string{}
	for _, row := range list.Data {
		said[row.ItemID] = row.Error + ": " + row.Detail
		assert.NotContains(t, fmt.Sprint(row), person)
	}
	assert.Equal(t, "not_found: There is no such payment.", said["ours"])
	assert.Equal(t, "internal: The reason is in the worker's log.", said["unknown"])
	assert.Regexp(t, `^internal: The database refused it \((23514 accounts_\w+_check|.*SQLITE_CONSTRAINT.*)\)`,
		said["database"])
}
