package api

import (
	"context"
	"net/http"

	"slipway/domain"
	"slipway/store"
)

type subscribeRequest struct {
	Plan          string `json:"plan" format:"code" maxLength:"100" doc:"Code of a plan on offer."`
	PaymentOption string `json:"payment_option,omitempty" format:"code" maxLength:"100" doc:"@subscribe.payment_option"`
	Country       string `json:"country,omitempty" format:"country" doc:"@subscribe.country"`
}

type subscribeInput struct {
	Idempotent
	Body subscribeRequest
}

// startedSubscription is the subscription as far as it exists, and the
// onboarding that leads to it.
type startedSubscription struct {
	Subscription *domain.Subscription `json:"subscription" doc:"Null until the onboarding opened it."`
	Onboarding   *domain.Onboarding   `json:"onboarding" doc:"Follow it like a sign-up's."`
}

type subscribeOutput struct {
	Replayable
	Status     int
	Location   string `header:"Location" doc:"Where the onboarding is read."`
	RetryAfter string `header:"Retry-After" doc:"With 202: when to ask again, in seconds."`
	Body       startedSubscription
}

// subscribe lets an account that exists choose a plan: it starts an activation.
func (s subscriptions) subscribe(ctx context.Context, in *subscribeInput) (*subscribeOutput, error) {
	who := callerOf(ctx)
	o := newOnboarding(domain.KindActivation, s.store)
	o.AccountID, o.OwnerID = who.accountID, who.ID
	o.WantedPlan, o.WantedOption, o.Country = in.Body.Plan, in.Body.PaymentOption, in.Body.Country
	id, again, err := s.makeOnce(ctx, in.Idempotent, "subscribe", in.Body, creation{
		id:    o.ID,
		check: func() error { return s.checkActivation(ctx, o) },
		save:  func(tx *store.Store) error { return saveActivation(ctx, tx, o) },
	})
	if err != nil {
		return nil, err
	}
	if o, err = s.store.OnboardingByID(ctx, id); err != nil {
		return nil, err
	}
	if o, err = s.onboardings.start(ctx, o); err != nil {
		return nil, err
	}
	return s.started(ctx, o, again)
}

// checkActivation completes the activation from its account and checks that the
// plan and the payment option it names are on offer.
func (s subscriptions) checkActivation(ctx context.Context, o *domain.Onboarding) error {
	account, err := s.store.AccountByID(ctx, o.AccountID)
	if err != nil {
		return err
	}
	o.Account = &domain.AccountRef{ID: account.ID, Name: account.Name, Slug: account.Slug}
	o.TestClockID = account.TestClockID
	if o.Country == "" {
		o.Country = account.Country
	}
	if err := s.plans.check(ctx, o.WantedPlan); err != nil || o.WantedOption == "" {
		return err
	}
	_, err = s.options.usable(ctx, o.WantedOption, "", o.Country, "")
	return err
}

// saveActivation stores the activation, unless the account has a paid
// subscription, or chooses a plan already.
func saveActivation(ctx context.Context, tx *store.Store, o *domain.Onboarding) error {
	live, err := orNil(tx.LiveSubscription(ctx, o.AccountID))
	if err != nil {
		return err
	}
	if live != nil && live.Plan.Amount > 0 && live.Status != domain.SubscriptionTrialing {
		return &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonSubscriptionExists,
			Detail: domain.Text(domain.TextSubscriptionExists)}
	}
	latest, err := orNil(tx.LatestOnboarding(ctx, o.AccountID))
	if err != nil {
		return err
	}
	if latest != nil && !latest.Status.Ended() {
		return domain.Conflict(domain.TextChoosingPlanIn, "onboarding", latest.ID)
	}
	isNew, err := tx.InsertOnboarding(ctx, o)
	if err != nil {
		return err
	}
	if !isNew {
		return domain.Conflict(domain.TextChoosingPlan)
	}
	return tx.InsertEvents(ctx, receivedEvent(o))
}

func (s subscriptions) started(ctx context.Context, o *domain.Onboarding, again bool) (*subscribeOutput, error) {
	out := &subscribeOutput{
		Replayable: replayed(again), Status: http.StatusCreated, Location: domain.OnboardingURL(o.ID),
		Body: startedSubscription{Onboarding: o},
	}
	if o.Status == domain.OnboardingReceived {
		out.Status, out.RetryAfter = http.StatusAccepted, "1"
	}
	var err error
	out.Body.Subscription, err = orNil(s.store.SubscriptionByID(ctx, o.SubscriptionID))
	return out, err
}
