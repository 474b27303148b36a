package activities

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
)

// How long one run of RunReconcileJobs works, how often it reports that its worker
// lives, and how long a job rests when its batch was full.
const (
	jobsRunFor   = time.Hour
	jobsBeat     = 2 * time.Second
	fullRoundGap = time.Second
)

// RunReconcileJobs runs the jobs of reconcile, side by side, each in rounds of its
// own, for an hour or until its worker stops. One activity that runs for long costs
// Temporal no events, and when its worker dies another takes it over at once.
func (a *Reconciliation) RunReconcileJobs(ctx context.Context) error {
	working, stop := context.WithTimeout(ctx, jobsRunFor)
	defer stop()
	var running sync.WaitGroup
	for _, j := range a.jobs(a.every) {
		running.Go(func() { a.rounds(working, j) })
	}
	beats := time.NewTicker(jobsBeat)
	defer beats.Stop()
	for working.Err() == nil {
		select {
		case <-beats.C:
			activity.RecordHeartbeat(ctx)
		case <-activity.GetWorkerStopChannel(ctx):
			stop()
		case <-working.Done():
		}
	}
	running.Wait()
	return ctx.Err()
}

// rounds goes round after round.
func (a *Reconciliation) rounds(ctx context.Context, j job) {
	for {
		var result ReconcileResult
		pause := j.every
		err := a.round(ctx, j, &result)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			activity.GetLogger(ctx).Warn("a round of reconcile could not be completed", "job", j.name, "error", err)
		case result.More:
			pause = min(pause, fullRoundGap)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
	}
}
