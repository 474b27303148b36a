package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// onboardings are followed by those who take part in them.
type onboardings struct {
	*shared
	commands commands
	plans    plans
	options  paymentOptions
	invoices invoices
	next     nextActions
}

var onboardingKind = kind[domain.Onboarding]{
	prefix: domain.PrefixOnboarding, noun: "onboarding", read: (*store.Store).OnboardingByID,
	lock: (*store.Store).LockOnboarding,
}

// visible reads an onboarding the caller may see. Somebody else's answers
// like one that does not exist.
func (onb onboardings) visible(ctx context.Context, id string) (*domain.Onboarding, error) {
	who := callerOf(ctx)
	o, err := onboardingKind.find(ctx, onb.store, id)
	switch {
	case err != nil || who.admin:
		return o, err
	case who.onboardingID == id:
		return o, onb.checkSecret(ctx, o)
	}
	if who.onboardingID != "" { // as the owner's session it opens the account's others
		if who, err = onb.auth.ownerBySecret(ctx, who.onboardingID); err != nil {
			return nil, err
		}
	}
	if who.accountID != o.AccountID {
		return nil, domain.NotFound(onboardingKind.noun)
	}
	return o, nil
}

// checkSecret returns the 401 of a client_secret that has ended.
func (onb onboardings) checkSecret(ctx context.Context, o *domain.Onboarding) error {
	now, err := onb.store.NowOn(ctx, o.TestClockID)
	if err == nil && o.SecretEnded(now) {
		return errSecretEnded
	}
	return err
}

func newOnboarding(kind domain.OnboardingKind, s *store.Store) *domain.Onboarding {
	o := domain.NewOnboarding(store.NewID(domain.PrefixOnboarding), kind, s.Now())
	o.SubscriptionID = store.NewID(domain.PrefixSubscription)
	return o
}

func receivedEvent(o *domain.Onboarding) domain.Event {
	return domain.Event{
		Type: domain.EventOnboardingReceived, AccountID: o.AccountID, OnboardingID: o.ID,
		SubscriptionID: o.SubscriptionID, ActorType: domain.ActorCustomer, ActorID: o.OwnerID,
	}
}

// start starts what is not started yet, waits a moment for the account, and
// reads how far it came. With Temporal away the onboarding stays received; it
// is started later.
func (onb onboardings) start(ctx context.Context, o *domain.Onboarding) (*domain.Onboarding, error) {
	if o.Status != domain.OnboardingReceived {
		return o, nil
	}
	waiting, cancel := context.WithTimeout(ctx, onb.config.KickoffWait)
	defer cancel()
	if err := onb.flows.Begin(waiting, o); err != nil {
		if domain.CodeOf(err) != domain.CodeUnavailable {
			onb.log.ErrorContext(ctx, "begin onboarding", "onboarding", o.ID, "error", err)
		}
		return o, nil
	}
	return onb.store.OnboardingByID(ctx, o.ID)
}
