package store

import (
	"context"
	"strings"

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

// LockAccount makes others that lock the account wait until the transaction
// ends; rows that only refer to it may still be added. SQLite needs nothing:
// its transactions exclude each other from the start.
func (s *Store) LockAccount(ctx context.Context, id string) error {
	if !s.postgres {
		return nil
	}
	return s.wrap("lock account", "", s.conn(ctx).Exec("SELECT id FROM accounts WHERE id = ? FOR NO KEY UPDATE", id).Error)
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
