package api

import (
	"context"
	"slices"

	"slipway/domain"
	"slipway/store"
)

type subscriptionsInput struct {
	Page
	OfAccount
	Status subscriptionStatus `query:"status" doc:"Only those in this status."`
	Plan   planFilter         `query:"plan" doc:"@subscriptions.plan"`
}

// list lists subscriptions with what may be done to each: while its onboarding
// runs, that decides.
func (s subscriptions) list(
	ctx context.Context, in *subscriptionsInput,
) (*listOutput[domain.Subscription], error) {
	page, err := in.decode(domain.PrefixSubscription)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.ListSubscriptions(ctx, store.SubscriptionFilter{
		AccountID: string(in.AccountID), Status: string(in.Status), Plan: string(in.Plan), Page: page,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, s.store, rows.Data, func(s *domain.Subscription) string { return s.AccountID })
	if err != nil {
		return nil, err
	}
	offered := staffActions(ofSubscriptions)
	for i := range rows.Data {
		sub := &rows.Data[i]
		sub.AvailableActions = sub.Actions()
		if o := newest[sub.AccountID]; o != nil && o.ID == sub.OnboardingID && !o.Status.Ended() {
			sub.AvailableActions = slices.DeleteFunc(
				o.Actions(), func(a domain.Action) bool { return !slices.Contains(offered, a) },
			)
		}
	}
	return listed(rows, nil)
}
