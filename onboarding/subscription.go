package onboarding

import (
	"reflect"

	"slipway/domain"
)

// subscription is the subscription that an onboarding opens, while it is
// incomplete.
type subscription struct{ *Onboarding }

// open returns it; the first time it is made, and stored at once or, where it is
// started in the same change, with that.
func (s subscription) open(stored bool) (*domain.Subscription, error) {
	row := s.row
	if row.Subscription != nil {
		return s.Tx.LockSubscription(s.Ctx, row.SubscriptionID)
	}
	sub := domain.NewSubscription(row.SubscriptionID, row.AccountID, row.ID, row.Plan, s.Now)
	sub.TestClockID = row.TestClockID
	row.Subscription = &domain.SubscriptionRef{ID: sub.ID, Status: sub.Status}
	s.Emit(domain.EventSubscriptionCreated, map[string]any{"plan": sub.PlanCode})
	if !stored {
		return sub, nil
	}
	return sub, s.Tx.InsertSubscription(s.Ctx, sub)
}

// move moves it, opened for another plan, to the plan that is chosen now.
func (s subscription) move() error {
	if s.row.Subscription == nil {
		return nil
	}
	sub, err := s.Tx.LockSubscription(s.Ctx, s.row.SubscriptionID)
	if err != nil || reflect.DeepEqual(sub.Plan, s.row.Plan) {
		return err
	}
	sub.Plan, sub.PlanCode, sub.UpdatedAt = s.row.Plan, s.row.Plan.Code, s.Now
	return s.Tx.SaveSubscription(s.Ctx, sub)
}

// trialDays is the trial this account gets with the plan: one per account.
func (s subscription) trialDays() (int, error) {
	days := s.row.Plan.TrialDays
	if days == 0 || s.row.Kind == domain.KindSignup {
		return days, nil
	}
	had, err := s.Tx.HadTrial(s.Ctx, s.row.AccountID)
	if err != nil || had {
		return 0, err
	}
	return days, nil
}

// expire ends it when it never became active.
func (s subscription) expire(reason string) error {
	if s.row.Subscription == nil {
		return nil
	}
	sub, err := s.Tx.LockSubscription(s.Ctx, s.row.SubscriptionID)
	if err != nil || sub.Status != domain.SubscriptionIncomplete {
		return err
	}
	if err := sub.Advance(domain.SubscriptionIncompleteExpired, s.Now); err != nil {
		return err
	}
	sub.CancellationReason = reason
	s.row.Subscription.Status = sub.Status
	s.Emit(domain.EventSubscriptionExpired, map[string]any{"reason": reason})
	return s.Tx.SaveSubscription(s.Ctx, sub)
}
