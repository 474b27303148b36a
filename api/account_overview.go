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
	NextAction   *domain.NextAction   `json:"next_action" doc:"Where the customer continues."`
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

// accounts are what owners have and staff look after.
type accounts struct {
	*shared
	nextActions nextActions
}

// get answers the caller's account.
func (a accounts) get(ctx context.Context, _ *struct{}) (*accountOutput, error) {
	id := callerOf(ctx).accountID
	account, o, next, err := a.withNextAction(ctx, id)
	if err != nil {
		return nil, err
	}
	live, err := orNil(a.store.LiveSubscription(ctx, id))
	if err != nil {
		return nil, err
	}
	return &accountOutput{Body: &accountOverview{
		Account: *account, Subscription: live, Onboarding: refOf(o), NextAction: next,
	}}, nil
}

// withNextAction reads an account, its newest onboarding, and what comes next.
func (a accounts) withNextAction(
	ctx context.Context, id string,
) (account *domain.Account, o *domain.Onboarding, next *domain.NextAction, err error) {
	if account, err = a.store.AccountByID(ctx, id); err != nil {
		return nil, nil, nil, err
	}
	if o, err = a.store.LatestOnboarding(ctx, id); err != nil {
		return nil, nil, nil, err
	}
	next, err = a.nextActions.of(ctx, account, nil)
	return account, o, next, err
}

// events are what happened: an account's timeline, and the audit.
type events struct{ *shared }

// listOwn answers the account's timeline, as the customer may see it.
func (e events) listOwn(ctx context.Context, in *listOwnInput) (*listOutput[domain.Event], error) {
	page, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	rows, err := e.store.ListEvents(ctx, store.EventFilter{AccountID: callerOf(ctx).accountID, Page: page})
	for i := range rows.Data {
		rows.Data[i].ForCustomer()
	}
	return listed(rows, err)
}
