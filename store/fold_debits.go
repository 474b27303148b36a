package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"slipway/domain"
)

// isDebit is true of ledger entries that debits made, and that were not folded.
const isDebit = "substr(idempotency_key, 1, 6) = 'debit/'"

// beginsPeriod is true of ledger entries at which a period of the ledger begins: what
// was left of the last one went, and what the next one brings came.
const beginsPeriod = "reason IN ('" + domain.ReasonPlanReset + "', '" + domain.ReasonPlanGrant + "')"

// foldDebits replaces the oldest debits, made before the time, by one entry for each
// account, pool and period: their sum, dated as the first of them. Balances, and
// what a period used of a pool, stay as they are. A debit's idempotency key goes.
func (s *Store) foldDebits(ctx context.Context, before time.Time, limit int) (int64, error) {
	var debits []domain.Credit
	err := s.Within(ctx, func(tx *Store) error {
		err := tx.locked(tx.conn(ctx)).Where(isDebit+" AND id < @credit", pruneArgs(before)).
			Order("id").Limit(limit).Find(&debits).Error
		if err != nil || len(debits) == 0 {
			return err
		}
		periods, err := tx.periodsOf(ctx, debits)
		if err != nil {
			return err
		}
		ids := make([]string, len(debits))
		for i := range debits {
			ids[i] = debits[i].ID
		}
		if err := tx.execIn(ctx, "DELETE FROM credits WHERE id IN ?", ids); err != nil {
			return err
		}
		sums := sumUsage(debits, periods)
		return tx.writer(ctx).Clauses(clause.OnConflict{
			Columns:   []clause.Column{{Name: "account_id"}, {Name: "idempotency_key"}},
			DoUpdates: clause.Assignments(map[string]any{"amount": gorm.Expr("credits.amount + excluded.amount")}),
		}).Create(&sums).Error
	})
	return int64(len(debits)), err
}

// sumUsage adds debits up by account, pool and period. The first debit of a sum lends
// it its id, so that the ledger keeps its order.
func sumUsage(debits []domain.Credit, periods map[string][]string) []domain.Credit {
	type group struct{ account, key string }
	var sums []domain.Credit
	at := map[group]int{}
	for _, d := range debits {
		period := ""
		for _, begins := range periods[d.AccountID] {
			if begins < d.ID {
				period = begins
			}
		}
		key := "usage/" + string(d.Pool) + "/" + period
		i, found := at[group{d.AccountID, key}]
		if !found {
			i = len(sums)
			at[group{d.AccountID, key}] = i
			sums = append(sums, domain.Credit{
				ID: d.ID, AccountID: d.AccountID, Pool: d.Pool, Reason: domain.ReasonUsage, IdempotencyKey: key,
				CreatedAt: d.CreatedAt,
			})
		}
		sums[i].Amount += d.Amount
	}
	return sums
}

// periodsOf returns the entries at which the periods of the debits begin, by account, in
// their order. The debits are the oldest there are: before them an account has few
// entries, and between them no debits but these.
func (s *Store) periodsOf(ctx context.Context, debits []domain.Credit) (map[string][]string, error) {
	first, last := debits[0].ID, debits[len(debits)-1].ID
	seen, accounts := map[string]bool{}, []string{}
	for _, d := range debits {
		if !seen[d.AccountID] {
			seen[d.AccountID], accounts = true, append(accounts, d.AccountID)
		}
	}
	var before, between []struct{ AccountID, ID string }
	err := s.conn(ctx).Raw("SELECT a.id AS account_id, (SELECT c.id FROM credits c WHERE c.account_id = a.id "+
		"AND c.id < ? AND c."+beginsPeriod+" ORDER BY c.id DESC LIMIT 1) AS id FROM accounts a WHERE a.id IN ?",
		first, accounts).Scan(&before).Error
	if err != nil {
		return nil, err
	}
	err = s.conn(ctx).Raw("SELECT account_id, id FROM credits WHERE account_id IN ? AND id > ? AND id < ? AND "+
		beginsPeriod+" ORDER BY id", accounts, first, last).Scan(&between).Error
	periods := map[string][]string{}
	for _, p := range append(before, between...) {
		if p.ID != "" {
			periods[p.AccountID] = append(periods[p.AccountID], p.ID)
		}
	}
	return periods, err
}
