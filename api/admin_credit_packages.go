package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

// PackageChange is what may change of a credit package: what is absent stays.
// An invoice keeps what was bought.
type PackageChange struct {
	Name     *string       `json:"name,omitempty" format:"name" minLength:"1"`
	Credits  *int64        `json:"credits,omitempty" minimum:"1" maximum:"1000000000000" doc:"@packageChange.credits"`
	Amount   *int64        `json:"amount,omitempty" minimum:"1" maximum:"1000000000000" doc:"Price in minor units."`
	Currency *currencyCode `json:"currency,omitempty" doc:"ISO 4217, lower case."`
	Active   *bool         `json:"active,omitempty" doc:"For sale."`
	Sort     *sortOrder    `json:"sort,omitempty"`
}

// apply changes the package, or says which fields cannot be accepted.
func (c PackageChange) apply(p *domain.CreditPackage) error {
	set(&p.Name, c.Name)
	set(&p.Credits, c.Credits)
	set(&p.Amount, c.Amount)
	set(&p.Currency, (*string)(c.Currency))
	set(&p.Active, c.Active)
	set(&p.Sort, (*int)(c.Sort))

	var wrong fieldErrors
	wrong.name(p.Name, "name")
	wrong.require(p.Credits > 0, "credits", domain.TextFieldRequired, domain.AcceptFromOne)
	wrong.require(p.Amount > 0, "amount", domain.TextFieldRequired, domain.AcceptFromOne)
	wrong.currency(p.Currency)
	return wrong.err()
}

type createPackageInput struct {
	Idempotent
	Body struct {
		Code catalogueKey `json:"code" doc:"Stable; it can never change."`
		PackageChange
	}
}

func (in *createPackageInput) check(wrong *fieldErrors) {
	wrong.join(in.Body.apply(&domain.CreditPackage{}))
}

type changePackageInput struct {
	ID   string `path:"id" doc:"Id of the credit package."`
	Body PackageChange
}

type packageOutput struct {
	Replayable
	Body *domain.CreditPackage
}

// list lists every package, in catalogue order.
func (c creditPackages) list(ctx context.Context, _ *struct{}) (*listOutput[domain.CreditPackage], error) {
	packages, err := c.store.CreditPackages(ctx)
	return listed(store.List[domain.CreditPackage]{Data: packages}, err)
}

// create adds a package to the catalogue, for sale unless the request says
// otherwise.
func (c creditPackages) create(ctx context.Context, in *createPackageInput) (*packageOutput, error) {
	now := c.store.Now()
	p := &domain.CreditPackage{
		ID: store.NewID(domain.PrefixCreditPackage), Code: string(in.Body.Code), Active: true, CreatedAt: now, UpdatedAt: now,
	}
	id, again, err := c.makeOnce(ctx, in.Idempotent, "create_credit_package", in.Body, creation{
		id:    p.ID,
		check: func() error { return in.Body.apply(p) },
		save:  func(tx *store.Store) error { return savePackage(ctx, tx, callerOf(ctx), p) },
	})
	if err != nil {
		return nil, err
	}
	c.catalogue.changed()
	p, err = c.store.CreditPackageByID(ctx, id)
	return &packageOutput{Replayable: replayed(again), Body: p}, err
}

var packageKind = kind[domain.CreditPackage]{
	prefix: domain.PrefixCreditPackage, noun: "credit package", read: (*store.Store).CreditPackageByID,
	lock: (*store.Store).LockCreditPackage,
}

// change changes what is named of a package.
func (c creditPackages) change(ctx context.Context, in *changePackageInput) (*packageOutput, error) {
	changed, err := packageKind.change(ctx, c.store, in.ID, func(tx *store.Store, p *domain.CreditPackage) error {
		if err := in.Body.apply(p); err != nil {
			return err
		}
		p.UpdatedAt = tx.Now()
		return savePackage(ctx, tx, callerOf(ctx), p)
	})
	if err != nil {
		return nil, err
	}
	c.catalogue.changed()
	return &packageOutput{Body: changed}, nil
}

func savePackage(ctx context.Context, tx *store.Store, who caller, p *domain.CreditPackage) error {
	saved, err := tx.SaveCreditPackage(ctx, p)
	if err != nil {
		return err
	}
	if !saved {
		return domain.Conflict(domain.TextPackageCodeTaken)
	}
	data := map[string]any{"credit_package": p.ID, "code": p.Code, "active": p.Active}
	return tx.InsertEvents(ctx, adminEvent(domain.EventCreditPackageSaved, who, data))
}
