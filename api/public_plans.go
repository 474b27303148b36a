package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// listPlans answers every plan that is active and public, from memory. It is
// never limited, and is answered while the database is away.
func (a *API) listPlans(c *gin.Context) {
	plans, err := a.catalogue.plans.get(c.Request.Context())
	if err != nil {
		a.fail(c, err)
		return
	}
	plans.write(c, publicCache)
}

// findPlan returns plan_unavailable, with the codes that can be had, unless one
// of the plans has the code.
func findPlan(plans []domain.Plan, code string) error {
	codes := []string{}
	for _, p := range plans {
		if p.Code == code {
			return nil
		}
		codes = append(codes, p.Code)
	}
	e := domain.Invalid("body.plan", "It cannot be had.", "one of the suggestions")
	e.Reason, e.Detail, e.Suggestions = domain.ReasonPlanUnavailable, domain.Text(domain.TextPlanUnavailable), codes
	return e
}

// checkPlan refuses a plan that is not on offer.
func (a *API) checkPlan(ctx context.Context, code string) error {
	plans, err := a.store.PublicPlans(ctx)
	if err != nil {
		return err
	}
	return findPlan(plans, code)
}
