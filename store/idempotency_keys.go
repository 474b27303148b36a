package store

import (
	"bytes"
	"context"
	"time"

	"slipway/domain"
)

// idempotencyKey ties a client's key to the resource its first request made.
type idempotencyKey struct {
	Scope       string `gorm:"primaryKey"`
	Key         string `gorm:"primaryKey"`
	Fingerprint []byte
	ResourceID  string
	CreatedAt   time.Time
}

// TableName is GORM's hook.
func (idempotencyKey) TableName() string { return "idempotency_keys" }

// Key is an Idempotency-Key as a client sent it. Keys are kept for three days.
type Key struct {
	Scope       string // the call, and for signed-in callers who they are
	Value       string // the header; empty when there was none
	Fingerprint []byte // a keyed hash of the body
}

// FindKey returns the resource an earlier request with the key made, or "" when
// there was none. The same key with another body is idempotency_key_reused.
func (s *Store) FindKey(ctx context.Context, k Key) (resourceID string, err error) {
	if k.Value == "" {
		return "", nil
	}
	var rows []idempotencyKey
	err = s.conn(ctx).Where("scope = ? AND key = ?", k.Scope, k.Value).Limit(1).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return "", s.wrap("read idempotency key", "", err)
	}
	if !bytes.Equal(rows[0].Fingerprint, k.Fingerprint) {
		return "", keyReused()
	}
	return rows[0].ResourceID, nil
}

func keyReused() error {
	return &domain.Error{Code: domain.CodeInvalid, Reason: domain.ReasonIdempotencyKeyReused,
		Detail: "This Idempotency-Key was used with another request; use a new key."}
}

// ClaimKey ties the key to resourceID, in the transaction that makes the
// resource. When another request was first it returns that one's resource and
// the caller rolls back.
func (s *Store) ClaimKey(ctx context.Context, k Key, resourceID string) (existing string, err error) {
	if k.Value == "" {
		return "", nil
	}
	ok, err := insertNew(s.writer(ctx), &idempotencyKey{
		Scope: k.Scope, Key: k.Value, Fingerprint: k.Fingerprint, ResourceID: resourceID, CreatedAt: s.now(),
	})
	if err != nil || ok {
		return "", s.wrap("claim idempotency key", "", err)
	}
	return s.FindKey(ctx, k)
}
