package api

import (
	"context"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// plans are what customers choose from.
type plans struct{ *shared }

// listPublic answers every plan that is active and public, from memory. It is
// never limited, and is answered while the database is away.
func (p plans) listPublic(c *gin.Context) {
	p.serveCopy(c, &p.catalogue.plans)
}

// findPlan returns plan_unavailable, with the codes of the plans on offer, unless
// one of them has the code.
func findPlan(offered []domain.Plan, code string) error {
	codes := []string{}
	for _, p := range offered {
		if p.Code == code {
			return nil
		}
		codes = append(codes, p.Code)
	}
	e := domain.Invalid("body.plan", domain.Text(domain.TextNotOnOffer), domain.Text(domain.AcceptSuggestion))
	e.Reason, e.Detail, e.Suggestions = domain.ReasonPlanUnavailable, domain.Text(domain.TextPlanUnavailable), codes
	return e
}

// check refuses a plan that is not on offer.
func (p plans) check(ctx context.Context, code string) error {
	offered, err := p.store.PublicPlans(ctx)
	if err != nil {
		return err
	}
	return findPlan(offered, code)
}
