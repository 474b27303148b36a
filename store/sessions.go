package store

import (
	"context"

	"gorm.io/gorm/clause"

	"slipway/domain"
)

// OpenSession stores the session of a user who has just given the right password.
// It returns not_found when the user was released, or has another password, in
// the meantime: what ended the others' sessions would miss this one.
func (s *Store) OpenSession(ctx context.Context, session *domain.Session, passwordHash string) error {
	return s.Within(ctx, func(tx *Store) error {
		unchanged := tx.conn(ctx).Where("id = ? AND password_hash = ? AND released_at IS NULL", session.UserID, passwordHash)
		if err := tx.locked(unchanged).Take(new(domain.User)).Error; err != nil {
			return tx.wrap("lock user", "user", err)
		}
		return tx.InsertSession(ctx, session)
	})
}

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
	return s.endSessions(ctx, "id = ?", id)
}

// endSessions ends sessions, and notifies those who watch them.
func (s *Store) endSessions(ctx context.Context, condition string, args ...any) error {
	var ended []domain.Session
	id := clause.Returning{Columns: []clause.Column{{Name: "id"}}}
	if err := s.writer(ctx).Clauses(id).Where(condition, args...).Delete(&ended).Error; err != nil {
		return s.wrap("delete sessions", "", err)
	}
	for i := range ended {
		s.announce(ended[i].ID)
	}
	return nil
}
