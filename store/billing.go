package store

import (
	"context"
	"strconv"
	"time"

	"slipway/domain"
)

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
	q := s.conn(ctx).Where("account_id = ? AND status IN ?", accountID, domain.SubscriptionLive)
	return one[domain.Subscription](s, q, "subscription")
}

// HadTrial reports whether the account ever had a trial: it gets one.
func (s *Store) HadTrial(ctx context.Context, accountID string) (bool, error) {
	var n int64
	err := s.conn(ctx).Model(&domain.Subscription{}).Where("account_id = ? AND trial_end IS NOT NULL", accountID).Count(&n).Error
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
	q := where(where(where(s.conn(ctx), "account_id", f.AccountID), "status", f.Status), "plan_code", f.Plan)
	return page(s, q, f.Page, func(sub *domain.Subscription) string { return sub.ID })
}

// InsertInvoice stores a new invoice.
func (s *Store) InsertInvoice(ctx context.Context, in *domain.Invoice) error {
	in.Present()
	return s.create(ctx, "insert invoice", in)
}

// OpenInvoice returns the subscription's open invoice and locks it until the
// transaction ends; or not_found.
func (s *Store) OpenInvoice(ctx context.Context, subscriptionID string) (*domain.Invoice, error) {
	q := s.locked(s.conn(ctx)).Where("subscription_id = ? AND status = ?", subscriptionID, domain.InvoiceOpen)
	return one[domain.Invoice](s, q, "open invoice")
}

// SaveInvoice writes a changed invoice.
func (s *Store) SaveInvoice(ctx context.Context, in *domain.Invoice) error {
	return s.save(ctx, "save invoice", in)
}

// InvoiceByID returns the invoice, or not_found.
func (s *Store) InvoiceByID(ctx context.Context, id string) (*domain.Invoice, error) {
	return one[domain.Invoice](s, s.conn(ctx).Where("id = ?", id), "invoice")
}

// ListInvoices returns a page of an account's invoices, newest first.
func (s *Store) ListInvoices(ctx context.Context, accountID string, p Page) (List[domain.Invoice], error) {
	return page(s, s.conn(ctx).Where("account_id = ?", accountID), p, func(in *domain.Invoice) string { return in.ID })
}

// InsertPayment stores a new payment as the next attempt of its invoice. One
// that a provider is asked for gets the key invoice/attempt.
func (s *Store) InsertPayment(ctx context.Context, p *domain.Payment) error {
	var attempts int64
	err := s.conn(ctx).Model(&domain.Payment{}).Where("invoice_id = ?", p.InvoiceID).Count(&attempts).Error
	if err != nil {
		return s.wrap("count payments", "", err)
	}
	p.Attempt = int(attempts) + 1
	if p.MethodID != "" && p.Key == "" {
		p.Key = p.InvoiceID + "/" + strconv.Itoa(p.Attempt)
	}
	return s.create(ctx, "insert payment", p)
}

// PaymentByID returns the payment, or not_found.
func (s *Store) PaymentByID(ctx context.Context, id string) (*domain.Payment, error) {
	return one[domain.Payment](s, s.conn(ctx).Where("id = ?", id), "payment")
}

// LockPayment is PaymentByID that keeps others from changing it until the
// transaction ends.
func (s *Store) LockPayment(ctx context.Context, id string) (*domain.Payment, error) {
	return one[domain.Payment](s, s.locked(s.conn(ctx)).Where("id = ?", id), "payment")
}

// PendingPayment returns the invoice's payment that waits for approval and
// locks it until the transaction ends; or not_found.
func (s *Store) PendingPayment(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status = ?", invoiceID, domain.PaymentPendingApproval)
	return one[domain.Payment](s, q, "pending payment")
}

// SavePayment writes a changed payment.
func (s *Store) SavePayment(ctx context.Context, p *domain.Payment) error {
	return s.save(ctx, "save payment", p)
}

// PaymentFilter narrows the admin list; empty fields do not.
type PaymentFilter struct {
	AccountID string
	Status    string
	Query     string // part of the reference, or an id
	LateOnly  bool
	Page
}

// ListPayments returns a page of payments, newest first.
func (s *Store) ListPayments(ctx context.Context, f PaymentFilter) (List[domain.Payment], error) {
	q := where(where(s.conn(ctx), "account_id", f.AccountID), "status", f.Status)
	if f.Query != "" {
		q = q.Where("(id = ? OR invoice_id = ? OR ?)", f.Query, f.Query, holds("reference", f.Query))
	}
	if f.LateOnly {
		q = q.Where("late")
	}
	return page(s, q, f.Page, func(p *domain.Payment) string { return p.ID })
}

// AttachMethod gives the account the method and returns the one it now has for
// that option: the same option twice is one method. With makeDefault it becomes
// the account's only default; one at a time per account, until the transaction
// ends. Call it inside Within.
func (s *Store) AttachMethod(ctx context.Context, m *domain.PaymentMethod, makeDefault bool) (*domain.PaymentMethod, error) {
	m.Default = makeDefault
	attached, err := insertNew(s.writer(ctx), m)
	if err != nil || attached {
		m.Present()
		return m, s.wrap("attach payment method", "", err)
	}
	// It has the option, or another default, already.
	if s.postgres { // rows that refer to the account may still be added meanwhile
		if err := s.conn(ctx).Exec("SELECT id FROM accounts WHERE id = ? FOR NO KEY UPDATE", m.AccountID).Error; err != nil {
			return nil, s.wrap("queue for payment method", "", err)
		}
	}
	m.Default = false
	if _, err := insertNew(s.writer(ctx), m); err != nil {
		return nil, s.wrap("attach payment method", "", err)
	}
	q := s.conn(ctx).Where("account_id = ? AND option_key = ? AND removed_at IS NULL", m.AccountID, m.Option)
	method, err := one[domain.PaymentMethod](s, q, "payment method")
	if err != nil || method.Default || !makeDefault {
		return method, err
	}
	return method, s.makeDefault(ctx, method)
}

// makeDefault moves the default flag of the account to the method: the old one
// goes first, so the partial unique index never sees two.
func (s *Store) makeDefault(ctx context.Context, m *domain.PaymentMethod) error {
	methods := s.writer(ctx).Model(&domain.PaymentMethod{})
	err := methods.Where("account_id = ? AND is_default", m.AccountID).Update("is_default", false).Error
	if err == nil {
		err = s.writer(ctx).Model(&domain.PaymentMethod{}).Where("id = ?", m.ID).Update("is_default", true).Error
	}
	m.Default = err == nil
	return s.wrap("make payment method the default", "", err)
}

// DefaultMethod returns the account's default payment method, or not_found.
func (s *Store) DefaultMethod(ctx context.Context, accountID string) (*domain.PaymentMethod, error) {
	return one[domain.PaymentMethod](s, s.conn(ctx).Where("account_id = ? AND is_default", accountID), "payment method")
}

// MethodByID returns a payment method of the account that was not removed, or not_found.
func (s *Store) MethodByID(ctx context.Context, accountID, id string) (*domain.PaymentMethod, error) {
	q := s.conn(ctx).Where("id = ? AND account_id = ? AND removed_at IS NULL", id, accountID)
	return one[domain.PaymentMethod](s, q, "payment method")
}

// RemoveMethod takes a method away; the row stays for the invoices it paid.
func (s *Store) RemoveMethod(ctx context.Context, m *domain.PaymentMethod) error {
	now := s.now()
	m.RemovedAt, m.Default = &now, false
	return s.save(ctx, "remove payment method", m)
}

// ListMethods returns a page of the payment methods an account can pay with,
// newest first; what a provider has not made yet is none.
func (s *Store) ListMethods(ctx context.Context, accountID string, p Page) (List[domain.PaymentMethod], error) {
	q := s.conn(ctx).Where("account_id = ? AND removed_at IS NULL AND (collection_method = ? OR provider_ref <> '')",
		accountID, domain.SendInvoice)
	return page(s, q, p, func(m *domain.PaymentMethod) string { return m.ID })
}

// HasOpenInvoice reports whether the account owes anything.
func (s *Store) HasOpenInvoice(ctx context.Context, accountID string) (bool, error) {
	var n int64
	err := s.conn(ctx).Model(&domain.Invoice{}).Where("account_id = ? AND status = ?", accountID, domain.InvoiceOpen).Count(&n).Error
	return n > 0, s.wrap("read open invoices", "", err)
}

// UnbilledSubscriptions returns subscriptions in use that billing has not taken
// over, or has not acted on although it was due before the time.
func (s *Store) UnbilledSubscriptions(ctx context.Context, dueBefore time.Time, limit int) ([]domain.Subscription, error) {
	const live = "status IN ('trialing', 'active', 'past_due')"
	rows := []domain.Subscription{}
	err := s.conn(ctx).Where("due_at IS NULL AND " + live).Order("id").Limit(limit).Find(&rows).Error
	if err == nil && len(rows) < limit {
		var overdue []domain.Subscription
		err = s.conn(ctx).Where("due_at IS NOT NULL AND "+live+" AND due_at < ? AND test_clock_id = ''", dueBefore).
			Order("due_at").Limit(limit - len(rows)).Find(&overdue).Error
		rows = append(rows, overdue...)
	}
	return rows, s.wrap("read unbilled subscriptions", "", err)
}
