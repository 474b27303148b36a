package domain_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func date(t *testing.T, s string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, s)
	require.NoError(t, err)
	return d
}

// running is a subscription that began on the day, after a trial or at once.
func running(t *testing.T, interval domain.Interval, trialDays int, from string) *domain.Subscription {
	t.Helper()
	s := domain.NewSubscription("sub_1", "acct_1", "onb_1",
		&domain.PlanRef{Code: "growth", Amount: 100, Interval: interval}, date(t, from))
	require.NoError(t, s.Start(trialDays, date(t, from)))
	return s
}

func TestRenew_EveryPeriodIsCountedFromTheFirst(t *testing.T) {
	t.Parallel()
	month, year := domain.IntervalMonth, domain.IntervalYear
	for _, c := range []struct {
		why      string
		interval domain.Interval
		trial    int
		from     string
		ends     []string // of the first periods
	}{
		{"the last of January", month, 0, "2026-01-31", []string{
			"2026-02-28", "2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30",
		}},
		{"the 30th of January", month, 0, "2026-01-30", []string{"2026-02-28", "2026-03-30", "2026-04-30"}},
		{"into a leap year", month, 0, "2027-12-31", []string{"2028-01-31", "2028-02-29", "2028-03-31"}},
		{"over the end of a year", month, 0, "2026-11-30", []string{"2026-12-30", "2027-01-30", "2027-02-28", "2027-03-30"}},
		{"from a leap day, by the month", month, 0, "2028-02-29", []string{"2028-03-29", "2028-04-29"}},
		{"from a leap day, by the year", year, 0, "2028-02-29", []string{
			"2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29", "2033-02-28",
		}},
		{"a year's last day", year, 0, "2026-12-31", []string{"2027-12-31", "2028-12-31"}},
		{"counted from the end of a trial", month, 14, "2026-01-17", []string{"2026-01-31", "2026-02-28", "2026-03-31"}},
		{"a year from the end of a trial", year, 14, "2028-02-15", []string{
			"2028-02-29", "2029-02-28", "2030-02-28", "2031-02-28", "2032-02-29",
		}},
	} {
		s := running(t, c.interval, c.trial, c.from)
		for i, want := range c.ends {
			end := *s.CurrentPeriodEnd
			assert.Equal(t, date(t, want), end, "%s: period %d", c.why, i+1)
			start, next := s.NextPeriod()
			s.Reminders = 2
			require.NoError(t, s.Renew(end.Add(5*time.Hour)), "however late")
			assert.Equal(t, end, *s.CurrentPeriodStart, "no gap and no overlap")
			assert.Equal(t, start, *s.CurrentPeriodStart, "as was announced")
			assert.Equal(t, next, *s.CurrentPeriodEnd)
			assert.Zero(t, s.Reminders, "the notices were about the last period")
			assert.Equal(t, domain.SubscriptionActive, s.Status)
		}
	}
}

func TestRenew_AYearOfMonthsNeverDrifts(t *testing.T) {
	t.Parallel()
	for day := 1; day <= 31; day++ {
		from := time.Date(2026, 1, day, 23, 59, 59, 0, time.UTC)
		s := domain.NewSubscription("sub_1", "acct_1", "onb_1", &domain.PlanRef{Interval: domain.IntervalMonth}, from)
		require.NoError(t, s.Start(0, from))
		for range 48 {
			require.NoError(t, s.Renew(*s.CurrentPeriodEnd))
			last := time.Date(s.CurrentPeriodStart.Year(), s.CurrentPeriodStart.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
			require.Equal(t, min(day, last), s.CurrentPeriodStart.Day())
			require.Equal(t, 59, s.CurrentPeriodStart.Second())
		}
		assert.Equal(t, from.AddDate(4, 0, 0), *s.CurrentPeriodStart)
	}
}

func TestRenew_AnotherIntervalBeginsANewCount(t *testing.T) {
	t.Parallel()
	year := &domain.PlanRef{Code: "year", Amount: 1000, Interval: domain.IntervalYear}
	s := running(t, domain.IntervalMonth, 0, "2026-01-31")
	s.PendingPlan = year
	start, end := s.NextPeriod()
	assert.Equal(t, date(t, "2026-02-28"), start)
	assert.Equal(t, date(t, "2027-02-28"), end)
	assert.Equal(t, "growth", s.PlanCode, "looking ahead changes nothing")
	require.NoError(t, s.Renew(start))
	assert.Equal(t, "year", s.PlanCode)
	assert.Nil(t, s.PendingPlan)
	assert.Equal(t, date(t, "2026-02-28"), *s.Anchor)

	same := running(t, domain.IntervalMonth, 0, "2026-01-31")
	same.PendingPlan = &domain.PlanRef{Code: "scale", Interval: domain.IntervalMonth}
	require.NoError(t, same.Renew(*same.CurrentPeriodEnd))
	assert.Equal(t, date(t, "2026-03-31"), *same.CurrentPeriodEnd, "the count continues")
}

func TestSwitchPlan_KeepsTheDatesUnlessTheIntervalChanges(t *testing.T) {
	t.Parallel()
	year := &domain.PlanRef{Code: "year", Interval: domain.IntervalYear}
	scale := &domain.PlanRef{Code: "scale", Interval: domain.IntervalMonth}
	at := date(t, "2026-02-10")

	s := running(t, domain.IntervalMonth, 0, "2026-01-31")
	s.PendingPlan = scale
	s.SwitchPlan(scale, at)
	assert.Nil(t, s.PendingPlan)
	assert.Equal(t, date(t, "2026-02-28"), *s.CurrentPeriodEnd)
	s.SwitchPlan(year, at)
	assert.Equal(t, at, *s.CurrentPeriodStart)
	assert.Equal(t, date(t, "2027-02-10"), *s.CurrentPeriodEnd)

	trial := running(t, domain.IntervalMonth, 14, "2026-02-01")
	trial.SwitchPlan(year, at)
	assert.Equal(t, date(t, "2026-02-15"), *trial.CurrentPeriodEnd, "a trial keeps its end")
	require.NoError(t, trial.Renew(*trial.CurrentPeriodEnd))
	assert.Equal(t, date(t, "2027-02-15"), *trial.CurrentPeriodEnd)
}

func TestUpgrades_IsAboutMore(t *testing.T) {
	t.Parallel()
	month := func(amount int64) *domain.PlanRef {
		return &domain.PlanRef{Amount: amount, Interval: domain.IntervalMonth}
	}
	year := func(amount int64) *domain.PlanRef {
		return &domain.PlanRef{Amount: amount, Interval: domain.IntervalYear}
	}
	for _, c := range []struct {
		from, to *domain.PlanRef
		want     bool
	}{
		{month(100), month(101), true}, {month(100), month(100), false}, {month(100), month(99), false},
		{month(0), month(1), true}, {month(100), month(0), false},
		{month(100), year(50), true}, {year(50), month(100), false}, {year(50), year(51), true},
	} {
		s := &domain.Subscription{Plan: c.from}
		assert.Equal(t, c.want, s.Upgrades(c.to), "%+v to %+v", c.from, c.to)
	}
}
