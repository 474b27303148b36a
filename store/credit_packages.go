package store

import (
	"context"

	"slipway/domain"
)

// ActivePackages returns the credit packages for sale, in catalogue order.
func (s *Store) ActivePackages(ctx context.Context) ([]domain.CreditPackage, error) {
	return ordered[domain.CreditPackage](s, s.conn(ctx).Where("active"))
}

// CreditPackages returns every credit package, in catalogue order.
func (s *Store) CreditPackages(ctx context.Context) ([]domain.CreditPackage, error) {
	return ordered[domain.CreditPackage](s, s.conn(ctx))
}

// PackageForSale returns the credit package a customer may buy by its code, or
// not_found.
func (s *Store) PackageForSale(ctx context.Context, code string) (*domain.CreditPackage, error) {
	return one[domain.CreditPackage](s, s.conn(ctx).Where("active AND code = ?", code), "credit package")
}

// CreditPackageByID returns the credit package, for sale or not; or not_found.
func (s *Store) CreditPackageByID(ctx context.Context, id string) (*domain.CreditPackage, error) {
	return one[domain.CreditPackage](s, s.conn(ctx).Where("id = ?", id), "credit package")
}

// SaveCreditPackage inserts or changes a credit package. False when another one
// has its code.
func (s *Store) SaveCreditPackage(ctx context.Context, p *domain.CreditPackage) (bool, error) {
	p.Present()
	return s.saveUnique(ctx, p, func(*Store) error { return nil })
}
