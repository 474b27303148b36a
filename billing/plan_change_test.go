package billing

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

func TestProrate_IsExactInEveryCurrencyAndNeverChargesTwice(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 15, 12, 0, 0, 0, time.UTC)
	end := start.AddDate(0, 1, 0)
	r := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		plan := func() *domain.PlanRef {
			return &domain.PlanRef{Name: "A", Amount: r.Int64N(1_000_000), Currency: "jpy", Interval: domain.IntervalMonth}
		}
		from, to := plan(), plan()
		sub := &domain.Subscription{Plan: from, CurrentPeriodStart: &start, CurrentPeriodEnd: &end}
		now := start.Add(time.Duration(r.Int64N(int64(end.Sub(start)) + 1)))
		lines, amount := prorate(sub, to, now)
		why := fmt.Sprintf("%d to %d at %s", from.Amount, to.Amount, now)
		require.Equal(t, amount, lines[0].Amount+lines[1].Amount, why)
		require.LessOrEqual(t, -lines[0].Amount, from.Amount, why)
		require.LessOrEqual(t, lines[1].Amount, to.Amount, why)
		require.GreaterOrEqual(t, lines[1].Amount, int64(0), why)
		if to.Amount >= from.Amount {
			require.GreaterOrEqual(t, amount, int64(0), why)
			require.LessOrEqual(t, amount, to.Amount-from.Amount+1, why)
		}
	}
	sub := &domain.Subscription{
		Plan:               &domain.PlanRef{Amount: 500, Interval: domain.IntervalMonth},
		CurrentPeriodStart: &start, CurrentPeriodEnd: &end,
	}
	for _, c := range []struct {
		at   time.Time
		want int64
	}{{start, 501}, {end, 0}, {end.Add(24 * time.Hour), 0}, {start.Add(-24 * time.Hour), 501}} {
		_, amount := prorate(sub, &domain.PlanRef{Amount: 1001, Interval: domain.IntervalMonth}, c.at)
		assert.Equal(t, c.want, amount, c.at)
	}
}

func TestShare_IsTheNearestWholeUnit(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 4))
	for range 20000 {
		whole := r.Int64N(366*24*3600) + 1
		part, amount := r.Int64N(whole+1), r.Int64N(9_999_999_999)
		got := share(amount, part, whole)
		off := got*whole - (amount%whole)*part - (amount/whole)*part*whole
		require.LessOrEqual(t, max(off, -off)*2, whole, "%d × %d / %d", amount, part, whole)
		require.LessOrEqual(t, got, amount)
		rest := share(amount, whole-part, whole)
		require.Contains(t, []int64{amount, amount + 1}, got+rest, "%d × %d / %d", amount, part, whole)
	}
	assert.Equal(t, int64(0), share(100, 1, 0))
	assert.Equal(t, int64(100), share(100, 7, 7))
	assert.Equal(t, int64(0), share(100, 0, 7))
}
