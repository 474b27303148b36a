package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type checkEntitlementInput struct {
	Body struct {
		AccountID string `json:"account_id" format:"code" maxLength:"60" doc:"The account that wants to."`
		Feature   string `json:"feature,omitempty" format:"line" maxLength:"60" doc:"A feature that its plan must have."`
		Limit     string `json:"limit,omitempty" format:"line" maxLength:"60" doc:"@checkEntitlement.limit"`
		Quantity  *int64 `json:"quantity,omitempty" minimum:"0" maximum:"1000000000000" doc:"@checkEntitlement.quantity"`
		Used      int64  `json:"used,omitempty" minimum:"0" maximum:"1000000000000" doc:"@checkEntitlement.used"`
	}
}

func (in *checkEntitlementInput) need() domain.Need {
	n := domain.Need{Feature: in.Body.Feature, Limit: in.Body.Limit, Quantity: 1, Used: in.Body.Used}
	set(&n.Quantity, in.Body.Quantity)
	return n
}

// entitlement is the answer to a check that is allowed; one that is not is a problem.
type entitlement struct {
	Object    string `json:"object" enum:"entitlement"`
	Allowed   bool   `json:"allowed" doc:"Always true: a refusal is a 402 or 403 problem."`
	AccountID string `json:"account_id"`
	Plan      string `json:"plan" doc:"Code of the account's plan."`
	// In use, so that the other states never occur.
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status" enum:"trialing,active,past_due"`
	Limit              *domain.LimitUse          `json:"limit,omitempty" doc:"@entitlement.limit"`
}

type checkEntitlementOutput struct {
	Body entitlement
}

// check answers a backend's question.
func (e entitlementChecks) check(ctx context.Context, in *checkEntitlementInput) (*checkEntitlementOutput, error) {
	facts, d, err := decide(ctx, e.store, in.Body.AccountID, in.need())
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return nil, err
	}
	return &checkEntitlementOutput{Body: entitlement{
		Object: "entitlement", Allowed: true, AccountID: in.Body.AccountID, Plan: d.CurrentPlan,
		SubscriptionStatus: facts.Subscription.Status, Limit: d.Limit,
	}}, nil
}

// decide reads the facts about the account and decides; what explains a refusal
// is read only when there is one.
func decide(
	ctx context.Context, s *store.Store, accountID string, n domain.Need,
) (domain.EntitlementFacts, domain.Decision, error) {
	facts, err := factsOf(ctx, s, accountID, &n)
	if err != nil {
		return facts, domain.Decision{}, err
	}
	d := facts.Decide(n)
	if d.Allowed {
		return facts, d, nil
	}
	err = s.Explain(ctx, &facts)
	return facts, facts.Decide(n), err
}

// factsOf reads the facts about the account, and counts what the need's limit
// limits where that is ours to count. An owner's account that is received and
// not created yet is pending.
func factsOf(ctx context.Context, s *store.Store, accountID string, n *domain.Need) (domain.EntitlementFacts, error) {
	if !store.ValidID(domain.PrefixAccount, accountID) {
		return domain.EntitlementFacts{}, domain.NotFound("account")
	}
	facts, sites, err := s.EntitlementFacts(ctx, accountID, n.Limit == domain.LimitSites)
	if n.Limit == domain.LimitSites {
		n.Used = sites
	}
	if domain.CodeOf(err) == domain.CodeNotFound && callerOf(ctx).accountID == accountID {
		return domain.EntitlementFacts{
			Account: &domain.Account{ID: accountID, Status: domain.AccountPending},
			Now:     s.Now(),
		}, nil
	}
	return facts, err
}
