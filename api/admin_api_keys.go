package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type createKeyInput struct {
	Idempotent
	Body struct {
		Name string `json:"name" format:"name" minLength:"1" doc:"What it is for: 1 to 120 visible characters."`
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

// apiKeys are credentials for scripts and the product's backend.
type apiKeys struct{ *shared }

// create makes a key for a script or the product's backend.
func (a apiKeys) create(ctx context.Context, in *createKeyInput) (*createKeyOutput, error) {
	who := callerOf(ctx)
	key := &domain.APIKey{
		ID:   store.NewID(domain.PrefixAPIKey),
		Name: in.Body.Name, CreatedBy: who.ID, CreatedAt: a.store.Now(),
	}
	key.SecretHash = hashed(a.secrets.apiKeySecret(key.ID))
	id, again, err := a.makeOnce(ctx, in.Idempotent, "create_api_key", in.Body, creation{
		id: key.ID,
		save: func(tx *store.Store) error {
			if err := tx.InsertAPIKey(ctx, key); err != nil {
				return err
			}
			return tx.InsertEvents(ctx, adminEvent(domain.EventAPIKeyCreated, who, map[string]any{"api_key": key.ID}))
		},
	})
	if err != nil {
		return nil, err
	}
	if key, err = a.store.APIKeyByID(ctx, id); err != nil {
		return nil, err
	}
	return &createKeyOutput{
		Replayable: replayed(again), Body: createdKey{APIKey: *key, Secret: a.secrets.apiKeySecret(id)},
	}, nil
}

// list lists keys, revoked ones too, without their secrets.
func (a apiKeys) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.APIKey], error) {
	page, err := in.decode(domain.PrefixAPIKey)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListAPIKeys(ctx, page))
}

var keyKind = kind[domain.APIKey]{prefix: domain.PrefixAPIKey, noun: "API key", read: (*store.Store).APIKeyByID}

// revoke ends a key at once. Again changes nothing.
func (a apiKeys) revoke(ctx context.Context, in *keyInput) (*struct{}, error) {
	_, err := keyKind.change(ctx, a.store, in.ID, func(tx *store.Store, key *domain.APIKey) error {
		if key.RevokedAt != nil {
			return nil
		}
		now := tx.Now()
		key.RevokedAt = &now
		if err := tx.SaveAPIKey(ctx, key); err != nil {
			return err
		}
		return tx.InsertEvents(ctx, adminEvent(domain.EventAPIKeyRevoked, callerOf(ctx), map[string]any{"api_key": key.ID}))
	})
	return nil, err
}
