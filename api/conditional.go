package api

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// Conditional requests: what is sent with an ETag, and 304 to who has it. Huma's
// own conditional package does not serve here: it keeps the space before the
// second tag of a list, so that this one never matches, it knows only answers
// that Huma writes, and it describes headers that no call of ours looks at.

// rendered is an answer as bytes, with its headers.
type rendered struct {
	body         []byte
	etag         string
	etagHeader   []string
	lengthHeader []string
}

// render makes the answer of anything that is sent as JSON.
func render(v any) (*rendered, error) {
	body, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	return renderedJSON(append(body, '\n')), nil
}

func renderedJSON(body []byte) *rendered {
	sum := sha256.Sum256(bytes.TrimSpace(body))
	r := &rendered{body: body, etag: `"` + base64.RawURLEncoding.EncodeToString(sum[:12]) + `"`}
	r.etagHeader, r.lengthHeader = []string{r.etag}, []string{strconv.Itoa(len(r.body))}
	return r
}

// write sends the answer, or 304 to a client that has it.
func (r *rendered) write(c *gin.Context, cache []string) {
	h := c.Writer.Header()
	h["Etag"], h["Cache-Control"] = r.etagHeader, cache
	if have := headerText(c.Request.Header, "If-None-Match"); have != "" && matchesETag(have, r.etag) {
		c.Writer.WriteHeader(http.StatusNotModified)
		return
	}
	h["Content-Type"], h["Content-Length"] = jsonType, r.lengthHeader
	_, _ = c.Writer.Write(r.body) // a client that is gone needs no answer
}

// Headers of cached answers; shared and never appended to.
var (
	jsonType    = []string{"application/json"}
	publicCache = []string{"public, max-age=60"}
	askFirst    = []string{"no-cache"} // keep it, and ask whether it is current
)

// etagOf is the onboarding's version; and, where what comes next has changed since it
// completed, that.
func etagOf(o *domain.Onboarding) string {
	tag := "v" + strconv.FormatInt(o.Version, 10)
	if o.Status == domain.OnboardingCompleted && o.NextAction != nil && o.NextAction.Type != domain.NextOpenApp {
		tag += "-" + string(o.NextAction.Type)
	}
	return `"` + tag + `"`
}

// matchesETag reports whether an If-None-Match header names the tag.
func matchesETag(header, etag string) bool {
	for header != "" {
		var one string
		one, header, _ = strings.Cut(header, ",")
		one = strings.TrimPrefix(strings.TrimSpace(one), "W/")
		if one == etag || one == "*" {
			return true
		}
	}
	return false
}
