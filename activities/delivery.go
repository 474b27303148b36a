package activities

import (
	"context"
	"math"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/temporal"

	"slipway/domain"
	"slipway/notify"
)

// Delivery are the activities that bring events to webhook endpoints.
type Delivery struct {
	deliveries *notify.Deliveries
}

// DeliverDueInput names the endpoint.
type DeliverDueInput struct {
	EndpointID string `json:"endpoint_id"`
}

// DeliverDueResult counts what was posted, and says what is left: More at once, or in
// Wait; neither when nothing is.
type DeliverDueResult struct {
	Posted    int           `json:"posted"`
	Delivered int           `json:"delivered"`
	GivenUp   int           `json:"given_up,omitempty"`
	More      bool          `json:"more,omitempty"`
	Wait      time.Duration `json:"wait,omitempty"`
}

// DeliverDue posts what is due to the endpoint, until nothing is left for a moment or its
// time is over.
func (a *Delivery) DeliverDue(ctx context.Context, in DeliverDueInput) (DeliverDueResult, error) {
	var stop <-chan struct{}
	if activity.IsActivity(ctx) {
		stop = activity.GetWorkerStopChannel(ctx)
	}
	run, err := a.deliveries.DeliverDue(ctx, in.EndpointID, stop)
	return DeliverDueResult(run), err
}

// DeliverInput names one event on its way to one endpoint.
type DeliverInput struct {
	EventID    string `json:"event_id"`
	EndpointID string `json:"endpoint_id"`
}

// DeliverResult is where a delivery is after an attempt.
type DeliverResult struct {
	Status     domain.DeliveryStatus `json:"status"`
	Attempts   int                   `json:"attempts"`
	StatusCode int                   `json:"status_code,omitempty"`
	Error      string                `json:"error,omitempty"` // a code
}

// Deliver is what workflows of single deliveries run, which up to 0.1.0 each event had.
// It posts the event to the endpoint, unless it was delivered before, and
// fails with delivery_failed, which is retried, when the endpoint did not take it.
func (a *Delivery) Deliver(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	state, err := a.deliveries.Attempt(ctx, notify.Delivery(in), policyWait(ctx))
	return DeliverResult(state), err
}

// FailDelivery gives up a delivery whose attempts did not succeed.
func (a *Delivery) FailDelivery(ctx context.Context, in DeliverInput) (DeliverResult, error) {
	state, err := a.deliveries.GiveUp(ctx, notify.Delivery(in))
	return DeliverResult(state), err
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
