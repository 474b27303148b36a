package workflows

import (
	"go.temporal.io/sdk/workflow"

	"slipway/activities"
)

// Advance moves a test clock to its target and wakes those who live by it, one
// due time after the other. It ends when all of them sleep again.
func Advance(ctx workflow.Context, in AdvanceInput) (activities.WaitForClockResult, error) {
	var result activities.WaitForClockResult
	err := workflow.ExecuteActivity(overRows(ctx, "Move the test clock"), a.AdvanceClock,
		activities.AdvanceClockInput{ClockID: in.ClockID}).Get(ctx, &result)
	return result, err
}
