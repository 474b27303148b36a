package api

import (
	"errors"
	"net/http"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-contrib/cors"
	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// What every route does as HTTP has it, the undescribed ones included: HEAD,
// Vary, who may call from a browser, and what is answered where there is no route.

// reads reports whether the method asks without changing anything.
func reads(method string) bool { return method == http.MethodGet || method == http.MethodHead }

// answerHead answers HEAD wherever GET is answered, with the same headers; the
// server leaves the body out.
func (reg *registrar) answerHead() {
	for _, route := range reg.router.Routes() {
		if route.Method == http.MethodGet {
			reg.router.HEAD(route.Path, route.HandlerFunc)
		}
	}
}

// ginPath is a path of the description as the router has it, ginParameter a
// parameter in one.
var (
	ginPath      = strings.NewReplacer("{", ":", "}", "")
	ginParameter = regexp.MustCompile(`:(\w+)`)
)

// noteVaries notes which headers the answers of each operation depend on: its
// description says whether it asks who calls, and which preferences it knows.
func (reg *registrar) noteVaries(description *huma.OpenAPI) {
	for path, item := range description.Paths {
		for _, operation := range []*huma.Operation{item.Get, item.Post, item.Patch, item.Delete} {
			if operation == nil {
				continue
			}
			headers := slices.Clone(reg.always)
			if len(operation.Security) > 0 {
				headers = append(headers, "Authorization")
			}
			for _, p := range operation.Parameters {
				if p.In == "header" && p.Name == "Prefer" {
					headers = append(headers, p.Name)
				}
			}
			if len(headers) > 0 {
				reg.varies[operation.Method+" "+ginPath.Replace(path)] = []string{strings.Join(headers, ", ")}
			}
		}
	}
}

// vary is the middleware that says what an answer depends on, whatever it is.
func (reg *registrar) vary(c *gin.Context) {
	method := c.Request.Method
	if reads(method) {
		method = http.MethodGet
	}
	headers := reg.varies[method+" "+c.FullPath()]
	if headers == nil {
		headers = reg.always
	}
	if headers != nil {
		c.Writer.Header()["Vary"] = headers
	}
}

// noRoute is the problem of a path that has no route. One that would have with
// no slash at its end learns this; the path that was sent is not repeated.
func (reg *registrar) noRoute(sent string) error {
	trimmed := strings.TrimRight(sent, "/")
	if trimmed == sent {
		return domain.NotFound("route")
	}
	for _, route := range reg.router.Routes() {
		if matches, _ := path.Match(ginParameter.ReplaceAllString(route.Path, "*"), trimmed); matches {
			described := ginParameter.ReplaceAllString(route.Path, "{$1}")
			return newProblem(string(domain.CodeNotFound), domain.Text(domain.TextSlashAtEnd, "path", described))
		}
	}
	return domain.NotFound("route")
}

// anyOrigin is the setting that lets browsers call from everywhere.
const anyOrigin = "*"

// crossOrigin lets browsers on the configured origins call, and read the
// headers the contract speaks of. Requests of other origins are refused.
func crossOrigin(origins []string, refuse func(*gin.Context, error)) (gin.HandlerFunc, error) {
	allowed := map[string]bool{}
	for _, text := range origins {
		origin, ok := domain.NormalOrigin(text)
		if !ok && text != anyOrigin {
			return nil, errors.New("allowed origins must be scheme://host, with a port at most")
		}
		allowed[origin] = true
	}
	answer := cors.New(corsConfig())
	return func(c *gin.Context) {
		sent := c.Request.Header.Get("Origin")
		origin, _ := domain.NormalOrigin(sent)
		switch {
		case sent == "" || ownOrigin(origin, c.Request.Host):
		case origin == "" || !allowed[origin] && !slices.Contains(origins, anyOrigin):
			refuse(c, newProblem(reasonOrigin, domain.Text(domain.TextOrigin)))
		default:
			varies := c.Writer.Header()["Vary"]
			answer(c)
			if !c.IsAborted() { // else it was a preflight, which depends on more
				c.Writer.Header()["Vary"] = varies
			}
		}
	}, nil
}

// ownOrigin reports whether the page that calls was served under the host called.
func ownOrigin(origin, host string) bool {
	for _, scheme := range []string{"http", "https"} {
		if own, ok := domain.NormalOrigin(scheme + "://" + host); ok && own == origin {
			return true
		}
	}
	return false
}

// corsConfig is what browsers may send and read; crossOrigin says from where.
func corsConfig() cors.Config {
	return cors.Config{
		AllowOriginFunc: func(string) bool { return true },
		AllowMethods: []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch, http.MethodDelete,
		},
		AllowHeaders: []string{
			"Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Prefer", headerRequestID,
		},
		ExposeHeaders: []string{"Allow", "Location", headerRetryAfter, "ETag", "Link", "RateLimit", headerReplayed,
			"Preference-Applied", headerRequestID},
		MaxAge: 12 * time.Hour,
	}
}
