package activities

import (
	"context"
	"math"
	"math/rand/v2"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/notify/webhook"
	"slipway/store"
)

// Why a delivery ended without the endpoint's answer, beside notify's failures.
const (
	deliveryDisabled = "endpoint_disabled"
	deliveryDeleted  = "endpoint_deleted"
	deliveryExpired  = "expired" // no attempt was made in three days
)

// How long one delivery must have failed before it disables its endpoint:
// deliveryRetry makes the ninth attempt about four and a half hours after the
// first. Both count, because redelivery keeps the attempts and a worker may come
// late.
const (
	disableAttempts = 9
	disablePatience = 4 * time.Hour
)

// DeliverInput names one event on its way to one endpoint.
type DeliverInput struct {
	EventID    string `json:"event_id"`
	EndpointID string `json:"endpoint_id"`
}

// DeliverResult is where a delivery stands.
type DeliverResult struct {
	Status     domain.DeliveryStatus `json:"status"`
	Attempts   int                   `json:"attempts"`
	StatusCode int                   `json:"status_code,omitempty"`
	Error      string                `json:"error,omitempty"` // a code
}

func resultOf(d *domain.WebhookDelivery) DeliverResult {
	return DeliverResult{Status: d.Status, Attempts: d.Attempts, StatusCode: d.LastStatusCode, Error: d.LastError}
}

// Deliver posts the event to the endpoint and records what became of it. It
// returns delivery_failed, which is retried, when the endpoint did not take it.
// What was delivered is not posted again; an endpoint that is disabled or gone
// ends the delivery as failed. A process that dies between the answer and its
// record posts twice, with the same webhook-id.
func (a *Activities) Deliver(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	d, w, err := a.beginAttempt(ctx, in)
	if err != nil || w == nil {
		return resultOf(d), err
	}
	event, err := a.Store.EventByID(ctx, in.EventID)
	if err != nil {
		return resultOf(d), err
	}
	answer := a.Webhooks.Send(ctx, w, event)
	if ctx.Err() != nil { // nobody waits for this attempt any more
		return resultOf(d), ctx.Err()
	}
	return a.endAttempt(ctx, in, answer)
}

// beginAttempt counts the attempt and returns the endpoint to post to; none
// when there is nothing to post.
func (a *Activities) beginAttempt(ctx context.Context, in DeliverInput) (d *domain.WebhookDelivery, w *domain.WebhookEndpoint, err error) {
	d = &domain.WebhookDelivery{Status: domain.DeliveryFailed, LastError: deliveryDeleted}
	err = a.Store.Within(ctx, func(tx *store.Store) error {
		row, err := tx.LockDelivery(ctx, in.EndpointID, in.EventID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if d = row; !open(d) {
			return nil
		}
		if w, err = tx.EndpointByID(ctx, in.EndpointID); err != nil && domain.CodeOf(err) != domain.CodeNotFound {
			return err
		}
		switch {
		case err != nil:
			w = nil
			return failDelivery(ctx, tx, d, deliveryDeleted)
		case !w.Enabled:
			w = nil
			return failDelivery(ctx, tx, d, deliveryDisabled)
		case d.Status == domain.DeliveryPending:
			if err := d.Advance(domain.DeliveryDelivering); err != nil {
				return err
			}
		}
		d.Attempts++
		return tx.SaveDelivery(ctx, d)
	})
	return d, w, err
}

// open reports whether the delivery is still to be made.
func open(d *domain.WebhookDelivery) bool {
	return d.Status == domain.DeliveryPending || d.Status == domain.DeliveryDelivering
}

func failDelivery(ctx context.Context, tx *store.Store, d *domain.WebhookDelivery, code string) error {
	if err := d.Advance(domain.DeliveryFailed); err != nil {
		return err
	}
	if d.NextAttemptAt = nil; code != "" {
		d.LastError = code
	}
	return tx.SaveDelivery(ctx, d)
}

// endAttempt records the answer: delivered, failed for good, or to be tried again.
func (a *Activities) endAttempt(ctx context.Context, in DeliverInput, answer webhook.Answer) (DeliverResult, error) {
	var d *domain.WebhookDelivery
	asked := answer.RetryAfter > 0
	wait := nextWait(policyWait(ctx), answer.RetryAfter)
	err := a.Store.Within(ctx, func(tx *store.Store) (err error) {
		d, err = tx.LockDelivery(ctx, in.EndpointID, in.EventID)
		if err != nil || d.Status != domain.DeliveryDelivering { // sent back to the outbox meanwhile
			return err
		}
		d.LastStatusCode, d.LastError = answer.StatusCode, string(answer.Failure)
		now := tx.Now()
		enabled, err := noteAnswer(ctx, tx, d, answer, now)
		switch {
		case err != nil:
			return err
		case answer.Failure == "":
			d.DeliveredAt = &now
			if err := d.Advance(domain.DeliveryDelivered); err != nil {
				return err
			}
		case !enabled:
			return failDelivery(ctx, tx, d, "")
		default:
			d.NextAttemptAt = after(now, wait)
		}
		return tx.SaveDelivery(ctx, d)
	})
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound:
		return DeliverResult{Status: domain.DeliveryFailed, Error: deliveryDeleted}, nil
	case err != nil:
		return DeliverResult{}, err
	case d.Status == domain.DeliveryDelivering:
		return resultOf(d), notTaken(asked, wait)
	}
	return resultOf(d), nil
}

// nextWait is how long until the next attempt: what the endpoint asked for, a
// little longer, so that those who were asked together do not come together;
// and never sooner than the policy says.
func nextWait(policy, asked time.Duration) time.Duration {
	if asked <= 0 {
		return policy
	}
	return max(policy, asked+rand.N(asked/10+time.Second))
}

// notTaken is the error of an attempt that failed. Only who asked for a delay
// gets one; else the retry policy knows.
func notTaken(asked bool, wait time.Duration) error {
	if !asked {
		wait = 0
	}
	return &domain.Error{Code: domain.CodeThrottled, Reason: domain.ReasonDeliveryFailed,
		Detail: "The endpoint did not take the event.", RetryAfter: wait}
}

// noteAnswer keeps what an answer says about the endpoint itself: since when it
// fails, and whether that is the end of it. It reports whether the endpoint is
// still enabled.
func noteAnswer(ctx context.Context, tx *store.Store, d *domain.WebhookDelivery, answer webhook.Answer, now time.Time) (bool, error) {
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
	if gone || long {
		why := domain.DisabledFailing
		if gone {
			why = domain.DisabledGone
		}
		return false, disable(ctx, tx, w, why, now)
	}
	w.UpdatedAt = now
	return true, tx.SaveEndpoint(ctx, w)
}

// failsLong reports whether a failure is the end of the endpoint. That it was
// seen failing long ago is not enough: an outage whose last delivery was given up
// leaves failing_since behind, and one failure months later would meet it.
func failsLong(w *domain.WebhookEndpoint, d *domain.WebhookDelivery, now time.Time) bool {
	since := func(t *time.Time, long time.Duration) bool { return t != nil && !t.After(now.Add(-long)) }
	return since(w.FailingSince, domain.DisableAfter) && d.Attempts >= disableAttempts && since(d.StartedAt, disablePatience)
}

func disable(ctx context.Context, tx *store.Store, w *domain.WebhookEndpoint, why domain.DisabledReason, now time.Time) error {
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

// FailDelivery gives a delivery up that its attempts did not bring about. One
// that was sent back to the outbox meanwhile is another run's.
func (a *Activities) FailDelivery(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	result := DeliverResult{Status: domain.DeliveryFailed, Error: deliveryDeleted}
	err := a.Store.Within(ctx, func(tx *store.Store) error {
		d, err := tx.LockDelivery(ctx, in.EndpointID, in.EventID)
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil
		}
		if err != nil {
			return err
		}
		if open(d) && d.StartedAt != nil {
			code := ""
			if d.Attempts == 0 {
				code = deliveryExpired
			}
			err = failDelivery(ctx, tx, d, code)
		}
		result = resultOf(d)
		return err
	})
	return result, err
}

// policyWait is how long Temporal waits before the next attempt, as the retry
// policy says; 0 where it says nothing.
func policyWait(ctx context.Context) time.Duration {
	if !activity.IsActivity(ctx) {
		return 0
	}
	info := activity.GetInfo(ctx)
	return waitAfter(info.RetryPolicy, info.Attempt)
}

func waitAfter(p *temporal.RetryPolicy, attempt int32) time.Duration {
	if p == nil {
		return 0
	}
	wait := float64(p.InitialInterval) * math.Pow(p.BackoffCoefficient, float64(attempt-1))
	return time.Duration(min(wait, float64(p.MaximumInterval)))
}

// after is the time in so long; nil for nobody knows.
func after(now time.Time, wait time.Duration) *time.Time {
	if wait <= 0 {
		return nil
	}
	at := now.Add(wait).Truncate(time.Millisecond)
	return &at
}

// category keeps an endpoint's trouble, which its deliveries tell of, out of the
// operator's log and alerts.
func category(e *domain.Error) temporal.ApplicationErrorCategory {
	if e.Reason == domain.ReasonDeliveryFailed {
		return temporal.ApplicationErrorCategoryBenign
	}
	return temporal.ApplicationErrorCategoryUnspecified
}
