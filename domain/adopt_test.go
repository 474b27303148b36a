package domain_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestAdopt_CountsFromTheDayThatWasAgreed(t *testing.T) {
	t.Parallel()
	day := func(text string) time.Time {
		at, err := time.Parse(time.DateOnly, text)
		require.NoError(t, err)
		return at
	}
	for _, c := range []struct {
		interval         domain.Interval
		start, end, next string
	}{
		{domain.IntervalMonth, "2026-01-15", "2026-02-15", "2026-03-15"},
		{domain.IntervalMonth, "2026-01-31", "2026-02-28", "2026-03-31"},
		{domain.IntervalMonth, "2026-02-28", "2026-03-31", "2026-04-30"},
		{domain.IntervalMonth, "2026-02-28", "2026-03-30", "2026-04-30"},
		{domain.IntervalMonth, "2026-02-28", "2026-03-28", "2026-04-28"},
		{domain.IntervalMonth, "2026-04-30", "2026-05-31", "2026-06-30"},
		{domain.IntervalYear, "2025-03-01", "2026-03-01", "2027-03-01"},
		{domain.IntervalYear, "2027-02-28", "2028-02-29", "2029-02-28"},
	} {
		sub := &domain.Subscription{Plan: &domain.PlanRef{Interval: c.interval, Amount: 1}}
		start, end := day(c.start), day(c.end)
		require.NoError(t, sub.Adopt(domain.Term{Status: domain.SubscriptionActive, PeriodStart: &start, PeriodEnd: &end},
			domain.DefaultBillingPolicy(), false, end), c)
		assert.Equal(t, start, *sub.CurrentPeriodStart, c)
		assert.Equal(t, end, *sub.CurrentPeriodEnd, c)
		_, next := sub.NextPeriod()
		assert.Equal(t, day(c.next), next, c)
	}
	for _, wrong := range [][2]string{
		{"2026-01-15", "2026-02-14"}, {"2026-01-15", "2026-03-15"}, {"2026-02-15", "2026-01-15"},
		{"2026-01-30", "2026-03-01"},
	} {
		sub := &domain.Subscription{Plan: &domain.PlanRef{Interval: domain.IntervalMonth, Amount: 1}}
		start, end := day(wrong[0]), day(wrong[1])
		err := sub.Adopt(domain.Term{Status: domain.SubscriptionActive, PeriodStart: &start, PeriodEnd: &end},
			domain.DefaultBillingPolicy(), false, day("2026-12-01"))
		var refused *domain.Error
		require.True(t, errors.As(err, &refused), wrong)
		assert.Equal(t, "current_period_end", refused.Fields[0].Field)
	}
}

func TestAdopt_WhatWouldBeRenewedTwiceAtOnceIsRefused(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 6, 15, 12, 0, 0, 0, time.UTC)
	active, trialing := domain.SubscriptionActive, domain.SubscriptionTrialing
	month, year := domain.IntervalMonth, domain.IntervalYear
	withinAMonth, withinAYear := "a time at most one month ago", "a time at most one year ago"
	for _, c := range []struct {
		status   domain.SubscriptionStatus
		interval domain.Interval
		end      time.Time
		field    string // empty: it is adopted
		accepted string
	}{
		{active, month, now.AddDate(0, -1, 0), "", ""},
		{active, month, now.AddDate(0, -1, 0).Add(-time.Second), "current_period_end", withinAMonth},
		{active, month, now.AddDate(-10, 0, 0), "current_period_end", withinAMonth},
		{active, year, now.AddDate(0, -11, 0), "", ""},
		{active, year, now.AddDate(-2, 0, 0), "current_period_end", withinAYear},
		{trialing, month, now.AddDate(0, 0, -20), "", ""},
		{trialing, month, now.AddDate(0, -2, 0), "trial_end", withinAMonth},
		{domain.SubscriptionPastDue, month, now.AddDate(-10, 0, 0), "", ""}, // recovery ends it
	} {
		sub := &domain.Subscription{Plan: &domain.PlanRef{Interval: c.interval, Amount: 1, TrialDays: 14}}
		start := c.interval.AddInterval(c.end, -1)
		term := domain.Term{Status: c.status, PeriodStart: &start, PeriodEnd: &c.end}
		if c.status == domain.SubscriptionTrialing {
			term = domain.Term{Status: c.status, TrialEnd: &c.end}
		}
		err := sub.Adopt(term, domain.DefaultBillingPolicy(), false, now)
		if c.field == "" {
			require.NoError(t, err, c)
			continue
		}
		var refused *domain.Error
		require.ErrorAs(t, err, &refused, c)
		assert.Equal(t, domain.CodeInvalid, refused.Code)
		assert.Equal(t, c.field, refused.Fields[0].Field)
		assert.Equal(t, c.accepted, refused.Fields[0].Accepted)
	}
}
