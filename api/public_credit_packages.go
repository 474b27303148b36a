package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"slipway/store"
)

// packagesForSale loads the public list of credit packages.
func packagesForSale(s *store.Store) func(context.Context) (*rendered, error) {
	return func(ctx context.Context) (*rendered, error) {
		packages, err := s.ActivePackages(ctx)
		if err != nil {
			return nil, err
		}
		return render(newList(packages, ""))
	}
}

// listCreditPackages answers every package for sale, from memory, as listPlans does.
func (a *API) listCreditPackages(c *gin.Context) {
	packages, err := a.catalogue.packages.get(c.Request.Context())
	if err != nil {
		a.fail(c, err)
		return
	}
	packages.write(c, publicCache)
}
