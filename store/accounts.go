package store

import (
	"context"

	"gorm.io/gorm"

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

// room locks the account, so that what is counted stays true until the transaction
// ends, and returns the refusal when it has as many as the limit; 0 is no limit.
func (s *Store) room(ctx context.Context, accountID string, has *gorm.DB, limit int, refusal *domain.Error) error {
	if err := s.LockAccount(ctx, accountID); err != nil || limit == 0 {
		return err
	}
	var ids []string
	if err := has.Limit(limit).Pluck("id", &ids).Error; err != nil {
		return s.wrap("count what the account has", "", err)
	}
	if len(ids) >= limit {
		return refusal
	}
	return nil
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
	q, order := where(where(s.lists(ctx), "accounts.id", f.AccountID), "accounts.status", f.Status), "accounts.id"
	if f.Plan != "" { // one each, so their order is that of the accounts
		q = q.Joins("JOIN subscriptions ON subscriptions.account_id = accounts.id AND "+inUse("subscriptions.")).
			Where("subscriptions.plan_code = ?", f.Plan)
		order = "subscriptions.account_id"
	}
	switch {
	case ValidID(domain.PrefixAccount, f.Query):
		q = q.Where("accounts.id = ?", f.Query)
	case f.Query != "":
		q = found[domain.Account](s, q, order, f.Page, s.holds(f.Query, "accounts.name", "accounts.slug"),
			gorm.Expr("accounts.id IN (?)", s.ownersOf(ctx, f.Query)))
		order = "id"
	}
	return pageBy(s, q, order, f.Page, func(a *domain.Account) string { return a.ID })
}

// ownersOf selects the accounts of users whose e-mail holds the text.
func (s *Store) ownersOf(ctx context.Context, text string) *gorm.DB {
	return s.lists(ctx).Model(&domain.User{}).Select("account_id").Where(s.holds(text, "email"))
}
