package domain

import (
	"slices"
	"time"
)

// Where a customer cures a refusal.
const (
	urlBilling   = "/v1/account/billing"
	urlSubscribe = "/v1/account/subscription"
	urlChange    = "/v1/account/subscription/change"
	urlPackages  = "/v1/credit-packages"
)

// Need is what an account is to be able to do. An empty need asks
// whether it may use the product at all; feature and limit together ask for both.
type Need struct {
	Feature  string
	Limit    string // key of a limit of the plan
	Quantity int64  // with Limit: how many more; not negative
	Used     int64  // with Limit: how many there are; not negative
}

// EntitlementFacts is what a decision about an account is made from, as it was
// read from the database.
type EntitlementFacts struct {
	Account      *Account
	Subscription *Subscription // the one in use, else the newest; nil when there never was one
	Now          time.Time     // by the account's clock

	// Onboarding is the newest, Offer the plans a customer may choose. They say
	// what cures a refusal and never change the decision, so that who is allowed
	// pays for neither.
	Onboarding *Onboarding
	Offer      []Plan
}

// LimitUse is how far a limit of the plan is used up. A limit that the plan does
// not name has a max of 0: it is not included. There is no number for unlimited.
type LimitUse struct {
	Key  string `json:"key" doc:"Such as sites."`
	Used int64  `json:"used" doc:"How many there are."`
	Max  int64  `json:"max" doc:"How many the plan includes."`
}

// Upgrade is what a 402 or 403 says beside its code: whether and how the
// customer can cure it.
type Upgrade struct {
	Upgradable    bool     // choosing a plan on offer cures it
	RequiredPlans []string // codes of the plans on offer that allow it, in catalogue order
	CurrentPlan   string   // code; empty without a subscription
	Limit         *LimitUse
	NextAction    *NextAction
	Balance       *Balance // insufficient_credits: what there is
}

// Decision is the answer to a need: allowed, or the class and reason of the
// refusal with what cures it.
type Decision struct {
	Allowed bool
	Code    Code   // payment_required when paying cures it, else forbidden
	Reason  string // beside the code, where there is more to say
	Detail  string
	Upgrade // of an allowed decision: the current plan and the limit
}

// Err is the refusal as an error, nil when allowed.
func (d Decision) Err() error {
	if d.Allowed {
		return nil
	}
	return &Error{Code: d.Code, Reason: d.Reason, Detail: d.Detail, Upgrade: &d.Upgrade}
}

// Decide is the one place that says what an account may do. First comes whether
// it may use the product at all, which paying cures (402) unless it is closed;
// then what its plan has, by the snapshot agreed on, which paying for the same
// plan does not cure (403).
func (f EntitlementFacts) Decide(n Need) Decision {
	d := Decision{Upgrade: Upgrade{RequiredPlans: []string{}}}
	if f.Subscription != nil {
		d.CurrentPlan = f.Subscription.PlanCode
	}
	if n.Limit != "" {
		d.Limit = &LimitUse{Key: n.Limit, Used: n.Used, Max: f.limit(n.Limit)}
	}
	switch {
	case f.Account.Status == AccountClosed:
		d.Code, d.Reason, d.Detail = CodeForbidden, ReasonAccountClosed, Text(TextAccountClosed)
	case !f.Entitled():
		d.Code, d.Detail, d.NextAction = CodePaymentRequired, Text(TextPaymentRequired), f.payment()
		d.RequiredPlans = f.plansFor(n, "")
		d.Upgradable = len(d.RequiredPlans) > 0
	case n.Feature != "" && !slices.Contains(f.Subscription.Plan.Features, n.Feature):
		d.Code, d.Reason, d.Detail = CodeForbidden, ReasonFeatureNotInPlan, Text(TextFeatureNotInPlan)
		f.offerBetter(&d, f.plansFor(n, d.CurrentPlan))
	case n.Limit != "" && n.Quantity > d.Limit.Max-n.Used:
		d.Code, d.Reason, d.Detail = CodeForbidden, ReasonLimitReached, Text(TextLimitReached)
		f.offerBetter(&d, f.plansFor(n, d.CurrentPlan))
	default:
		d.Allowed = true
	}
	return d
}

// Entitled reports whether the account may use the product at all: it is
// active, and so is its subscription or grace has not run out.
func (f EntitlementFacts) Entitled() bool {
	return f.Account.Status == AccountActive && f.Subscription != nil && f.Subscription.Entitled(f.Now)
}

// Short is the refusal of a debit that the balance does not cover.
func (f EntitlementFacts) Short(b *Balance, packages bool) error {
	d := Decision{Code: CodePaymentRequired, Reason: ReasonInsufficientCredits, Detail: Text(TextInsufficientCredits)}
	d.CurrentPlan, d.Balance = f.Subscription.PlanCode, b
	more := []string{}
	for _, p := range f.Offer {
		if p.Code != d.CurrentPlan && p.Credits > f.Subscription.Plan.Credits {
			more = append(more, p.Code)
		}
	}
	f.offerBetter(&d, more)
	if packages {
		d.NextAction = &NextAction{Type: NextBuyCredits, URL: urlPackages}
	}
	return d.Err()
}

// limit is how many of the key the plan includes.
func (f EntitlementFacts) limit(key string) int64 {
	if f.Subscription == nil {
		return 0
	}
	return f.Subscription.Plan.Limits[key]
}

// plansFor lists the plans on offer, but for one, that allow the need.
func (f EntitlementFacts) plansFor(n Need, except string) []string {
	codes := []string{}
	for _, p := range f.Offer {
		feature := n.Feature == "" || slices.Contains(p.Features, n.Feature)
		limit := n.Limit == "" || n.Quantity <= p.Limits[n.Limit]-n.Used
		if p.Code != except && feature && limit {
			codes = append(codes, p.Code)
		}
	}
	return codes
}

// offerBetter says which plans cure the refusal, and where to choose one of them.
func (f EntitlementFacts) offerBetter(d *Decision, plans []string) {
	if d.RequiredPlans, d.Upgradable = plans, len(plans) > 0; !d.Upgradable {
		return
	}
	d.NextAction = &NextAction{Type: NextChoosePlan, URL: urlChange}
	if f.Subscription.Status == SubscriptionTrialing || f.Subscription.Plan.Amount == 0 {
		d.NextAction.URL = urlSubscribe // nothing is paid for yet
	}
}

// payment is where the customer pays for an account that cannot be used: what
// is owed of the subscription in use, the onboarding that runs, or a new plan.
func (f EntitlementFacts) payment() *NextAction {
	switch {
	case f.Subscription != nil && f.Subscription.Status.Live() && f.Account.Status != AccountPending:
		return &NextAction{Type: NextAddPaymentMethod, URL: urlBilling}
	case f.Onboarding != nil && !f.Onboarding.Status.Ended() && f.Onboarding.NextAction != nil:
		return f.Onboarding.NextAction
	case f.Account.Status == AccountPending:
		return &NextAction{Type: NextWait, URL: "/v1/account"}
	}
	return &NextAction{Type: NextChoosePlan, URL: urlSubscribe}
}
