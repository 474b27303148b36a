// Package notify brings events to the webhook endpoints of a product: it signals the
// workflow of each endpoint that has something in the outbox, and makes the attempts. How
// one POST is made is the business of package webhook.
package notify

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/store"
)

// Why a delivery ended without the endpoint's answer, beside webhook's failures.
const (
	failedDisabled = "endpoint_disabled"
	failedDeleted  = "endpoint_deleted"
	failedExpired  = "expired" // no attempt was made in three days
	failedPruned   = "event_pruned"
)

// Deliveries makes the attempts to deliver events to endpoints.
type Deliveries struct {
	Store  *store.Store
	Sender *webhook.Sender
	Pace
}

// Pace bounds the posts to one endpoint.
type Pace struct {
	AtOnce int           // posts under way; 0 is 10
	RunFor time.Duration // how long one run begins new ones; 0 is 20 s
	Linger time.Duration // how long a run waits for more events before it rests; 0 is half a second
}

// Delivery names one event on its way to one endpoint.
type Delivery struct{ EventID, EndpointID string }

// State is where a delivery is after an attempt. Activities have a struct of
// their own for it, which enters histories.
type State struct {
	Status     domain.DeliveryStatus
	Attempts   int
	StatusCode int    // of the last answer; 0 without one
	Error      string // a code
}

func stateOf(d *domain.WebhookDelivery) State {
	return State{Status: d.Status, Attempts: d.Attempts, StatusCode: d.LastStatusCode, Error: d.LastError}
}

// Attempt makes a delivery that has a workflow of its own, as each had up to 0.1.0: it
// posts the event to the endpoint and saves the answer. It returns
// delivery_failed, which is to be retried, when the endpoint did not take it;
// policy is how long the retry policy waits before that. What was delivered is
// not posted again; an endpoint that is disabled or gone ends the delivery as
// failed. A process that dies after the answer, before it is saved, posts twice,
// with the same webhook-id.
func (s *Deliveries) Attempt(ctx context.Context, of Delivery, policy time.Duration) (State, error) {
	d, w, err := s.begin(ctx, of)
	if err != nil || w == nil {
		return stateOf(d), err
	}
	event, err := s.Store.EventByID(ctx, of.EventID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return s.end(ctx, of, failedPruned)
	}
	if err != nil {
		return stateOf(d), err
	}
	answer := s.Sender.Send(ctx, w, event)
	if ctx.Err() != nil { // this attempt was canceled
		return stateOf(d), ctx.Err()
	}
	return s.save(ctx, of, answer, policy)
}

// begin counts the attempt and returns the endpoint to post to; none when there
// is nothing to post.
func (s *Deliveries) begin(
	ctx context.Context, of Delivery,
) (d *domain.WebhookDelivery, w *domain.WebhookEndpoint, err error) {
	err = s.Store.Within(ctx, func(tx *store.Store) error {
		d, w = &domain.WebhookDelivery{Status: domain.DeliveryFailed, LastError: failedDeleted}, nil
		row, err := tx.LockDelivery(ctx, of.EndpointID, of.EventID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if d = row; !open(d) || !d.Alone() { // the endpoint's workflow makes it
			return nil
		}
		endpoint, err := tx.EndpointByID(ctx, of.EndpointID)
		switch {
		case domain.CodeOf(err) == domain.CodeNotFound:
			err = fail(d, failedDeleted)
		case err != nil:
			return err
		case !endpoint.Enabled:
			err = fail(d, failedDisabled)
		default:
			w = endpoint
			err = count(d)
		}
		if err != nil {
			return err
		}
		return tx.SaveDelivery(ctx, d)
	})
	return d, w, err
}

// open reports whether the delivery is still to be made.
func open(d *domain.WebhookDelivery) bool {
	return d.Status == domain.DeliveryPending || d.Status == domain.DeliveryDelivering
}

// count counts an attempt that is about to be made.
func count(d *domain.WebhookDelivery) error {
	d.Attempts++
	if d.Status == domain.DeliveryDelivering {
		return nil
	}
	return d.Advance(domain.DeliveryDelivering)
}

// fail ends the delivery; without a code, the last answer says why.
func fail(d *domain.WebhookDelivery, code string) error {
	if d.NextAttemptAt = nil; code != "" {
		d.LastError = code
	}
	return d.Advance(domain.DeliveryFailed)
}

// GiveUp ends a delivery as failed when its attempts are used up. One that was
// sent back to the outbox meanwhile belongs to another run.
func (s *Deliveries) GiveUp(ctx context.Context, of Delivery) (State, error) {
	return s.end(ctx, of, "")
}

// end ends a delivery that is open and belongs to this run. Without a code, the last
// answer says why, or that there was none.
func (s *Deliveries) end(ctx context.Context, of Delivery, code string) (State, error) {
	state := State{Status: domain.DeliveryFailed, Error: failedDeleted}
	err := s.Store.Within(ctx, func(tx *store.Store) error {
		d, err := tx.LockDelivery(ctx, of.EndpointID, of.EventID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		state = stateOf(d)
		if !open(d) || !d.Alone() {
			return nil
		}
		if code == "" && d.Attempts == 0 {
			code = failedExpired
		}
		if err := fail(d, code); err != nil {
			return err
		}
		state = stateOf(d)
		return tx.SaveDelivery(ctx, d)
	})
	return state, err
}
