package store

import (
	"context"
	"errors"

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

// errSpent takes back a debit whose key turned out to be used.
var errSpent = errors.New("the key was used before")

// keys are those of the entries. The first entry has the same key whichever
// pool it draws on, so that the unique index sees every repetition.
func (d Debit) keys() [2]string { return [2]string{"debit/1/" + d.Key, "debit/2/" + d.Key} }

// Debit takes credits, the plan's first, all of them or none: debits of one
// account take turns. Its key and the ledger's unique index make it happen once;
// the same key with another amount or reason is idempotency_key_reused. not_found
// means that no balance was ever opened, which is not the same as zero.
func (s *Store) Debit(ctx context.Context, d Debit) (DebitResult, error) {
	var result DebitResult
	err := s.Within(ctx, func(tx *Store) error {
		balance, err := one[domain.Balance](tx, tx.locked(tx.conn(ctx)).Where("account_id = ?", d.AccountID), "balance")
		if err != nil {
			return err
		}
		result.Balance = balance
		if result.Short = balance.Total < d.Amount; result.Short {
			return errSpent // or so it may be: look
		}
		result.Entries = d.entries(balance, tx)
		return tx.take(ctx, &result)
	})
	if !errors.Is(err, errSpent) {
		return result, err
	}
	earlier, found, err := s.FindDebit(ctx, d)
	if found {
		return earlier, nil
	}
	return result, err
}

// entries splits the debit between the pools: the plan's credits end with the
// period, so they go first.
func (d Debit) entries(b *domain.Balance, tx *Store) []domain.Credit {
	fromPlan := min(d.Amount, b.Plan)
	var entries []domain.Credit
	for _, part := range []struct {
		pool   domain.CreditPool
		amount int64
	}{{domain.PoolPlan, fromPlan}, {domain.PoolBonus, d.Amount - fromPlan}} {
		if part.amount > 0 {
			entries = append(entries, domain.Credit{
				ID: NewID(domain.PrefixCredit), AccountID: d.AccountID, Pool: part.pool, Amount: -part.amount,
				Reason: d.Reason, IdempotencyKey: d.keys()[len(entries)], CreatedAt: tx.now(),
			})
		}
	}
	return entries
}

// take writes the entries and what they leave of the balance, which the caller
// has locked.
func (s *Store) take(ctx context.Context, result *DebitResult) error {
	isNew, err := insertAllNew(s.writer(ctx), result.Entries)
	if err != nil {
		return s.wrap("debit credits", "", err)
	}
	if !isNew {
		return errSpent
	}
	b := result.Balance
	for i := range result.Entries {
		if result.Entries[i].Pool == domain.PoolPlan {
			b.Plan += result.Entries[i].Amount
		} else {
			b.Bonus += result.Entries[i].Amount
		}
	}
	b.UpdatedAt = s.now()
	b.Present()
	presentAll(result.Entries)
	err = s.writer(ctx).Exec("UPDATE balances SET plan_credits = ?, bonus_credits = ?, updated_at = ? WHERE account_id = ?",
		b.Plan, b.Bonus, b.UpdatedAt, b.AccountID).Error
	return s.wrap("debit credits", "", err)
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

// ListCredits returns a page of the account's ledger, newest first.
func (s *Store) ListCredits(ctx context.Context, accountID string, p Page) (List[domain.Credit], error) {
	return page(s, s.conn(ctx).Where("account_id = ?", accountID), p, func(c *domain.Credit) string { return c.ID })
}
