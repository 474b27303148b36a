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

// Undecided is a payment that was, or soon will be, sent to a provider and has no
// outcome yet.
type Undecided struct {
	domain.Payment `gorm:"embedded"`
	// Wanted: its invoice is open and it is the invoice's newest attempt. One that
	// is not wanted is refunded.
	Wanted bool
	now    time.Time
}

// ToAsk reports whether to ask the provider now, rather than to wait for the
// customer or an event.
func (u *Undecided) ToAsk() bool {
	switch u.Status {
	case domain.PaymentRequiresAction:
		return !u.Wanted
	case domain.PaymentProcessing:
		return u.ProviderRef == "" || !u.Wanted || u.now.Sub(u.UpdatedAt) >= RecheckAfter
	}
	return true
}

// undecided is the condition of the partial index payments_undecided, for
// payments made through a provider.
var undecided = oneOf("payments.status", domain.PaymentCreated, domain.PaymentProcessing, domain.PaymentUnknown,
	domain.PaymentRequiresAction) + " AND payments.idempotency_key <> ''"

// UndecidedPayments returns the subscription's undecided payments, oldest first.
func (s *Store) UndecidedPayments(ctx context.Context, subscriptionID string) ([]Undecided, error) {
	return s.undecided(s.conn(ctx).Where("invoices.subscription_id = ?", subscriptionID))
}

// UndecidedOfInvoice returns the invoice's undecided payments, oldest first.
func (s *Store) UndecidedOfInvoice(ctx context.Context, invoiceID string) ([]Undecided, error) {
	return s.undecided(s.conn(ctx).Where("invoices.id = ?", invoiceID))
}

// UndecidedPayment returns the newest undecided payment of the invoice, or not_found.
func (s *Store) UndecidedPayment(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.conn(ctx).Where("invoice_id = ? AND "+undecided, invoiceID).Order("attempt DESC")
	return one[domain.Payment](s, q, "undecided payment")
}

// StalePayments returns payments that have been undecided, and not checked, since
// the time, for reconcile, and those whose check failed and is due again: those that
// were never checked come first.
func (s *Store) StalePayments(ctx context.Context, before time.Time, limit int) ([]Undecided, error) {
	failed := s.db.Model(&domain.JobFailure{}).Select("item_id").
		Where("job = ? AND attempts > 0 AND retry_at <= ?", domain.JobResolvePayments, s.now())
	q := s.conn(ctx).Where("payments.updated_at < ? AND "+
		"(payments.checked_at IS NULL OR payments.checked_at < ? OR payments.id IN (?))", before, before, failed)
	return s.undecided(s.notPutAside(q, domain.JobResolvePayments, "payments.id").
		Order("COALESCE(payments.checked_at, payments.created_at)").Limit(limit))
}

// MarkPaymentChecked stores that reconcile has checked the payment, whatever the result:
// others come first before it is checked again.
func (s *Store) MarkPaymentChecked(ctx context.Context, id string) error {
	err := s.writer(ctx).Model(&domain.Payment{}).Where("id = ?", id).UpdateColumn("checked_at", s.now()).Error
	return s.wrap("mark payment", "", err)
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
