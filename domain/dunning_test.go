package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

const day = 24 * time.Hour

func TestBillingPolicy_TheCalendarOfARecovery(t *testing.T) {
	t.Parallel()
	days := func(n ...int) []time.Duration {
		var all []time.Duration
		for _, d := range n {
			all = append(all, time.Duration(d)*day)
		}
		return all
	}
	for _, c := range []struct {
		why     string
		policy  domain.BillingPolicy
		retries []int
		ends    int
	}{
		{"the default", domain.DefaultBillingPolicy(), []int{1, 3, 5, 7}, 7},
		{"no retries", domain.BillingPolicy{Grace: 7 * day}, nil, 7},
		{"no retries, no grace", domain.BillingPolicy{}, nil, 0},
		{"grace longer", domain.BillingPolicy{Retries: days(1, 2), Grace: 30 * day}, []int{1, 2}, 30},
		{"grace shorter", domain.BillingPolicy{Retries: days(1, 9), Grace: 3 * day}, []int{1, 9}, 9},
	} {
		now, got := noon, []int(nil)
		for at := c.policy.NextRetry(noon, now, false); at != nil; at = c.policy.NextRetry(noon, now, false) {
			assert.True(t, at.After(now), c.why)
			now, got = *at, append(got, int(at.Sub(noon)/day))
		}
		assert.Equal(t, c.retries, got, c.why)
		assert.Equal(t, noon.Add(time.Duration(c.ends)*day), c.policy.GivesUpAt(noon), c.why)
		assert.Nil(t, c.policy.NextRetry(noon, noon, true), "hopeless is not tried again")
	}
	p := domain.DefaultBillingPolicy()
	assert.Equal(t, noon.Add(5*day), *p.NextRetry(noon, noon.Add(3*day), false), "what was missed is not made up for")
}

func TestNextDue_SaysWhatComesNext(t *testing.T) {
	t.Parallel()
	p := domain.DefaultBillingPolicy()
	start, end := noon, noon.Add(30*day)
	at := func(days int) time.Time { return noon.Add(time.Duration(days) * day) }
	when := func(days int) *time.Time { d := at(days); return &d }
	type subscription = domain.Subscription
	paid := &domain.PlanRef{Amount: 100, Interval: domain.IntervalMonth}
	free := &domain.PlanRef{Interval: domain.IntervalMonth}
	active, trial, late := domain.SubscriptionActive, domain.SubscriptionTrialing, domain.SubscriptionPastDue
	freeNext := subscription{Status: active, Plan: paid, PendingPlan: free}
	paidNext := subscription{Status: active, Plan: free, PendingPlan: paid}
	trialReminded := subscription{Status: trial, Plan: paid, Reminders: 1}
	lateWithRetry := subscription{Status: late, Plan: paid, PastDueSince: when(30), NextRetryAt: when(31)}
	lateWithout := subscription{Status: late, Plan: paid, PastDueSince: when(30)}
	for _, c := range []struct {
		why    string
		sub    subscription
		byHand bool
		due    domain.DueKind
		at     time.Time
	}{
		{"by card: the end", subscription{Status: active, Plan: paid}, false, domain.DuePeriodEnd, end},
		{"free: the end", subscription{Status: active, Plan: free}, true, domain.DuePeriodEnd, end},
		{"by hand: an invoice ahead", subscription{Status: active, Plan: paid}, true, domain.DueNotice, at(27)},
		{"by hand: a reminder", subscription{Status: active, Plan: paid, Reminders: 1}, true, domain.DueReminder, at(29)},
		{"by hand: the end", subscription{Status: active, Plan: paid, Reminders: 2}, true, domain.DuePeriodEnd, end},
		{"by hand, free from the next period on", freeNext, true, domain.DuePeriodEnd, end},
		{"by hand, paid from the next period on", paidNext, true, domain.DueNotice, at(27)},
		{"trial: announced", subscription{Status: trial, Plan: paid}, false, domain.DueNotice, at(27)},
		{"trial: the end", trialReminded, false, domain.DuePeriodEnd, end},
		{"trial by hand: a reminder", trialReminded, true, domain.DueReminder, at(29)},
		{"to be canceled", subscription{Status: active, Plan: paid, CancelAt: &end}, true, domain.DuePeriodEnd, end},
		{"late: another attempt", lateWithRetry, false, domain.DueRetry, at(31)},
		{"late: the end of recovery", lateWithout, true, domain.DueGiveUp, at(37)},
	} {
		c.sub.CurrentPeriodStart, c.sub.CurrentPeriodEnd = &start, &end
		due, when, found := p.NextDue(&c.sub, c.byHand)
		assert.True(t, found, c.why)
		assert.Equal(t, c.due, due, c.why)
		assert.Equal(t, c.at, when, c.why)
	}
	for _, status := range []domain.SubscriptionStatus{"incomplete", "incomplete_expired", "unpaid", "canceled"} {
		_, _, found := p.NextDue(&domain.Subscription{Status: status, CurrentPeriodEnd: &end, Plan: paid}, true)
		assert.False(t, found, status)
	}
	short := noon.Add(day)
	due, announced, _ := p.NextDue(
		&domain.Subscription{Status: trial, Plan: paid, CurrentPeriodStart: &start, CurrentPeriodEnd: &short},
		false,
	)
	assert.Equal(t, domain.DueNotice, due)
	assert.Equal(t, start, announced, "a short trial is announced when it begins, not before")
}

func TestNextDue_SpreadsTheRenewalsOfOneMoment(t *testing.T) {
	t.Parallel()
	p := domain.DefaultBillingPolicy()
	p.RenewalJitter = time.Hour
	end := noon.Add(30 * day)
	at := func(s domain.Subscription, byHand bool) time.Time {
		s.Status, s.CurrentPeriodStart, s.CurrentPeriodEnd = domain.SubscriptionActive, &noon, &end
		s.Reminders = 2
		_, when, found := p.NextDue(&s, byHand)
		require.True(t, found)
		return when
	}
	paid, free := &domain.PlanRef{Amount: 100}, &domain.PlanRef{}
	tenths := map[int]int{}
	for i := range 1000 {
		sub := domain.Subscription{ID: fmt.Sprintf("sub_%d", i), Plan: paid}
		when := at(sub, false)
		assert.Equal(t, when, at(sub, false), "its own time, always the same")
		require.False(t, when.Before(end))
		require.Less(t, when.Sub(end), p.RenewalJitter)
		tenths[int(10*when.Sub(end)/p.RenewalJitter)]++
	}
	for i := range 10 {
		assert.InDelta(t, 100, tenths[i], 50, "evenly")
	}
	for why, exact := range map[string]time.Time{
		"on a test clock": at(domain.Subscription{ID: "sub_1", Plan: paid, TestClockID: "clk_1"}, false),
		"free":            at(domain.Subscription{ID: "sub_1", Plan: free}, false),
		"paid by hand":    at(domain.Subscription{ID: "sub_1", Plan: paid}, true),
		"to be canceled":  at(domain.Subscription{ID: "sub_1", Plan: paid, CancelAt: &end}, false),
	} {
		assert.Equal(t, end, exact, why)
	}
}

func TestEntitled_UntilGraceEndsAndNoLonger(t *testing.T) {
	t.Parallel()
	s := running(t, domain.IntervalMonth, 0, "2026-01-31")
	end := *s.CurrentPeriodEnd
	require.NoError(t, s.FallBehind(domain.DefaultBillingPolicy(), end))
	require.Error(t, s.FallBehind(domain.DefaultBillingPolicy(), end.Add(day)), "it falls behind once")
	assert.Equal(t, end, *s.PastDueSince)
	assert.True(t, s.Entitled(end))
	assert.True(t, s.Entitled(end.Add(7*day-1)))
	assert.False(t, s.Entitled(end.Add(7*day)))
	require.NoError(t, s.Renew(end.Add(3*day)))
	assert.True(t, s.Entitled(end.Add(100*day)))
	assert.Nil(t, s.PastDueSince)
	assert.Nil(t, s.GraceEndsAt)
	assert.Nil(t, s.NextRetryAt)

	none := running(t, domain.IntervalMonth, 0, "2026-01-31")
	require.NoError(t, none.FallBehind(domain.BillingPolicy{}, end))
	assert.False(t, none.Entitled(end), "without grace, not for a moment")
	for _, status := range []domain.SubscriptionStatus{"incomplete", "incomplete_expired", "unpaid", "canceled"} {
		assert.False(t, (&domain.Subscription{Status: status}).Entitled(noon), status)
	}
}

func TestEnd_LeavesNothingThatCouldStillHappen(t *testing.T) {
	t.Parallel()
	for _, to := range []domain.SubscriptionStatus{domain.SubscriptionCanceled, domain.SubscriptionUnpaid} {
		s := running(t, domain.IntervalMonth, 0, "2026-01-31")
		end := *s.CurrentPeriodEnd
		require.NoError(t, s.FallBehind(domain.DefaultBillingPolicy(), end))
		s.NextRetryAt, s.CancelAt, s.CancelAtPeriodEnd, s.PendingPlan = &end, &end, true, s.Plan
		s.Due, s.DueAt = domain.DueRetry, &end
		require.NoError(t, s.End(to, "payment_failed", end.Add(day)))
		assert.Equal(t, to, s.Status)
		assert.Equal(t, end.Add(day), *s.EndedAt)
		assert.Equal(t, "payment_failed", s.CancellationReason)
		assert.Nil(t, s.PastDueSince)
		assert.Nil(t, s.GraceEndsAt)
		assert.Nil(t, s.NextRetryAt)
		assert.Nil(t, s.CancelAt)
		assert.False(t, s.CancelAtPeriodEnd)
		assert.Nil(t, s.PendingPlan)
		assert.Nil(t, s.DueAt)
		assert.Equal(t, []domain.Action{domain.ActionRefresh}, s.Actions())
		require.Error(t, s.End(domain.SubscriptionCanceled, "again", end.Add(2*day)), "it ends once")
		assert.Equal(t, "payment_failed", s.CancellationReason)
		require.Error(t, s.Renew(end.Add(2*day)))
	}
	active := running(t, domain.IntervalMonth, 0, "2026-01-31")
	require.Error(t, active.End(domain.SubscriptionUnpaid, "payment_failed", noon), "who owes nothing is not unpaid")
	assert.Equal(t, domain.SubscriptionActive, active.Status)
}

func TestSubscription_ActionsFollowItsState(t *testing.T) {
	t.Parallel()
	cancel, resume, change := domain.ActionCancel, domain.ActionResume, domain.ActionChangePlan
	retry, activate, refresh := domain.ActionRetryPayment, domain.ActionActivate, domain.ActionRefresh
	for _, c := range []struct {
		sub  domain.Subscription
		want []domain.Action
	}{
		{domain.Subscription{Status: "active"}, []domain.Action{cancel, change, refresh}},
		{domain.Subscription{Status: "trialing"}, []domain.Action{cancel, change, domain.ActionExtendTrial, refresh}},
		{domain.Subscription{Status: "active", CancelAt: &time.Time{}}, []domain.Action{cancel, resume, refresh}},
		{
			domain.Subscription{Status: "active", PendingPlan: &domain.PlanRef{}},
			[]domain.Action{cancel, resume, change, refresh},
		},
		{domain.Subscription{Status: "past_due"}, []domain.Action{cancel, retry, activate, refresh}},
		{domain.Subscription{Status: "incomplete"}, []domain.Action{refresh}},
	} {
		assert.Equal(t, c.want, c.sub.Actions(), c.sub.Status)
	}
}
