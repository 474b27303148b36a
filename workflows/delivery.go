package workflows

import (
	"fmt"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Delivery brings one event to one webhook endpoint: attempts for three days,
// further and further apart, until the endpoint takes it. It ends as failed when
// none does, or when the endpoint is disabled meanwhile.
func Delivery(ctx workflow.Context, in DeliveryInput) (activities.DeliverResult, error) {
	input := activities.DeliverInput{EventID: in.EventID, EndpointID: in.EndpointID}
	var result activities.DeliverResult
	workflow.SetCurrentDetails(ctx, "Posting the event until the endpoint answers 2xx, for three days at most.")
	if err := workflow.ExecuteActivity(toEndpoint(ctx, "Post the event"), a.Deliver, input).Get(ctx, &result); err != nil {
		workflow.GetLogger(ctx).Warn("delivery is given up", "event", in.EventID, "endpoint", in.EndpointID)
		// No attempt is left, or an operator canceled: the row says so either way.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		err = workflow.ExecuteLocalActivity(ownDatabase(ctx, "Give the delivery up"), a.FailDelivery, input).Get(ctx, &result)
		if err != nil {
			return result, err
		}
	}
	workflow.SetCurrentDetails(ctx, deliveryDetails(result))
	if result.Status != domain.DeliveryDelivered {
		return result, temporal.NewNonRetryableApplicationError(deliveryDetails(result), domain.ReasonDeliveryFailed, nil)
	}
	return result, nil
}

// deliveryDetails says in plain words what became of it.
func deliveryDetails(r activities.DeliverResult) string {
	switch {
	case r.Status == domain.DeliveryDelivered:
		return fmt.Sprintf("Delivered at attempt %d.", r.Attempts)
	case r.StatusCode != 0:
		return fmt.Sprintf("Not delivered in %d attempts: %s, the last answer was %d.", r.Attempts, r.Error, r.StatusCode)
	default:
		return fmt.Sprintf("Not delivered in %d attempts: %s.", r.Attempts, r.Error)
	}
}
