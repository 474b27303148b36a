package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"

	"slipway/domain"
)

// CatalogueChangedAt is when a plan or a payment option last changed; zero for an
// empty catalogue.
func (s *Store) CatalogueChangedAt(ctx context.Context) (time.Time, error) {
	var changed []time.Time
	for _, table := range []any{&domain.Plan{}, &domain.PaymentOption{}} {
		var at []time.Time
		err := s.conn(ctx).Model(table).Order("updated_at DESC").Limit(1).Pluck("updated_at", &at).Error
		if err != nil {
			return time.Time{}, s.wrap("read catalogue", "", err)
		}
		changed = append(changed, at...)
	}
	return slices.MaxFunc(append(changed, time.Time{}), time.Time.Compare), nil
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

// lockCatalogue lets one transaction at a time change the catalogue, until it ends. Two
// that switch the default at once would each leave its own in force.
func (s *Store) lockCatalogue(ctx context.Context) error {
	if !s.postgres { // SQLite has one writer at a time
		return nil
	}
	err := s.conn(ctx).Exec("SELECT pg_advisory_xact_lock(hashtextextended('catalogue', 8))").Error
	return s.wrap("queue for the catalogue", "", err)
}

// LockPlan is PlanByID for a change: nobody else changes the catalogue until the
// transaction ends.
func (s *Store) LockPlan(ctx context.Context, id string) (*domain.Plan, error) {
	if err := s.lockCatalogue(ctx); err != nil {
		return nil, err
	}
	return s.PlanByID(ctx, id)
}

// LockPaymentOption is PaymentOptionByID for a change, as LockPlan is.
func (s *Store) LockPaymentOption(ctx context.Context, id string) (*domain.PaymentOption, error) {
	if err := s.lockCatalogue(ctx); err != nil {
		return nil, err
	}
	return s.PaymentOptionByID(ctx, id)
}

// LockCreditPackage is CreditPackageByID for a change, as LockPlan is.
func (s *Store) LockCreditPackage(ctx context.Context, id string) (*domain.CreditPackage, error) {
	if err := s.lockCatalogue(ctx); err != nil {
		return nil, err
	}
	return s.CreditPackageByID(ctx, id)
}

// saveUnique updates the row by id, or inserts it; false when another row has
// one of its unique values, and then nothing changed.
func (s *Store) saveUnique(ctx context.Context, row any, before func(tx *Store) error) (bool, error) {
	err := s.Within(ctx, func(tx *Store) error {
		if err := tx.lockCatalogue(ctx); err != nil {
			return err
		}
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
