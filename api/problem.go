package api

import (
	"errors"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// What only HTTP can get wrong, beside the reasons of domain.
const (
	reasonMalformedBody = "malformed_body"
	reasonMediaType     = "unsupported_media_type"
	reasonMethod        = "method_not_allowed"
	reasonOrigin        = "origin_not_allowed"
	problemType         = "urn:slipway:problem:"
	problemContentType  = "application/problem+json"
	defaultRetryAfter   = 2 * time.Second
	headerRequestID     = "X-Request-Id"
	headerRetryAfter    = "Retry-After"
	headerAuthenticate  = "WWW-Authenticate"
)

// statuses is the one place that knows which status a problem has: by code, and
// for what only HTTP can get wrong by reason.
var statuses = map[string]int{
	string(domain.CodeInvalid):         http.StatusUnprocessableEntity,
	string(domain.CodeUnauthenticated): http.StatusUnauthorized,
	string(domain.CodePaymentRequired): http.StatusPaymentRequired,
	string(domain.CodeForbidden):       http.StatusForbidden,
	string(domain.CodeNotFound):        http.StatusNotFound,
	string(domain.CodeConflict):        http.StatusConflict,
	string(domain.CodeThrottled):       http.StatusTooManyRequests,
	string(domain.CodeUnavailable):     http.StatusServiceUnavailable,
	string(domain.CodeInternal):        http.StatusInternalServerError,

	domain.ReasonBodyTooLarge: http.StatusRequestEntityTooLarge,
	reasonMalformedBody:       http.StatusBadRequest,
	reasonMediaType:           http.StatusUnsupportedMediaType,
	reasonMethod:              http.StatusMethodNotAllowed,
	reasonOrigin:              http.StatusForbidden,
}

// statusOf is the status of a problem's code: a reason, or the code of an error.
func statusOf(kind string) int {
	if status, known := statuses[kind]; known {
		return status
	}
	return statuses[string(domain.ReasonCodes[kind])]
}

// Problem is what every refused or failed request answers: RFC 9457, with a
// code to branch on. It never holds what the client sent.
type Problem struct {
	Type             string              `json:"type" doc:"urn:slipway:problem: and the code."`
	Title            string              `json:"title" doc:"The status in words."`
	Status           int                 `json:"status" doc:"The HTTP status."`
	Code             string              `json:"code" doc:"What clients branch on."`
	Detail           string              `json:"detail" doc:"One sentence for a person."`
	Errors           []domain.FieldError `json:"errors,omitempty" nullable:"false" doc:"@problem.errors"`
	RequestID        string              `json:"request_id" doc:"@problem.request_id"`
	Suggestions      []string            `json:"suggestions,omitempty" nullable:"false" doc:"@problem.suggestions"`
	From             string              `json:"from,omitempty" doc:"invalid_transition: the current status."`
	To               string              `json:"to,omitempty" doc:"invalid_transition: the status that was asked for."`
	AvailableActions []domain.Action     `json:"available_actions,omitempty" nullable:"false" doc:"@problem.actions"`
	Upgradable       *bool               `json:"upgradable,omitempty" doc:"@problem.upgradable"`
	RequiredPlans    []string            `json:"required_plans,omitzero" nullable:"false" doc:"@problem.required_plans"`
	CurrentPlan      string              `json:"current_plan,omitempty" doc:"@problem.current_plan"`
	Limit            *domain.LimitUse    `json:"limit,omitempty" doc:"How far the limit that was asked for is used up."`
	NextAction       *domain.NextAction  `json:"next_action,omitempty" doc:"@problem.next_action"`
	Balance          *domain.Balance     `json:"balance,omitempty" doc:"insufficient_credits: what there is."`

	retryAfter time.Duration
	cause      error // of an internal problem, for the log only
}

// Error returns the detail, which is safe to show.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus is Huma's hook for the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is Huma's hook for the media type.
func (p *Problem) ContentType(string) string { return problemContentType }

// GetHeaders is Huma's hook for the headers of an error: every 429 and 503
// says when to come back, every 401 what to bring.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{"Cache-Control": {"no-store"}}
	switch p.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set(headerRetryAfter, retryAfterSeconds(p.retryAfter))
	case http.StatusUnauthorized:
		h.Set(headerAuthenticate, "Bearer")
	}
	return h
}

func retryAfterSeconds(d time.Duration) string {
	if d <= 0 {
		d = defaultRetryAfter
	}
	return strconv.Itoa(int(math.Ceil(d.Seconds())))
}

// problemOf turns any error into the problem to answer with.
func problemOf(err error) *Problem {
	var p *Problem
	var e *domain.Error
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &e) && e.Code != domain.CodeInternal:
		return problemOfDomain(e)
	}
	p = newProblem(string(domain.CodeInternal), domain.Text(domain.TextInternal))
	p.cause = err
	return p
}

func problemOfDomain(e *domain.Error) *Problem {
	kind := e.Kind()
	if statusOf(kind) == 0 { // a reason that needs no status of its own
		kind = string(e.Code)
	}
	p := newProblem(kind, e.Detail)
	p.Code, p.Type = e.Kind(), problemType+e.Kind()
	p.Errors, p.Suggestions, p.retryAfter = e.Fields, e.Suggestions, e.RetryAfter
	p.From, p.To, p.AvailableActions = e.From, e.To, e.AvailableActions
	if u := e.Upgrade; u != nil {
		p.Upgradable, p.RequiredPlans, p.CurrentPlan = &u.Upgradable, u.RequiredPlans, u.CurrentPlan
		p.Limit, p.NextAction, p.Balance = u.Limit, u.NextAction, u.Balance
	}
	return p
}

func newProblem(kind, detail string) *Problem {
	status := statusOf(kind)
	if detail == "" {
		detail = http.StatusText(status) + "."
	}
	return &Problem{
		Type: problemType + kind, Title: http.StatusText(status), Status: status, Code: kind, Detail: detail,
	}
}

// problems answers with problems, and logs the cause of internal ones.
type problems struct {
	log *slog.Logger
}

// fail answers a request with the problem of err, from where Huma's own way
// out is not at hand: Gin's middleware, missing routes, panics.
func (p problems) fail(c *gin.Context, err error) {
	problem := problemOf(err)
	p.complete(problem, c)
	for name, values := range problem.GetHeaders() {
		c.Writer.Header()[name] = values
	}
	c.Writer.Header()["Content-Type"] = []string{problemContentType}
	c.AbortWithStatusJSON(problem.Status, problem)
}

// complete adds what only the request knows, and logs an internal problem's
// cause, once.
func (p problems) complete(problem *Problem, c *gin.Context) {
	problem.RequestID = c.Writer.Header().Get(headerRequestID)
	if problem.cause != nil {
		p.log.LogAttrs(c.Request.Context(), slog.LevelError, "request failed",
			slog.String("request_id", problem.RequestID), slog.String("route", c.FullPath()),
			slog.Any("error", problem.cause))
	}
}
