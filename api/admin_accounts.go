package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// adminAccount is an account with its newest onboarding.
type adminAccount struct {
	domain.Account
	Onboarding *onboardingRef `json:"onboarding" doc:"The newest onboarding, with the last error."`
}

type accountsInput struct {
	Page
	Search
	OfAccount
	Status string     `query:"status" enum:"pending,active,suspended,closed" doc:"Only those in this status."`
	Plan   planFilter `query:"plan" doc:"@accounts.plan"`
}

// list lists accounts.
func (a accounts) list(ctx context.Context, in *accountsInput) (*listOutput[adminAccount], error) {
	page, err := in.decode(domain.PrefixAccount)
	if err != nil {
		return nil, err
	}
	query, err := in.searched()
	if err != nil {
		return nil, err
	}
	rows, err := a.store.ListAccounts(ctx, store.AccountFilter{
		AccountID: string(in.AccountID), Status: in.Status, Plan: string(in.Plan), Query: query, Page: page,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, a.store, rows.Data, func(r *domain.Account) string { return r.ID })
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(r *domain.Account) adminAccount {
		return adminAccount{Account: *r, Onboarding: refOf(newest[r.ID])}
	}), nil
}
