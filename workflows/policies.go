package workflows

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
)

// Every timeout and retry of the workflows, by name.
const (
	// ownDatabaseTimeout bounds one transaction of ours. The longest has some
	// twenty statements: with a database 300 ms away, and another before it in
	// the queue for the same slug, five seconds were never enough.
	ownDatabaseTimeout = 30 * time.Second
	// ownDatabasePatience is how long a step keeps trying while our database is
	// away. An acknowledged onboarding is never given up for that.
	ownDatabasePatience = 365 * 24 * time.Hour
	// reconcileTimeout bounds one run over the rows, reconcileHeartbeat the gap
	// between two signs of life.
	reconcileTimeout   = 10 * time.Minute
	reconcileHeartbeat = time.Minute
	// maxReconcileRounds bounds the batches of one scheduled run.
	maxReconcileRounds = 10
	// providerTimeout bounds one conversation with a payment provider, which has
	// timeouts of its own within it.
	providerTimeout = time.Minute
	// providerHeartbeat is how long a worker that was killed in the middle of it
	// goes unnoticed.
	providerHeartbeat = 10 * time.Second
	// clockHeartbeat is the gap between two checks of a test clock.
	clockHeartbeat = 10 * time.Second
	// pagePatience is how long a page to enter a card on is waited for.
	pagePatience = 24 * time.Hour
	// pageCheck is how often it is checked when no event says that it is done.
	pageCheck = 2 * time.Hour
	// renewalsPerRun and commandsPerRun keep Billing's histories small.
	renewalsPerRun = 12
	commandsPerRun = 500
	// deliveryTimeout bounds one attempt to deliver, which posts for at most 15 s;
	// deliveryPatience bounds all attempts of one delivery.
	deliveryTimeout  = 30 * time.Second
	deliveryPatience = 72 * time.Hour
)

// deliveryRetry tries 9 times in the first 4½ hours, then four times a day:
// about 20 attempts in three days. docs/webhooks.md has the calendar.
var deliveryRetry = temporal.RetryPolicy{
	InitialInterval:    5 * time.Second,
	BackoffCoefficient: 3,
	MaximumInterval:    6 * time.Hour,
	MaximumAttempts:    50, // never met; the patience ends first
}

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

// stepPolicies are the retry policies that steps name (see domain.Steps).
var stepPolicies = map[string]func(ctx workflow.Context, summary string) workflow.Context{
	domain.RetryOwnDatabase: ownDatabase,
}

// providerRetry waits for what the activity says after a failure (see
// NextRetryDelay); these are for a worker that died.
var providerRetry = temporal.RetryPolicy{
	InitialInterval:    time.Second,
	BackoffCoefficient: 2,
	MaximumInterval:    5 * time.Minute,
}

// atProvider is for calls to a payment provider: a regular activity on a queue
// of its own, whose attempts show in Temporal's UI. It is never given up; who
// cancels it waits until the call under way has ended.
func atProvider(ctx workflow.Context, summary string) workflow.Context {
	retry := providerRetry
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueProviders,
		StartToCloseTimeout:    providerTimeout,
		HeartbeatTimeout:       providerHeartbeat,
		ScheduleToCloseTimeout: ownDatabasePatience,
		WaitForCancellation:    true,
		RetryPolicy:            &retry,
		Summary:                summary,
	})
}

// janitor is for the check of payments that stay undecided. What it cannot find
// out, its next run does.
func janitor(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           TaskQueueProviders,
		StartToCloseTimeout: reconcileTimeout,
		HeartbeatTimeout:    reconcileHeartbeat,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:             domain.Text(domain.SummaryLookUpUndecided),
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

// onClock is for moving a test clock, which is checked all the time: a worker
// that died is noticed soon.
func onClock(ctx workflow.Context, summary string) workflow.Context {
	options := workflow.GetActivityOptions(overRows(ctx, summary))
	options.HeartbeatTimeout = clockHeartbeat
	return workflow.WithActivityOptions(ctx, options)
}

// toEndpoint is for posting to a webhook endpoint, which others run.
func toEndpoint(ctx workflow.Context, summary string) workflow.Context {
	retry := deliveryRetry
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueWebhooks,
		StartToCloseTimeout:    deliveryTimeout,
		ScheduleToCloseTimeout: deliveryPatience,
		RetryPolicy:            &retry,
		Summary:                summary,
	})
}
