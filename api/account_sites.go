package api

import (
	"context"
	"strings"

	"slipway/domain"
	"slipway/store"
)

type createSiteInput struct {
	Idempotent
	Body struct {
		Name string `json:"name" doc:"1 to 120 visible characters."`
	}
}

type siteInput struct {
	ID string `path:"id" doc:"Id of the site."`
}

type siteOutput struct {
	Replayable
	Body *domain.Site
}

// listSites answers the account's sites.
func (a *API) listSites(ctx context.Context, in *listOwnInput) (*listOutput[domain.Site], error) {
	p, err := in.decode(domain.PrefixSite)
	if err != nil {
		return nil, err
	}
	return listed(a.store.ListSites(ctx, callerOf(ctx).accountID, p))
}

// createSite adds a site, if the account may have one more: the sample of how a
// product guards what a plan limits.
func (a *API) createSite(ctx context.Context, in *createSiteInput) (*siteOutput, error) {
	who := callerOf(ctx)
	k, err := a.key(in.Idempotent, "create_site", who.scope(), in.Body)
	if err != nil {
		return nil, err
	}
	site := &domain.Site{
		ID:        store.NewID(domain.PrefixSite),
		AccountID: who.accountID, Name: strings.TrimSpace(in.Body.Name), CreatedAt: a.store.Now(),
	}
	id, again, err := a.once(ctx, k, site.ID,
		func() error { return checkSiteName(in.Body.Name) },
		func(tx *store.Store) error { return storeSite(ctx, tx, site) })
	if err != nil {
		return nil, err
	}
	if again {
		if site, err = a.store.SiteByID(ctx, who.accountID, id); err != nil {
			return nil, err
		}
	}
	site.Present()
	return &siteOutput{Replayable: replayed(again), Body: site}, nil
}

func checkSiteName(name string) error {
	var wrong fieldErrors
	wrong.require(domain.ValidName(name), "name", "It cannot be a name.", acceptedName)
	return wrong.err()
}

// storeSite decides and inserts while nobody else adds a site to the account,
// so that the count it decides by is still true.
func storeSite(ctx context.Context, tx *store.Store, site *domain.Site) error {
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

// deleteSite deletes a site. It asks for no entitlement: who has too many must
// be able to have fewer.
func (a *API) deleteSite(ctx context.Context, in *siteInput) (*struct{}, error) {
	if !store.ValidID(domain.PrefixSite, in.ID) {
		return nil, domain.NotFound("site")
	}
	return nil, a.store.DeleteSite(ctx, callerOf(ctx).accountID, in.ID)
}
