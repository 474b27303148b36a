package api

import (
	"context"
	"maps"
	"slices"

	"slipway/domain"
	"slipway/store"
)

type checkEntitlementInput struct {
	Body struct {
		AccountID string `json:"account_id" maxLength:"60" doc:"The account that wants to."`
		Feature   string `json:"feature,omitempty" maxLength:"60" doc:"A feature that its plan must have."`
		Limit     string `json:"limit,omitempty" maxLength:"60" doc:"A limit of its plan that must not be passed, such as sites."`
		Quantity  *int64 `json:"quantity,omitempty" minimum:"0" maximum:"1000000000000" doc:"With limit: how many more; 1 when absent, 0 asks whether what there is fits."`
		Used      int64  `json:"used,omitempty" minimum:"0" maximum:"1000000000000" doc:"With limit: how many there are, as the caller counts; sites are counted here, whatever it says."`
	}
}

func (in *checkEntitlementInput) need() domain.Need {
	n := domain.Need{Feature: in.Body.Feature, Limit: in.Body.Limit, Quantity: 1, Used: in.Body.Used}
	set(&n.Quantity, in.Body.Quantity)
	return n
}

// entitlement is the answer to a check that is allowed; one that is not is a problem.
type entitlement struct {
	Object             string                    `json:"object" enum:"entitlement"`
	Allowed            bool                      `json:"allowed" doc:"Always true: a refusal is a 402 or 403 problem."`
	AccountID          string                    `json:"account_id"`
	Plan               string                    `json:"plan" doc:"Code of the account's plan."`
	SubscriptionStatus domain.SubscriptionStatus `json:"subscription_status" enum:"trialing,active,past_due" doc:"past_due: within grace."`
	Limit              *domain.LimitUse          `json:"limit,omitempty" doc:"How far the limit that was asked for is used up."`
}

type checkEntitlementOutput struct {
	Body entitlement
}

// checkEntitlement answers a backend's question.
func (a *API) checkEntitlement(ctx context.Context, in *checkEntitlementInput) (*checkEntitlementOutput, error) {
	facts, d, err := decide(ctx, a.store, in.Body.AccountID, in.need())
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
func decide(ctx context.Context, s *store.Store, accountID string, n domain.Need) (domain.EntitlementFacts, domain.Decision, error) {
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
		return domain.EntitlementFacts{Account: &domain.Account{ID: accountID, Status: domain.AccountPending}, Now: s.Now()}, nil
	}
	return facts, err
}

// entitlements is everything an account may do, for a guard to ask before it
// acts. What cannot be used now is not in it.
type entitlements struct {
	Object             string                     `json:"object" enum:"entitlements"`
	AccountID          string                     `json:"account_id"`
	Status             string                     `json:"status" enum:"entitled,payment_required,account_closed" doc:"Whether the account may use the product at all."`
	Plan               *string                    `json:"plan" doc:"Code of the account's plan; null without one."`
	SubscriptionStatus *domain.SubscriptionStatus `json:"subscription_status" enum:"incomplete,incomplete_expired,trialing,active,past_due,unpaid,canceled" doc:"Null without a subscription."`
	Features           []string                   `json:"features" nullable:"false" doc:"What may be used now; empty unless entitled."`
	Limits             []planLimit                `json:"limits" nullable:"false" doc:"How much of each; empty unless entitled. A key that is missing is not included."`
	Upgradable         bool                       `json:"upgradable" doc:"Unless entitled: whether choosing a plan on offer cures it."`
	RequiredPlans      []string                   `json:"required_plans" nullable:"false" doc:"Unless entitled: codes of the plans on offer."`
	NextAction         *domain.NextAction         `json:"next_action" doc:"Unless entitled: where the customer cures it."`
}

// planLimit is domain.LimitUse with a use that may be unknown: only the product
// knows how much there is of what it keeps itself.
type planLimit struct {
	Key  string `json:"key" doc:"Such as sites."`
	Max  int64  `json:"max" doc:"How many the plan includes."`
	Used *int64 `json:"used" doc:"How many there are; null where the product counts."`
}

type entitlementsOutput struct {
	Body *entitlements
}

// getEntitlements answers what the caller's account may do, in every billing
// state: a guard must not need a way around it.
func (a *API) getEntitlements(ctx context.Context, _ *struct{}) (*entitlementsOutput, error) {
	n := domain.Need{Limit: domain.LimitSites}
	facts, err := factsOf(ctx, a.store, callerOf(ctx).accountID, &n)
	if err == nil && !facts.Entitled() {
		err = a.store.Explain(ctx, &facts)
	}
	if err != nil {
		return nil, err
	}
	return &entitlementsOutput{Body: overview(facts, n.Used)}, nil
}

func overview(f domain.EntitlementFacts, sites int64) *entitlements {
	d := f.Decide(domain.Need{})
	e := &entitlements{
		Object: "entitlements", AccountID: f.Account.ID, Status: "entitled", Features: []string{}, Limits: []planLimit{},
		Upgradable: d.Upgradable, RequiredPlans: d.RequiredPlans, NextAction: d.NextAction,
	}
	if f.Subscription != nil {
		e.Plan, e.SubscriptionStatus = &f.Subscription.PlanCode, &f.Subscription.Status
	}
	if err := d.Err(); err != nil {
		e.Status = domain.ReasonOf(err)
		return e
	}
	e.Features = append(e.Features, f.Subscription.Plan.Features...)
	for _, key := range slices.Sorted(maps.Keys(f.Subscription.Plan.Limits)) {
		use := planLimit{Key: key, Max: f.Subscription.Plan.Limits[key]}
		if key == domain.LimitSites {
			use.Used = &sites
		}
		e.Limits = append(e.Limits, use)
	}
	return e
}
