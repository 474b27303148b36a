package notify

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/store"
)

// How long one delivery must have failed before it disables its endpoint: the
// retry policy makes the ninth attempt about four and a half hours after the
// first. Both count, because redelivery keeps the attempts and a worker may come
// late.
const (
	disableAttempts = 9
	disablePatience = 4 * time.Hour
)

// save saves the answer: delivered, failed for good, or to be tried again.
func (s *Deliveries) save(
	ctx context.Context, of Delivery, answer webhook.Answer, policy time.Duration,
) (State, error) {
	var d *domain.WebhookDelivery
	wait := NextWait(policy, answer.RetryAfter)
	err := s.Store.Within(ctx, func(tx *store.Store) (err error) {
		d, err = tx.LockDelivery(ctx, of.EndpointID, of.EventID)
		if err != nil || d.Status != domain.DeliveryDelivering || !d.Alone() { // redelivered meanwhile
			return err
		}
		w, err := tx.EndpointByID(ctx, of.EndpointID)
		if err == nil {
			err = apply(ctx, tx, w, d, answer, wait)
		}
		if err != nil {
			return err
		}
		return tx.SaveDelivery(ctx, d)
	})
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return State{Status: domain.DeliveryFailed, Error: failedDeleted}, nil
	case err != nil:
		return State{}, err
	case d.Status == domain.DeliveryDelivering && d.Alone():
		return stateOf(d), notTaken(answer, wait)
	}
	return stateOf(d), nil
}

// save saves an answer, and those that have come meanwhile, in one transaction.
func (r *run) save(ctx context.Context, first answered) error {
	answers := map[string]webhook.Answer{first.eventID: first.answer}
	ids := []string{first.eventID}
	for range len(r.answers) {
		next := <-r.answers
		answers[next.eventID] = next.answer
		ids = append(ids, next.eventID)
	}
	r.underWay -= len(ids)
	var delivered, givenUp int
	err := r.Store.Within(ctx, func(tx *store.Store) (err error) {
		delivered, givenUp, err = r.saveAll(ctx, tx, ids, answers)
		return err
	})
	r.Delivered += delivered
	r.GivenUp += givenUp
	if err != nil {
		return fmt.Errorf("save answers: %w", err)
	}
	return nil
}

func (r *run) saveAll(
	ctx context.Context, tx *store.Store, ids []string, answers map[string]webhook.Answer,
) (delivered, givenUp int, err error) {
	rows, err := tx.LockDeliveries(ctx, r.endpoint, ids)
	if err != nil || len(rows) == 0 { // pruned, after the endpoint was removed
		return 0, 0, err
	}
	w, err := tx.EndpointByID(ctx, r.endpoint)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return 0, 0, nil // removed meanwhile: what is left of it is ended next
	}
	if err != nil {
		return 0, 0, err
	}
	for i := range rows {
		d := &rows[i]
		if d.Status != domain.DeliveryDelivering || d.Tries == 0 { // sent back to the outbox meanwhile
			continue
		}
		answer := answers[d.EventID]
		wait := NextWait(domain.DeliveryWait(d.Tries), answer.RetryAfter)
		if err = apply(ctx, tx, w, d, answer, wait); err != nil {
			return 0, 0, err
		}
		if d.Status == domain.DeliveryDelivering && patienceEnds(d, tx.Now().Add(wait)) {
			if err = fail(d, ""); err != nil {
				return 0, 0, err
			}
		}
		switch d.Status {
		case domain.DeliveryDelivered:
			delivered++
		case domain.DeliveryFailed:
			givenUp++
		}
	}
	return delivered, givenUp, tx.SaveDeliveries(ctx, rows)
}

// apply changes delivery and endpoint as the answer says; the delivery is for the caller
// to save.
func apply(
	ctx context.Context, tx *store.Store, w *domain.WebhookEndpoint, d *domain.WebhookDelivery,
	answer webhook.Answer, wait time.Duration,
) error {
	d.LastStatusCode, d.LastError = answer.StatusCode, string(answer.Failure)
	now := tx.Now()
	err := saveHealth(ctx, tx, w, d, answer, now)
	switch {
	case err != nil:
		return err
	case answer.Failure == "":
		d.DeliveredAt, d.NextAttemptAt = &now, nil
		return d.Advance(domain.DeliveryDelivered)
	case !w.Enabled:
		return fail(d, "")
	}
	d.NextAttemptAt = after(now, wait)
	return nil
}

// NextWait is how long until the next attempt: what the endpoint asked for, a
// little longer, so that those who were asked together do not come together;
// and never sooner than the policy says.
func NextWait(policy, asked time.Duration) time.Duration {
	if asked <= 0 {
		return policy
	}
	return max(policy, asked+rand.N(asked/10+time.Second))
}

// after is the time in so long; nil when that is not known.
func after(now time.Time, wait time.Duration) *time.Time {
	if wait <= 0 {
		return nil
	}
	at := now.Add(wait).Truncate(time.Millisecond)
	return &at
}

// notTaken is the error of an attempt that failed. Only an endpoint that asked
// for a delay gets one; else the retry policy knows.
func notTaken(answer webhook.Answer, wait time.Duration) error {
	if answer.RetryAfter <= 0 {
		wait = 0
	}
	return &domain.Error{Code: domain.CodeThrottled, Reason: domain.ReasonDeliveryFailed,
		Detail: "The endpoint did not take the event.", RetryAfter: wait}
}

// saveHealth saves what an answer says about the endpoint itself: since when it fails,
// and whether that disables it.
func saveHealth(
	ctx context.Context, tx *store.Store, w *domain.WebhookEndpoint, d *domain.WebhookDelivery,
	answer webhook.Answer, now time.Time,
) error {
	failed, gone := answer.Failure != "", answer.Failure == webhook.FailureGone
	long := failed && failsLong(w, d, now)
	if !w.Enabled || (failed == (w.FailingSince != nil) && !gone && !long) {
		return nil // nothing new, which is nearly always
	}
	locked, err := tx.LockEndpoint(ctx, w.ID)
	if err != nil {
		return err
	}
	if *w = *locked; !w.Enabled {
		return nil
	}
	switch {
	case !failed:
		w.FailingSince = nil
	case w.FailingSince == nil:
		w.FailingSince = &now
	}
	switch {
	case gone:
		return disable(ctx, tx, w, domain.DisabledGone, now)
	case long:
		return disable(ctx, tx, w, domain.DisabledFailing, now)
	}
	w.UpdatedAt = now
	return tx.SaveEndpoint(ctx, w)
}

// failsLong reports whether a failure disables the endpoint. That it was seen
// failing long ago is not enough: an outage whose last delivery was given up
// leaves failing_since behind, and one failure months later would meet it.
func failsLong(w *domain.WebhookEndpoint, d *domain.WebhookDelivery, now time.Time) bool {
	lasts := func(since *time.Time, long time.Duration) bool { return since != nil && !since.After(now.Add(-long)) }
	return lasts(w.FailingSince, domain.DisableAfter) && d.Attempts >= disableAttempts &&
		lasts(d.StartedAt, disablePatience)
}

func disable(
	ctx context.Context, tx *store.Store, w *domain.WebhookEndpoint, why domain.DisabledReason, now time.Time,
) error {
	w.Disable(why)
	w.UpdatedAt = now
	if err := tx.SaveEndpoint(ctx, w); err != nil {
		return err
	}
	return tx.InsertEvents(ctx, domain.Event{
		Type: domain.EventEndpointDisabled, ActorType: domain.ActorSystem,
		Data: map[string]any{"webhook_endpoint": w.ID, "reason": string(why)},
	})
}
