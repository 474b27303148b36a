package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

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

// adminEvent is an event about what belongs to no account.
func adminEvent(t domain.EventType, who caller, data map[string]any) domain.Event {
	return domain.Event{Type: t, ActorType: who.Type, ActorID: who.ID, Data: data}
}
