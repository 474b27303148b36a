package api

import (
	"context"

	"slipway/domain"
	"slipway/store"
)

type createSiteInput struct {
	Idempotent
	Body struct {
		Name string `json:"name" format:"name" minLength:"1" doc:"1 to 120 visible characters."`
	}
}

type siteInput struct {
	ID string `path:"id" doc:"Id of the site."`
}

type siteOutput struct {
	Replayable
	Body *domain.Site
}

// sites are the sample of a resource that a plan limits.
type sites struct{ *shared }

// list answers the account's sites.
func (s sites) list(ctx context.Context, in *listOwnInput) (*listOutput[domain.Site], error) {
	page, err := in.decode(domain.PrefixSite)
	if err != nil {
		return nil, err
	}
	return listed(s.store.ListSites(ctx, callerOf(ctx).accountID, page))
}

// create adds a site, if the account may have one more: the sample of how a
// product guards what a plan limits.
func (s sites) create(ctx context.Context, in *createSiteInput) (*siteOutput, error) {
	who := callerOf(ctx)
	site := &domain.Site{
		ID:        store.NewID(domain.PrefixSite),
		AccountID: who.accountID, Name: in.Body.Name, CreatedAt: s.store.Now(),
	}
	id, again, err := s.makeOnce(ctx, in.Idempotent, "create_site", in.Body, creation{
		id:   site.ID,
		save: func(tx *store.Store) error { return saveSite(ctx, tx, site) },
	})
	if err != nil {
		return nil, err
	}
	if again {
		if site, err = s.store.SiteByID(ctx, who.accountID, id); err != nil {
			return nil, err
		}
	}
	site.Present()
	return &siteOutput{Replayable: replayed(again), Body: site}, nil
}

// saveSite decides and inserts while nobody else adds a site to the account,
// so that the count it decides by is still true.
func saveSite(ctx context.Context, tx *store.Store, site *domain.Site) error {
	if err := tx.LockAccount(ctx, site.AccountID); err != nil {
		return err
	}
	_, d, err := decide(ctx, tx, site.AccountID, domain.Need{Limit: domain.LimitSites, Quantity: 1})
	if err == nil {
		err = d.Err()
	}
	if err != nil {
		return err
	}
	return tx.InsertSite(ctx, site)
}

// delete deletes a site. It asks for no entitlement: who has too many must be
// able to have fewer.
func (s sites) delete(ctx context.Context, in *siteInput) (*struct{}, error) {
	if !store.ValidID(domain.PrefixSite, in.ID) {
		return nil, domain.NotFound("site")
	}
	return nil, s.store.DeleteSite(ctx, callerOf(ctx).accountID, in.ID)
}
