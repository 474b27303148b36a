package store

import (
	"context"

	"slipway/domain"
)

// ProposeMethod stores a method of which only a token, or nothing yet, is
// known; a provider will make it chargeable. An account has one proposal for an
// option at a time: the newer takes the older's place.
func (s *Store) ProposeMethod(ctx context.Context, m *domain.PaymentMethod) error {
	err := s.writer(ctx).Model(&domain.PaymentMethod{}).
		Where("account_id = ? AND option_key = ? AND provider_ref = '' AND removed_at IS NULL AND id <> ?", m.AccountID, m.Option, m.ID).
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

// SaveMethod writes a changed payment method.
func (s *Store) SaveMethod(ctx context.Context, m *domain.PaymentMethod) error {
	return s.save(ctx, "save payment method", m)
}

// MakeDefault makes the method the account's only default. Call it inside
// Within.
func (s *Store) MakeDefault(ctx context.Context, m *domain.PaymentMethod) error {
	if s.postgres { // see AttachMethod
		if err := s.conn(ctx).Exec("SELECT id FROM accounts WHERE id = ? FOR NO KEY UPDATE", m.AccountID).Error; err != nil {
			return s.wrap("queue for payment method", "", err)
		}
	}
	return s.makeDefault(ctx, m)
}

// MethodEver returns the method even when it was removed since, or not_found.
func (s *Store) MethodEver(ctx context.Context, id string) (*domain.PaymentMethod, error) {
	return one[domain.PaymentMethod](s, s.conn(ctx).Where("id = ?", id), "payment method")
}

// MethodKnown reports whether a method with the id was ever stored.
func (s *Store) MethodKnown(ctx context.Context, id string) (bool, error) {
	if id == "" {
		return false, nil
	}
	_, err := s.MethodEver(ctx, id)
	if domain.CodeOf(err) == domain.CodeNotFound {
		return false, nil
	}
	return err == nil, err
}

// CustomerRef is what the provider calls the account; empty before it has a
// method there.
func (s *Store) CustomerRef(ctx context.Context, accountID, provider string) (string, error) {
	var refs []string
	err := s.conn(ctx).Model(&domain.PaymentMethod{}).
		Where("account_id = ? AND provider = ? AND customer_ref <> ''", accountID, provider).Limit(1).Pluck("customer_ref", &refs).Error
	if err != nil || len(refs) == 0 {
		return "", s.wrap("read customer", "", err)
	}
	return refs[0], nil
}

// MarkApplied notes that a command was carried out.
func (s *Store) MarkApplied(ctx context.Context, commandID string) error {
	err := s.writer(ctx).Model(&domain.Command{}).Where("id = ?", commandID).Update("applied_at", s.now()).Error
	return s.wrap("mark command", "", err)
}

// BlankToken forgets the token a command brought, once a method holds it.
func (s *Store) BlankToken(ctx context.Context, commandID string) error {
	err := s.writer(ctx).Model(&domain.Command{}).Where("id = ?", commandID).Update("token", "").Error
	return s.wrap("forget token", "", err)
}
