package store

import (
	"context"

	"gorm.io/gorm"

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
// charged by one of those to keep. A card that is paid by hand stays so. As long as
// nobody has changed it, the card is enabled when somebody charges it: without a
// provider ("") it is not offered.
func (s *Store) UseCardProvider(ctx context.Context, provider string, keep ...string) error {
	return s.Within(ctx, func(tx *Store) error {
		seeded := func() *gorm.DB {
			return tx.writer(ctx).Model(&domain.PaymentOption{}).
				Where("key = 'card' AND collection_method = ?", domain.ChargeAutomatically)
		}
		if provider == "" {
			err := seeded().Where("enabled AND updated_at = created_at").UpdateColumn("enabled", false).Error
			return tx.wrap("withhold card", "", err)
		}
		err := seeded().Where("NOT enabled AND updated_at = created_at").
			Updates(map[string]any{"enabled": true, "updated_at": tx.now()}).Error
		if err == nil {
			err = seeded().Where("provider NOT IN ?", append(keep, provider)).
				Updates(map[string]any{"provider": provider, "updated_at": tx.now()}).Error
		}
		return tx.wrap("choose card provider", "", err)
	})
}
