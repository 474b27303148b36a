package notify

import (
	"context"
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
		if err != nil || d.Status != domain.DeliveryDelivering { // sent back to the outbox meanwhile
			return err
		}
		return saveAnswer(ctx, tx, d, answer, wait)
	})
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return State{Status: domain.DeliveryFailed, Error: failedDeleted}, nil
	case err != nil:
		return State{}, err
	case d.Status == domain.DeliveryDelivering:
		return stateOf(d), notTaken(answer, wait)
	}
	return stateOf(d), nil
}

func saveAnswer(
	ctx context.Context, tx *store.Store, d *domain.WebhookDelivery, answer webhook.Answer, wait time.Duration,
) error {
	d.LastStatusCode, d.LastError = answer.StatusCode, string(answer.Failure)
	now := tx.Now()
	enabled, err := saveHealth(ctx, tx, d, answer, now)
	switch {
	case err != nil:
		return err
	case answer.Failure == "":
		d.DeliveredAt = &now
		if err := d.Advance(domain.DeliveryDelivered); err != nil {
			return err
		}
	case !enabled:
		return fail(ctx, tx, d, "")
	default:
		d.NextAttemptAt = after(now, wait)
	}
	return tx.SaveDelivery(ctx, d)
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

// saveHealth saves what an answer says about the endpoint itself: since when it
// fails, and whether that disables it. It reports whether the endpoint is still
// enabled.
func saveHealth(
	ctx context.Context, tx *store.Store, d *domain.WebhookDelivery, answer webhook.Answer, now time.Time,
) (bool, error) {
	w, err := tx.EndpointByID(ctx, d.EndpointID)
	if err != nil || !w.Enabled {
		return false, err
	}
	failed, gone := answer.Failure != "", answer.Failure == webhook.FailureGone
	long := failed && failsLong(w, d, now)
	if failed == (w.FailingSince != nil) && !gone && !long {
		return true, nil // nothing new, which is nearly always
	}
	if w, err = tx.LockEndpoint(ctx, d.EndpointID); err != nil || !w.Enabled {
		return false, err
	}
	switch {
	case !failed:
		w.FailingSince = nil
	case w.FailingSince == nil:
		w.FailingSince = &now
	}
	switch {
	case gone:
		return false, disable(ctx, tx, w, domain.DisabledGone, now)
	case long:
		return false, disable(ctx, tx, w, domain.DisabledFailing, now)
	}
	w.UpdatedAt = now
	return true, tx.SaveEndpoint(ctx, w)
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
