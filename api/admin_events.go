package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type eventsInput struct {
	Page
	OfAccount
	OnboardingID onboardingFilter `query:"onboarding_id" doc:"Only this onboarding's."`
	Type         eventTypeFilter  `query:"type" doc:"Only events of this type."`
}

// list lists events: the audit.
func (e events) list(ctx context.Context, in *eventsInput) (*listOutput[domain.Event], error) {
	page, err := in.decode(domain.PrefixEvent)
	if err != nil {
		return nil, err
	}
	return listed(e.store.ListEvents(ctx, store.EventFilter{
		AccountID: string(in.AccountID), OnboardingID: string(in.OnboardingID), Type: string(in.Type), Page: page,
	}))
}

// adminEvent is an event about what belongs to no account.
func adminEvent(t domain.EventType, who caller, data map[string]any) domain.Event {
	return domain.Event{Type: t, ActorType: who.Type, ActorID: who.ID, Data: data}
}
