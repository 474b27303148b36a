package workflows

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway/activities"
	"slipway/domain"
	"slipway/onboarding"
)

// ReconcileInput starts Reconcile.
type ReconcileInput struct {
	StaleAfter time.Duration `json:"stale_after"`
}

// loopRuns is how many runs of its activity, of an hour each, ReconcileLoop has in
// one history at most.
const loopRuns = 7 * 24

// ReconcileLoop keeps the jobs of reconcile running, on whichever worker lives. A
// schedule sees to it that there is one.
func ReconcileLoop(ctx workflow.Context) error {
	for range loopRuns {
		running := overJobs(ctx, domain.Text(domain.SummaryReconcile))
		if err := workflow.ExecuteActivity(running, a.RunReconcileJobs).Get(ctx, nil); err != nil {
			return err
		}
		if workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			break
		}
	}
	return workflow.NewContinueAsNewError(ctx, ReconcileLoop)
}

// ResumeServed resumes what waits for the catalogue, which has changed. A change
// that comes while it runs makes it look again before it ends.
func ResumeServed(ctx workflow.Context) error {
	changes := workflow.GetSignalChannel(ctx, SignalCatalogueChanged)
	for looked := false; !looked || changes.Len() > 0; looked = true {
		for changes.ReceiveAsync(nil) {
		}
		looking := overRows(ctx, domain.Text(domain.SummaryResumeServed))
		if err := workflow.ExecuteActivity(looking, a.ResumeServed).Get(ctx, nil); err != nil {
			return err
		}
	}
	return nil
}

// Reconcile goes the rounds of all jobs once. Schedules of 0.1.0 start it; since
// then ReconcileLoop runs them.
func Reconcile(ctx workflow.Context, in ReconcileInput) (activities.ReconcileResult, error) {
	var total activities.ReconcileResult
	changes := workflow.GetSignalChannel(ctx, SignalCatalogueChanged)
	for compared := false; !compared || changes.Len() > 0; compared = true {
		for changes.ReceiveAsync(nil) {
		}
		if err := reconcile(ctx, in, &total); err != nil {
			return total, err
		}
	}
	if !total.Undecided {
		return total, nil
	}
	return total, workflow.ExecuteActivity(overUndecided(ctx), a.ResolvePayments, activities.ResolveInput{}).Get(ctx, nil)
}

// reconcile goes through the batches there are, within a bound, and adds up
// what was done.
func reconcile(ctx workflow.Context, in ReconcileInput, total *activities.ReconcileResult) error {
	for range maxReconcileRounds {
		var result activities.ReconcileResult
		input := activities.ReconcileInput{StaleAfter: in.StaleAfter}
		comparing := overRows(ctx, domain.Text(domain.SummaryCompareRows))
		if err := workflow.ExecuteActivity(comparing, a.Reconcile, input).Get(ctx, &result); err != nil {
			return err
		}
		total.Checked += result.Checked
		total.Started += result.Started
		total.Repaired += result.Repaired
		total.Resumed += result.Resumed
		total.Billings += result.Billings
		total.Routed += result.Routed
		total.Undecided = total.Undecided || result.Undecided
		total.Deleted += result.Deleted
		total.Dispatched += result.Dispatched
		if total.More = result.More; !result.More {
			break
		}
	}
	return nil
}

// Refresh compares and repairs one onboarding whose workflow does not run.
func Refresh(ctx workflow.Context, in RefreshInput) (onboarding.Repaired, error) {
	var result onboarding.Repaired
	if err := underOwnID(ctx, RefreshID(in.OnboardingID)); err != nil {
		return result, err
	}
	input := activities.CompareInput{OnboardingID: in.OnboardingID, CommandID: in.CommandID}
	comparing := overRows(ctx, domain.Text(domain.SummaryCompareOnboarding))
	err := workflow.ExecuteActivity(comparing, a.CompareOnboarding, input).Get(ctx, &result)
	return result, err
}
