package api

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/go-chi/httprate"

	"slipway/domain"
)

// sparesAdmins lifts the limit by address for admins and API keys: it is there
// for strangers. The route asks nobody who calls, so a bearer that opens nothing
// is a stranger's, not an error.
func sparesAdmins(r *route) { r.spares = true }

type sparedKey struct{}

// spareAdmins is the middleware of sparesAdmins.
func (auth *authentication) spareAdmins(ctx huma.Context, next func(huma.Context)) {
	token := bearer(ctx.Header("Authorization"))
	if strings.HasPrefix(token, sessionPrefix) || strings.HasPrefix(token, apiKeyPrefix) {
		if _, err := auth.caller(ctx.Context(), token, admins); err == nil {
			ctx = huma.WithValue(ctx, sparedKey{}, true)
		}
	}
	next(ctx)
}

// limitsWrites reports whether a customer's calls are counted: those that change
// something. A sign-out is always let through.
func (r *route) limitsWrites() bool {
	return r.method != http.MethodGet && (r.who == owners || r.who == participants)
}

// limitWindow is the minute that rates are counted over.
const limitWindow = time.Minute

// limiter counts attempts per address and per e-mail. A nil one limits nothing.
type limiter struct {
	rate  int
	rates *httprate.RateLimiter
}

func newLimiter(rate int) *limiter {
	if rate <= 0 {
		return nil
	}
	return &limiter{rate: rate, rates: httprate.NewRateLimiter(rate, limitWindow)}
}

// take counts one attempt for each key, or returns throttled when one of them
// reached its limit. Keys are kinds and values, such as "email:" and an address.
func (l *limiter) take(keys ...string) error { return l.takeAs(domain.TextThrottled, keys...) }

// takeAs is take with another sentence.
func (l *limiter) takeAs(refusal domain.TextCode, keys ...string) error {
	if l == nil {
		return nil
	}
	for _, key := range keys {
		if wait := l.limited(key); wait > 0 {
			return &domain.Error{Code: domain.CodeThrottled, Detail: domain.Text(refusal), RetryAfter: wait}
		}
	}
	return nil
}

// limited counts one attempt, or returns how long to wait. httprate answers in
// headers; its own Retry-After is the whole window.
func (l *limiter) limited(key string) time.Duration {
	answer := headersOnly{}
	if !l.rates.OnLimit(answer, &http.Request{}, key) {
		return 0
	}
	reset, _ := strconv.ParseInt(http.Header(answer).Get("X-RateLimit-Reset"), 10, 64)
	// The window slides: after its reset, the first attempt fits once a share of
	// the last window has passed.
	wait := time.Until(time.Unix(reset, 0)) + limitWindow/time.Duration(l.rate)
	return max(wait, time.Second)
}

// headersOnly is the part of a response that httprate writes to.
type headersOnly http.Header

// Header is http.ResponseWriter's.
func (h headersOnly) Header() http.Header { return http.Header(h) }

// Write is http.ResponseWriter's; nothing is written.
func (headersOnly) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader is http.ResponseWriter's; nothing is written.
func (headersOnly) WriteHeader(int) {}
