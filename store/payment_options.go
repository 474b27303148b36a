package store

import (
	"context"

	"slipway/domain"
)

// PaymentOptions returns every payment option, in catalogue order.
func (s *Store) PaymentOptions(ctx context.Context) ([]domain.PaymentOption, error) {
	return ordered[domain.PaymentOption](s, s.conn(ctx))
}

// PaymentOptionByID returns the payment option, or not_found.
func (s *Store) PaymentOptionByID(ctx context.Context, id string) (*domain.PaymentOption, error) {
	return one[domain.PaymentOption](s, s.conn(ctx).Where("id = ?", id), "payment option")
}

// SavePaymentOption inserts or changes an option; it becomes the only preferred
// one if it is. False when another option has its key or external id.
func (s *Store) SavePaymentOption(ctx context.Context, p *domain.PaymentOption) (bool, error) {
	p.Present()
	return s.saveUnique(ctx, p, func(tx *Store) error {
		if !p.Preferred {
			return nil
		}
		return tx.writer(ctx).Model(&domain.PaymentOption{}).Where("id <> ? AND preferred", p.ID).
			Update("preferred", false).Error
	})
}

// UseCardProvider has the seeded card charged by the provider, unless it is
// charged by one of those to keep. A card that is paid by hand stays so.
func (s *Store) UseCardProvider(ctx context.Context, provider string, keep ...string) error {
	keep = append(keep, provider)
	err := s.writer(ctx).Model(&domain.PaymentOption{}).
		Where("key = 'card' AND collection_method = ? AND provider NOT IN ?", domain.ChargeAutomatically, keep).
		Updates(map[string]any{"provider": provider, "updated_at": s.now()}).Error
	return s.wrap("choose card provider", "", err)
}
