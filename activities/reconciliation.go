package activities

import (
	"context"
	"time"

	"slipway/billing"
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
}

// How many expired rows one run of Reconcile deletes at most, and how long
// idempotency keys stay good.
const (
	deleteBatch = 500
	keyLifetime = 72 * time.Hour
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
	Resumed  int   `json:"resumed"`
	Billings int   `json:"billings"` // subscriptions whose Billing was started
	Routed   int   `json:"routed"`   // provider events passed on to their owners
	Deleted  int64 `json:"deleted"`
	// Undecided: some payments have been undecided for long, for ResolvePayments.
	Undecided bool `json:"undecided,omitempty"`
	// Dispatched are the webhook deliveries whose workflows were started.
	Dispatched int  `json:"dispatched,omitempty"`
	More       bool `json:"more"` // a batch was full: there is more to compare
}

// Reconcile keeps rows and workflows in step: onboardings, then money, then
// deliveries; and deletes what expired. Its cost is bounded per run.
func (a *Reconciliation) Reconcile(ctx context.Context, in ReconcileInput) (ReconcileResult, error) {
	onboardings, err := a.onboardings.Reconcile(ctx, in.StaleAfter, heartbeats(ctx))
	if err != nil {
		return ReconcileResult{}, err
	}
	money, err := a.money.Reconcile(ctx, heartbeats(ctx))
	if err != nil {
		return ReconcileResult{}, err
	}
	dispatched, err := a.outbox.Redispatch(ctx)
	if err != nil {
		return ReconcileResult{}, err
	}
	deleted, err := a.store.DeleteExpired(ctx, a.store.Now().Add(-keyLifetime), deleteBatch)
	return ReconcileResult{
		Checked: onboardings.Checked, Started: onboardings.Started, Repaired: onboardings.Repaired,
		Resumed: onboardings.Resumed, Billings: money.Started, Routed: money.Routed, Undecided: money.Undecided,
		Dispatched: dispatched, Deleted: deleted, More: onboardings.More || money.More,
	}, err
}

// CompareInput names the onboarding.
type CompareInput struct {
	OnboardingID string `json:"onboarding_id"`
	CommandID    string `json:"command_id,omitempty"`
}

// CompareOnboarding does for one onboarding what Reconcile does for all.
func (a *Reconciliation) CompareOnboarding(ctx context.Context, in CompareInput) (onboarding.Repaired, error) {
	return a.onboardings.Compare(ctx, in.OnboardingID, in.CommandID)
}
