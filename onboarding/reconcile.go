package onboarding

import (
	"context"
	"sync"
	"time"

	"slipway/domain"
	"slipway/store"
)

// ProcessState is what Temporal says of an onboarding's workflow.
type ProcessState string

// The states that reconcile distinguishes.
const (
	ProcessRunning   ProcessState = "running"
	ProcessCompleted ProcessState = "completed" // closed as it should
	ProcessStopped   ProcessState = "stopped"   // failed, terminated, canceled or timed out
	ProcessMissing   ProcessState = "missing"   // never started, or gone with its retention
)

// Processes is what reconcile asks of the workflows of onboardings. The client of
// workflows is the one implementation; the interface keeps imports running one
// way.
type Processes interface {
	// Start starts the onboarding's workflow; one that runs already is no error.
	Start(ctx context.Context, o *domain.Onboarding) error
	// State asks how the onboarding's workflow is.
	State(ctx context.Context, o *domain.Onboarding) (ProcessState, error)
	// Resume signals a waiting workflow that the catalogue may serve it now.
	Resume(ctx context.Context, o *domain.Onboarding) error
}

// Reconciler keeps onboardings and their workflows in step.
type Reconciler struct {
	*Onboardings
	Processes Processes
}

// Reconciled counts what a round did.
type Reconciled struct {
	Checked  int
	Started  int
	Repaired int
}

// reconcileBatch is how many onboardings are read at once, and dealt with in a
// round; startAfter is how long the API has to start a workflow itself; cutOffAfter is
// when a round that is not complete has been cut off.
const (
	reconcileBatch = 500
	startAfter     = 10 * time.Second
	cutOffAfter    = 10 * time.Minute
)

// StartReceived starts the workflows of what was received while Temporal was away,
// or by a process that died.
func (r *Reconciler) StartReceived(ctx context.Context, round *store.Round) (Reconciled, error) {
	var result Reconciled
	rows, err := r.Store.ReceivedOnboardings(ctx, r.Store.Now().Add(-startAfter), reconcileBatch)
	if err != nil {
		return result, err
	}
	round.More = len(rows) == reconcileBatch
	err = r.compareAll(ctx, round, rows, &result)
	return result, err
}

// CompareOnboardings starts the workflows that are missing and ends what was
// stopped by hand. It goes through all that run, a batch at a time: ended onboardings
// are never read. An onboarding is compared again after staleAfter. A round that was
// cut off is taken up where it was: what was compared since the last complete one is
// left out.
func (r *Reconciler) CompareOnboardings(
	ctx context.Context, round *store.Round, staleAfter time.Duration,
) (Reconciled, error) {
	var result Reconciled
	now := r.Store.Now()
	before := now.Add(-staleAfter)
	if !round.Ended.IsZero() && now.Sub(round.Ended) > max(cutOffAfter, 3*staleAfter) {
		before = round.Ended
	}
	for after := ""; ; {
		rows, err := r.Store.UncheckedOnboardings(ctx, before, after, reconcileBatch)
		if err == nil {
			err = r.compareAll(ctx, round, rows, &result)
		}
		if err != nil || len(rows) < reconcileBatch {
			return result, err
		}
		after = rows[len(rows)-1].ID
	}
}

func (r *Reconciler) compareAll(
	ctx context.Context, round *store.Round, rows []domain.Onboarding, result *Reconciled,
) error {
	var adding sync.Mutex
	return store.Each(ctx, round, rows, idOf, func(ctx context.Context, o *domain.Onboarding) error {
		done, err := r.compare(ctx, o)
		adding.Lock()
		defer adding.Unlock()
		result.Checked += done.Checked
		result.Started += done.Started
		result.Repaired += done.Repaired
		return err
	})
}

func idOf(o *domain.Onboarding) string { return o.ID }

// Compare does for one onboarding what Reconcile does for all, and repairs it: it
// is how refresh works where no workflow runs that could be asked.
func (r *Reconciler) Compare(ctx context.Context, id, commandID string) (Repaired, error) {
	before, err := r.Store.OnboardingByID(ctx, id)
	if err != nil {
		return Repaired{}, err
	}
	if !before.Status.Ended() {
		if _, err := r.compare(ctx, before); err != nil {
			return Repaired{}, err
		}
	}
	result, err := r.Refresh(ctx, id, "", commandID)
	if was, is := before.Status, result.State.Status; err == nil && was != is && len(result.Differences) == 0 {
		result.Differences = []domain.Difference{{Field: "status", Was: string(was), Is: string(is)}}
	}
	return result, err
}

// compare asks for the workflow of one onboarding that has not ended and puts
// right what does not fit.
func (r *Reconciler) compare(ctx context.Context, o *domain.Onboarding) (done Reconciled, err error) {
	state, err := r.Processes.State(ctx, o)
	if err != nil {
		return done, err
	}
	done.Checked++
	switch state {
	case ProcessMissing: // each step finds what it made before, so a new run continues there
		err = r.Processes.Start(ctx, o)
		done.Started++
	case ProcessStopped:
		_, err = r.End(ctx, o.ID, domain.OnboardingFailed, domain.ReasonTerminatedExternally)
		done.Repaired++
	case ProcessCompleted:
		_, err = r.Refresh(ctx, o.ID, "", "")
		done.Repaired++
	}
	if err != nil {
		return done, err
	}
	return done, r.Store.MarkChecked(ctx, o.ID)
}
