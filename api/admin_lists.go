package api

import (
	"context"
	"slices"
	"time"

	"slipway/domain"
	"slipway/store"
)

// stuckAfter is how long an onboarding stays unchanged before ?stuck=true finds it.
const stuckAfter = 10 * time.Minute

// Search is a filter that people type; it goes into a LIKE.
type Search struct {
	Query string `query:"q" maxLength:"120" doc:"Part of a name, slug, e-mail or reference; or an id."`
}

func (s Search) check() error {
	if domain.CleanText(s.Query) {
		return nil
	}
	return invalidQuery("q", "It cannot be searched for.", "visible text")
}

// OfAccount is the filter behind links such as /admin/subscriptions?account_id=….
type OfAccount struct {
	AccountID string `query:"account_id" maxLength:"40" pattern:"^acct_[0-9A-Z]{26}$" patternDescription:"an account's id" doc:"Only this account's."`
}

// adminOnboarding is an onboarding as an admin sees it: with the person, and
// what may be done.
type adminOnboarding struct {
	domain.Onboarding
	AccountID        string          `json:"account_id"`
	SubscriptionID   string          `json:"subscription_id" doc:"Commands name it, even before it exists."`
	Email            string          `json:"email,omitempty" doc:"Of a sign-up."`
	AvailableActions []domain.Action `json:"available_actions" nullable:"false" doc:"What may be done now."`
}

type onboardingsInput struct {
	Page
	Search
	OfAccount
	Status string `query:"status" enum:"received,creating_account,waiting_for_plan,waiting_for_payment_method,awaiting_payment,awaiting_approval,activating,compensating,completed,failed,expired,canceled" doc:"Only those that stand there."`
	Plan   string `query:"plan" maxLength:"60" pattern:"^[a-z0-9_-]+$" patternDescription:"a plan's code" doc:"Only those of this plan."`
	Stuck  string `query:"stuck" maxLength:"20" doc:"true: not ended and unchanged for ten minutes; or a duration such as 30m."`
}

// adminOnboardings lists onboardings.
func (a *API) adminOnboardings(ctx context.Context, in *onboardingsInput) (*listOutput[adminOnboarding], error) {
	p, err := in.decode(domain.PrefixOnboarding)
	if err != nil {
		return nil, err
	}
	stuckFor, err := in.stuckFor(a.store.Now())
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	rows, err := a.store.ListOnboardings(ctx, store.OnboardingFilter{
		AccountID: in.AccountID, Status: in.Status, Plan: in.Plan, Query: in.Query, StuckFor: stuckFor, Page: p,
	})
	if err != nil {
		return nil, err
	}
	return mapped(rows, func(o *domain.Onboarding) adminOnboarding {
		return adminOnboarding{Onboarding: *o, AccountID: o.AccountID, SubscriptionID: o.SubscriptionID,
			Email: o.Email, AvailableActions: o.Actions()}
	}), nil
}

// stuckFor is the time since which an onboarding must be unchanged; zero
// without the filter.
func (in *onboardingsInput) stuckFor(now time.Time) (time.Time, error) {
	switch in.Stuck {
	case "", "false":
		return time.Time{}, nil
	case "true":
		return now.Add(-stuckAfter), nil
	}
	d, err := time.ParseDuration(in.Stuck)
	if err != nil || d <= 0 {
		return time.Time{}, invalidQuery("stuck", "It is neither true nor a duration.", "true, or a duration such as 30m")
	}
	return now.Add(-d), nil
}

// adminAccount is an account with how its newest onboarding fares.
type adminAccount struct {
	domain.Account
	Onboarding *onboardingRef `json:"onboarding" doc:"The newest onboarding, with the last error."`
}

type accountsInput struct {
	Page
	Search
	OfAccount
	Status string `query:"status" enum:"pending,active,suspended,closed" doc:"Only those that stand there."`
	Plan   string `query:"plan" maxLength:"60" pattern:"^[a-z0-9_-]+$" patternDescription:"a plan's code" doc:"Of the subscription in use."`
}

// adminAccounts lists accounts.
func (a *API) adminAccounts(ctx context.Context, in *accountsInput) (*listOutput[adminAccount], error) {
	p, err := in.decode(domain.PrefixAccount)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	rows, err := a.store.ListAccounts(ctx, store.AccountFilter{
		AccountID: in.AccountID, Status: in.Status, Plan: in.Plan, Query: in.Query, Page: p,
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

// newestOnboardings reads the newest onboarding of each row's account at once.
func newestOnboardings[T any](ctx context.Context, s *store.Store, rows []T, accountID func(*T) string) (map[string]*domain.Onboarding, error) {
	ids := make([]string, 0, len(rows))
	for i := range rows {
		ids = append(ids, accountID(&rows[i]))
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.LatestOnboardings(ctx, ids)
}

type subscriptionsInput struct {
	Page
	OfAccount
	Status string `query:"status" enum:"incomplete,incomplete_expired,trialing,active,past_due,unpaid,canceled" doc:"Only those that stand there."`
	Plan   string `query:"plan" maxLength:"60" pattern:"^[a-z0-9_-]+$" patternDescription:"a plan's code" doc:"Only those of this plan."`
}

// adminSubscriptions lists subscriptions with what may be done to each: while
// its onboarding runs, that decides.
func (a *API) adminSubscriptions(ctx context.Context, in *subscriptionsInput) (*listOutput[domain.Subscription], error) {
	p, err := in.decode(domain.PrefixSubscription)
	if err != nil {
		return nil, err
	}
	rows, err := a.store.ListSubscriptions(ctx, store.SubscriptionFilter{
		AccountID: in.AccountID, Status: in.Status, Plan: in.Plan, Page: p,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, a.store, rows.Data, func(s *domain.Subscription) string { return s.AccountID })
	if err != nil {
		return nil, err
	}
	offered := staffActions(subscriptions)
	for i := range rows.Data {
		sub := &rows.Data[i]
		sub.AvailableActions = sub.Actions()
		if o := newest[sub.AccountID]; o != nil && o.ID == sub.OnboardingID && !o.Status.Ended() {
			sub.AvailableActions = slices.DeleteFunc(o.Actions(), func(a domain.Action) bool { return !slices.Contains(offered, a) })
		}
	}
	return listed(rows, nil)
}

type paymentsInput struct {
	Page
	Search
	OfAccount
	Status string `query:"status" enum:"created,processing,requires_action,pending_approval,unknown,succeeded,failed" doc:"Only those that stand there."`
	Late   bool   `query:"late" doc:"Only money that came after the end of its onboarding."`
}

// adminPayments lists payments with what may be done to each. A failed one may
// be approved, as late, only once no onboarding of its account runs.
func (a *API) adminPayments(ctx context.Context, in *paymentsInput) (*listOutput[domain.Payment], error) {
	p, err := in.decode(domain.PrefixPayment)
	if err != nil {
		return nil, err
	}
	if err := in.check(); err != nil {
		return nil, err
	}
	rows, err := a.store.ListPayments(ctx, store.PaymentFilter{
		AccountID: in.AccountID, Status: in.Status, Query: in.Query, LateOnly: in.Late, Page: p,
	})
	if err != nil {
		return nil, err
	}
	newest, err := newestOnboardings(ctx, a.store, rows.Data, func(p *domain.Payment) string { return p.AccountID })
	if err != nil {
		return nil, err
	}
	for i := range rows.Data {
		row := &rows.Data[i]
		subject, o := row.Subject(), newest[row.AccountID]
		subject.Running = o != nil && !o.Status.Ended()
		row.AvailableActions = subject.Actions()
	}
	return listed(rows, nil)
}

type eventsInput struct {
	Page
	OfAccount
	OnboardingID string `query:"onboarding_id" maxLength:"40" pattern:"^onb_[0-9A-Z]{26}$" patternDescription:"an onboarding's id" doc:"Only this onboarding's."`
	Type         string `query:"type" maxLength:"60" pattern:"^[a-z_]+\\.[a-z_]+$" patternDescription:"an event's type, such as payment.succeeded" doc:"Only events of this type."`
}

// adminEvents lists events: the audit.
func (a *API) adminEvents(ctx context.Context, in *eventsInput) (*listOutput[domain.Event], error) {
	p, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListEvents(ctx, store.EventFilter{
		AccountID: in.AccountID, OnboardingID: in.OnboardingID, Type: in.Type, Page: p,
	}))
}

// adminPlans lists every plan, on offer or not, in catalogue order.
func (a *API) adminPlans(ctx context.Context, _ *struct{}) (*listOutput[domain.Plan], error) {
	plans, err := a.store.Plans(ctx)
	return listed(store.List[domain.Plan]{Data: plans}, err)
}

// adminPaymentOptions lists every payment option, enabled or not, in catalogue order.
func (a *API) adminPaymentOptions(ctx context.Context, _ *struct{}) (*listOutput[domain.PaymentOption], error) {
	options, err := a.store.PaymentOptions(ctx)
	return listed(store.List[domain.PaymentOption]{Data: options}, err)
}
