package client

import (
	"context"
	"errors"

	commonpb "go.temporal.io/api/common/v1"
	"go.temporal.io/api/workflowservice/v1"

	"slipway/domain"
	"slipway/workflows"
)

// readsNamespace returns why this process cannot read what is in the namespace: it looks
// at the summary of the schedule of reconcile, which each worker writes when it starts.
func (c *Client) readsNamespace(ctx context.Context) error {
	found, err := c.temporal.WorkflowService().DescribeSchedule(ctx, &workflowservice.DescribeScheduleRequest{
		Namespace: c.namespace, ScheduleId: workflows.ReconcileScheduleID,
	})
	if err := asOurs(err); err != nil {
		if domain.CodeOf(err) == domain.CodeNotFound {
			return nil // nothing is there yet
		}
		return err
	}
	summary := found.GetSchedule().GetAction().GetStartWorkflow().GetUserMetadata().GetSummary()
	if summary == nil {
		return nil
	}
	_, err = c.codec.Decode([]*commonpb.Payload{summary})
	return err
}

// check reports on the keys, where there are any, or should be; err is of readsNamespace.
func (c *Codec) check(err error) []domain.Check {
	const name = "temporal_codec"
	var why unreadable
	switch {
	case errors.As(err, &why):
		return []domain.Check{warn(name, why.message, domain.TextCodecFix)}
	case err != nil || len(c.keys) == 0:
		return nil
	case c.encrypts == nil:
		return []domain.Check{ok(name, domain.Text(domain.TextCodecReads))}
	}
	return []domain.Check{ok(name, domain.Text(domain.TextCodecEncrypts, "key", c.encrypts.id))}
}
