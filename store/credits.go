package store

import (
	"context"
	"errors"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"slipway/domain"
)

// GrantCredits adds a positive entry to the ledger and to the balance, once per
// idempotency key; it reports false when the key was used before. An amount of
// zero opens the balance and writes no entry. Call it inside Within.
func (s *Store) GrantCredits(ctx context.Context, c *domain.Credit) (bool, error) {
	if c.Amount < 0 {
		return false, errors.New("grant credits: a grant never takes")
	}
	if c.Amount > 0 {
		ok, err := insertNew(s.writer(ctx), c)
		if err != nil || !ok {
			return false, s.wrap("grant credits", "", err)
		}
	}
	balance := domain.Balance{AccountID: c.AccountID, UpdatedAt: s.now()}
	column := "bonus_credits"
	if balance.Bonus = c.Amount; c.Pool == domain.PoolPlan {
		balance.Plan, balance.Bonus, column = c.Amount, 0, "plan_credits"
	}
	err := s.writer(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "account_id"}},
		DoUpdates: clause.Assignments(map[string]any{
			column:       gorm.Expr("balances."+column+" + ?", c.Amount),
			"updated_at": balance.UpdatedAt,
		}),
	}).Create(&balance).Error
	return true, s.wrap("grant credits", "", err)
}

// GrantedUnder is how many credits of the plan a subscription was granted under
// a period's key: at its beginning, and by changes of plan since. The account is
// named for the index.
func (s *Store) GrantedUnder(ctx context.Context, accountID, subscriptionID, periodKey string) (int64, error) {
	var sum int64
	err := s.conn(ctx).Model(&domain.Credit{}).Select("COALESCE(SUM(amount), 0)").
		Where("account_id = ? AND subscription_id = ? AND reason = ? AND (idempotency_key = ? OR idempotency_key LIKE ?)",
			accountID, subscriptionID, domain.ReasonPlanGrant, periodKey, periodKey+"/%").Scan(&sum).Error
	return sum, s.wrap("read grants", "", err)
}

// ClearPlanCredits empties the account's plan pool, once per idempotency key.
// Call it inside Within.
func (s *Store) ClearPlanCredits(ctx context.Context, accountID, subscriptionID, key string) error {
	balance, err := one[domain.Balance](s, s.locked(s.conn(ctx)).Where("account_id = ?", accountID), "balance")
	if domain.CodeOf(err) == domain.CodeNotFound || (err == nil && balance.Plan == 0) {
		return nil
	}
	if err != nil {
		return err
	}
	ok, err := insertNew(s.writer(ctx), &domain.Credit{
		ID: NewID(domain.PrefixCredit), AccountID: accountID, Pool: domain.PoolPlan, Amount: -balance.Plan,
		Reason: domain.ReasonPlanReset, SubscriptionID: subscriptionID, IdempotencyKey: key, CreatedAt: s.now(),
	})
	if err != nil || !ok {
		return s.wrap("clear plan credits", "", err)
	}
	err = s.writer(ctx).Model(&domain.Balance{}).Where("account_id = ?", accountID).
		Updates(map[string]any{"plan_credits": 0, "updated_at": s.now()}).Error
	return s.wrap("clear plan credits", "", err)
}

// Balance returns the account's balance; not_found means none was ever opened,
// which is not the same as zero.
func (s *Store) Balance(ctx context.Context, accountID string) (*domain.Balance, error) {
	return one[domain.Balance](s, s.conn(ctx).Where("account_id = ?", accountID), "balance")
}

// ListCredits returns a page of the account's ledger, newest first.
func (s *Store) ListCredits(ctx context.Context, accountID string, p Page) (List[domain.Credit], error) {
	return page(s, s.conn(ctx).Where("account_id = ?", accountID), p, func(c *domain.Credit) string { return c.ID })
}
