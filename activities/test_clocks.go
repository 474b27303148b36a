package activities

import (
	"context"
	"time"

	"slipway/store"
	"slipway/testclock"
)

// TestClocks are the activities of who sleeps on a test clock, and of the clock.
type TestClocks struct {
	clocks *testclock.Clocks
}

// WaitForClockInput says who sleeps on a test clock, and until when.
type WaitForClockInput struct {
	ClockID    string     `json:"clock_id"`
	EntityID   string     `json:"entity_id"` // onboarding, subscription or invoice
	WorkflowID string     `json:"workflow_id"`
	Until      *time.Time `json:"until,omitempty"` // nil: until a message arrives
}

// WaitForClockResult is what the clock shows.
type WaitForClockResult struct {
	Now time.Time `json:"now"`
}

// WaitForClock stores that a workflow sleeps until its test clock shows a time,
// and returns what it shows now.
func (a *TestClocks) WaitForClock(ctx context.Context, in WaitForClockInput) (WaitForClockResult, error) {
	now, err := a.clocks.Wait(ctx, &store.ClockWait{
		EntityID: in.EntityID, WorkflowID: in.WorkflowID, ClockID: in.ClockID, Until: in.Until,
	})
	return WaitForClockResult{Now: now}, err
}

// LeaveClockInput names who sleeps no more.
type LeaveClockInput struct {
	EntityID string `json:"entity_id"`
}

// LeaveClock stores that a workflow is about to close.
func (a *TestClocks) LeaveClock(ctx context.Context, in LeaveClockInput) error {
	return a.clocks.Leave(ctx, in.EntityID)
}

// AdvanceClockInput names the clock; its target is in its row.
type AdvanceClockInput struct {
	ClockID string `json:"clock_id"`
}

// AdvanceClock moves a test clock from one due time to the next until its target.
func (a *TestClocks) AdvanceClock(ctx context.Context, in AdvanceClockInput) (WaitForClockResult, error) {
	now, err := a.clocks.Advance(ctx, in.ClockID, heartbeats(ctx))
	return WaitForClockResult{Now: now}, err
}
