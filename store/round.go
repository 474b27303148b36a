package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"slipway/domain"
)

// Round is one round of a job: it goes through a batch of items. One that fails is
// put aside and tried again later (see domain.JobPause), so that it holds up no
// other. Only when nothing can be reached does the round end early.
type Round struct {
	Store *Store
	Job   domain.Job
	Last  time.Time // when the last complete round began; zero for never
	Ended time.Time // when it ended
	// Reachable asks whether the other side, such as Temporal, answers at all.
	Reachable func(context.Context) error
	Heartbeat func()
	// Failed is called with why an item was put aside, for the log.
	Failed func(item string, err error)
	AtOnce int // how many items are dealt with at once; 0 is 1
	// ItemTimeout bounds one item; 0 is a minute.
	ItemTimeout time.Duration

	More bool // a batch was full: there is more to do

	counting sync.Mutex
	done     int
	putAside int
}

// Done is how many items were dealt with.
func (r *Round) Done() int { return r.done }

// PutAside is how many items failed, and are tried again later.
func (r *Round) PutAside() int { return r.putAside }

// Later is what an item returns that is to be dealt with again after a pause,
// although nothing failed: until then the others come first.
type Later time.Duration

// Error says so; it is shown to nobody.
func (l Later) Error() string { return "again in " + time.Duration(l).String() }

// itemTimeout bounds what one item may take: one that hangs is put aside as well.
const itemTimeout = time.Minute

// Each calls do for each row, whose item id is what id says.
func Each[T any](
	ctx context.Context, r *Round, rows []T, id func(*T) string, do func(context.Context, *T) error,
) error {
	if len(rows) == 0 {
		return nil
	}
	items := make([]string, len(rows))
	for i := range rows {
		items[i] = id(&rows[i])
	}
	before, err := r.Store.setAsideBefore(ctx, r.Job, items)
	if err != nil {
		return err
	}
	doing, going := errgroup.WithContext(ctx)
	doing.SetLimit(max(r.AtOnce, 1))
	for i := range rows {
		doing.Go(func() error {
			if going.Err() != nil { // the round ends
				return nil
			}
			defer r.Heartbeat()
			earlier, wasAside := before[items[i]]
			err := r.attempt(ctx, func(ctx context.Context) error { return do(ctx, &rows[i]) })
			if err == nil {
				return r.dealtWith(ctx, items[i], wasAside)
			}
			earlier.Job, earlier.ItemID = r.Job, items[i]
			return r.failed(ctx, earlier, err)
		})
	}
	return errors.Join(doing.Wait(), ctx.Err())
}

// attempt deals with one item. A panic is its error: it must not end the others'.
func (r *Round) attempt(ctx context.Context, do func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(r.ItemTimeout, itemTimeout))
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return do(ctx)
}

func (r *Round) dealtWith(ctx context.Context, item string, wasAside bool) error {
	r.count(&r.done)
	if wasAside {
		return r.Store.takeBack(ctx, r.Job, item)
	}
	return nil
}

// failed puts the item aside, unless nothing can be reached: then the error ends
// the round, since the others would fail as well.
func (r *Round) failed(ctx context.Context, f domain.JobFailure, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	now := r.Store.Now()
	f.ID = cmp.Or(f.ID, NewID(domain.PrefixJobFailure))
	if f.FailedAt = now; f.Attempts == 0 {
		f.FirstFailedAt = now
	}
	var later Later
	if errors.As(err, &later) {
		r.count(&r.done)
		f.Attempts, f.Error, f.Detail, f.RetryAt = 0, "", "", now.Add(time.Duration(later))
		return r.Store.setAside(ctx, &f)
	}
	if r.Reachable != nil && domain.CodeOf(err) == domain.CodeUnavailable {
		if away := r.Reachable(ctx); away != nil {
			return err
		}
	}
	r.count(&r.putAside)
	r.Failed(f.ItemID, err)
	f.Attempts++
	f.Error, f.Detail = domain.ReasonOf(err), shownDetail(err)
	f.RetryAt = now.Add(domain.JobPause(f.Attempts))
	return r.Store.setAside(ctx, &f)
}

func (r *Round) count(n *int) {
	r.counting.Lock()
	defer r.counting.Unlock()
	*n++
}
