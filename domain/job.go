package domain

import "time"

// Job names one of the jobs of reconcile: the work that keeps rows, workflows and
// providers in step. Each goes its rounds on its own, so that none holds up another.
type Job string

// The jobs of reconcile.
const (
	// JobStartReceived starts the workflows of onboardings that were received and did
	// not begin.
	JobStartReceived Job = "start_received"
	// JobCompareOnboardings compares onboardings that have not ended with their
	// workflows.
	JobCompareOnboardings Job = "compare_onboardings"
	// JobResumeServed resumes onboardings that waited for what the catalogue has now.
	JobResumeServed Job = "resume_served"
	// JobRouteEvents passes on what providers reported and nobody took.
	JobRouteEvents Job = "route_events"
	// JobStartBillings starts each Billing that should run and does not.
	JobStartBillings Job = "start_billings"
	// JobRestartStopped starts what was stopped by hand, or failed, and has work left:
	// within a round, not when it would be overdue.
	JobRestartStopped Job = "restart_stopped"
	// JobRedispatch signals the workflows of webhook endpoints that let something wait.
	JobRedispatch Job = "redispatch_deliveries"
	// JobResolvePayments looks up payments that have been undecided for long, and
	// refunds what came too late.
	JobResolvePayments Job = "resolve_payments"
	// JobDeleteExpired deletes what is past its retention, and folds old debits.
	JobDeleteExpired Job = "delete_expired"
)

// Jobs are all of them.
var Jobs = []Job{
	JobStartReceived, JobCompareOnboardings, JobResumeServed, JobRouteEvents, JobStartBillings,
	JobRestartStopped, JobRedispatch, JobResolvePayments, JobDeleteExpired,
}

// StoppedWorkflow is a workflow that did not come to an end by itself. What it is
// about is named by one of the ids.
type StoppedWorkflow struct {
	ID             string // the workflow's
	SubscriptionID string // of a Billing
	InvoiceID      string // of a Purchase
	ClockID        string // of an Advance
	EventID        string // of a Delivery, to EndpointID
	EndpointID     string // of EndpointDeliveries, where there is no EventID
}

// ItemID is the workflow's id.
func (w *StoppedWorkflow) ItemID() string { return w.ID }

// JobFailure is an item of a job that failed, or that is not due yet: the job
// leaves it aside until RetryAt and deals with the others.
type JobFailure struct {
	ID       string `json:"id" doc:"Prefixed ULID; the same however often it fails."`
	Object   string `json:"object" gorm:"-" enum:"job_failure"`
	Job      Job    `json:"job" gorm:"primaryKey" enum:"@jobFailure.job" doc:"The job of reconcile that failed."`
	ItemID   string `json:"item_id" gorm:"primaryKey" doc:"@jobFailure.item_id"`
	Attempts int    `json:"attempts" doc:"How many failed, one after the other."` // 0 when it is only not due
	// Error is the class of the last failure, as problems have it; empty when it is
	// only not due.
	Error string `json:"code" doc:"Of the last failure, as problems have it."`
	// Detail says no more than a problem would: what a row or a person holds stays in
	// the log.
	Detail        string    `json:"detail" doc:"Why, in a sentence without personal data."`
	FirstFailedAt time.Time `json:"first_failed_at" doc:"Since when it fails."`
	FailedAt      time.Time `json:"failed_at" doc:"When it failed last."`
	RetryAt       time.Time `json:"retry_at" doc:"When the job tries it again."`
}

// Present fills the computed fields.
func (f *JobFailure) Present() { f.Object = "job_failure" }

// JobPause is how long an item is put aside after so many failures: 30 seconds,
// then twice as long each time, up to an hour.
func JobPause(attempts int) time.Duration {
	const shortest, longest = 30 * time.Second, time.Hour
	return min(shortest<<min(attempts-1, 10), longest)
}

// RoundPatience is how much later than its jobs' pauses say a round of reconcile
// may be complete before doctor, readyz and the metrics say so.
const RoundPatience = 2 * time.Minute

// JobRound is the last complete round of a job.
type JobRound struct {
	Job         Job `gorm:"primaryKey"`
	StartedAt   time.Time
	CompletedAt time.Time
	NextDueAt   time.Time // when the next one should be complete at the latest
}
