package activities

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/billing"
	"slipway/domain"
	"slipway/notify"
	"slipway/onboarding"
	"slipway/store"
)

// Reconciliation are the activities that keep rows, workflows and providers in
// step.
type Reconciliation struct {
	store       *store.Store
	onboardings *onboarding.Reconciler
	money       *billing.Reconciler
	outbox      *notify.Outbox
	processes   Processes
	every       time.Duration
	retention   domain.Retention
	pruned      func(table string, rows int64)
}

// How many rows of a table one statement prunes at most, and for how long a round
// prunes batch after batch; the next one follows at once where there is more.
const (
	pruneBatch = 1000
	pruneFor   = 10 * time.Second
)

// ReconcileResult counts what was done.
type ReconcileResult struct {
	Checked  int `json:"checked"`
	Started  int `json:"started"`
	Repaired int `json:"repaired"`
	Resumed  int `json:"resumed"`
	Billings int `json:"billings"` // subscriptions whose Billing was started
	// Restarted are workflows that were stopped by hand, looked at.
	Restarted int   `json:"restarted,omitempty"`
	Routed    int   `json:"routed"` // provider events passed on to their owners
	Deleted   int64 `json:"deleted"`
	// Undecided: ResolvePayments is to run.
	Undecided bool `json:"undecided,omitempty"`
	// Dispatched are the webhook endpoints whose workflows were signalled, and the
	// deliveries of 0.1.0 that were put back into the outbox.
	Dispatched int  `json:"dispatched,omitempty"`
	More       bool `json:"more"` // a batch was full: there is more to do
	// PutAside are the items that failed; they are tried again later.
	PutAside int `json:"put_aside,omitempty"`
	// Resolved is what the look-ups at providers brought.
	Resolved ResolveResult `json:"resolved,omitzero"`
}

// job is one of the jobs of reconcile.
type job struct {
	name  domain.Job
	every time.Duration
	run   func(ctx context.Context, round *store.Round, result *ReconcileResult) error
}

// startEvery is how often at least is looked for what was received and did not
// begin: somebody waits for it.
const startEvery = 10 * time.Second

// jobs are all of them. Onboardings are compared again after staleAfter.
func (a *Reconciliation) jobs(staleAfter time.Duration) []job {
	compare := func(ctx context.Context, round *store.Round, result *ReconcileResult) error {
		done, err := a.onboardings.CompareOnboardings(ctx, round, staleAfter)
		result.addCompared(done)
		return err
	}
	return []job{
		{domain.JobStartReceived, min(a.every, startEvery), a.startReceived},
		{domain.JobCompareOnboardings, a.every, compare},
		{domain.JobResumeServed, a.every, a.resumeServed},
		{domain.JobRouteEvents, a.every, a.routeEvents},
		{domain.JobStartBillings, a.every, a.startBillings},
		{domain.JobRestartStopped, a.every, a.restartStopped},
		{domain.JobRedispatch, a.every, a.redispatch},
		{domain.JobDeleteExpired, a.every, a.deleteExpired},
		{domain.JobResolvePayments, a.every, a.resolvePayments},
	}
}

func (r *ReconcileResult) addCompared(done onboarding.Reconciled) {
	r.Checked += done.Checked
	r.Started += done.Started
	r.Repaired += done.Repaired
}

func (a *Reconciliation) startReceived(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	done, err := a.onboardings.StartReceived(ctx, round)
	result.addCompared(done)
	return err
}

func (a *Reconciliation) resumeServed(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	err := a.onboardings.ResumeServed(ctx, round)
	result.Resumed += round.Done()
	return err
}

func (a *Reconciliation) routeEvents(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	err := a.money.RouteEvents(ctx, round)
	result.Routed += round.Done()
	return err
}

func (a *Reconciliation) startBillings(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	err := a.money.StartBillings(ctx, round)
	result.Billings += round.Done()
	return err
}

func (a *Reconciliation) redispatch(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	err := a.outbox.Redispatch(ctx, round)
	result.Dispatched += round.Done()
	return err
}

// deleteExpired prunes batches of all tables, until nothing is due or its time is up.
func (a *Reconciliation) deleteExpired(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	for end := time.Now().Add(pruneFor); ; {
		pruned, err := a.store.Prune(ctx, a.retention, pruneBatch)
		result.Deleted += pruned.Total()
		a.countPruned(pruned)
		if err != nil {
			return err
		}
		if round.More = pruned.More; !round.More {
			return a.store.Optimize(ctx)
		}
		if time.Now().After(end) {
			return nil
		}
		round.Heartbeat()
	}
}

func (a *Reconciliation) countPruned(pruned store.Pruned) {
	if a.pruned == nil {
		return
	}
	for table, rows := range pruned.Rows {
		a.pruned(table, rows)
	}
}

func (a *Reconciliation) resolvePayments(ctx context.Context, round *store.Round, result *ReconcileResult) error {
	resolved, err := a.money.Resolve(ctx, round)
	result.Resolved = ResolveResult(resolved)
	return err
}

// roundTimeout bounds one round of a job. Several of its items are dealt with at
// once: when Temporal answers slowly after a fault, hundreds may wait, and each of
// them is somebody.
const (
	roundTimeout = 10 * time.Minute
	itemsAtOnce  = 8
)

// round goes one round of the job, adds up what it did, and notes that it was
// complete.
func (a *Reconciliation) round(ctx context.Context, j job, result *ReconcileResult) (err error) {
	ctx, cancel := context.WithTimeout(ctx, roundTimeout)
	defer cancel()
	defer func() { // a job's panic must not end the others
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in job %s: %v", j.name, p)
		}
	}()
	rounds, err := a.store.JobRounds(ctx)
	if err != nil {
		return err
	}
	last := rounds[j.name]
	round := &store.Round{
		Store: a.store, Job: j.name, Last: last.StartedAt, Ended: last.CompletedAt, Reachable: a.processes.Ping,
		Heartbeat: heartbeats(ctx), Failed: failed(ctx, j.name), AtOnce: itemsAtOnce,
	}
	began := a.store.Now()
	err = j.run(ctx, round, result)
	result.PutAside += round.PutAside()
	result.More = result.More || round.More
	if err != nil {
		return err
	}
	now := a.store.Now()
	return a.store.CompleteRound(ctx, &domain.JobRound{
		Job: j.name, StartedAt: began, CompletedAt: now, NextDueAt: now.Add(3*j.every + domain.RoundPatience),
	})
}

// failed logs why an item of the job was put aside.
func failed(ctx context.Context, name domain.Job) func(item string, err error) {
	return func(item string, err error) {
		activity.GetLogger(ctx).Error("put aside, to be tried again later", "job", name, "item", item, "error", err)
	}
}

// ReconcileInput says how old an onboarding's last comparison must be.
type ReconcileInput struct {
	StaleAfter time.Duration `json:"stale_after"`
}

// Reconcile goes one round of each job but the look-ups at providers. What one job
// could not do keeps no other from its round. Its cost is bounded.
func (a *Reconciliation) Reconcile(ctx context.Context, in ReconcileInput) (ReconcileResult, error) {
	result := ReconcileResult{Undecided: true}
	var failures []error
	for _, j := range a.jobs(in.StaleAfter) {
		if j.name != domain.JobResolvePayments {
			failures = append(failures, a.round(ctx, j, &result))
		}
	}
	return result, errors.Join(failures...)
}

// ResolveInput starts ResolvePayments; it needs to know nothing.
type ResolveInput struct{}

// ResolveResult counts what ResolvePayments did.
type ResolveResult struct {
	Checked int `json:"looked"`
	Decided int `json:"decided"`
}

// ResolvePayments goes one round of the job that looks up undecided payments (see
// billing.Reconciler). What stays undecided fails nothing: it is put aside.
func (a *Reconciliation) ResolvePayments(ctx context.Context, _ ResolveInput) (ResolveResult, error) {
	result, err := a.roundOf(ctx, domain.JobResolvePayments)
	return result.Resolved, err
}

// ResumeServed goes one round of the job that resumes what waited for the
// catalogue.
func (a *Reconciliation) ResumeServed(ctx context.Context) (ReconcileResult, error) {
	return a.roundOf(ctx, domain.JobResumeServed)
}

func (a *Reconciliation) roundOf(ctx context.Context, name domain.Job) (ReconcileResult, error) {
	var result ReconcileResult
	for _, j := range a.jobs(a.every) {
		if j.name == name {
			err := a.round(ctx, j, &result)
			return result, err
		}
	}
	return result, fmt.Errorf("no job %q", name)
}

// CompareInput names the onboarding.
type CompareInput struct {
	OnboardingID string `json:"onboarding_id"`
	CommandID    string `json:"command_id,omitempty"`
}

// CompareOnboarding does for one onboarding what reconcile does for all.
func (a *Reconciliation) CompareOnboarding(ctx context.Context, in CompareInput) (onboarding.Repaired, error) {
	return a.onboardings.Compare(ctx, in.OnboardingID, in.CommandID)
}
