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
		err = s.endSessions(ctx, "account_id = ?", accountID)
	}
	return s.wrap("release users", "", err)
}

// EnsureAdmin makes sure the admin exists with this password hash and reports
// whether it had to be created. Another hash than before ends the admin's sessions.
func (s *Store) EnsureAdmin(ctx context.Context, email, passwordHash string) (created bool, err error) {
	err = s.Within(ctx, func(tx *Store) error {
		created, err = insertNew(tx.writer(ctx), &domain.User{
			ID: NewID(domain.PrefixUser), Role: domain.RoleAdmin, Email: email, PasswordHash: passwordHash, CreatedAt: tx.now(),
		})
		if err != nil || created {
			return err
		}
		return tx.changeAdmin(ctx, email, passwordHash)
	})
	return created, s.wrap("ensure admin", "", err)
}

func (s *Store) changeAdmin(ctx context.Context, email, passwordHash string) error {
	admin := new(domain.User)
	err := s.locked(s.conn(ctx)).Where("email = ? AND released_at IS NULL", email).Take(admin).Error
	switch {
	case err != nil:
		return err
	case admin.Role != domain.RoleAdmin:
		return &domain.Error{Code: domain.CodeConflict, Reason: domain.ReasonEmailTaken,
			Detail: "The admin's e-mail belongs to a customer; choose another SLIPWAY_ADMIN_EMAIL."}
	case admin.PasswordHash == passwordHash:
		return nil
	}
	if err := s.writer(ctx).Model(admin).Update("password_hash", passwordHash).Error; err != nil {
		return err
	}
	return s.endSessions(ctx, "account_id = '' AND user_id = ?", admin.ID)
}
