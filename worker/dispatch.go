package worker

import (
	"context"
	"sync"
	"time"

	"slipway/notify"
)

// How often the outbox is looked into at most, and after a fault.
const (
	dispatchEvery = 100 * time.Millisecond
	dispatchAfter = 2 * time.Second
)

// dispatcher signals the workflows of webhook endpoints as soon as events for them are
// committed. Every worker process has one; each endpoint is given to one of them.
type dispatcher struct {
	cancel context.CancelFunc
	done   sync.WaitGroup
}

func startDispatcher(ctx context.Context, c Config) *dispatcher {
	ctx, cancel := context.WithCancel(ctx)
	d := &dispatcher{cancel: cancel}
	d.done.Go(func() { dispatch(ctx, c) })
	return d
}

func (d *dispatcher) stop() {
	d.cancel()
	d.done.Wait()
}

// dispatch looks into the outbox whenever something may have been put there,
// and once at the start, for what came while nobody listened.
func dispatch(ctx context.Context, c Config) {
	notified, end := c.Activities.Store.WatchOutbox()
	defer end()
	outbox := notify.Outbox{Store: c.Activities.Store, Starter: c.Activities.Deliveries}
	for {
		_, more, err := outbox.Dispatch(ctx)
		pause := dispatchEvery
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			c.Log.Warn("events are delivered later", "error", err)
			pause = dispatchAfter
		case more:
			continue
		}
		if !wait(ctx, time.After(pause)) {
			return
		}
		if err == nil && !wait(ctx, notified) {
			return
		}
	}
}

// wait reports whether the signal came before the end of ctx.
func wait[T any](ctx context.Context, signal <-chan T) bool {
	select {
	case <-ctx.Done():
		return false
	case <-signal:
		return true
	}
}
