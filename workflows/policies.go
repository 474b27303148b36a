package workflows

import (
	"errors"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"slipway/domain"
)

// Every timeout and retry of the workflows, by name.
const (
	// ownDatabaseTimeout bounds one transaction of ours. The longest has about
	// twenty statements: at 300 ms each, and after waiting for a lock, it needs
	// more than five seconds.
	ownDatabaseTimeout = 30 * time.Second
	// firstAttempts are those of a local activity, within three seconds when each fails
	// at once. Longer pauses would each write events.
	firstAttempts = 6
	// noLimit of attempts: 0 would be ten of them in the SDK's test environment.
	noLimit = 1<<31 - 1
	// patience is how long an activity is retried while our database or a payment
	// provider is away: long enough to lose no acknowledged onboarding. A regular
	// activity's retries write no events.
	patience = 365 * 24 * time.Hour
	// reconcileTimeout bounds one run over the rows, reconcileHeartbeat the gap
	// between two signs of life.
	reconcileTimeout   = 10 * time.Minute
	reconcileHeartbeat = time.Minute
	// jobsTimeout bounds one run of the jobs of reconcile, which is to last an hour;
	// jobsHeartbeat the time until a killed worker's is taken over.
	jobsTimeout   = 2 * time.Hour
	jobsHeartbeat = 10 * time.Second
	// maxReconcileRounds bounds the batches of one scheduled run.
	maxReconcileRounds = 10
	// providerTimeout bounds one activity that calls a payment provider; each
	// request in it has a shorter timeout.
	providerTimeout = time.Minute
	// providerHeartbeat: a killed worker is noticed after this time without a
	// heartbeat.
	providerHeartbeat = 10 * time.Second
	// clockHeartbeat is the gap between two checks of a test clock.
	clockHeartbeat = 10 * time.Second
	// pagePatience is how long the workflow waits for a card to be entered.
	pagePatience = 24 * time.Hour
	// pageCheck is how often it checks the page when no event came.
	pageCheck = 2 * time.Hour
	// renewalsPerRun and commandsPerRun keep Billing's histories small.
	renewalsPerRun = 12
	commandsPerRun = 500
	// deliveryTimeout bounds one attempt of a Delivery, which posts for at most 15 s.
	deliveryTimeout = 30 * time.Second
	// deliverDueTimeout bounds one run for an endpoint, which begins posts for 20 s;
	// deliverDueHeartbeat the time until a killed worker's is taken over. While our
	// database is away it is retried at intervals of deliverDueInterval at most.
	deliverDueTimeout   = time.Minute
	deliverDueHeartbeat = 10 * time.Second
	deliverDueInterval  = 15 * time.Second
	// shortestWait has what is due within it posted together.
	shortestWait = time.Second
)

// deliveryRetry is when a Delivery tries again.
var deliveryRetry = temporal.RetryPolicy{
	InitialInterval:    domain.DeliveryFirstWait,
	BackoffCoefficient: domain.DeliveryCoefficient,
	MaximumInterval:    domain.DeliveryLongestWait,
	MaximumAttempts:    50, // never met; the patience ends first
}

// ownDatabaseRetry starts quickly, since most faults of our database are short.
var ownDatabaseRetry = temporal.RetryPolicy{
	InitialInterval:    100 * time.Millisecond,
	BackoffCoefficient: 2,
	MaximumInterval:    15 * time.Second,
}

// call is an activity that is run when its result is asked for.
type call interface {
	Get(ctx workflow.Context, result any) error
}

// ownDatabase is for short idempotent work on our own database. It runs first as a
// local activity, which costs one event and no task of its own. While the database
// stays away it runs as a regular one, whose retries write no events. The summary
// shows in Temporal's UI.
func ownDatabase(summary string, activity, input any) call {
	return databaseCall{summary: summary, activity: activity, input: input}
}

type databaseCall struct {
	summary         string
	activity, input any
}

// Get runs the activity.
func (c databaseCall) Get(ctx workflow.Context, result any) error {
	first := ownDatabaseRetry
	first.MaximumAttempts = firstAttempts
	local := workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		StartToCloseTimeout: ownDatabaseTimeout, ScheduleToCloseTimeout: patience, RetryPolicy: &first, Summary: c.summary,
	})
	err := workflow.ExecuteLocalActivity(local, c.activity, c.input).Get(ctx, result)
	if !mayStillSucceed(err) {
		return err
	}
	lasting := ownDatabaseRetry
	lasting.MaximumAttempts = noLimit
	regular := workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: ownDatabaseTimeout, ScheduleToCloseTimeout: patience, RetryPolicy: &lasting,
		Summary: c.summary,
	})
	return whileBlocked(ctx, domain.BlockedOnDatabase, func() error {
		return workflow.ExecuteActivity(regular, c.activity, c.input).Get(ctx, result)
	})
}

// mayStillSucceed reports whether an activity failed because its time was over, and
// not because of what it was asked.
func mayStillSucceed(err error) bool {
	var failure *temporal.ApplicationError
	switch {
	case err == nil, temporal.IsCanceledError(err):
		return false
	case errors.As(err, &failure):
		return !failure.NonRetryable()
	}
	return temporal.IsTimeoutError(err)
}

// stepPolicies are the retry policies that steps name (see domain.Steps).
var stepPolicies = map[string]func(summary string, activity, input any) call{
	domain.RetryOwnDatabase: ownDatabase,
}

// Who waits comes before what does not: the server gives workers the tasks of a lower
// key first, when more of them wait than workers take.
const (
	PriorityPerson   = 1 // somebody waits for the answer
	PriorityUsual    = 3 // the server's own, where nothing is said
	PriorityRenewal  = 4 // due by the calendar: minutes do not matter
	PriorityDelivery = 5 // webhooks, beside sign-ups
)

// providerRetry waits for what the activity says after a failure (see
// NextRetryDelay); these are for a worker that died.
var providerRetry = temporal.RetryPolicy{
	InitialInterval:    time.Second,
	BackoffCoefficient: 2,
	MaximumInterval:    5 * time.Minute,
}

// atProvider is for calls to a payment provider: a regular activity on a queue
// of its own, whose attempts show in Temporal's UI. It is retried for up to a
// year. Cancelling it waits until the running call has ended.
//
// Of equal priority, those in turn of whom a call was made least come first, where
// the server's fairness is on: whose says by a name, such as the account's id.
func atProvider(ctx workflow.Context, summary string, priority int, whose string) workflow.Context {
	retry := providerRetry
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueProviders,
		StartToCloseTimeout:    providerTimeout,
		HeartbeatTimeout:       providerHeartbeat,
		ScheduleToCloseTimeout: patience,
		WaitForCancellation:    true,
		RetryPolicy:            &retry,
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: priority, FairnessKey: whose},
	})
}

// overUndecided is for looking up payments that stay undecided. What one run
// cannot find out, the next one does.
func overUndecided(ctx workflow.Context) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:           TaskQueueProviders,
		StartToCloseTimeout: reconcileTimeout,
		HeartbeatTimeout:    reconcileHeartbeat,
		RetryPolicy:         &temporal.RetryPolicy{MaximumAttempts: 1},
		Summary:             domain.Text(domain.SummaryLookUpUndecided),
		Priority:            temporal.Priority{PriorityKey: PriorityRenewal},
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

// overJobs is for the jobs of reconcile: a regular activity that runs for an hour,
// and that another worker takes over as soon as its own is found dead.
func overJobs(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: jobsTimeout,
		HeartbeatTimeout:    jobsHeartbeat,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 1,
		},
		Summary: summary,
	})
}

// onClock is for moving a test clock: its short heartbeat makes a killed worker
// noticed soon.
func onClock(ctx workflow.Context, summary string) workflow.Context {
	options := workflow.GetActivityOptions(overRows(ctx, summary))
	options.HeartbeatTimeout = clockHeartbeat
	return workflow.WithActivityOptions(ctx, options)
}

// toEndpoint is for one event that is posted to a webhook endpoint until it is taken.
func toEndpoint(ctx workflow.Context, summary, endpointID string) workflow.Context {
	retry := deliveryRetry
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue:              TaskQueueWebhooks,
		StartToCloseTimeout:    deliveryTimeout,
		ScheduleToCloseTimeout: domain.DeliveryPatience,
		RetryPolicy:            &retry,
		Summary:                summary,
		Priority:               temporal.Priority{PriorityKey: PriorityDelivery, FairnessKey: endpointID},
	})
}

// dueToEndpoint is for posting what is due to a webhook endpoint: one with many events
// waiting does not keep those of others waiting, where the server's fairness is on.
func dueToEndpoint(ctx workflow.Context, summary, endpointID string) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout:    deliverDueTimeout,
		HeartbeatTimeout:       deliverDueHeartbeat,
		ScheduleToCloseTimeout: patience,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: time.Second, BackoffCoefficient: 2, MaximumInterval: deliverDueInterval,
			MaximumAttempts: noLimit,
		},
		Summary:  summary,
		Priority: temporal.Priority{PriorityKey: PriorityDelivery, FairnessKey: endpointID},
	})
}
