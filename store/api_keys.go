package store

import (
	"context"
	"database/sql"
	"errors"

	"slipway/domain"
)

// InsertAPIKey stores a key.
func (s *Store) InsertAPIKey(ctx context.Context, key *domain.APIKey) error {
	return s.create(ctx, "insert API key", key)
}

// APIKeyID returns the id of the key whose secret has this hash, unless it was
// revoked; or not_found. Every request with a key asks, so no more is read.
func (s *Store) APIKeyID(ctx context.Context, hash []byte) (id string, err error) {
	err = s.conn(ctx).Raw("SELECT id FROM api_keys WHERE secret_hash = ? AND revoked_at IS NULL", hash).Row().Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return "", domain.NotFound("API key")
	}
	return id, s.wrap("read API key", "", err)
}

// APIKeyByID returns the key, revoked or not; or not_found.
func (s *Store) APIKeyByID(ctx context.Context, id string) (*domain.APIKey, error) {
	return one[domain.APIKey](s, s.conn(ctx).Where("id = ?", id), "API key")
}

// SaveAPIKey writes a changed key, and notifies those who watch it.
func (s *Store) SaveAPIKey(ctx context.Context, key *domain.APIKey) error {
	if err := s.save(ctx, "save API key", key); err != nil {
		return err
	}
	s.announce(key.ID)
	return nil
}

// ListAPIKeys returns a page of keys, newest first.
func (s *Store) ListAPIKeys(ctx context.Context, p Page) (List[domain.APIKey], error) {
	return page(s, s.conn(ctx), p, func(k *domain.APIKey) string { return k.ID })
}
