package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"
)

// Every timeout and retry of the workflows, by name.
const (
	// ownDatabaseTimeout bounds one transaction of ours.
	ownDatabaseTimeout = 5 * time.Second
	// ownDatabasePatience is how long a step keeps trying while our database is
	// away. An acknowledged onboarding is never given up for that.
	ownDatabasePatience = 365 * 24 * time.Hour
	// reconcileTimeout bounds one run over the rows, reconcileHeartbeat the gap
	// between two signs of life.
	reconcileTimeout   = 10 * time.Minute
	reconcileHeartbeat = time.Minute
	// maxReconcileRounds bounds the batches of one scheduled run.
	maxReconcileRounds = 10
	// catalogueStaleAfter is how old a comparison is made anew when the catalogue
	// changed: the schedule sees to the younger ones.
	catalogueStaleAfter = 10 * time.Minute
	// commandPatience is how long Billing stays open for the command it was
	// started for.
	commandPatience = time.Minute
)

// ownDatabaseRetry starts quickly, since most faults of our database are short.
var ownDatabaseRetry = temporal.RetryPolicy{
	InitialInterval:    100 * time.Millisecond,
	BackoffCoefficient: 2,
	MaximumInterval:    15 * time.Second,
}

// ownDatabase is for short idempotent work on our own database: a local
// activity, which costs one event and no task of its own. The summary shows in
// Temporal's UI.
func ownDatabase(ctx workflow.Context, summary string) workflow.Context {
	retry := ownDatabaseRetry
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout:    ownDatabaseTimeout,
		ScheduleToCloseTimeout: ownDatabasePatience,
		RetryPolicy:            &retry,
		Summary:                summary,
	})
}

// overRows is for work over many rows: a regular activity that shows its
// attempts in Temporal's UI.
func overRows(ctx workflow.Context, summary string) workflow.Context {
	retry := ownDatabaseRetry
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: reconcileTimeout,
		HeartbeatTimeout:    reconcileHeartbeat,
		RetryPolicy:         &retry,
		Summary:             summary,
	})
}
