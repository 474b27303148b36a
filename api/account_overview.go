package api

import (
	"context"
	"time"

	"slipway/domain"
	"slipway/store"
)

// accountOverview is an account with what an app shows beside it.
type accountOverview struct {
	domain.Account
	Subscription *domain.Subscription `json:"subscription" doc:"The subscription in use; null before there is one."`
	Onboarding   *onboardingRef       `json:"onboarding" doc:"The newest onboarding."`
	NextAction   *domain.NextAction   `json:"next_action" doc:"Where the customer goes on."`
}

// onboardingRef is the part of an onboarding that lists and overviews carry.
type onboardingRef struct {
	ID        string                  `json:"id"`
	Kind      domain.OnboardingKind   `json:"kind" enum:"signup,activation"`
	Status    domain.OnboardingStatus `json:"status"`
	Error     *domain.OnboardingError `json:"error" doc:"What ended it early, or went wrong last."`
	UpdatedAt time.Time               `json:"updated_at"`
}

func refOf(o *domain.Onboarding) *onboardingRef {
	if o == nil {
		return nil
	}
	ref := &onboardingRef{ID: o.ID, Kind: o.Kind, Status: o.Status, Error: o.Error, UpdatedAt: o.UpdatedAt}
	for i := range o.Steps {
		if ref.Error == nil {
			ref.Error = o.Steps[i].Error
		}
	}
	return ref
}

type accountOutput struct {
	Body *accountOverview
}

// getAccount answers the caller's account.
func (a *API) getAccount(ctx context.Context, _ *struct{}) (*accountOutput, error) {
	id := callerOf(ctx).accountID
	account, o, err := a.accountAndOnboarding(ctx, id)
	if err != nil {
		return nil, err
	}
	live, err := a.liveSubscription(ctx, id)
	if err != nil {
		return nil, err
	}
	return &accountOutput{Body: &accountOverview{
		Account: *account, Subscription: live, Onboarding: refOf(o), NextAction: o.NextAction,
	}}, nil
}

// accountAndOnboarding reads an account and its newest onboarding.
func (a *API) accountAndOnboarding(ctx context.Context, id string) (*domain.Account, *domain.Onboarding, error) {
	account, err := a.store.AccountByID(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	o, err := a.store.LatestOnboarding(ctx, id)
	return account, o, err
}

// listOwnEvents answers the account's timeline. Who of the staff acted is the
// audit's business, not the customer's.
func (a *API) listOwnEvents(ctx context.Context, in *listOwnInput) (*listOutput[domain.Event], error) {
	p, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	rows, err := a.store.ListEvents(ctx, store.EventFilter{AccountID: callerOf(ctx).accountID, Page: p})
	for i := range rows.Data {
		if rows.Data[i].ActorType != domain.ActorCustomer {
			rows.Data[i].ActorID = ""
		}
	}
	return listed(rows, err)
}
