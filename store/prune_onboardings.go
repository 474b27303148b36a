package store

import (
	"context"
	"time"

	"slipway/domain"
)

// onboardingBatch bounds how many onboardings go in one transaction: each takes rows of
// several tables with it.
const onboardingBatch = 200

// endedEarlyBefore are those whose retention is over and was not applied. Their ids find
// them: whatever ended before a time began before it.
var endedEarlyBefore = oneOf("status", domain.OnboardingFailed, domain.OnboardingExpired, domain.OnboardingCanceled) +
	" AND pruned_at IS NULL AND id < @onboarding AND updated_at < @before"

// endedEarly is an onboarding whose retention is over.
type endedEarly struct {
	ID, Kind, AccountID, SubscriptionID string
}

// pruneOnboardings deletes onboardings that ended early, with what they had
// reserved. Where an invoice was opened, the rows stay and what is personal in them
// goes; where anything was paid, or the account is in use, all stays. One whose
// payment is not decided waits.
func (s *Store) pruneOnboardings(ctx context.Context, before time.Time, limit int) (int64, error) {
	var rows []endedEarly
	err := s.Within(ctx, func(tx *Store) error {
		q := tx.locked(tx.conn(ctx)).Model(&domain.Onboarding{}).
			Select("id, kind, account_id, subscription_id").
			Where(endedEarlyBefore, pruneArgs(before)).
			Where("NOT EXISTS (SELECT 1 FROM invoices i JOIN payments p ON p.invoice_id = i.id " +
				"WHERE i.subscription_id = onboardings.subscription_id AND p.status NOT IN ('succeeded', 'failed'))")
		if err := q.Order("id").Limit(min(limit, onboardingBatch)).Find(&rows).Error; err != nil || len(rows) == 0 {
			return err
		}
		return tx.pruneEnded(ctx, rows)
	})
	if int64(len(rows)) == onboardingBatch { // as full a batch as there can be
		return int64(limit), err
	}
	return int64(len(rows)), err
}

// pruneEnded sorts them by what was reserved, and deals with each kind. Of an account
// that chose a plan, only the subscription counts: the account is not the onboarding's.
func (s *Store) pruneEnded(ctx context.Context, rows []endedEarly) error {
	var subscriptions, accounts []string
	for _, o := range rows {
		subscriptions = append(subscriptions, o.SubscriptionID)
		if o.Kind == string(domain.KindSignup) {
			accounts = append(accounts, o.AccountID)
		}
	}
	owed, paid := map[string]bool{}, map[string]bool{}
	for _, read := range []struct {
		into  map[string]bool
		query string
		ids   []string
	}{
		{owed, "SELECT DISTINCT subscription_id FROM invoices WHERE subscription_id IN ?", subscriptions},
		{owed, "SELECT DISTINCT account_id FROM invoices WHERE account_id IN ?", accounts},
		{paid, "SELECT DISTINCT account_id FROM payments WHERE status = 'succeeded' AND account_id IN ?", accounts},
		{paid, "SELECT id FROM subscriptions WHERE status <> 'incomplete_expired' AND id IN ?", subscriptions},
		{paid, "SELECT account_id FROM balances WHERE account_id IN ?", accounts},
		{paid, "SELECT id FROM accounts WHERE status <> 'closed' AND id IN ?", accounts},
	} {
		if err := s.readSet(ctx, read.into, read.query, read.ids); err != nil {
			return err
		}
	}
	var gone, emptied, stays ended
	for _, o := range rows {
		switch {
		case paid[o.SubscriptionID] || paid[o.AccountID]:
			stays.add(o)
		case owed[o.SubscriptionID] || owed[o.AccountID]:
			emptied.add(o)
		default:
			gone.add(o)
		}
	}
	for _, do := range []func() error{
		func() error { return s.deleteEnded(ctx, gone) },
		func() error { return s.emptyEnded(ctx, emptied) },
		func() error {
			return s.execIn(ctx, "UPDATE onboardings SET pruned_at = ? WHERE id IN ?", s.now(), stays.onboardings)
		},
	} {
		if err := do(); err != nil {
			return err
		}
	}
	return nil
}

// ended are the ids of what onboardings reserved.
type ended struct{ onboardings, subscriptions, accounts []string }

// add adds an onboarding; an account only where the onboarding made it.
func (e *ended) add(o endedEarly) {
	e.onboardings, e.subscriptions = append(e.onboardings, o.ID), append(e.subscriptions, o.SubscriptionID)
	if o.Kind == string(domain.KindSignup) {
		e.accounts = append(e.accounts, o.AccountID)
	}
}

// deleteEnded deletes rows, those that name others first.
func (s *Store) deleteEnded(ctx context.Context, e ended) error {
	if err := s.deletePeople(ctx, e.accounts); err != nil {
		return err
	}
	for _, row := range []struct {
		statement string
		ids       []string
	}{
		{"DELETE FROM payment_methods WHERE account_id IN ?", e.accounts},
		{"DELETE FROM subscriptions WHERE id IN ?", e.subscriptions},
		{"DELETE FROM accounts WHERE id IN ?", e.accounts},
		{"DELETE FROM onboardings WHERE id IN ?", e.onboardings},
	} {
		if err := s.execIn(ctx, row.statement, row.ids); err != nil {
			return err
		}
	}
	return nil
}

// emptyEnded deletes what is personal. A closed account needs a slug that no other
// has; its id is one.
func (s *Store) emptyEnded(ctx context.Context, e ended) error {
	if err := s.deletePeople(ctx, e.accounts); err != nil {
		return err
	}
	err := s.execIn(ctx, "UPDATE accounts SET name = '', country = '', slug = lower(id) WHERE id IN ?", e.accounts)
	if err != nil {
		return err
	}
	err = s.execIn(ctx, "UPDATE payment_methods SET token = '', brand = '', last4 = '', exp_month = 0, exp_year = 0 "+
		"WHERE account_id IN ?", e.accounts)
	if err != nil {
		return err
	}
	err = s.execIn(ctx, "UPDATE payments SET reference = '', reason = '' "+
		"WHERE reference || reason <> '' AND account_id IN ?", e.accounts)
	if err != nil {
		return err
	}
	return s.execIn(ctx, "UPDATE onboardings SET email = '', password_hash = '', account_name = '', wanted_slug = '', "+
		"country = '', payment_token = '', account = NULL, next_action = NULL, pruned_at = ? WHERE id IN ?",
		s.now(), e.onboardings)
}

// deletePeople deletes the users of accounts, and their sessions.
func (s *Store) deletePeople(ctx context.Context, accounts []string) error {
	err := s.execIn(ctx, "DELETE FROM sessions WHERE account_id IN ?", accounts)
	if err == nil {
		err = s.execIn(ctx, "DELETE FROM users WHERE account_id IN ?", accounts)
	}
	return err
}

// execIn runs a statement about ids, its last argument; without any there is nothing
// to do.
func (s *Store) execIn(ctx context.Context, statement string, args ...any) error {
	if ids := args[len(args)-1].([]string); len(ids) == 0 {
		return nil
	}
	return s.writer(ctx).Exec(statement, args...).Error
}

// readSet adds the ids that a query about ids finds.
func (s *Store) readSet(ctx context.Context, into map[string]bool, query string, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	var found []string
	err := s.conn(ctx).Raw(query, ids).Scan(&found).Error
	for _, id := range found {
		into[id] = true
	}
	return err
}
