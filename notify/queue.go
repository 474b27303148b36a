package notify

import (
	"cmp"
	"context"
	"time"

	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/store"
)

// How an endpoint's events are posted, where Pace says nothing else.
const (
	postsAtOnce = 10
	runFor      = 20 * time.Second
	lingerFor   = 500 * time.Millisecond
	// lookEvery is how often a run looks for events at most, while it hears of some.
	lookEvery = 100 * time.Millisecond
	// lostAfter is when an attempt is made again whose worker died in it. A post takes
	// 15 s at most.
	lostAfter = 30 * time.Second
	// endBatch is how many deliveries to a disabled endpoint end in one statement.
	endBatch = 500
)

// Run is what one run did for an endpoint, and what is left to do.
type Run struct {
	Posted, Delivered, GivenUp int

	More bool          // something is due, or may be: run again at once
	Wait time.Duration // until the next attempt; 0 when nothing is left
}

// run posts what is due to one endpoint.
type run struct {
	Run
	*Deliveries
	endpoint string
	answers  chan answered
	underWay int
	full     bool // more was due than could be posted at once
}

// answered is an attempt that has its answer.
type answered struct {
	eventID string
	answer  webhook.Answer
}

// DeliverDue posts what is due to the endpoint, several events at once, each attempt
// counted before it is made and saved as soon as it is answered: one that hangs holds up
// no other. It ends when nothing has come for a moment, when its time is over, or when
// stop is closed. The endpoint is read anew for each batch, so that a change counts at
// once. A process that dies after an answer, before it is saved, leads to the same message
// once more.
func (s *Deliveries) DeliverDue(ctx context.Context, endpointID string, stop <-chan struct{}) (Run, error) {
	ctx, cancel := context.WithCancel(ctx) // an error ends the posts under way
	defer cancel()
	pace := Pace{
		AtOnce: cmp.Or(s.AtOnce, postsAtOnce), RunFor: cmp.Or(s.RunFor, runFor), Linger: cmp.Or(s.Linger, lingerFor),
	}
	r := &run{
		Deliveries: &Deliveries{Store: s.Store, Sender: s.Sender, Pace: pace},
		endpoint:   endpointID, answers: make(chan answered, pace.AtOnce),
	}
	if err := s.Store.MarkEndpoint(ctx, endpointID, true); err != nil {
		return r.Run, err
	}
	err := r.untilQuiet(ctx, stop)
	return r.Run, err
}

// untilQuiet posts until nothing is left for a moment.
func (r *run) untilQuiet(ctx context.Context, stop <-chan struct{}) error {
	events, end := r.Store.WatchOutbox()
	defer end()
	over, quiet, look := time.After(r.RunFor), time.NewTimer(r.Linger), time.NewTimer(0)
	heard, resting := events, false
	for {
		began := 0
		var err error
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-over:
			r.More = true
		case <-stop:
			r.More, stop = true, nil
		case <-quiet.C:
			if resting = true; r.underWay > 0 { // a post that hangs holds up nothing else
				began, err = r.begin(ctx)
				quiet.Reset(r.Linger)
			}
		case <-heard:
			heard = nil // until it has looked
			look.Reset(lookEvery)
		case <-look.C:
			heard = events
			began, err = r.begin(ctx)
		case first := <-r.answers:
			if err = r.save(ctx, first); err == nil && r.full {
				began, err = r.begin(ctx)
			}
		}
		if err == nil && r.underWay == 0 && !r.More && resting {
			began, err = r.rest(ctx)
			if err == nil && began == 0 {
				return nil
			}
		}
		if err != nil || (r.More && r.underWay == 0) {
			return err
		}
		if began > 0 {
			resting = false
			quiet.Reset(r.Linger)
		}
	}
}

// rest has the next event signal the workflow, and looks once more: an event that
// committed before is found here. It returns how many attempts it began.
func (r *run) rest(ctx context.Context) (int, error) {
	if err := r.Store.MarkEndpoint(ctx, r.endpoint, false); err != nil {
		return 0, err
	}
	began, err := r.begin(ctx)
	if err != nil {
		return 0, err
	}
	if began > 0 {
		return began, r.Store.MarkEndpoint(ctx, r.endpoint, true)
	}
	next, err := r.Store.NextAttempt(ctx, r.endpoint)
	if next != nil {
		r.Wait = max(next.Sub(r.Store.Now()), time.Millisecond)
	}
	return 0, err
}

// begin begins the attempts that are due, as many as may be under way, and returns their
// number.
func (r *run) begin(ctx context.Context) (int, error) {
	free := r.AtOnce - r.underWay
	r.full = free == 0
	if r.More || free == 0 {
		return 0, nil
	}
	w, err := r.Store.EndpointByID(ctx, r.endpoint)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return 0, r.end(ctx, failedDeleted)
	case err != nil:
		return 0, err
	case !w.Enabled:
		return 0, r.end(ctx, failedDisabled)
	}
	due, err := r.Store.DueDeliveries(ctx, r.endpoint, 1)
	if err != nil || len(due) == 0 { // nothing to write for
		return 0, err
	}
	var events []*domain.Event
	var claimed int
	err = r.Store.Within(ctx, func(tx *store.Store) (err error) {
		events, claimed, err = r.claim(ctx, tx, free)
		return err
	})
	if err != nil {
		return 0, err
	}
	r.GivenUp += claimed - len(events)
	r.full = claimed == free
	for _, e := range events {
		r.underWay++
		r.Posted++
		go func() { r.answers <- answered{e.ID, r.post(ctx, w, e)} }()
	}
	return claimed, nil
}

// end fails what is on its way to an endpoint that takes nothing any more.
func (r *run) end(ctx context.Context, code string) error {
	for {
		n, err := r.Store.EndDeliveries(ctx, r.endpoint, code, endBatch)
		r.GivenUp += n
		if err != nil || n < endBatch {
			return err
		}
	}
}

// claim counts an attempt of each delivery that is due and returns their events. What has
// been tried for three days, because it had to wait for others, fails.
func (r *run) claim(ctx context.Context, tx *store.Store, limit int) (post []*domain.Event, claimed int, err error) {
	rows, err := tx.DueDeliveries(ctx, r.endpoint, limit)
	if err != nil {
		return nil, 0, err
	}
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].EventID
	}
	events, err := tx.EventsByID(ctx, ids)
	if err != nil {
		return nil, 0, err
	}
	now := tx.Now()
	for i := range rows {
		d := &rows[i]
		if d.StartedAt == nil {
			d.StartedAt = &now
		}
		event := events[d.EventID]
		switch {
		case event == nil: // past its retention
			err = fail(d, failedPruned)
		case patienceEnds(d, now):
			err = fail(d, "")
		default:
			post = append(post, event)
			d.Tries++
			d.NextAttemptAt = after(now, lostAfter)
			err = count(d)
		}
		if err != nil {
			return nil, 0, err
		}
	}
	return post, len(rows), tx.SaveDeliveries(ctx, rows)
}

// patienceEnds reports whether an attempt at the time would come too late.
func patienceEnds(d *domain.WebhookDelivery, at time.Time) bool {
	return at.After(d.StartedAt.Add(domain.DeliveryPatience))
}

// post posts an event. A panic is an attempt that failed: it must not end the worker.
func (r *run) post(ctx context.Context, w *domain.WebhookEndpoint, e *domain.Event) (answer webhook.Answer) {
	defer func() {
		if p := recover(); p != nil {
			answer = webhook.Answer{Failure: webhook.FailureConnection}
		}
	}()
	return r.Sender.Send(ctx, w, e)
}
