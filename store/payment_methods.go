package store

import (
	"context"

	"slipway/domain"
)

// AttachMethod gives the account the method and returns the one it now has for
// that option: the same option twice is one method. With makeDefault it becomes
// the account's only default; one at a time per account, until the transaction
// ends. Call it inside Within.
func (s *Store) AttachMethod(
	ctx context.Context, m *domain.PaymentMethod, makeDefault bool,
) (*domain.PaymentMethod, error) {
	m.Default = makeDefault
	attached, err := insertNew(s.writer(ctx), m)
	if err != nil || attached {
		m.Present()
		return m, s.wrap("attach payment method", "", err)
	}
	// It has the option, or another default, already.
	if err := s.LockAccount(ctx, m.AccountID); err != nil {
		return nil, err
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

// RoomForMethod locks the account and returns too_many when it has as many payment
// methods as the limit allows, beside the one that another of this option takes the
// place of; 0 is no limit. Call it inside Within.
func (s *Store) RoomForMethod(ctx context.Context, accountID, option string, limit int) error {
	others := s.conn(ctx).Model(&domain.PaymentMethod{}).
		Where("account_id = ? AND removed_at IS NULL AND NOT (option_key = ? AND provider_ref = '')", accountID, option)
	return s.room(ctx, accountID, others, limit, domain.TooManyMethods(limit))
}

// ProposeMethod stores a method of which only a token, or nothing yet, is
// known; a provider will make it chargeable. An account has one proposal for an
// option at a time: the newer takes the older's place.
func (s *Store) ProposeMethod(ctx context.Context, m *domain.PaymentMethod) error {
	err := s.writer(ctx).Model(&domain.PaymentMethod{}).
		Where("account_id = ? AND option_key = ? AND provider_ref = '' AND removed_at IS NULL AND id <> ?",
			m.AccountID, m.Option, m.ID).
		Updates(map[string]any{"removed_at": s.now(), "token": "", "is_default": false}).Error
	if err == nil {
		m.Default = false
		_, err = insertNew(s.writer(ctx), m)
	}
	m.Present()
	return s.wrap("propose payment method", "", err)
}

// ProposedMethod returns the account's method that a provider has not made yet,
// or not_found.
func (s *Store) ProposedMethod(ctx context.Context, accountID string) (*domain.PaymentMethod, error) {
	q := s.conn(ctx).Where("account_id = ? AND provider_ref = '' AND collection_method = ? AND removed_at IS NULL",
		accountID, domain.ChargeAutomatically)
	return one[domain.PaymentMethod](s, q.Order("id DESC"), "payment method")
}

// MethodByID returns a payment method of the account that was not removed, or not_found.
func (s *Store) MethodByID(ctx context.Context, accountID, id string) (*domain.PaymentMethod, error) {
	q := s.conn(ctx).Where("id = ? AND account_id = ? AND removed_at IS NULL", id, accountID)
	return one[domain.PaymentMethod](s, q, "payment method")
}

// MethodEver returns the method even when it was removed since, or not_found.
func (s *Store) MethodEver(ctx context.Context, id string) (*domain.PaymentMethod, error) {
	return one[domain.PaymentMethod](s, s.conn(ctx).Where("id = ?", id), "payment method")
}

// DefaultMethod returns the account's default payment method, or not_found.
func (s *Store) DefaultMethod(ctx context.Context, accountID string) (*domain.PaymentMethod, error) {
	return one[domain.PaymentMethod](s, s.conn(ctx).Where("account_id = ? AND is_default", accountID), "payment method")
}

// MakeDefault makes the method the account's only default. Call it inside
// Within.
func (s *Store) MakeDefault(ctx context.Context, m *domain.PaymentMethod) error {
	if err := s.LockAccount(ctx, m.AccountID); err != nil {
		return err
	}
	return s.makeDefault(ctx, m)
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

// CustomerRef is what the provider calls the account; empty before it has a
// method there.
func (s *Store) CustomerRef(ctx context.Context, accountID, provider string) (string, error) {
	var refs []string
	err := s.conn(ctx).Model(&domain.PaymentMethod{}).
		Where("account_id = ? AND provider = ? AND customer_ref <> ''", accountID, provider).
		Limit(1).Pluck("customer_ref", &refs).Error
	if err != nil || len(refs) == 0 {
		return "", s.wrap("read customer", "", err)
	}
	return refs[0], nil
}

// LockMethod is MethodByID for who is about to change it: until the transaction ends
// nobody gives the account a method, or takes one away.
func (s *Store) LockMethod(ctx context.Context, accountID, id string) (*domain.PaymentMethod, error) {
	if err := s.LockAccount(ctx, accountID); err != nil {
		return nil, err
	}
	return s.MethodByID(ctx, accountID, id)
}

// SaveMethod writes a changed payment method. One that was removed meanwhile stays
// removed, and one that the provider has made meanwhile stays as it was made.
func (s *Store) SaveMethod(ctx context.Context, m *domain.PaymentMethod) error {
	result := s.writer(ctx).Model(m).Where("removed_at IS NULL AND provider_ref IN ('', ?)", m.Ref).
		Select("*").UpdateColumns(m)
	return s.wrap("save payment method", "", result.Error)
}

// RemoveMethod marks a method as removed; the row stays for the invoices it paid.
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
