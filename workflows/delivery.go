package workflows

import (
	"strconv"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Delivery brings one event to one webhook endpoint: attempts for three days,
// further and further apart, until the endpoint takes it. It ends as failed when
// none does, or when the endpoint is disabled meanwhile. Up to 0.1.0 each event had one;
// since then EndpointDeliveries brings them, and those that run come to their end.
func Delivery(ctx workflow.Context, in DeliveryInput) (activities.DeliverResult, error) {
	if err := underOwnID(ctx, DeliveryID(in.EventID, in.EndpointID)); err != nil {
		return activities.DeliverResult{}, err
	}
	input := activities.DeliverInput{EventID: in.EventID, EndpointID: in.EndpointID}
	var result activities.DeliverResult
	workflow.SetCurrentDetails(ctx, domain.Text(domain.TextDelivering))
	posting := toEndpoint(ctx, domain.Text(domain.SummaryPostEvent), in.EndpointID)
	if err := workflow.ExecuteActivity(posting, a.Deliver, input).Get(ctx, &result); err != nil {
		workflow.GetLogger(ctx).Warn("delivery is given up", "event", in.EventID, "endpoint", in.EndpointID)
		// No attempt is left, or an operator canceled: the row says so either way.
		ctx, _ = workflow.NewDisconnectedContext(ctx)
		err = ownDatabase(domain.Text(domain.SummaryGiveUpDelivery), a.FailDelivery, input).Get(ctx, &result)
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

// deliveryDetails says the outcome in plain words.
func deliveryDetails(r activities.DeliverResult) string {
	attempts := strconv.Itoa(r.Attempts)
	switch {
	case r.Status == domain.DeliveryDelivered:
		return domain.Text(domain.TextDelivered, "attempts", attempts)
	case r.StatusCode != 0:
		return domain.Text(domain.TextNotDeliveredWithStatus,
			"attempts", attempts, "why", r.Error, "status", strconv.Itoa(r.StatusCode))
	default:
		return domain.Text(domain.TextNotDelivered, "attempts", attempts, "why", r.Error)
	}
}
