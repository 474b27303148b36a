package billing

import (
	"slipway/domain"
)

// trial is the trial of a subscription.
type trial struct{ *Subscription }

// extend moves the end of a trial by the command's days. The customer is
// reminded of the new end, and an invoice for what follows is made again.
func (t trial) extend(cmd *domain.Command) error {
	row := t.row
	ahead, err := cycle{t.Subscription}.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil {
		return paidAsItIs(ahead)
	}
	if err := t.voidInvoices(""); err != nil {
		return err
	}
	row.ExtendTrial(cmd.Details.Days, t.Now)
	t.Emit(domain.EventSubscriptionTrialExtended, map[string]any{"days": cmd.Details.Days, "trial_end": row.TrialEnd})
	return nil
}
