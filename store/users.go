package store

import (
	"context"

	"slipway/domain"
)

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
