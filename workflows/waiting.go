package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
)

// wait is what a workflow waits for, in Temporal's list and on its page without a worker.
type wait struct {
	on    domain.BlockedOn
	sum   string    // owed, as people read it
	until time.Time // when the wait ends by itself; zero for never, or not known
}

// until is a time as a wait has it: to the second, as Temporal's UI shows it.
func until(at *time.Time) time.Time {
	if at == nil {
		return time.Time{}
	}
	return at.UTC().Truncate(time.Second)
}

// waits shows what a run waits for.
type waits struct{ since bool }

// newWaits is called first in a workflow. One that is started today says what it
// waits for at first, so that its history needs no marker of its version.
func newWaits(ctx workflow.Context) waits {
	first := workflow.GetInfo(ctx).ContinuedExecutionRunID == ""
	return waits{since: first && shownWait(ctx).on != domain.BlockedOnNothing}
}

// show shows the wait, in one event and only when it is another.
func (w waits) show(ctx workflow.Context, now wait) {
	if was := shownWait(ctx); now != was && w.shows(ctx) {
		upsert(ctx, now.updates(was))
	}
}

// shows reports whether this run shows its waits: one that began before 0.3.0 shows what
// runs showed then.
func (w waits) shows(ctx workflow.Context) bool { return w.since || showsWaits(ctx) }

func showsWaits(ctx workflow.Context) bool {
	const change, since = "shows-waits", 1
	return workflow.GetVersion(ctx, change, workflow.DefaultVersion, since) >= since
}

// whileBlocked shows what has to come back while fn waits for it, and then what was shown
// before.
func whileBlocked(ctx workflow.Context, on domain.BlockedOn, fn func() error) error {
	if !showsWaits(ctx) {
		return fn()
	}
	before := shownWait(ctx)
	blocked := wait{on: on, sum: before.sum}
	upsert(ctx, blocked.updates(before))
	err := fn()
	if now := shownWait(ctx); now.on == on { // nothing else was shown meanwhile
		upsert(ctx, before.updates(now))
	}
	return err
}

// updates are the search attributes that change.
func (w wait) updates(was wait) []temporal.SearchAttributeUpdate {
	updates := setOrUnset(nil, AttributeBlockedOn, string(w.on), string(was.on))
	updates = setOrUnset(updates, AttributeAmountDue, w.sum, was.sum)
	switch {
	case w.until.Equal(was.until):
		return updates
	case w.until.IsZero():
		return append(updates, AttributeWaitsUntil.ValueUnset())
	}
	return append(updates, AttributeWaitsUntil.ValueSet(w.until))
}

// shownWait is what the workflow was started with, or showed last.
func shownWait(ctx workflow.Context) wait {
	set := workflow.GetTypedSearchAttributes(ctx)
	on, _ := set.GetKeyword(AttributeBlockedOn)
	sum, _ := set.GetKeyword(AttributeAmountDue)
	at, _ := set.GetTime(AttributeWaitsUntil)
	return wait{domain.BlockedOn(on), sum, until(&at)}
}

func upsert(ctx workflow.Context, updates []temporal.SearchAttributeUpdate) bool {
	if len(updates) == 0 {
		return true
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, updates...); err != nil {
		workflow.GetLogger(ctx).Error("set search attributes", "error", err)
		return false
	}
	return true
}
