package store

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"slipway/domain"
)

// Debit is credits to be taken from an account, once per key.
type Debit struct {
	AccountID string
	Amount    int64 // positive
	Reason    string
	Key       string // the caller's; the ledger's own keys never collide with it
}

// DebitResult is what a debit did, now or when its key was first used.
type DebitResult struct {
	Entries  []domain.Credit // one for each pool that was drawn on, the plan's first
	Balance  *domain.Balance // as it is now
	Replayed bool            // the key was used before; nothing was taken now
	Short    bool            // the balance does not cover it; nothing was taken
}

// Why a debit took nothing.
var (
	errSpent = errors.New("the key was used before")
	errShort = errors.New("the balance does not cover it")
)

// keys are those of the entries. The first entry has the same key whichever
// pool it draws on, so that the unique index sees every repetition.
func (d Debit) keys() [2]string { return [2]string{"debit/1/" + d.Key, "debit/2/" + d.Key} }

// Debit takes credits, the plan's first, all of them or none: debits of one
// account take turns. Its key and the ledger's unique index make it happen once;
// the same key with another amount or reason is idempotency_key_reused. not_found
// means that no balance was ever opened, which is not the same as zero. It costs
// three statements, or four when it draws on both pools.
func (s *Store) Debit(ctx context.Context, d Debit) (DebitResult, error) {
	var result DebitResult
	err := s.Within(ctx, func(tx *Store) error {
		var err error
		if result.Balance, err = tx.lockedBalance(ctx, d.AccountID); err != nil {
			return err
		}
		if result.Balance.Total < d.Amount {
			return errShort
		}
		result.Entries, err = tx.draw(ctx, d, result.Balance)
		return err
	})
	if result.Short = errors.Is(err, errShort); result.Short || errors.Is(err, errSpent) {
		if earlier, found, err := s.FindDebit(ctx, d); err != nil || found {
			return earlier, err
		}
		err = nil
	}
	presentAll(result.Entries)
	return result, err
}

// lockedBalance reads the balance in as little as a statement can cost, and makes
// others wait for it until the transaction ends.
func (s *Store) lockedBalance(ctx context.Context, accountID string) (*domain.Balance, error) {
	query := "SELECT plan_credits, bonus_credits, updated_at FROM balances WHERE account_id = ?"
	if s.postgres { // SQLite's transactions exclude each other from the start
		query += " FOR UPDATE"
	}
	b := &domain.Balance{AccountID: accountID}
	err := s.writer(ctx).Raw(query, accountID).Row().Scan(&b.Plan, &b.Bonus, &b.UpdatedAt)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, domain.NotFound("balance")
	}
	b.UpdatedAt = b.UpdatedAt.UTC()
	b.Present()
	return b, s.wrap("read balance", "", err)
}

// draw takes the amount off the balance, which is locked and covers it, and
// returns the entries that say so.
func (s *Store) draw(ctx context.Context, d Debit, b *domain.Balance) ([]domain.Credit, error) {
	fromPlan := min(d.Amount, b.Plan) // they end with the period, so they go first
	entries := d.entries(fromPlan, s.now())
	for i := range entries {
		if err := s.insertEntry(ctx, &entries[i]); err != nil {
			return nil, s.wrap("debit credits", "", err)
		}
	}
	b.Plan, b.Bonus, b.UpdatedAt = b.Plan-fromPlan, b.Bonus-(d.Amount-fromPlan), s.now()
	b.Present()
	err := s.writer(ctx).Exec(
		"UPDATE balances SET plan_credits = ?, bonus_credits = ?, updated_at = ? WHERE account_id = ?",
		b.Plan, b.Bonus, b.UpdatedAt, b.AccountID).Error
	return entries, s.wrap("debit credits", "", err)
}

// insertEntry inserts a debit's entry, word for word: GORM takes as long to work out
// the statement as the database takes to run it. errSpent means that the key was
// used before.
func (s *Store) insertEntry(ctx context.Context, e *domain.Credit) error {
	result := s.writer(ctx).Exec("INSERT INTO credits (id, account_id, pool, amount, reason, subscription_id, "+
		"idempotency_key, created_at) VALUES (?, ?, ?, ?, ?, '', ?, ?) ON CONFLICT DO NOTHING",
		e.ID, e.AccountID, e.Pool, e.Amount, e.Reason, e.IdempotencyKey, e.CreatedAt)
	if result.Error == nil && result.RowsAffected == 0 {
		return errSpent
	}
	return result.Error
}

// entries are those of the debit: one for each pool that it draws on.
func (d Debit) entries(fromPlan int64, now time.Time) []domain.Credit {
	var entries []domain.Credit
	add := func(pool domain.CreditPool, amount int64) {
		if amount > 0 {
			entries = append(entries, domain.Credit{
				ID: NewID(domain.PrefixCredit), AccountID: d.AccountID, Pool: pool, Amount: -amount,
				Reason: d.Reason, IdempotencyKey: d.keys()[len(entries)], CreatedAt: now,
			})
		}
	}
	add(domain.PoolPlan, fromPlan)
	add(domain.PoolBonus, d.Amount-fromPlan)
	return entries
}

// FindDebit returns what an earlier debit with the key did and true; false when
// there was none. The same key with another amount or reason is
// idempotency_key_reused.
func (s *Store) FindDebit(ctx context.Context, d Debit) (DebitResult, bool, error) {
	keys := d.keys()
	entries := []domain.Credit{}
	err := s.conn(ctx).Where("account_id = ? AND idempotency_key IN ?", d.AccountID, keys[:]).
		Order("idempotency_key").Find(&entries).Error
	if err != nil || len(entries) == 0 {
		return DebitResult{}, false, s.wrap("read debit", "", err)
	}
	amount := int64(0)
	for _, e := range entries {
		amount -= e.Amount
	}
	if amount != d.Amount || entries[0].Reason != d.Reason {
		return DebitResult{}, false, keyReused()
	}
	presentAll(entries)
	balance, err := s.Balance(ctx, d.AccountID)
	return DebitResult{Entries: entries, Balance: balance, Replayed: true}, err == nil, err
}
