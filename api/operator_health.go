package api

import (
	"context"
	"net/http"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

type aliveOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

// health answers whoever runs the process.
type health struct{ *shared }

// alive answers while the process runs, whatever it depends on.
func (h health) alive(context.Context, *struct{}) (*aliveOutput, error) {
	out := new(aliveOutput)
	out.Body.Status = "ok"
	return out, nil
}

// readiness is what readyz answers.
type readiness struct {
	Status domain.CheckStatus `json:"status" enum:"ok,warn,fail" doc:"The worst of the checks."`
	Checks []domain.Check     `json:"checks,omitempty" nullable:"false" doc:"@readiness.checks"`
}

// ready answers whether requests can be served: 503 when a check fails. It is
// for load balancers and operators, so its body is no problem but the checks.
func (h health) ready(c *gin.Context) {
	var r readiness
	if h.config.Checks != nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), quickly)
		defer cancel()
		r.Checks = h.config.Checks(ctx)
	}
	r.Status = domain.Worst(r.Checks)
	status := http.StatusOK
	if r.Status == domain.CheckFail {
		status = http.StatusServiceUnavailable
		c.Header(headerRetryAfter, retryAfterSeconds(0))
	}
	if _, verbose := c.GetQuery("verbose"); !verbose {
		r.Checks = nil
	}
	c.JSON(status, r)
}
