package activities

import (
	"context"
	"time"

	"go.temporal.io/sdk/activity"

	"slipway/domain"
	"slipway/onboarding"
)

// ProcessState is what Temporal says of an onboarding's workflow.
type ProcessState string

// The states reconcile tells apart.
const (
	ProcessRunning   ProcessState = "running"
	ProcessCompleted ProcessState = "completed" // closed as it should
	ProcessStopped   ProcessState = "stopped"   // failed, terminated, canceled or timed out
	ProcessMissing   ProcessState = "missing"   // never started, or gone with its retention
)

// Processes is what reconcile asks of running workflows. The workflows
// package's client is the one implementation; the interface keeps imports
// running one way.
type Processes interface {
	// Start starts the onboarding's workflow; one that runs already is no error.
	Start(ctx context.Context, o *domain.Onboarding) error
	// State asks how the onboarding's workflow is.
	State(ctx context.Context, o *domain.Onboarding) (ProcessState, error)
	// Resume signals a waiting workflow that the catalogue may serve it now.
	Resume(ctx context.Context, o *domain.Onboarding) error
	// StartBilling starts the subscription's Billing; one that runs is no error.
	StartBilling(ctx context.Context, sub *domain.Subscription) error
	// ProviderEvent tells the owner that a provider has news.
	ProviderEvent(ctx context.Context, owner *domain.PaymentOwner) error
	// Tick tells a workflow that its test clock has moved; not_found when it does
	// not run.
	Tick(ctx context.Context, workflowID string) error
}

// How much one run of Reconcile does at most, and how long idempotency keys
// stay good.
const (
	reconcileBatch = 500
	keyLifetime    = 72 * time.Hour
)

// ReconcileInput says how old an onboarding's last comparison must be.
type ReconcileInput struct {
	StaleAfter time.Duration `json:"stale_after"`
}

// ReconcileResult counts what a run did.
type ReconcileResult struct {
	Checked  int   `json:"checked"`
	Started  int   `json:"started"`
	Repaired int   `json:"repaired"`
	Woken    int   `json:"woken"`
	Billed   int   `json:"billed"` // subscriptions whose Billing was started
	Routed   int   `json:"routed"` // provider events handed to their owners
	Deleted  int64 `json:"deleted"`
	// Undecided: some payments have been undecided for long; the janitor looks.
	Undecided bool `json:"undecided,omitempty"`
	// Dispatched are the webhook deliveries whose workflows were started.
	Dispatched int  `json:"dispatched,omitempty"`
	More       bool `json:"more"` // a batch was full: there is more to compare
}

// Reconcile keeps rows and workflows in step: it starts what was received while
// Temporal was away, ends what was stopped by hand, wakes what waited for the
// catalogue, starts deliveries nobody started, and deletes what expired. Its cost is bounded per run, whatever
// the number of accounts: ended onboardings are never looked at.
func (a *Activities) Reconcile(ctx context.Context, in ReconcileInput) (ReconcileResult, error) {
	var result ReconcileResult
	stale := a.Store.Now().Add(-in.StaleAfter)
	unchecked, err := a.Store.UncheckedOnboardings(ctx, stale, reconcileBatch)
	if err != nil {
		return result, err
	}
	for i := range unchecked {
		if err := a.compare(ctx, &unchecked[i], &result); err != nil {
			return result, err
		}
		activity.RecordHeartbeat(ctx)
	}
	result.More = len(unchecked) == reconcileBatch
	if result.Woken, err = a.wake(ctx); err != nil {
		return result, err
	}
	if result.Routed, err = a.routeEvents(ctx); err != nil {
		return result, err
	}
	if result.Billed, err = a.startBillings(ctx); err != nil {
		return result, err
	}
	undecided, err := a.Store.StalePayments(ctx, a.Store.Now().Add(-undecidedAfter), 1)
	if err != nil {
		return result, err
	}
	late, err := a.Store.LatePayments(ctx, a.Store.Now().Add(-undecidedAfter), 1)
	if err != nil {
		return result, err
	}
	result.Undecided = len(undecided)+len(late) > 0
	result.More = result.More || result.Billed == reconcileBatch
	if result.Dispatched, err = a.redispatch(ctx); err != nil {
		return result, err
	}
	result.Deleted, err = a.Store.DeleteExpired(ctx, a.Store.Now().Add(-keyLifetime), reconcileBatch)
	return result, err
}

// overdue is how long after its time billing must have acted.
const overdue = 10 * time.Minute

// startBillings starts Billing for subscriptions that came into use, and for
// those whose Billing was stopped by hand. Activation does not wait for it: the
// first thing to do is days away, and any command starts it as well.
func (a *Activities) startBillings(ctx context.Context) (int, error) {
	unbilled, err := a.Store.UnbilledSubscriptions(ctx, a.Store.Now().Add(-overdue), reconcileBatch)
	for i := range unbilled {
		if err == nil {
			err = a.Processes.StartBilling(ctx, &unbilled[i])
			activity.RecordHeartbeat(ctx)
		}
	}
	return len(unbilled), err
}

// CompareInput names the onboarding.
type CompareInput struct {
	OnboardingID string `json:"onboarding_id"`
	CommandID    string `json:"command_id,omitempty"`
}

// CompareOnboarding does for one onboarding what Reconcile does for all: it is how
// refresh works where no workflow runs that could be asked.
func (a *Activities) CompareOnboarding(ctx context.Context, in CompareInput) (onboarding.Repaired, error) {
	before, err := a.Store.OnboardingByID(ctx, in.OnboardingID)
	if err != nil {
		return onboarding.Repaired{}, err
	}
	if !before.Status.Ended() {
		if err := a.compare(ctx, before, &ReconcileResult{}); err != nil {
			return onboarding.Repaired{}, err
		}
	}
	result, err := a.RefreshOnboarding(ctx, RefreshInput{OnboardingID: in.OnboardingID, CommandID: in.CommandID})
	if was, is := before.Status, result.State.Status; err == nil && was != is && len(result.Differences) == 0 {
		result.Differences = []domain.Difference{{Field: "status", Was: string(was), Is: string(is)}}
	}
	return result, err
}

// compare asks for the workflow of one onboarding that has not ended and puts
// right what does not fit.
func (a *Activities) compare(ctx context.Context, o *domain.Onboarding, result *ReconcileResult) error {
	state, err := a.Processes.State(ctx, o)
	if err != nil {
		return err
	}
	result.Checked++
	switch state {
	case ProcessMissing:
		// Every step finds what it made before, so starting again goes on from there.
		if err := a.Processes.Start(ctx, o); err != nil {
			return err
		}
		result.Started++
	case ProcessStopped:
		_, err := a.onboardings.End(ctx, o.ID, domain.OnboardingFailed, domain.ReasonTerminatedExternally)
		if err != nil {
			return err
		}
		result.Repaired++
	case ProcessCompleted:
		if _, err := a.RefreshOnboarding(ctx, RefreshInput{OnboardingID: o.ID}); err != nil {
			return err
		}
		result.Repaired++
	}
	return a.Store.MarkChecked(ctx, o.ID)
}

// wake signals the onboardings that wait for a plan or a payment option the
// catalogue has now.
func (a *Activities) wake(ctx context.Context) (int, error) {
	plans, err := a.Store.PublicPlans(ctx)
	if err != nil {
		return 0, err
	}
	options, err := a.Store.PaymentOptions(ctx)
	if err != nil {
		return 0, err
	}
	forPlan, err := a.wakeWaiting(ctx, domain.OnboardingWaitingForPlan, func(o *domain.Onboarding) bool {
		return servesPlan(plans, o)
	})
	if err != nil {
		return forPlan, err
	}
	forOption, err := a.wakeWaiting(ctx, domain.OnboardingWaitingForPaymentMethod, func(o *domain.Onboarding) bool {
		return o.Plan != nil && domain.ChoosePaymentOption(options, o.WantedOption, a.Policy.PreferredOption, o.Country, o.Plan.Currency) != nil
	})
	return forPlan + forOption, err
}

func servesPlan(plans []domain.Plan, o *domain.Onboarding) bool {
	for _, p := range plans {
		if p.Code == o.WantedPlan || (o.WantedPlan == "" && p.Default) {
			return true
		}
	}
	return false
}

func (a *Activities) wakeWaiting(ctx context.Context, status domain.OnboardingStatus, served func(*domain.Onboarding) bool) (int, error) {
	woken, after := 0, ""
	for {
		waiting, err := a.Store.WaitingOnboardings(ctx, status, after, reconcileBatch)
		if err != nil || len(waiting) == 0 {
			return woken, err
		}
		for i := range waiting {
			if !served(&waiting[i]) {
				continue
			}
			if err := a.Processes.Resume(ctx, &waiting[i]); err != nil {
				return woken, err
			}
			woken++
		}
		activity.RecordHeartbeat(ctx)
		after = waiting[len(waiting)-1].ID
	}
}
