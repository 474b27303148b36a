package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
)

// Advance moves a test clock to its target, from one due time to the next, and
// signals the workflows that live by it. It ends when all of them sleep again and
// no other advance was asked for meanwhile: between the clock's arrival and this
// workflow's end one may find it running.
func Advance(ctx workflow.Context, in AdvanceInput) (activities.WaitForClockResult, error) {
	var result activities.WaitForClockResult
	if err := underOwnID(ctx, ClockID(in.ClockID)); err != nil {
		return result, err
	}
	asked := workflow.GetSignalChannel(ctx, SignalClock)
	for moved := false; !moved || asked.Len() > 0; moved = true {
		for asked.ReceiveAsync(nil) {
		}
		err := workflow.ExecuteActivity(onClock(ctx, domain.Text(domain.SummaryMoveClock)), a.AdvanceClock,
			activities.AdvanceClockInput{ClockID: in.ClockID}).Get(ctx, &result)
		if err != nil {
			return result, err
		}
	}
	return result, nil
}
