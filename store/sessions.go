package store

import (
	"context"

	"slipway/domain"
)

// InsertSession stores a signed-in session.
func (s *Store) InsertSession(ctx context.Context, session *domain.Session) error {
	return s.create(ctx, "insert session", session)
}

// SessionByToken returns the session whose token has this hash, unless it
// expired; or not_found.
func (s *Store) SessionByToken(ctx context.Context, hash []byte) (*domain.Session, error) {
	session := new(domain.Session)
	err := s.conn(ctx).Where("token_hash = ? AND expires_at > ?", hash, s.now()).Take(session).Error
	return session, s.wrap("read session", "session", err)
}

// DeleteSession ends a session; a session that is gone is no error.
func (s *Store) DeleteSession(ctx context.Context, id string) error {
	return s.wrap("delete session", "", s.writer(ctx).Where("id = ?", id).Delete(&domain.Session{}).Error)
}
