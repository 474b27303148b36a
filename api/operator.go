package api

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"net/http"
	"path"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"slipway/domain"
)

// viewer is Swagger UI with its licence, so that the description can be read
// without reaching out of the process.
//
//go:embed viewer
var viewer embed.FS

// viewerPolicy lets the viewer's page load its own files and call this API,
// nothing else. (Swagger UI draws its icons from data: URLs.)
const viewerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

type aliveOutput struct {
	Body struct {
		Status string `json:"status" enum:"ok"`
	}
}

// livez answers while the process runs, whatever it depends on.
func (a *API) livez(context.Context, *struct{}) (*aliveOutput, error) {
	out := new(aliveOutput)
	out.Body.Status = "ok"
	return out, nil
}

// readiness is what readyz answers.
type readiness struct {
	Status domain.CheckStatus `json:"status" enum:"ok,warn,fail" doc:"The worst of the checks."`
	Checks []domain.Check     `json:"checks,omitempty" nullable:"false" doc:"With ?verbose: each check, and what to do about it."`
}

// readyz answers whether requests can be served: 503 when a check fails. It is
// for load balancers and operators, so its body is no problem but the checks.
func (a *API) readyz(c *gin.Context) {
	r := readiness{Status: domain.CheckOK}
	if a.Checks != nil {
		ctx, cancel := context.WithTimeout(c.Request.Context(), quickly)
		defer cancel()
		r.Checks = a.Checks(ctx)
	}
	for _, check := range r.Checks {
		if check.Status == domain.CheckFail || r.Status == domain.CheckOK {
			r.Status = check.Status
		}
	}
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

// serveOperator registers what is no part of the described API.
func (a *API) serveOperator() {
	a.router.GET("/metrics", gin.WrapH(promhttp.HandlerFor(a.Metrics, promhttp.HandlerOpts{})))
	a.router.GET("/openapi.json", a.serveDescription)
	a.router.GET("/return", a.serveReturn)
	a.router.GET("/docs", func(c *gin.Context) { a.serveViewer(c, "index.html") })
	a.router.GET("/docs/:file", func(c *gin.Context) { a.serveViewer(c, c.Param("file")) })
}

func (a *API) serveDescription(c *gin.Context) {
	sum := sha256.Sum256(a.OpenAPI())
	etag := `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`
	c.Header("ETag", etag)
	c.Header("Cache-Control", "no-cache")
	if matchesETag(c.GetHeader("If-None-Match"), etag) {
		c.Status(http.StatusNotModified)
		return
	}
	c.Data(http.StatusOK, "application/json", a.OpenAPI())
}

func (a *API) serveViewer(c *gin.Context, file string) {
	content, err := viewer.ReadFile(path.Join("viewer", path.Base(file)))
	if err != nil {
		a.fail(c, domain.NotFound("route"))
		return
	}
	c.Header("Content-Security-Policy", viewerPolicy)
	c.Header("Cache-Control", "public, max-age=3600")
	c.Data(http.StatusOK, mediaTypes[path.Ext(file)], content)
}

// mediaTypes of the viewer's files; the system's table differs between machines.
var mediaTypes = map[string]string{
	".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8",
	".js": "text/javascript; charset=utf-8", ".png": "image/png",
	".txt": "text/plain; charset=utf-8", "": "text/plain; charset=utf-8",
}
