package domain_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"slipway/domain"
)

// offered are the plans of these tests: growth is the account's, on terms that
// the catalogue has changed since; scale has more of everything; hidden is not
// for sale and so never an answer.
func offered() []domain.Plan {
	return []domain.Plan{
		{Code: "free", Limits: map[string]int64{"sites": 1}, Credits: 100},
		{
			Code:     "growth",
			Amount:   13900,
			Features: []string{"api", "reports"},
			Limits:   map[string]int64{"sites": 10},
			Credits:  2000,
		},
		{
			Code:     "scale",
			Amount:   22900,
			Features: []string{"api", "sso"},
			Limits:   map[string]int64{"sites": 25, "seats": 5},
			Credits:  4000,
		},
	}
}

var agreed = &domain.PlanRef{
	Code:     "growth",
	Amount:   13900,
	Features: []string{"api"},
	Limits:   map[string]int64{"sites": 3},
	Credits:  2000,
}

// needs is one of each kind of request.
var needs = map[string]domain.Need{
	"use":                        {},
	"feature in plan":            {Feature: "api"},
	"feature of another plan":    {Feature: "sso"},
	"feature of no plan":         {Feature: "time travel"},
	"limit free":                 {Limit: "sites", Quantity: 1, Used: 2},
	"limit reached":              {Limit: "sites", Quantity: 1, Used: 3},
	"limit passed long ago":      {Limit: "sites", Quantity: 0, Used: 4},
	"limit beyond every plan":    {Limit: "sites", Quantity: 1 << 40, Used: 1 << 40},
	"limit of another plan":      {Limit: "seats", Quantity: 1},
	"limit of no plan":           {Limit: "robots", Quantity: 1},
	"feature and limit, both":    {Feature: "api", Limit: "sites", Quantity: 1},
	"feature and limit, neither": {Feature: "sso", Limit: "sites", Quantity: 1, Used: 3},
}

// inPlan is what each kind of request comes to for an account in use.
var inPlan = map[string]struct {
	kind  string // "" is allowed
	plans []string
}{
	"use": {}, "feature in plan": {}, "limit free": {}, "feature and limit, both": {},
	"feature of another plan":    {"feature_not_in_plan", []string{"scale"}},
	"feature of no plan":         {"feature_not_in_plan", []string{}},
	"limit reached":              {"limit_reached", []string{"scale"}},
	"limit passed long ago":      {"limit_reached", []string{"scale"}},
	"limit beyond every plan":    {"limit_reached", []string{}},
	"limit of another plan":      {"limit_reached", []string{"scale"}},
	"limit of no plan":           {"limit_reached", []string{}},
	"feature and limit, neither": {"feature_not_in_plan", []string{"scale"}},
}

// onSale is which plans on offer allow each kind of request.
var onSale = map[string][]string{
	"use": {"free", "growth", "scale"}, "feature in plan": {"growth", "scale"}, "limit free": {"growth", "scale"},
	"feature and limit, both": {"growth", "scale"}, "feature of another plan": {"scale"}, "feature of no plan": {},
	"limit reached": {"growth", "scale"}, "limit passed long ago": {"growth", "scale"}, "limit beyond every plan": {},
	"limit of another plan": {"scale"}, "limit of no plan": {}, "feature and limit, neither": {"scale"},
}

// subscribed is a subscription state as the table knows it: past due comes
// within grace and beyond.
type subscribed struct {
	name string
	sub  *domain.Subscription
	in   bool // may be used
}

func subscriptions() []subscribed {
	all := []subscribed{{name: "none"}}
	for _, status := range domain.SubscriptionMoves.States() {
		sub := domain.Subscription{Status: status, PlanCode: "growth", Plan: agreed}
		if status != domain.SubscriptionPastDue {
			in := status == domain.SubscriptionActive || status == domain.SubscriptionTrialing
			all = append(all, subscribed{string(status), &sub, in})
			continue
		}
		for grace, in := range map[time.Duration]bool{time.Millisecond: true, 0: false, -time.Hour: false} {
			late, end := sub, noon.Add(grace)
			late.GraceEndsAt = &end
			all = append(all, subscribed{fmt.Sprint("past_due, grace ends in ", grace), &late, in})
		}
	}
	return all
}

// TestDecide_EveryAccountSubscriptionAndRequest is the whole table: what each
// kind of request comes to in every state, by code, status and cure.
func TestDecide_EveryAccountSubscriptionAndRequest(t *testing.T) {
	t.Parallel()
	require.Len(t, inPlan, len(needs))
	require.Len(t, onSale, len(needs))
	cells := 0
	for _, account := range domain.AccountMoves.States() {
		for _, s := range subscriptions() {
			for kind, need := range needs {
				t.Run(fmt.Sprintf("%s/%s/%s", account, s.name, kind), func(t *testing.T) {
					facts := domain.EntitlementFacts{
						Account:      &domain.Account{Status: account},
						Subscription: s.sub,
						Now:          noon,
						Offer:        offered(),
					}
					d := facts.Decide(need)
					switch {
					case account == domain.AccountClosed:
						refuses(t, d, domain.CodeForbidden, "account_closed", false, []string{})
						assert.Nil(t, d.NextAction)
					case account != domain.AccountActive || !s.in:
						refuses(t, d, domain.CodePaymentRequired, "payment_required", len(onSale[kind]) > 0, onSale[kind])
						require.NotNil(t, d.NextAction)
					case inPlan[kind].kind == "":
						assert.True(t, d.Allowed)
						require.NoError(t, d.Err())
					default:
						plans := inPlan[kind].plans
						refuses(t, d, domain.CodeForbidden, inPlan[kind].kind, len(plans) > 0, plans)
						assert.Equal(t, len(plans) > 0, d.NextAction != nil, "an action where one cures it")
					}
					assertLimit(t, need, s.sub, d)
				})
				cells++
			}
		}
	}
	assert.Equal(t, 4*10*12, cells)
}

func refuses(t *testing.T, d domain.Decision, code domain.Code, kind string, upgradable bool, plans []string) {
	t.Helper()
	assert.False(t, d.Allowed)
	err := d.Err()
	assert.Equal(t, code, domain.CodeOf(err))
	assert.Equal(t, kind, domain.ReasonOf(err))
	assert.Equal(t, upgradable, d.Upgradable)
	assert.Equal(t, plans, d.RequiredPlans)
	assert.NotEmpty(t, d.Detail)
}

// assertLimit checks that the answer, either way, says how far the limit is used up.
func assertLimit(t *testing.T, n domain.Need, sub *domain.Subscription, d domain.Decision) {
	t.Helper()
	if n.Limit == "" {
		assert.Nil(t, d.Limit)
		return
	}
	want := domain.LimitUse{Key: n.Limit, Used: n.Used}
	if sub != nil {
		want.Max = agreed.Limits[n.Limit]
	}
	assert.Equal(t, &want, d.Limit)
}

func TestDecide_NextActionIsWhereTheCustomerCuresIt(t *testing.T) {
	t.Parallel()
	running := &domain.Onboarding{
		Status:     domain.OnboardingAwaitingPayment,
		NextAction: &domain.NextAction{Type: domain.NextSubmitPayment, URL: "/pay"},
	}
	ended := &domain.Onboarding{
		Status:     domain.OnboardingCompleted,
		NextAction: &domain.NextAction{Type: domain.NextOpenApp, URL: "/v1/account"},
	}
	in := func(status domain.SubscriptionStatus) *domain.Subscription {
		return &domain.Subscription{Status: status, PlanCode: "growth", Plan: agreed}
	}
	free := &domain.Subscription{
		Status: domain.SubscriptionActive, PlanCode: "free", Plan: &domain.PlanRef{Code: "free"},
	}
	pending, active, suspended := domain.AccountPending, domain.AccountActive, domain.AccountSuspended
	use, sso := domain.Need{}, domain.Need{Feature: "sso"}
	billing, subscription := "/v1/account/billing", "/v1/account/subscription"
	for name, c := range map[string]struct {
		account    domain.AccountStatus
		sub        *domain.Subscription
		onboarding *domain.Onboarding
		need       domain.Need
		action     domain.NextActionType
		url        string
	}{
		"an onboarding runs":            {pending, in("incomplete"), running, use, domain.NextSubmitPayment, "/pay"},
		"received, nothing known yet":   {pending, nil, nil, use, domain.NextWait, "/v1/account"},
		"a renewal is late":             {active, in("past_due"), ended, use, domain.NextAddPaymentMethod, billing},
		"late, and another plan wanted": {active, in("past_due"), running, use, domain.NextAddPaymentMethod, billing},
		"suspended while late":          {suspended, in("past_due"), ended, use, domain.NextAddPaymentMethod, billing},
		"suspended, nothing left":       {suspended, in("canceled"), ended, use, domain.NextChoosePlan, subscription},
		"never subscribed":              {active, nil, nil, use, domain.NextChoosePlan, subscription},
		"choosing again already":        {active, in("incomplete"), running, use, domain.NextSubmitPayment, "/pay"},
		"paid plan, more is wanted":     {active, in("active"), ended, sso, domain.NextChoosePlan, subscription + "/change"},
		"trial, more is wanted":         {active, in("trialing"), ended, sso, domain.NextChoosePlan, subscription},
		"free plan, more is wanted":     {active, free, ended, sso, domain.NextChoosePlan, subscription},
	} {
		t.Run(name, func(t *testing.T) {
			s := domain.EntitlementFacts{
				Account:      &domain.Account{Status: c.account},
				Subscription: c.sub,
				Onboarding:   c.onboarding,
				Now:          noon,
				Offer:        offered(),
			}
			d := s.Decide(c.need)
			require.NotNil(t, d.NextAction)
			assert.Equal(t, c.action, d.NextAction.Type)
			assert.Equal(t, c.url, d.NextAction.URL)
		})
	}
}

func TestDecide_NeedsNothingThatOnlyExplains(t *testing.T) {
	t.Parallel()
	for _, account := range domain.AccountMoves.States() {
		for _, s := range subscriptions() {
			for kind, need := range needs {
				bare := domain.EntitlementFacts{Account: &domain.Account{Status: account}, Subscription: s.sub, Now: noon}
				whole := bare
				whole.Offer, whole.Onboarding = offered(), &domain.Onboarding{Status: domain.OnboardingCompleted}
				assert.Equal(t, whole.Decide(need).Allowed, bare.Decide(need).Allowed, kind)
				assert.Equal(t, whole.Decide(need).Code, bare.Decide(need).Code, kind)
			}
		}
	}
}

func TestDecide_AnEmptyCatalogueOffersNoUpgrade(t *testing.T) {
	t.Parallel()
	d := domain.EntitlementFacts{
		Account: &domain.Account{Status: domain.AccountSuspended},
		Now:     noon,
	}.Decide(domain.Need{})
	refuses(t, d, domain.CodePaymentRequired, "payment_required", false, []string{})
}

func TestShort_NamesTheBalanceAndWhereMoreCanBeHad(t *testing.T) {
	t.Parallel()
	s := domain.EntitlementFacts{
		Account: &domain.Account{Status: domain.AccountActive},
		Subscription: &domain.Subscription{
			Status:   domain.SubscriptionActive,
			PlanCode: "growth",
			Plan:     agreed,
		},
		Now:   noon,
		Offer: offered(),
	}
	for packages, action := range map[bool]domain.NextActionType{
		true: domain.NextBuyCredits, false: domain.NextChoosePlan,
	} {
		var e *domain.Error
		require.ErrorAs(t, s.Short(&domain.Balance{Plan: 3, Total: 3}, packages), &e)
		assert.Equal(t, domain.CodePaymentRequired, e.Code)
		assert.Equal(t, "insufficient_credits", e.Reason)
		assert.Equal(t, int64(3), e.Upgrade.Balance.Total)
		assert.Equal(t, []string{"scale"}, e.Upgrade.RequiredPlans)
		assert.True(t, e.Upgrade.Upgradable)
		assert.Equal(t, action, e.Upgrade.NextAction.Type)
	}
}
