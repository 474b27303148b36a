package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
	"slipway/store"
)

var jobPromises = []promise{
	{"Round_PutsAsideWhatFailsAndDealsWithTheOthers", false, putsAside},
	{"JobFailures_AreListedUntilARoundFindsThemNoMore", false, failuresListed},
	{"JobFailures_AreTriedAgainNowOneOrAllOfAJob", false, retriedNow},
	{"JobFailures_SayWhyWithoutWhatARowHolds", false, failuresSayWhy},
	{"Round_PanicsOfOneItemAreItsOwn", false, itemPanics},
	{"Round_PutsAsideWhatHangs", false, itemHangs},
	{"Round_EndsWhenNothingCanBeReached", false, nothingReached},
	{"Jobs_LeaveOutWhatIsPutAside", false, leaveOut},
	{"Jobs_RoundsAreRemembered", false, rounds},
	{"Prune_ForgetsWhatWasDealtWith", false, forgetFailures},
}

// roundAt is a round of the job at a time.
func roundAt(s *store.Store, job domain.Job, at time.Time) *store.Round {
	return &store.Round{
		Store: s.At(at), Job: job, Heartbeat: func() {}, Failed: func(string, error) {},
		Reachable: func(context.Context) error { return nil },
	}
}

var itself = func(item *string) string { return *item }

func putsAside(t *testing.T, s *store.Store) {
	ctx := t.Context()
	items := []string{"a", "bad", "c", "later"}
	var seen []string
	do := func(_ context.Context, item *string) error {
		seen = append(seen, *item)
		switch *item {
		case "bad":
			return domain.NotFound("workflow")
		case "later":
			return store.Later(time.Minute)
		}
		return nil
	}
	round := roundAt(s, domain.JobStartReceived, moment)
	require.NoError(t, store.Each(ctx, round, items, itself, do))
	assert.Equal(t, items, seen)
	assert.Equal(t, 3, round.Done())
	assert.Equal(t, 1, round.PutAside())
	rows, err := s.PutAside(ctx, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1, "what is only not due yet is no failure")
	want := domain.JobFailure{
		ID: rows[0].ID, Object: "job_failure", Job: domain.JobStartReceived, ItemID: "bad", Attempts: 1,
		Error: "not_found", Detail: "There is no such workflow.", FirstFailedAt: moment, FailedAt: moment,
		RetryAt: moment.Add(30 * time.Second),
	}
	require.Equal(t, want, rows[0])
	assert.True(t, store.ValidID(domain.PrefixJobFailure, want.ID))

	require.NoError(t, store.Each(ctx, roundAt(s, domain.JobStartReceived, *later(1)), items, itself, do))
	rows, err = s.PutAside(ctx, 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	want.Attempts, want.FailedAt, want.RetryAt = 2, *later(1), *later(2)
	assert.Equal(t, want, rows[0], "it waits twice as long, and fails since the first time")
	counts, err := s.CountPutAside(ctx)
	require.NoError(t, err)
	assert.Equal(t, map[domain.Job]int64{domain.JobStartReceived: 1}, counts)

	good := func(context.Context, *string) error { return nil }
	require.NoError(t, store.Each(ctx, roundAt(s, domain.JobRouteEvents, *later(3)), items, itself, good))
	assert.Equal(t, 2, count(t, s, "job_failures"), "another job's items are its own")
	require.NoError(t, store.Each(ctx, roundAt(s, domain.JobStartReceived, *later(3)), items, itself, good))
	assert.Zero(t, count(t, s, "job_failures"), "taken back once it was dealt with")
}

func itemPanics(t *testing.T, s *store.Store) {
	round := roundAt(s, domain.JobStartReceived, moment)
	round.AtOnce = 4
	require.NoError(t, store.Each(t.Context(), round, []string{"a", "bad", "c"}, itself,
		func(_ context.Context, item *string) error {
			if *item == "bad" {
				panic("a nil map")
			}
			return nil
		}))
	assert.Equal(t, 2, round.Done())
	assert.Equal(t, 1, round.PutAside())
}

func itemHangs(t *testing.T, s *store.Store) {
	round := roundAt(s, domain.JobStartReceived, moment)
	round.ItemTimeout = 20 * time.Millisecond
	require.NoError(t, store.Each(t.Context(), round, []string{"a", "bad", "c"}, itself,
		func(ctx context.Context, item *string) error {
			if *item != "bad" {
				return nil
			}
			<-ctx.Done() // the answer never comes
			return ctx.Err()
		}))
	assert.Equal(t, 2, round.Done())
	assert.Equal(t, 1, round.PutAside())
}

func nothingReached(t *testing.T, s *store.Store) {
	round := roundAt(s, domain.JobStartReceived, moment)
	down := errors.New("no connection")
	round.Reachable = func(context.Context) error { return down }
	tried := 0
	err := store.Each(t.Context(), round, []string{"a", "b", "c"}, itself, func(context.Context, *string) error {
		tried++
		return domain.Unavailable("Temporal", 0)
	})
	assert.Equal(t, domain.CodeUnavailable, domain.CodeOf(err))
	assert.Equal(t, 1, tried)
	assert.Zero(t, count(t, s, "job_failures"), "nothing is wrong with any of them")
}

// queries are those of the jobs that need little around them: how many items each
// returns.
var queries = map[domain.Job]func(ctx context.Context, s *store.Store) (int, error){
	domain.JobStartReceived: func(ctx context.Context, s *store.Store) (int, error) {
		rows, err := s.ReceivedOnboardings(ctx, s.Now().Add(time.Hour), 10)
		return len(rows), err
	},
	domain.JobCompareOnboardings: func(ctx context.Context, s *store.Store) (int, error) {
		rows, err := s.UncheckedOnboardings(ctx, s.Now().Add(time.Hour), "", 10)
		return len(rows), err
	},
	domain.JobResumeServed: func(ctx context.Context, s *store.Store) (int, error) {
		received := store.Waiting{Status: domain.OnboardingReceived, Limit: 10}
		rows, err := s.WaitingOnboardings(ctx, domain.JobResumeServed, received)
		return len(rows), err
	},
	domain.JobRouteEvents: func(ctx context.Context, s *store.Store) (int, error) {
		rows, err := s.UnprocessedEvents(ctx, s.Now().Add(time.Hour), 10)
		return len(rows), err
	},
	domain.JobRedispatch: func(ctx context.Context, s *store.Store) (int, error) {
		future := s.Now().Add(time.Hour)
		lost, err := s.LostDeliveries(ctx, future, future, 10)
		if err != nil {
			return 0, err
		}
		ids, err := s.OverdueEndpoints(ctx, future, 10)
		return len(lost) + len(ids), err
	},
}

// somethingForEach inserts an item for each of the queries, and returns their ids.
func somethingForEach(t *testing.T, s *store.Store) map[domain.Job]string {
	t.Helper()
	ctx := t.Context()
	insert := func(email string, status domain.OnboardingStatus) string {
		o := NewOnboarding(email)
		o.Status = status
		ok, err := s.InsertOnboarding(ctx, o)
		require.NoError(t, err)
		require.True(t, ok)
		return o.ID
	}
	received := insert("a@example.com", domain.OnboardingReceived)
	begun := insert("b@example.com", domain.OnboardingActivating)
	event := &domain.ProviderEvent{
		Provider: "stripe", EventID: "evt_1", Type: "charge", OccurredAt: moment, ReceivedAt: moment,
	}
	_, err := s.InsertProviderEvent(ctx, event)
	require.NoError(t, err)
	w := insertEndpoint(t, s)
	happens(t, s, domain.EventInvoicePaid)
	return map[domain.Job]string{
		domain.JobStartReceived: received, domain.JobCompareOnboardings: begun, domain.JobResumeServed: received,
		domain.JobRouteEvents: event.ItemID(), domain.JobRedispatch: w.ID,
	}
}

// leaveOut checks each job's query: none returns what is put aside, and all do
// once it is due again.
func leaveOut(t *testing.T, s *store.Store) {
	ctx, now := t.Context(), s.Now()
	bad := func(context.Context, *string) error { return errors.New("what nobody expected") }
	for job, item := range somethingForEach(t, s) {
		require.NoError(t, store.Each(ctx, roundAt(s, job, now), []string{item}, itself, bad))
		n, err := queries[job](ctx, s.At(now))
		require.NoError(t, err, job)
		assert.Zero(t, n, "%s: it is put aside", job)
		n, err = queries[job](ctx, s.At(now.Add(time.Minute)))
		require.NoError(t, err, job)
		assert.Equal(t, 1, n, "%s: it is due again", job)
	}
	future := now.Add(time.Hour)
	for _, find := range []func() error{ // of money; what they leave out is seen in activities
		func() error { _, err := s.SubscriptionsWithoutBilling(ctx, future, 10); return err },
		func() error { _, err := s.StalePayments(ctx, future, 10); return err },
		func() error { _, err := s.LatePayments(ctx, future, 10); return err },
	} {
		require.NoError(t, find())
	}
	aside := store.Waiting{Status: domain.OnboardingReceived, Limit: 10, PutAside: true}
	rows, err := s.At(now.Add(time.Minute)).WaitingOnboardings(ctx, domain.JobResumeServed, aside)
	require.NoError(t, err)
	assert.Len(t, rows, 1)
}

func unchecked(t *testing.T, s *store.Store) {
	ctx := t.Context()
	insert := func(email string, status domain.OnboardingStatus, checked, updated int) string {
		o := NewOnboarding(email)
		o.Status, o.CheckedAt, o.UpdatedAt = status, *later(checked), *later(updated)
		ok, err := s.InsertOnboarding(ctx, o)
		require.NoError(t, err)
		require.True(t, ok)
		return o.ID
	}
	received := insert("r@example.com", domain.OnboardingReceived, 2, 2)
	first := insert("b@example.com", domain.OnboardingAwaitingPayment, 2, 2)
	second := insert("a@example.com", domain.OnboardingAwaitingPayment, 1, 5)
	insert("c@example.com", domain.OnboardingReceived, 20, 2) // checked since
	insert("d@example.com", domain.OnboardingReceived, 2, 20) // changed since
	insert("f@example.com", domain.OnboardingActivating, 2, 20)
	insert("e@example.com", domain.OnboardingCompleted, 1, 1) // ended
	ids := func(after string, limit int) (list []string) {
		rows, err := s.UncheckedOnboardings(ctx, *later(10), after, limit)
		require.NoError(t, err)
		for _, o := range rows {
			list = append(list, o.ID)
		}
		return list
	}
	assert.Equal(t, []string{first, second}, ids("", 10))
	assert.Equal(t, []string{first}, ids("", 1))
	assert.Equal(t, []string{second}, ids(first, 10))
	before, err := s.OnboardingByID(ctx, first)
	require.NoError(t, err)
	require.NoError(t, s.MarkChecked(ctx, first))
	assert.Equal(t, []string{second}, ids("", 10))
	after, err := s.OnboardingByID(ctx, first)
	require.NoError(t, err)
	assert.WithinDuration(t, time.Now(), after.CheckedAt, time.Minute)
	after.CheckedAt = before.CheckedAt
	assert.Equal(t, before, after, "being checked is no change")

	unbegun, err := s.ReceivedOnboardings(ctx, *later(10), 10)
	require.NoError(t, err)
	require.Len(t, unbegun, 1)
	assert.Equal(t, received, unbegun[0].ID)

	wait := store.Waiting{Status: domain.OnboardingReceived, Limit: 2}
	waiting, err := s.WaitingOnboardings(ctx, domain.JobResumeServed, wait)
	require.NoError(t, err)
	require.Len(t, waiting, 2)
	assert.Equal(t, received, waiting[0].ID)
	wait.After = waiting[1].ID
	rest, err := s.WaitingOnboardings(ctx, domain.JobResumeServed, wait)
	require.NoError(t, err)
	require.Len(t, rest, 1)
	assert.Greater(t, rest[0].ID, waiting[1].ID)
}

func rounds(t *testing.T, s *store.Store) {
	ctx := t.Context()
	for minutes := range 2 {
		require.NoError(t, s.CompleteRound(ctx, &domain.JobRound{
			Job: domain.JobRedispatch, StartedAt: *later(minutes), CompletedAt: *later(minutes + 1),
			NextDueAt: *later(minutes + 2),
		}))
	}
	found, err := s.JobRounds(ctx)
	require.NoError(t, err)
	assert.Equal(t, map[domain.Job]domain.JobRound{domain.JobRedispatch: {
		Job: domain.JobRedispatch, StartedAt: *later(1), CompletedAt: *later(2), NextDueAt: *later(3),
	}}, found)
}

func forgetFailures(t *testing.T, s *store.Store) {
	ctx := t.Context()
	bad := func(context.Context, *string) error { return errors.New("what nobody expected") }
	require.NoError(t, store.Each(ctx, roundAt(s, domain.JobRedispatch, moment), []string{"old"}, itself, bad))
	require.NoError(t, store.Each(ctx, roundAt(s, domain.JobRedispatch, *later(61)), []string{"new"}, itself, bad))
	pruned, err := s.At(*later(61)).Prune(ctx, domain.Retention{}, 10)
	require.NoError(t, err)
	assert.EqualValues(t, 1, pruned.Total(), "what was due an hour ago and was not found again")
	assert.Equal(t, 1, count(t, s, "job_failures"))
}
