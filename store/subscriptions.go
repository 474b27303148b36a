package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"slipway/domain"
)

// inUse is the condition of the indexes on subscriptions in use; of is the table and a
// dot, or empty.
func inUse(of string) string { return oneOf(of+"status", domain.SubscriptionLive...) }

// InsertSubscription stores a new subscription.
func (s *Store) InsertSubscription(ctx context.Context, sub *domain.Subscription) error {
	return s.create(ctx, "insert subscription", sub)
}

// SubscriptionByID returns the subscription, or not_found.
func (s *Store) SubscriptionByID(ctx context.Context, id string) (*domain.Subscription, error) {
	return one[domain.Subscription](s, s.conn(ctx).Where("id = ?", id), "subscription")
}

// LockSubscription is SubscriptionByID that keeps others from changing it until
// the transaction ends.
func (s *Store) LockSubscription(ctx context.Context, id string) (*domain.Subscription, error) {
	return one[domain.Subscription](s, s.locked(s.conn(ctx)).Where("id = ?", id), "subscription")
}

// LiveSubscription returns the account's trialing, active or past-due
// subscription, or not_found.
func (s *Store) LiveSubscription(ctx context.Context, accountID string) (*domain.Subscription, error) {
	q := s.conn(ctx).Where("account_id = ? AND "+inUse(""), accountID)
	return one[domain.Subscription](s, q, "subscription")
}

// LatestSubscription returns the account's newest subscription, in use or not;
// or not_found.
func (s *Store) LatestSubscription(ctx context.Context, accountID string) (*domain.Subscription, error) {
	return one[domain.Subscription](s, s.conn(ctx).Where("account_id = ?", accountID).Order("id DESC"), "subscription")
}

// HadTrial reports whether the account ever had a trial: it gets one.
func (s *Store) HadTrial(ctx context.Context, accountID string) (bool, error) {
	var n int64
	err := s.conn(ctx).Model(&domain.Subscription{}).Where("account_id = ? AND trial_end IS NOT NULL", accountID).
		Count(&n).Error
	return n > 0, s.wrap("read trials", "", err)
}

// SaveSubscription writes a changed subscription.
func (s *Store) SaveSubscription(ctx context.Context, sub *domain.Subscription) error {
	return s.save(ctx, "save subscription", sub)
}

// SubscriptionFilter narrows the admin list; empty fields do not.
type SubscriptionFilter struct {
	AccountID string
	Status    string
	Plan      string
	Page
}

// ListSubscriptions returns a page of subscriptions, newest first.
func (s *Store) ListSubscriptions(ctx context.Context, f SubscriptionFilter) (List[domain.Subscription], error) {
	q := where(where(where(s.lists(ctx), "account_id", f.AccountID), "status", f.Status), "plan_code", f.Plan)
	return page(s, q, f.Page, func(sub *domain.Subscription) string { return sub.ID })
}

// LivingSubscriptions returns subscriptions in use, after the cursor id.
func (s *Store) LivingSubscriptions(ctx context.Context, after string, limit int) ([]domain.Subscription, error) {
	var rows []domain.Subscription
	err := s.conn(ctx).Where("id > ? AND "+inUse(""), after).Order("id").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read subscriptions in use", "", err)
}

// SubscriptionsWithoutBilling returns subscriptions in use whose Billing has not
// begun, or has not acted although something was due before the time.
func (s *Store) SubscriptionsWithoutBilling(
	ctx context.Context, dueBefore time.Time, limit int,
) ([]domain.Subscription, error) {
	rows := []domain.Subscription{}
	q := s.notPutAside(s.conn(ctx).Where(inUse("")), domain.JobStartBillings, "id").Session(&gorm.Session{})
	err := q.Where("due_at IS NULL").Order("id").Limit(limit).Find(&rows).Error
	if err == nil && len(rows) < limit {
		var overdue []domain.Subscription
		err = q.Where("due_at IS NOT NULL AND due_at < ? AND test_clock_id = ''", dueBefore).
			Order("due_at").Limit(limit - len(rows)).Find(&overdue).Error
		rows = append(rows, overdue...)
	}
	return rows, s.wrap("read subscriptions without billing", "", err)
}
