package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type jobFailuresInput struct {
	Page
	Job jobFilter `query:"job" doc:"Only what this job put aside."`
}

type retryInput struct {
	ID string `path:"id" doc:"Id of the job failure."`
	Idempotent
	Body *RetryRequest // none is an empty one
}

type retryJobInput struct {
	Idempotent
	Body struct {
		RetryRequest
		Job jobFilter `json:"job" doc:"All that this job put aside."`
	}
}

// RetryRequest is what a retry of what jobs put aside has in common.
type RetryRequest struct {
	Reason string `json:"reason,omitempty" format:"paragraph" maxLength:"500" doc:"Why, kept in the audit."`
}

// jobRetry is what a retry did: of one item, or of all that a job put aside.
type jobRetry struct {
	Object  string     `json:"object" enum:"job_retry"`
	Job     domain.Job `json:"job" enum:"@jobFailure.job" doc:"The job that tries again, in its next round."`
	Retried int64      `json:"retried" doc:"How many items it tries again; 0 when none was put aside any more."`
}

type retryOutput struct {
	Replayable
	Body *jobRetry
}

// jobFailures are what the jobs of reconcile put aside.
type jobFailures struct{ *shared }

var jobFailureKind = kind[domain.JobFailure]{
	prefix: domain.PrefixJobFailure, noun: "job failure", read: (*store.Store).JobFailureByID,
}

// list lists what is put aside, of all jobs or of one.
func (j jobFailures) list(ctx context.Context, in *jobFailuresInput) (*listOutput[domain.JobFailure], error) {
	page, err := in.decode(domain.PrefixJobFailure)
	if err != nil {
		return nil, err
	}
	return listed(j.store.ListJobFailures(ctx, store.JobFailureFilter{Job: string(in.Job), Page: page}))
}

// retry has one item tried again in its job's next round, whenever that would be due.
func (j jobFailures) retry(ctx context.Context, in *retryInput) (*retryOutput, error) {
	body := RetryRequest{}
	if in.Body != nil {
		body = *in.Body
	}
	return j.give(ctx, in.Idempotent, []any{in.ID, body}, body.Reason,
		func(tx *store.Store) (*domain.JobFailure, error) { return jobFailureKind.find(ctx, tx, in.ID) })
}

// retryJob has all that a job put aside tried again in its next round.
func (j jobFailures) retryJob(ctx context.Context, in *retryJobInput) (*retryOutput, error) {
	return j.give(ctx, in.Idempotent, in.Body, in.Body.Reason,
		func(*store.Store) (*domain.JobFailure, error) {
			return &domain.JobFailure{Job: domain.Job(in.Body.Job)}, nil
		})
}

// give has the job try again what find returns, one item or all, and leaves an event,
// from which the same request is answered when it is repeated.
func (j jobFailures) give(
	ctx context.Context, key Idempotent, body any, reason string, find func(*store.Store) (*domain.JobFailure, error),
) (*retryOutput, error) {
	event := adminEvent(domain.EventJobRetried, callerOf(ctx), nil)
	event.ID, event.Reason = store.NewID(domain.PrefixEvent), reason
	id, again, err := j.makeOnce(ctx, key, "retry_job_failures", body, creation{
		id: event.ID,
		save: func(tx *store.Store) error {
			failure, err := find(tx)
			if err != nil {
				return err
			}
			retried, err := tx.RetryNow(ctx, failure.Job, failure.ItemID)
			if err != nil {
				return err
			}
			event.Data = map[string]any{"job": failure.Job, "retried": retried}
			if failure.ItemID != "" {
				event.Data["item"] = failure.ItemID
			}
			return tx.InsertEvents(ctx, event)
		},
	})
	if err != nil {
		return nil, err
	}
	done, err := j.store.EventByID(ctx, id)
	if err != nil {
		return nil, err
	}
	job, _ := done.Data["job"].(string)
	retried, _ := done.Data["retried"].(float64)
	return &retryOutput{Replayable: replayed(again),
		Body: &jobRetry{Object: "job_retry", Job: domain.Job(job), Retried: int64(retried)}}, nil
}
