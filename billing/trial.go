package billing

import (
	"slipway/domain"
)

// extendTrial moves the end of a trial by the command's days. The customer is
// reminded of the new end, and an invoice for what follows is made anew.
func (s *Subscription) extendTrial(cmd *domain.Command) error {
	row := s.row
	ahead, err := s.paidAhead()
	if err != nil {
		return err
	}
	if ahead != nil {
		return paidAsItIs(ahead)
	}
	if err := s.voidInvoices(""); err != nil {
		return err
	}
	row.ExtendTrial(cmd.Details.Days, s.Now)
	s.Emit(domain.EventSubscriptionTrialExtended, map[string]any{"days": cmd.Details.Days, "trial_end": row.TrialEnd})
	return nil
}
