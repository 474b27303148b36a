package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
)

// Advance moves a test clock to its target and wakes those who live by it, one
// due time after the other. It ends when all of them sleep again, and nobody has
// asked for more meanwhile: between the clock's arrival and this workflow's end
// another advance may find it running.
func Advance(ctx workflow.Context, in AdvanceInput) (activities.WaitForClockResult, error) {
	var result activities.WaitForClockResult
	asked := workflow.GetSignalChannel(ctx, SignalClock)
	for moved := false; !moved || asked.Len() > 0; moved = true {
		for asked.ReceiveAsync(nil) {
		}
		err := workflow.ExecuteActivity(onClock(ctx, "Move the test clock"), a.AdvanceClock,
			activities.AdvanceClockInput{ClockID: in.ClockID}).Get(ctx, &result)
		if err != nil {
			return result, err
		}
	}
	return result, nil
}
