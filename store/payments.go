package store

import (
	"context"
	"strconv"
	"time"

	"gorm.io/gorm"

	"slipway/domain"
)

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

// PaymentByKey returns the payment a provider knows by the key, or not_found.
func (s *Store) PaymentByKey(ctx context.Context, key string) (*domain.Payment, error) {
	return one[domain.Payment](s, s.conn(ctx).Where("idempotency_key = ? AND idempotency_key <> ''", key), "payment")
}

// PaymentsByKeys returns the payments a provider knows by the keys, by key.
func (s *Store) PaymentsByKeys(ctx context.Context, keys []string) (map[string]*domain.Payment, error) {
	var rows []domain.Payment
	err := s.conn(ctx).Where("idempotency_key IN ? AND idempotency_key <> ''", keys).Find(&rows).Error
	payments := make(map[string]*domain.Payment, len(rows))
	for i := range rows {
		payments[rows[i].Key] = &rows[i]
	}
	return payments, s.wrap("read payments by key", "", err)
}

// PaymentOf returns the payment that paid the invoice, locked until the
// transaction ends; or not_found.
func (s *Store) PaymentOf(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status = ?", invoiceID, domain.PaymentSucceeded)
	return one[domain.Payment](s, q, "payment")
}

// PendingPayment returns the invoice's payment that waits for approval and
// locks it until the transaction ends; or not_found.
func (s *Store) PendingPayment(ctx context.Context, invoiceID string) (*domain.Payment, error) {
	q := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status = ?", invoiceID, domain.PaymentPendingApproval)
	return one[domain.Payment](s, q, "pending payment")
}

// PendingPaymentsOf returns the account's payments that have not ended, oldest
// first.
func (s *Store) PendingPaymentsOf(ctx context.Context, accountID string) ([]domain.Payment, error) {
	rows := []domain.Payment{}
	err := underWay(s.conn(ctx).Where("account_id = ?", accountID)).Order("id").Find(&rows).Error
	presentAll(rows)
	return rows, s.wrap("read pending payments", "", err)
}

// underWay are the payments of q that have not ended.
func underWay(q *gorm.DB) *gorm.DB {
	return q.Where("status NOT IN ?", []domain.PaymentStatus{domain.PaymentSucceeded, domain.PaymentFailed})
}

// PaymentsOf returns a page of an account's payments, newest first; with pending,
// of those that have not ended.
func (s *Store) PaymentsOf(
	ctx context.Context, accountID string, pending bool, p Page,
) (List[domain.Payment], error) {
	q := s.conn(ctx).Where("account_id = ?", accountID)
	if pending {
		q = underWay(q)
	}
	return page(s, q, p, func(p *domain.Payment) string { return p.ID })
}

// UnaskedPayments returns the invoice's payments that wait for approval, or for
// a provider to be asked, and locks them until the transaction ends.
func (s *Store) UnaskedPayments(ctx context.Context, invoiceID string) ([]domain.Payment, error) {
	var rows []domain.Payment
	err := s.locked(s.conn(ctx)).Where("invoice_id = ? AND status IN ?", invoiceID,
		[]domain.PaymentStatus{domain.PaymentCreated, domain.PaymentPendingApproval}).Find(&rows).Error
	return rows, s.wrap("read payments", "", err)
}

// LatePayments returns late payments that a provider took and that were not
// refunded, of those changed before the time.
func (s *Store) LatePayments(ctx context.Context, before time.Time, limit int) ([]domain.Payment, error) {
	var rows []domain.Payment
	q := s.conn(ctx).Where("late AND refunded = 0 AND idempotency_key <> '' AND updated_at < ?", before)
	err := s.notPutAside(q, domain.JobResolvePayments, "id").Order("updated_at").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read late payments", "", err)
}

// SucceededThrough returns payments that succeeded through the provider, after
// the cursor id.
func (s *Store) SucceededThrough(ctx context.Context, provider, after string, limit int) ([]domain.Payment, error) {
	var rows []domain.Payment
	err := s.conn(ctx).Where("id > ? AND provider = ? AND status = ?", after, provider, domain.PaymentSucceeded).
		Order("id").Limit(limit).Find(&rows).Error
	return rows, s.wrap("read succeeded payments", "", err)
}

// CountSucceeded counts the payments that succeeded through the provider.
func (s *Store) CountSucceeded(ctx context.Context, provider string) (int64, error) {
	var n int64
	err := s.conn(ctx).Model(&domain.Payment{}).Where("provider = ? AND status = ?", provider, domain.PaymentSucceeded).
		Count(&n).Error
	return n, s.wrap("count succeeded payments", "", err)
}

// SavePayment writes a changed payment.
func (s *Store) SavePayment(ctx context.Context, p *domain.Payment) error {
	return s.save(ctx, "save payment", p)
}

// PaymentFilter narrows the admin list; empty fields do not.
type PaymentFilter struct {
	AccountID string
	Status    string
	Query     string // part of the reference, or its id or its invoice's
	LateOnly  bool
	Page
}

// ListPayments returns a page of payments, newest first.
func (s *Store) ListPayments(ctx context.Context, f PaymentFilter) (List[domain.Payment], error) {
	q := where(where(s.lists(ctx), "account_id", f.AccountID), "status", f.Status)
	if f.LateOnly {
		q = q.Where("late")
	}
	switch {
	case ValidID(domain.PrefixPayment, f.Query):
		q = q.Where("id = ?", f.Query)
	case ValidID(domain.PrefixInvoice, f.Query):
		q = q.Where("invoice_id = ?", f.Query)
	case f.Query != "":
		q = q.Where("reference <> '' AND ?", s.holds(f.Query, "reference"))
	}
	return page(s, q, f.Page, func(p *domain.Payment) string { return p.ID })
}
