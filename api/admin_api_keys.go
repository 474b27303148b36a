package api

import (
	"context"
	"strings"

	"slipway/domain"
	"slipway/store"
)

type createKeyInput struct {
	Idempotent
	Body struct {
		Name string `json:"name" doc:"What it is for: 1 to 120 visible characters."`
	}
}

// createdKey is a key in the one answer that has its secret.
type createdKey struct {
	domain.APIKey
	Secret string `json:"secret" doc:"The bearer. Only here and in an idempotent replay."`
}

type createKeyOutput struct {
	Replayable
	Body createdKey
}

type keyInput struct {
	ID string `path:"id" doc:"Id of the key."`
}

// createAPIKey makes a key for a script or the product's backend.
func (a *API) createAPIKey(ctx context.Context, in *createKeyInput) (*createKeyOutput, error) {
	who := callerOf(ctx)
	k, err := a.key(in.Idempotent, "create_api_key", who.scope(), in.Body)
	if err != nil {
		return nil, err
	}
	key := &domain.APIKey{
		ID:   store.NewID(domain.PrefixAPIKey),
		Name: strings.TrimSpace(in.Body.Name), CreatedBy: who.ID, CreatedAt: a.store.Now(),
	}
	key.SecretHash = hashed(a.apiKeySecret(key.ID))
	id, again, err := a.once(ctx, k, key.ID,
		func() error { return checkKeyName(in.Body.Name) },
		func(tx *store.Store) error {
			if err := tx.InsertAPIKey(ctx, key); err != nil {
				return err
			}
			return tx.InsertEvents(ctx, adminEvent(domain.EventAPIKeyCreated, who, map[string]any{"api_key": key.ID}))
		})
	if err != nil {
		return nil, err
	}
	if key, err = a.store.APIKeyByID(ctx, id); err != nil {
		return nil, err
	}
	return &createKeyOutput{Replayable: replayed(again), Body: createdKey{APIKey: *key, Secret: a.apiKeySecret(id)}}, nil
}

func checkKeyName(name string) error {
	var wrong fieldErrors
	wrong.require(domain.ValidName(name), "name", "It cannot be a name.", acceptedName)
	return wrong.err()
}

// listAPIKeys lists keys, revoked ones too, without their secrets.
func (a *API) listAPIKeys(ctx context.Context, in *listOwnInput) (*listOutput[domain.APIKey], error) {
	p, err := in.decode(domain.PrefixAPIKey)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListAPIKeys(ctx, p))
}

// revokeAPIKey ends a key at once. Again changes nothing.
func (a *API) revokeAPIKey(ctx context.Context, in *keyInput) (*struct{}, error) {
	if !store.ValidID(domain.PrefixAPIKey, in.ID) {
		return nil, domain.NotFound("API key")
	}
	return nil, a.store.Within(ctx, func(tx *store.Store) error {
		key, err := tx.APIKeyByID(ctx, in.ID)
		if err != nil || key.RevokedAt != nil {
			return err
		}
		now := tx.Now()
		key.RevokedAt = &now
		if err := tx.SaveAPIKey(ctx, key); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, adminEvent(domain.EventAPIKeyRevoked, callerOf(ctx), map[string]any{"api_key": key.ID}))
	})
}
