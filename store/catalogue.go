package store

import (
	"context"
	"errors"

	"gorm.io/gorm"

	"slipway/domain"
)

// PublicPlans returns the plans a customer may choose, in catalogue order.
func (s *Store) PublicPlans(ctx context.Context) ([]domain.Plan, error) {
	return ordered[domain.Plan](s, s.conn(ctx).Where("active AND public"))
}

// Plans returns every plan, in catalogue order.
func (s *Store) Plans(ctx context.Context) ([]domain.Plan, error) {
	return ordered[domain.Plan](s, s.conn(ctx))
}

// PlanOnOffer returns the plan a customer may choose by its code, or, for an
// empty code, the default; not_found when there is none.
func (s *Store) PlanOnOffer(ctx context.Context, code string) (*domain.Plan, error) {
	q := s.conn(ctx).Where("active AND public")
	if code == "" {
		return one[domain.Plan](s, q.Where("is_default"), "plan")
	}
	return one[domain.Plan](s, q.Where("code = ?", code), "plan")
}

// PlanByID returns the plan, or not_found.
func (s *Store) PlanByID(ctx context.Context, id string) (*domain.Plan, error) {
	return one[domain.Plan](s, s.conn(ctx).Where("id = ?", id), "plan")
}

// PlanByCode returns the plan, available or not; or not_found.
func (s *Store) PlanByCode(ctx context.Context, code string) (*domain.Plan, error) {
	return one[domain.Plan](s, s.conn(ctx).Where("code = ?", code), "plan")
}

// SavePlan inserts or changes a plan; it becomes the only default if it is one.
// False when another plan has its code.
func (s *Store) SavePlan(ctx context.Context, p *domain.Plan) (bool, error) {
	p.Present()
	return s.saveUnique(ctx, p, func(tx *Store) error {
		if !p.Default {
			return nil
		}
		return tx.writer(ctx).Model(&domain.Plan{}).Where("id <> ? AND is_default", p.ID).Update("is_default", false).Error
	})
}

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
		return tx.writer(ctx).Model(&domain.PaymentOption{}).Where("id <> ? AND preferred", p.ID).Update("preferred", false).Error
	})
}

func ordered[T any](s *Store, q *gorm.DB) ([]T, error) {
	rows := []T{}
	if err := q.Order("sort, id").Find(&rows).Error; err != nil {
		return nil, s.wrap("read catalogue", "", err)
	}
	presentAll(rows)
	return rows, nil
}

// errTaken takes back what was done before a row turned out not to be unique.
var errTaken = errors.New("another row has one of its unique values")

// saveUnique updates the row by id, or inserts it; false when another row has
// one of its unique values, and then nothing changed.
func (s *Store) saveUnique(ctx context.Context, row any, before func(tx *Store) error) (bool, error) {
	err := s.Within(ctx, func(tx *Store) error {
		if err := before(tx); err != nil {
			return tx.wrap("save catalogue", "", err)
		}
		inserted, err := insertNew(tx.writer(ctx).Session(&gorm.Session{}), row)
		if err != nil || inserted {
			return tx.wrap("save catalogue", "", err)
		}
		result := tx.writer(ctx).Select("*").UpdateColumns(row)
		if result.Error == nil && result.RowsAffected == 0 {
			return errTaken
		}
		return tx.wrap("save catalogue", "", result.Error)
	})
	if duplicate(err) || errors.Is(err, errTaken) {
		return false, nil
	}
	return err == nil, err
}
