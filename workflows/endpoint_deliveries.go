package workflows

import (
	"strconv"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// EndpointDeliveries brings events to one webhook endpoint. The rows say what is due and
// when; a run of its activity posts all of it. It sleeps until the next attempt, or until
// it is signalled that an event waits, and ends when nothing is left: an endpoint at rest
// has no workflow.
func EndpointDeliveries(ctx workflow.Context, in EndpointDeliveriesInput) error {
	if err := underOwnID(ctx, EndpointDeliveriesID(in.EndpointID)); err != nil {
		return err
	}
	shown := newWaits(ctx)
	events := workflow.GetSignalChannel(ctx, SignalEventsDue)
	for taken := 0; ; {
		for events.ReceiveAsync(nil) { // the rows say what they were about
			taken++
		}
		var done activities.DeliverDueResult
		posting := dueToEndpoint(ctx, domain.Text(domain.SummaryPostEvents), in.EndpointID)
		input := activities.DeliverDueInput{EndpointID: in.EndpointID}
		if err := workflow.ExecuteActivity(posting, a.DeliverDue, input).Get(ctx, &done); err != nil {
			return err
		}
		workflow.SetCurrentDetails(ctx, domain.Text(domain.TextEndpointDeliveries,
			"delivered", strconv.Itoa(done.Delivered), "posted", strconv.Itoa(done.Posted)))
		switch atRest := done.Wait == 0 && events.Len() == 0; {
		case done.More:
		case atRest:
			if shownWait(ctx) != (wait{}) {
				shown.show(ctx, wait{})
			}
			return nil
		case events.Len() == 0:
			next := workflow.Now(ctx).Add(done.Wait)
			shown.show(ctx, wait{on: domain.BlockedOnEndpoint, until: until(&next)})
			if err := untilDue(ctx, events, done.Wait); err != nil {
				return err
			}
		}
		if taken >= commandsPerRun || workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			// No signal is lost with this run: the next one looks at the rows first.
			return workflow.NewContinueAsNewError(ctx, EndpointDeliveries, in)
		}
	}
}

// untilDue sleeps until the next attempt is due or an event waits.
func untilDue(ctx workflow.Context, events workflow.ReceiveChannel, wait time.Duration) error {
	timing, stop := workflow.WithCancel(ctx)
	defer stop()
	timer := workflow.NewTimerWithOptions(timing, max(wait, shortestWait),
		workflow.TimerOptions{Summary: domain.Text(domain.SummaryUntilAttempt)})
	return workflow.Await(ctx, func() bool { return events.Len() > 0 || timer.IsReady() })
}
