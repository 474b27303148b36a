package store

import (
	"context"

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
