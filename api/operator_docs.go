package api

import (
	"embed"
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
const viewerPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// serveOperator registers what is no part of the described API.
func (a *API) serveOperator() {
	a.router.GET("/metrics", gin.WrapH(promhttp.HandlerFor(a.config.Metrics, promhttp.HandlerOpts{})))
	a.router.GET("/openapi.json", func(c *gin.Context) { a.openapi().write(c, askFirst) })
	a.router.GET("/return", serveReturn)
	a.router.GET("/docs", func(c *gin.Context) { a.serveViewer(c, "index.html") })
	a.router.GET("/docs/:file", func(c *gin.Context) { a.serveViewer(c, c.Param("file")) })
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
