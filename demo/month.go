package demo

import (
	"context"
	"fmt"
	"time"

	"slipway/domain"
)

// week is how far the clock goes at a time: within it every invoice that is due
// is seen before recovery gives up.
const week = 7 * 24 * time.Hour

// liveOn moves the clock through the months, week by week, while customers see
// to what is asked of them.
func (d *demo) liveOn(ctx context.Context) error {
	end := d.clock.Now.AddDate(0, d.Months, 1) // a day more: the last renewal is over
	bar := d.Progress(int(end.Sub(d.clock.Now)/week)+1, "Weeks")
	defer func() { _ = bar.Finish() }()
	for d.clock.Now.Before(end) {
		to := d.clock.Now.Add(week)
		if to.After(end) {
			to = end
		}
		if err := d.advance(ctx, to); err != nil {
			return err
		}
		_ = bar.Add(1)
		mind := func(ctx context.Context, v *visitor) error { return customer{d, v}.mind(ctx) }
		if err := d.together(ctx, "living on", func() {}, mind); err != nil {
			return err
		}
	}
	return nil
}

// advanceReads is how often the clock is read before the advance is sent again:
// the API may die between storing an advance and starting its workflow, and to
// send it twice changes nothing.
const advanceReads = 30

// advance moves the clock and waits until all that was due is done.
func (d *demo) advance(ctx context.Context, to time.Time) error {
	path := "/v1/test-clocks/" + d.clock.ID
	for reads := 0; ; reads++ {
		clock := new(domain.TestClock)
		var err error
		if reads%advanceReads == 0 {
			err = d.post(ctx, path+"/advance", d.admin, map[string]time.Time{"to": to}, clock)
		} else {
			err = d.get(ctx, path, d.admin, clock)
		}
		if err != nil {
			return fmt.Errorf("advance the clock: %w", err)
		}
		if d.clock = clock; clock.Status == domain.ClockReady {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
}
