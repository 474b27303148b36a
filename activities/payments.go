package activities

import (
	"context"

	"go.temporal.io/sdk/activity"

	"slipway/billing"
)

// Payments are the activities that look up the outcome of payments.
type Payments struct {
	charger    *billing.Charger
	reconciler *billing.Reconciler
}

// ResolveInput starts the janitor of payments; it needs to know nothing.
type ResolveInput struct{}

// ResolveResult counts what the janitor did.
type ResolveResult struct {
	Checked int `json:"looked"`
	Decided int `json:"decided"`
}

// ResolvePayments is the janitor of payments (see billing.Reconciler). One that
// stays undecided fails nothing: the next run checks it again.
func (a *Payments) ResolvePayments(ctx context.Context, _ ResolveInput) (ResolveResult, error) {
	resolved, err := a.reconciler.Resolve(ctx, heartbeats(ctx))
	if err == nil && resolved.Trouble != nil {
		activity.GetLogger(ctx).Warn("some payments stay undecided",
			"checked", resolved.Checked, "decided", resolved.Decided, "error", resolved.Trouble)
	}
	return ResolveResult{Checked: resolved.Checked, Decided: resolved.Decided}, err
}

// LookUpInput names a payment that an event was about.
type LookUpInput struct {
	PaymentID string `json:"payment_id"`
}

// LookUpPayment asks the provider for the outcome of one payment, whatever we
// believe of it: money for what failed long ago is found this way.
func (a *Payments) LookUpPayment(ctx context.Context, in LookUpInput) error {
	return retryLater(ctx, a.charger.LookUp(ctx, in.PaymentID))
}
