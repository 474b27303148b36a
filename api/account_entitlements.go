package api

import (
	"context"
	"maps"
	"slices"

	"slipway/domain"
)

// entitlements is everything an account may do, for a guard to ask before it
// acts. What cannot be used now is not in it.
type entitlements struct {
	Object             string              `json:"object" enum:"entitlements"`
	AccountID          string              `json:"account_id"`
	Status             string              `json:"status" enum:"entitled,payment_required,account_closed" doc:"@allowed"`
	Plan               *string             `json:"plan" doc:"Code of the account's plan; null without one."`
	SubscriptionStatus *subscriptionStatus `json:"subscription_status" nullable:"true" doc:"Null without a subscription."`
	Features           []string            `json:"features" nullable:"false" doc:"@entitlements.features"`
	Limits             []planLimit         `json:"limits" nullable:"false" doc:"@entitlements.limits"`
	Upgradable         bool                `json:"upgradable" doc:"@entitlements.upgradable"`
	RequiredPlans      []string            `json:"required_plans" nullable:"false" doc:"@allowed.plans"`
	NextAction         *domain.NextAction  `json:"next_action" doc:"Unless entitled: where the customer cures it."`
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

// entitlementChecks answer what an account may do.
type entitlementChecks struct{ *shared }

// own answers what the caller's account may do, in every billing state: a guard
// must not need a way around it.
func (e entitlementChecks) own(ctx context.Context, _ *struct{}) (*entitlementsOutput, error) {
	n := domain.Need{Limit: domain.LimitSites}
	facts, err := factsOf(ctx, e.store, callerOf(ctx).accountID, &n)
	if err == nil && !facts.Entitled() {
		err = e.store.Explain(ctx, &facts)
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
		e.Plan, e.SubscriptionStatus = &f.Subscription.PlanCode, (*subscriptionStatus)(&f.Subscription.Status)
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
