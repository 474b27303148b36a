package store

import (
	"context"
	"time"

	"slipway/domain"
)

// InsertInvoice stores a new invoice.
func (s *Store) InsertInvoice(ctx context.Context, in *domain.Invoice) error {
	in.Present()
	return s.create(ctx, "insert invoice", in)
}

// InvoiceByID returns the invoice, or not_found.
func (s *Store) InvoiceByID(ctx context.Context, id string) (*domain.Invoice, error) {
	return one[domain.Invoice](s, s.conn(ctx).Where("id = ?", id), "invoice")
}

// LockInvoice returns the invoice and keeps others from changing it until the
// transaction ends; or not_found.
func (s *Store) LockInvoice(ctx context.Context, id string) (*domain.Invoice, error) {
	return one[domain.Invoice](s, s.locked(s.conn(ctx)).Where("id = ?", id), "invoice")
}

// OpenInvoice returns the subscription's open invoice and locks it until the
// transaction ends; or not_found.
func (s *Store) OpenInvoice(ctx context.Context, subscriptionID string) (*domain.Invoice, error) {
	q := s.locked(s.conn(ctx)).Where("subscription_id = ? AND status = ?", subscriptionID, domain.InvoiceOpen)
	return one[domain.Invoice](s, q, "open invoice")
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

// OpenInvoicesOf returns the account's open invoices, oldest first.
func (s *Store) OpenInvoicesOf(ctx context.Context, accountID string) ([]domain.Invoice, error) {
	rows := []domain.Invoice{}
	err := s.conn(ctx).Where("account_id = ? AND status = 'open'", accountID).Order("id").Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read open invoices", "", err)
}

// HasOpenInvoice reports whether the account owes anything.
func (s *Store) HasOpenInvoice(ctx context.Context, accountID string) (bool, error) {
	var n int64
	err := s.conn(ctx).Model(&domain.Invoice{}).Where("account_id = ? AND status = 'open'", accountID).
		Count(&n).Error
	return n > 0, s.wrap("read open invoices", "", err)
}

// RoomForPurchase locks the account and returns too_many when it has as many open
// purchases as the limit allows; 0 is no limit. Call it inside Within.
func (s *Store) RoomForPurchase(ctx context.Context, accountID string, limit int) error {
	open := s.conn(ctx).Model(&domain.Invoice{}).Where("account_id = ? AND status = 'open' AND type = ?",
		accountID, domain.InvoiceCreditPackage)
	return s.room(ctx, accountID, open, limit, domain.TooManyPurchases(limit))
}

// InvoiceForPeriod returns the subscription's invoice for the period and reason
// that is not void, locked until the transaction ends; or not_found.
func (s *Store) InvoiceForPeriod(
	ctx context.Context, subscriptionID string, start time.Time, reason string,
) (*domain.Invoice, error) {
	q := s.locked(s.conn(ctx)).Where("subscription_id = ? AND period_start = ? AND reason = ? AND status <> 'void'",
		subscriptionID, start, reason)
	return one[domain.Invoice](s, q, "invoice")
}

// CountInvoicesForPeriod counts the subscription's invoices for the period and
// reason, those that are void, too.
func (s *Store) CountInvoicesForPeriod(
	ctx context.Context, subscriptionID string, start time.Time, reason string,
) (n int64, err error) {
	err = s.conn(ctx).Model(&domain.Invoice{}).Where("subscription_id = ? AND period_start = ? AND reason = ?",
		subscriptionID, start, reason).Count(&n).Error
	return n, s.wrap("count invoices", "", err)
}

// SaveInvoice writes a changed invoice.
func (s *Store) SaveInvoice(ctx context.Context, in *domain.Invoice) error {
	return s.save(ctx, "save invoice", in)
}

// InvoicesOf returns a page of an account's invoices, newest first; only those in
// the status, unless it is empty.
func (s *Store) InvoicesOf(
	ctx context.Context, accountID string, status domain.InvoiceStatus, p Page,
) (List[domain.Invoice], error) {
	q := where(s.conn(ctx).Where("account_id = ?", accountID), "status", string(status))
	return page(s, q, p, func(in *domain.Invoice) string { return in.ID })
}
