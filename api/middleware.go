package api

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"slipway/store"
)

// requestIDPattern is what a request id from outside may look like: it goes
// into log lines.
var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`)

// Headers that every answer has. The slices are shared and never appended to.
var (
	nosniff    = []string{"nosniff"}
	noReferrer = []string{"no-referrer"}
	noFrames   = []string{"default-src 'none'; frame-ancestors 'none'"}
	noStore    = []string{"no-store"}
)

// observer surrounds every request with what all of them have in common.
type observer struct {
	problems
	metrics *metrics
}

// observe surrounds every request: its id, the headers of every answer, what a
// panic becomes, one line in the log, the metrics. (slog-gin is not used for
// the line because it always logs the query, which may hold an e-mail.)
func (o observer) observe(c *gin.Context) {
	start := time.Now()
	h := c.Writer.Header()
	id := c.Request.Header.Get(headerRequestID)
	if !requestIDPattern.MatchString(id) {
		id = store.NewID("req")
	}
	h[headerRequestID] = []string{id}
	h["X-Content-Type-Options"], h["Referrer-Policy"] = nosniff, noReferrer
	h["Content-Security-Policy"], h["Cache-Control"] = noFrames, noStore
	defer func() {
		o.recovered(c, recover())
		took := time.Since(start)
		o.metrics.answered(c, took)
		o.logAnswer(c, id, took)
	}()
	c.Next()
}

// recovered answers a panic with a problem; the log has the stack.
func (o observer) recovered(c *gin.Context, panicked any) {
	if panicked == nil {
		return
	}
	err := fmt.Errorf("panic: %v\n%s", panicked, debug.Stack())
	if e, ok := panicked.(error); ok && errors.Is(e, http.ErrAbortHandler) {
		panic(panicked) // the server's own way to drop a connection
	}
	if c.Writer.Written() {
		o.log.Error("request panicked after its answer began", "error", err)
		c.Abort()
		return
	}
	o.fail(c, err)
}

// logAnswer writes the access line. Neither path nor query is in it: the route
// says what was called, and ids are in the events.
func (o observer) logAnswer(c *gin.Context, id string, took time.Duration) {
	status := c.Writer.Status()
	level := slog.LevelInfo
	switch {
	case status >= http.StatusInternalServerError:
		level = slog.LevelError
	case status >= http.StatusBadRequest:
		level = slog.LevelWarn
	case reads(c.Request.Method): // polls, mostly
		level = slog.LevelDebug
	}
	ctx := c.Request.Context()
	if !o.log.Enabled(ctx, level) {
		return
	}
	o.log.LogAttrs(ctx, level, "request",
		slog.String("method", c.Request.Method), slog.String("route", c.FullPath()), slog.Int("status", status),
		slog.Duration("took", took), slog.Int("bytes", max(c.Writer.Size(), 0)), slog.String("request_id", id))
}
