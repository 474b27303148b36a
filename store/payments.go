package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"slipway/domain"
)

// RecheckAfter is how long a provider may take to decide before it is asked
// again, if it sends no event.
const RecheckAfter = time.Hour

// Undecided is a payment that a provider was, or is about to be, asked for and
// that has not ended.
type Undecided struct {
	domain.Payment `gorm:"embedded"`
	// Wanted: its invoice is open and it is the invoice's newest attempt. What is
	// not wanted is to be given back.
	Wanted bool
	now    time.Time
}

// ToAsk reports whether the provider is to be asked now, rather than the
// customer, or an event, waited for.
func (u *Undecided) ToAsk() bool {
	switch u.Status {
	case domain.PaymentRequiresAction:
		return !u.Wanted
	case domain.PaymentProcessing:
		return u.ProviderRef == "" || !u.Wanted || u.now.Sub(u.UpdatedAt) >= RecheckAfter
	}
	return true
}

// undecided is the condition of the partial index payments_unsettled, for
// payments made through a provider.
const undecided = "payments.status IN ('created', 'processing', 'unknown', 'requires_action') AND payments.idempotency_key <> ''"

// UndecidedPayments returns the subscription's undecided payments, oldest first.
func (s *Store) UndecidedPayments(ctx context.Context, subscriptionID string) ([]Undecided, error) {
	return s.undecided(s.conn(ctx).Where("invoices.subscription_id = ?", subscriptionID))
}

// UndecidedOfInvoice returns the invoice's undecided payments, oldest first.
func (s *Store) UndecidedOfInvoice(ctx context.Context, invoiceID string) ([]Undecided, error) {
	return s.undecided(s.conn(ctx).Where("invoices.id = ?", invoiceID))
}

// StalePayments returns payments that have been undecided, and not been looked
// at, since the time, for whoever looks after those nobody else does: first those
// never looked at.
func (s *Store) StalePayments(ctx context.Context, before time.Time, limit int) ([]Undecided, error) {
	return s.undecided(s.conn(ctx).Where("payments.updated_at < ? AND (payments.looked_at IS NULL OR payments.looked_at < ?)", before, before).
		Order("COALESCE(payments.looked_at, payments.created_at)").Limit(limit))
}

// MarkLooked notes that the janitor has looked at the payment, whatever came of
// it: others have their turn before it is looked at again.
func (s *Store) MarkLooked(ctx context.Context, id string) error {
	err := s.writer(ctx).Model(&domain.Payment{}).Where("id = ?", id).UpdateColumn("looked_at", s.now()).Error
	return s.wrap("mark payment", "", err)
}

// LatePayments returns payments that a provider took when nobody waited for them
// any more and that were not given back, of those changed before the time.
func (s *Store) LatePayments(ctx context.Context, before time.Time, limit int) ([]domain.Payment, error) {
	var rows []domain.Payment
	err := s.conn(ctx).Where("late AND refunded = 0 AND idempotency_key <> '' AND updated_at < ?", before).
		Order("updated_at").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read late payments", "", err)
}

func (s *Store) undecided(q *gorm.DB) ([]Undecided, error) {
	var rows []Undecided
	err := q.Table("payments").Joins("JOIN invoices ON invoices.id = payments.invoice_id").Where(undecided).
		Select("payments.*, (invoices.status = 'open' AND NOT EXISTS (SELECT 1 FROM payments newer " +
			"WHERE newer.invoice_id = payments.invoice_id AND newer.attempt > payments.attempt)) AS wanted").
		Order("payments.id").Find(&rows).Error
	for i := range rows {
		rows[i].now = s.now()
	}
	return rows, s.wrap("read undecided payments", "", err)
}

// UndecidedPayment returns the newest undecided payment of the invoice, or not_found.
func (s *Store) UndecidedPayment(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.conn(ctx).Where("invoice_id = ? AND "+undecided, invoiceID).Order("attempt DESC")
	return one[domain.Payment](s, q, "undecided payment")
}

// UnaskedPayments returns the invoice's payments that wait for approval, or for
// a provider to be asked, and locks them until the transaction ends.
func (s *Store) UnaskedPayments(ctx context.Context, invoiceID string) ([]domain.Payment, error) {
	var rows []domain.Payment
	err := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status IN ?", invoiceID,
		[]domain.PaymentStatus{domain.PaymentCreated, domain.PaymentPendingApproval}).Find(&rows).Error
	return rows, s.wrap("read payments", "", err)
}

// PaymentByKey returns the payment a provider knows by the key, or not_found.
func (s *Store) PaymentByKey(ctx context.Context, key string) (*domain.Payment, error) {
	return one[domain.Payment](s, s.conn(ctx).Where("idempotency_key = ? AND idempotency_key <> ''", key), "payment")
}

// PaymentOf returns the payment that paid the invoice, locked until the
// transaction ends; or not_found.
func (s *Store) PaymentOf(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status = ?", invoiceID, domain.PaymentSucceeded)
	return one[domain.Payment](s, q, "payment")
}

// LockInvoice returns the invoice and keeps others from changing it until the
// transaction ends; or not_found.
func (s *Store) LockInvoice(ctx context.Context, id string) (*domain.Invoice, error) {
	return one[domain.Invoice](s, s.locked(s.conn(ctx)).Where("id = ?", id), "invoice")
}

// OpenInvoices returns the subscription's open invoices, locked until the
// transaction ends.
func (s *Store) OpenInvoices(ctx context.Context, subscriptionID string) ([]domain.Invoice, error) {
	var rows []domain.Invoice
	err := s.locked(s.conn(ctx)).Where("subscription_id = ? AND status = ?", subscriptionID, domain.InvoiceOpen).
		Order("id").Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read open invoices", "", err)
}

// InvoiceForPeriod returns the subscription's invoice for the period and reason
// that is not void, locked until the transaction ends; or not_found.
func (s *Store) InvoiceForPeriod(ctx context.Context, subscriptionID string, start time.Time, reason string) (*domain.Invoice, error) {
	q := s.locked(s.conn(ctx)).Where("subscription_id = ? AND period_start = ? AND reason = ? AND status <> 'void'",
		subscriptionID, start, reason)
	return one[domain.Invoice](s, q, "invoice")
}

// OpenInvoicesOf returns the account's open invoices, oldest first.
func (s *Store) OpenInvoicesOf(ctx context.Context, accountID string) ([]domain.Invoice, error) {
	rows := []domain.Invoice{}
	err := s.conn(ctx).Where("account_id = ? AND status = ?", accountID, domain.InvoiceOpen).Order("id").Limit(100).Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read open invoices", "", err)
}

// PendingPaymentsOf returns the account's payments that have not ended, oldest
// first.
func (s *Store) PendingPaymentsOf(ctx context.Context, accountID string) ([]domain.Payment, error) {
	rows := []domain.Payment{}
	err := s.conn(ctx).Where("account_id = ? AND status NOT IN ?", accountID,
		[]domain.PaymentStatus{domain.PaymentSucceeded, domain.PaymentFailed}).Order("id").Limit(100).Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read pending payments", "", err)
}

// LatestSubscription returns the account's newest subscription, in use or not;
// or not_found.
func (s *Store) LatestSubscription(ctx context.Context, accountID string) (*domain.Subscription, error) {
	return one[domain.Subscription](s, s.conn(ctx).Where("account_id = ?", accountID).Order("id DESC"), "subscription")
}
