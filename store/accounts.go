package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"slipway/domain"
)

// InsertAccount stores a new account with its owner.
func (s *Store) InsertAccount(ctx context.Context, a *domain.Account, owner *domain.User) error {
	if err := s.create(ctx, "insert account", a); err != nil {
		return err
	}
	return s.create(ctx, "insert owner", owner)
}

// AccountByID returns the account, or not_found.
func (s *Store) AccountByID(ctx context.Context, id string) (*domain.Account, error) {
	return one[domain.Account](s, s.conn(ctx).Where("id = ?", id), "account")
}

// SaveAccount writes a changed account.
func (s *Store) SaveAccount(ctx context.Context, a *domain.Account) error {
	return s.save(ctx, "save account", a)
}

// AccountFilter narrows the admin list; empty fields do not.
type AccountFilter struct {
	AccountID string
	Status    string
	Plan      string // code of the live plan
	Query     string // part of the name, slug or owner's e-mail, or an id
	Page
}

// ListAccounts returns a page of accounts, newest first.
func (s *Store) ListAccounts(ctx context.Context, f AccountFilter) (List[domain.Account], error) {
	q := where(where(s.conn(ctx), "id", f.AccountID), "status", f.Status)
	if f.Plan != "" {
		q = q.Where("id IN (?)", s.conn(ctx).Model(&domain.Subscription{}).Select("account_id").
			Where("plan_code = ? AND status IN ?", f.Plan, domain.SubscriptionLive))
	}
	if f.Query != "" {
		like := contains(strings.ToLower(f.Query))
		q = q.Where(`(id = ? OR slug LIKE ? ESCAPE '\' OR ? OR id IN (?))`, f.Query, like, holds("name", f.Query),
			s.conn(ctx).Model(&domain.User{}).Select("account_id").Where(`email LIKE ? ESCAPE '\'`, like))
	}
	return page(s, q, f.Page, func(a *domain.Account) string { return a.ID })
}

// UserByEmail returns the user who signs in with the e-mail, or not_found.
func (s *Store) UserByEmail(ctx context.Context, email string) (*domain.User, error) {
	return s.user(ctx, "email = ? AND released_at IS NULL", email)
}

// UserByID returns the user, or not_found.
func (s *Store) UserByID(ctx context.Context, id string) (*domain.User, error) {
	return s.user(ctx, "id = ?", id)
}

func (s *Store) user(ctx context.Context, condition string, arg any) (*domain.User, error) {
	user := new(domain.User)
	err := s.conn(ctx).Where(condition, arg).Take(user).Error
	return user, s.wrap("read user", "user", err)
}

// ReleaseUsers frees the e-mails of an account's users and ends their sessions.
func (s *Store) ReleaseUsers(ctx context.Context, accountID string) error {
	err := s.writer(ctx).Model(&domain.User{}).Where("account_id = ? AND released_at IS NULL", accountID).
		Update("released_at", s.now()).Error
	if err == nil {
		err = s.writer(ctx).Where("account_id = ?", accountID).Delete(&domain.Session{}).Error
	}
	return s.wrap("release users", "", err)
}

// EnsureAdmin makes sure the admin exists with this password hash and reports
// whether it had to be created.
func (s *Store) EnsureAdmin(ctx context.Context, email, passwordHash string) (created bool, err error) {
	created, err = insertNew(s.writer(ctx), &domain.User{
		ID: NewID(domain.PrefixUser), Role: domain.RoleAdmin, Email: email, PasswordHash: passwordHash, CreatedAt: s.now(),
	})
	if err != nil || created {
		return created, s.wrap("ensure admin", "", err)
	}
	result := s.writer(ctx).Model(&domain.User{}).Where("email = ? AND role = ?", email, domain.RoleAdmin).
		Update("password_hash", passwordHash)
	if result.Error == nil && result.RowsAffected == 0 {
		return false, &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonEmailTaken,
			Detail: "The admin's e-mail belongs to a customer; choose another SLIPWAY_ADMIN_EMAIL."}
	}
	return false, s.wrap("ensure admin", "", result.Error)
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
	return s.wrap("delete session", "", s.writer(ctx).Where("id = ?", id).Delete(&domain.Session{}).Error)
}

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

// SaveAPIKey writes a changed key.
func (s *Store) SaveAPIKey(ctx context.Context, key *domain.APIKey) error {
	return s.save(ctx, "save API key", key)
}

// ListAPIKeys returns a page of keys, newest first.
func (s *Store) ListAPIKeys(ctx context.Context, p Page) (List[domain.APIKey], error) {
	return page(s, s.conn(ctx), p, func(k *domain.APIKey) string { return k.ID })
}

// DeleteExpired removes sessions past their end and idempotency keys older
// than the time, at most limit of each, and returns how many went.
func (s *Store) DeleteExpired(ctx context.Context, keysBefore time.Time, limit int) (int64, error) {
	sessions := s.writer(ctx).Where("id IN (?)", s.write.Model(&domain.Session{}).Select("id").
		Where("expires_at < ?", s.now()).Limit(limit)).Delete(&domain.Session{})
	if sessions.Error != nil {
		return 0, s.wrap("delete expired sessions", "", sessions.Error)
	}
	keys := s.writer(ctx).Where("(scope, key) IN (?)", s.write.Model(&idempotencyKey{}).Select("scope", "key").
		Where("created_at < ?", keysBefore).Limit(limit)).Delete(&idempotencyKey{})
	return sessions.RowsAffected + keys.RowsAffected, s.wrap("delete old idempotency keys", "", keys.Error)
}
