package api

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

type createClockInput struct {
	Idempotent
	Body struct {
		Now  time.Time `json:"now" doc:"@createClock.now" example:"2026-01-31T10:00:00Z"`
		Name string    `json:"name,omitempty" format:"line" maxLength:"100" doc:"At most 100 visible characters."`
	}
}

type clockInput struct {
	ID string `path:"id" doc:"Id of the test clock."`
}

type advanceClockInput struct {
	ID   string `path:"id" doc:"Id of the test clock."`
	Body struct {
		To time.Time `json:"to" doc:"Where to: later than now, by two years at most, and before 2100."`
	}
}

type clockOutput struct {
	Replayable
	Body *domain.TestClock
}

// A clock on its way whose row has not changed for clockStale may have nobody who
// moves it: its workflow is signaled again, which takes clockWait at most.
const (
	clockStale = 10 * time.Second
	clockWait  = 2 * time.Second
)

// firstTime and lastTime bound the times a clock may show.
var (
	firstTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	lastTime  = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// testClocks show the time of the accounts that are bound to them.
type testClocks struct{ *shared }

var clockKind = kind[domain.TestClock]{
	prefix: domain.PrefixTestClock, noun: "test clock",
	read: (*store.Store).TestClockByID, lock: (*store.Store).LockTestClock,
}

// create makes a test clock; its time moves only when it is advanced.
func (t testClocks) create(ctx context.Context, in *createClockInput) (*clockOutput, error) {
	clock := &domain.TestClock{
		ID: store.NewID(domain.PrefixTestClock), Name: in.Body.Name, Status: domain.ClockReady,
		Now: in.Body.Now.UTC().Truncate(time.Millisecond), CreatedAt: t.store.Now(), UpdatedAt: t.store.Now(),
	}
	id, again, err := t.makeOnce(ctx, in.Idempotent, "create_test_clock", in.Body, creation{
		id:   clock.ID,
		save: func(tx *store.Store) error { return tx.InsertTestClock(ctx, clock) },
	})
	if err != nil {
		return nil, err
	}
	clock, err = t.store.TestClockByID(ctx, id)
	return &clockOutput{Replayable: replayed(again), Body: clock}, err
}

func (in *createClockInput) check(wrong *fieldErrors) {
	within := !in.Body.Now.Before(firstTime) && in.Body.Now.Before(lastTime)
	wrong.require(within, "now", domain.TextNotAClockTime, domain.AcceptClockTime)
}

// get reads a clock. Who waits for one to arrive reads it again and again, so
// here is where an advance that nobody makes is noticed.
func (t testClocks) get(ctx context.Context, in *clockInput) (*clockOutput, error) {
	clock, err := clockKind.find(ctx, t.store, in.ID)
	if err == nil && stale(clock, t.store.Now()) {
		t.signalAgain(ctx, clock.ID)
	}
	return &clockOutput{Body: clock}, err
}

func stale(c *domain.TestClock, now time.Time) bool {
	return c.Status == domain.ClockAdvancing && now.Sub(c.UpdatedAt) >= clockStale
}

// signalAgain signals the clock's workflow to move it: the process that asked may
// have died between its commit and Temporal. The row is touched first, so that of
// many readers one signals, and again no sooner than clockStale later.
func (t testClocks) signalAgain(ctx context.Context, id string) {
	ctx, cancel := context.WithTimeout(ctx, clockWait)
	defer cancel()
	mine := false
	_, err := clockKind.change(ctx, t.store, id, func(tx *store.Store, clock *domain.TestClock) error {
		if !stale(clock, tx.Now()) {
			return nil
		}
		mine, clock.UpdatedAt = true, tx.Now()
		return tx.SaveTestClock(ctx, clock)
	})
	if err == nil && mine {
		err = t.flows.AdvanceClock(ctx, id)
	}
	if err != nil {
		t.log.WarnContext(ctx, "a test clock that does not move is signaled later", "test_clock", id, "error", err)
	}
}

func (t testClocks) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.TestClock], error) {
	page, err := in.decode(domain.PrefixTestClock)
	if err != nil {
		return nil, err
	}
	return listed(t.store.ListTestClocks(ctx, page))
}

// advance sets the clock on its way; it is ready when everything due until
// then is done. To where it is going already is no other advance.
func (t testClocks) advance(ctx context.Context, in *advanceClockInput) (*clockOutput, error) {
	to := in.Body.To.UTC().Truncate(time.Millisecond)
	clock, err := clockKind.change(ctx, t.store, in.ID, func(tx *store.Store, clock *domain.TestClock) error {
		return depart(ctx, tx, clock, to)
	})
	if err != nil {
		return nil, err
	}
	if clock.Status == domain.ClockAdvancing {
		err = t.flows.AdvanceClock(ctx, clock.ID)
	}
	return &clockOutput{Body: clock}, err
}

// depart notes where the clock is going.
func depart(ctx context.Context, tx *store.Store, clock *domain.TestClock, to time.Time) error {
	switch {
	case clock.Status == domain.ClockAdvancing && clock.Target.Equal(to),
		clock.Status == domain.ClockReady && clock.Now.Equal(to):
		return nil
	case clock.Status == domain.ClockAdvancing:
		return domain.InvalidTransition(string(clock.Status), string(domain.ClockAdvancing), nil)
	case to.Before(clock.Now), to.Sub(clock.Now) > domain.MaxAdvance, !to.Before(lastTime):
		return domain.Invalid("body.to", domain.Text(domain.TextClockCannot), domain.Text(domain.AcceptClockTarget))
	}
	clock.Status, clock.Target, clock.UpdatedAt = domain.ClockAdvancing, &to, tx.Now()
	return tx.SaveTestClock(ctx, clock)
}

// check refuses a test clock that does not exist, or where there are none.
func (t testClocks) check(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	if t.config.TestClocks {
		_, err := clockKind.find(ctx, t.store, id)
		if domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
	}
	return domain.Invalid("body.test_clock", domain.Text(domain.TextClockUnknown), domain.Text(domain.AcceptTestClock))
}
