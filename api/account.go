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

// liveSubscription returns the subscription in use; nil without one.
func (a *API) liveSubscription(ctx context.Context, accountID string) (*domain.Subscription, error) {
	live, err := a.store.LiveSubscription(ctx, accountID)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return nil, nil
	}
	return live, err
}

// creditBalance is domain.Balance with figures that may be missing: while an
// onboarding runs there is no balance, and no balance is not zero.
type creditBalance struct {
	Object    string               `json:"object" enum:"balance"`
	AccountID string               `json:"account_id"`
	Status    domain.BalanceStatus `json:"status" enum:"provisioning,available" doc:"provisioning: the onboarding still runs; the figures are null."`
	Plan      *int64               `json:"plan" doc:"Credits of the plan, reset each period."`
	Bonus     *int64               `json:"bonus" doc:"Credits bought or given."`
	Total     *int64               `json:"total" doc:"What can be spent."`
	UpdatedAt *time.Time           `json:"updated_at"`
}

type balanceOutput struct {
	Body *creditBalance
}

// getBalance answers the ledger's balance. What is not known is never zero: it
// is provisioning while the onboarding runs, else 503.
func (a *API) getBalance(ctx context.Context, _ *struct{}) (*balanceOutput, error) {
	id := callerOf(ctx).accountID
	answer := &creditBalance{Object: "balance", AccountID: id, Status: domain.BalanceProvisioning}
	b, err := a.store.Balance(ctx, id)
	if err == nil {
		answer.Status, answer.UpdatedAt = b.Status, &b.UpdatedAt
		answer.Plan, answer.Bonus, answer.Total = &b.Plan, &b.Bonus, &b.Total
		return &balanceOutput{Body: answer}, nil
	}
	if domain.CodeOf(err) == domain.CodeNotFound {
		err = a.provisioning(ctx, id)
	}
	return &balanceOutput{Body: answer}, err
}

// provisioning returns nil while the account's first onboarding runs; an
// account in use without a balance is a fault of ours.
func (a *API) provisioning(ctx context.Context, accountID string) error {
	account, err := a.store.AccountByID(ctx, accountID)
	switch {
	case domain.CodeOf(err) == domain.CodeNotFound: // received, not created yet
		return nil
	case err != nil || account.Status == domain.AccountPending:
		return err
	}
	a.log.ErrorContext(ctx, "account in use has no balance", "account", accountID)
	return domain.Unavailable("The balance", defaultRetryAfter)
}

// Page is the part of every list's request that says which page.
type Page struct {
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"20" doc:"Rows per page."`
	Cursor string `query:"cursor" maxLength:"200" doc:"next_cursor of the page before."`
}

type listOwnInput struct {
	Page
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

// listOwnInvoices answers the account's invoices.
func (a *API) listOwnInvoices(ctx context.Context, in *listOwnInput) (*listOutput[domain.Invoice], error) {
	p, err := in.decode(domain.PrefixInvoice)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListInvoices(ctx, callerOf(ctx).accountID, p))
}
