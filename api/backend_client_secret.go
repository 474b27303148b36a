package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type secretInput struct {
	ID string `path:"id" doc:"Id of the onboarding."`
}

// revokeSecret ends an onboarding's client_secret before its time, such as when a
// browser was shared. Again changes nothing.
func (onb onboardings) revokeSecret(ctx context.Context, in *secretInput) (*struct{}, error) {
	_, err := onboardingKind.change(ctx, onb.store, in.ID, func(tx *store.Store, o *domain.Onboarding) error {
		if o.SecretRevokedAt != nil {
			return nil
		}
		o.RevokeSecret(tx.Now())
		if err := tx.SaveOnboarding(ctx, o); err != nil {
			return err
		}
		who := callerOf(ctx)
		return tx.InsertEvents(ctx, domain.Event{
			Type: domain.EventClientSecretRevoked, AccountID: o.AccountID, OnboardingID: o.ID,
			SubscriptionID: o.SubscriptionID, ActorType: who.Type, ActorID: who.ID,
		})
	})
	return nil, err
}
