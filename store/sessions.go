package store

import (
	"context"

	"gorm.io/gorm/clause"

	"slipway/domain"
)

// OpenSession stores the session of a user who has just given the right password, and
// ends the oldest of those beyond the limit; 0 is no limit. It returns not_found when
// the user was released, or has another password, in the meantime: what ended the
// others' sessions would miss this one.
func (s *Store) OpenSession(ctx context.Context, session *domain.Session, passwordHash string, limit int) error {
	return s.Within(ctx, func(tx *Store) error {
		unchanged := tx.conn(ctx).Where("id = ? AND password_hash = ? AND released_at IS NULL", session.UserID, passwordHash)
		if err := tx.locked(unchanged).Take(new(domain.User)).Error; err != nil {
			return tx.wrap("lock user", "user", err)
		}
		if err := tx.endOldest(ctx, session.UserID, limit); err != nil {
			return err
		}
		return tx.InsertSession(ctx, session)
	})
}

// endOldest ends the user's oldest sessions, so that there is room for one more.
func (s *Store) endOldest(ctx context.Context, userID string, limit int) error {
	if limit == 0 {
		return nil
	}
	var oldest []string
	all := s.conn(ctx).Model(&domain.Session{}).Where("user_id = ?", userID)
	err := all.Order("created_at DESC, id DESC").Offset(limit-1).Limit(endAtOnce).Pluck("id", &oldest).Error
	if err != nil || len(oldest) == 0 {
		return s.wrap("read sessions", "", err)
	}
	return s.endSessions(ctx, "id IN ?", oldest)
}

// endAtOnce bounds how many sessions one sign-in ends: after the limit was lowered,
// or from before there was one, there may be many.
const endAtOnce = 100

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
