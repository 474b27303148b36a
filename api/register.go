package api

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// How long a request may take to read and write rows; those that hash a
// password or wait for a workflow have longer, a hundred commands longest.
const (
	quickly   = 5 * time.Second
	patiently = 20 * time.Second
	inBulk    = 60 * time.Second
)

// route is one call of the API: what routes.go says about it.
type route struct {
	method, path string
	id, summary  string
	tag          string
	who          access
	status       int           // of success
	within       time.Duration // 0: no deadline of ours
	addressed    bool          // the client's address is needed, for limits
	spares       bool          // an admin's bearer lifts the limit by address
	alsoAnswers  []int         // other statuses of success, with the same body; 304 has none
	media        string        // of the answer, when not JSON
	strictQuery  bool          // a filter that does not exist is refused
	unavailable  string        // the code that a 503 has here, when not unavailable
	reasons      []string      // how it can fail, beside the ways every route can

	check       func(input any, wrong *fieldErrors)        // notes what the description cannot say; nil: nothing
	limit       func(ctx context.Context, input any) error // counts a request that is refused; nil: none is
	description string
}

// option says one more thing about a route.
type option func(*route)

// fails lists the codes a route answers with beside the ones all have.
func fails(reasons ...string) option {
	return func(r *route) { r.reasons = append(r.reasons, reasons...) }
}

// answers sets the status of success where it is not 200.
func answers(status int) option { return func(r *route) { r.status = status } }

// alsoAnswers names other statuses of success.
func alsoAnswers(statuses ...int) option {
	return func(r *route) { r.alsoAnswers = append(r.alsoAnswers, statuses...) }
}

// streams says that the answer is a stream of server-sent events.
func streams(r *route) { r.media = "text/event-stream" }

// within sets another deadline; 0 for none.
func within(d time.Duration) option { return func(r *route) { r.within = d } }

// limitedByAddress makes the client's address known to the handler.
func limitedByAddress(r *route) {
	r.addressed = true
	r.reasons = append(r.reasons, string(domain.CodeThrottled))
}

// filtered refuses query parameters that do not exist: a misspelt filter would
// otherwise list everything.
func filtered(r *route) { r.strictQuery = true }

// checks has the route note what its description cannot say, without a question to
// the store: it is answered with everything else that is wrong.
func checks[I any](check func(in *I, wrong *fieldErrors)) option {
	return func(r *route) { r.check = func(input any, wrong *fieldErrors) { check(input.(*I), wrong) } }
}

// counts has the route count requests that are refused as they are, as its
// handler counts the others: a limit comes before what is wrong.
func counts[I any](count func(ctx context.Context, in *I) error) option {
	return func(r *route) { r.limit = func(ctx context.Context, input any) error { return count(ctx, input.(*I)) } }
}

// unavailableAs gives the 503 of a route a code of its own.
func unavailableAs(reason string) option { return func(r *route) { r.unavailable = reason } }

// group is what the routes of one section have in common.
type group struct {
	tag string
	who access
}

// registrar registers routes, with the router and in the description.
type registrar struct {
	router *gin.Engine
	huma   huma.API
	auth   *authentication
	always []string            // headers that every answer depends on
	varies map[string][]string // and those of a route, by method and path
}

// row is one line of routes.go: it registers a route in its group.
type row func(*registrar, group)

// serve registers the routes of a section of the description, for those who may
// call them.
func (reg *registrar) serve(tag string, who access, rows []row) {
	for _, register := range rows {
		register(reg, group{tag, who})
	}
}

// useStrictCasing: Huma keeps this rule in a variable of its package.
var useStrictCasing = sync.OnceFunc(func() { huma.ValidateStrictCasing = true })

// do is a route: "GET /v1/plans", its operation id, its summary, who answers it.
func do[I, O any](
	call, id, summary string, handler func(context.Context, *I) (*O, error), options ...option,
) row {
	return func(reg *registrar, g group) {
		r := newRoute(g, call, id, summary, options)
		huma.Register(reg.huma, reg.operation(r), func(ctx context.Context, in *I) (*O, error) {
			if r.within > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, r.within)
				defer cancel()
			}
			if err := r.refusal(ctx, in); err != nil {
				return nil, problemOf(err)
			}
			out, err := handler(ctx, in)
			if err != nil {
				return nil, problemOf(r.refine(err))
			}
			return out, nil
		})
		documentSuccess(r, reg.operationOf(r))
	}
}

// give is the route of a command of customers on a noun: its summary is the
// title that domain.Rules gives it.
func give[I, O any](
	noun domain.Noun, action domain.Action, call, id string,
	handler func(context.Context, *I) (*O, error), options ...option,
) row {
	rule, _ := domain.RuleOf(domain.Subject{Noun: noun}, action)
	return do(call, id, rule.Title, handler, append(options, transition, reused, waits)...)
}

// raw is a route that writes its own answer of type O, where Huma's way would
// cost more than the answer itself.
func raw[O any](call, id, summary string, handler gin.HandlerFunc, options ...option) row {
	return func(reg *registrar, g group) {
		r := newRoute(g, call, id, summary, options)
		operation := reg.operation(r)
		description := reg.huma.OpenAPI()
		schema := description.Components.Schemas.Schema(reflect.TypeFor[O](), true, id+"Response")
		operation.Responses[strconv.Itoa(r.status)] = &huma.Response{
			Description: http.StatusText(r.status),
			Content:     map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}
		description.AddOperation(&operation)
		documentSuccess(r, &operation)
		reg.router.Handle(r.method, r.path, handler)
	}
}

// operationOf is the operation as it is described.
func (reg *registrar) operationOf(r *route) *huma.Operation {
	item := reg.huma.OpenAPI().Paths[r.path]
	return map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}[r.method]
}

// documentSuccess describes what Huma cannot know: other statuses of success,
// and streams.
func documentSuccess(r *route, operation *huma.Operation) {
	success := operation.Responses[strconv.Itoa(r.status)]
	if r.media != "" {
		success.Content = map[string]*huma.MediaType{r.media: {Schema: &huma.Schema{Type: huma.TypeString}}}
	}
	for _, status := range r.alsoAnswers {
		also := &huma.Response{Description: http.StatusText(status), Headers: success.Headers, Content: success.Content}
		if status == http.StatusNotModified {
			also.Content = nil
		}
		operation.Responses[strconv.Itoa(status)] = also
	}
}

func newRoute(g group, call, id, summary string, options []option) *route {
	method, path, _ := strings.Cut(call, " ")
	r := &route{
		method: method, path: path, id: id, summary: summary, tag: g.tag, who: g.who,
		status: http.StatusOK, within: quickly,
	}
	r.description = strings.TrimSpace(abouts[id] + "\n\n" + bounds[id])
	for _, o := range options {
		o(r)
	}
	r.reasons = append(r.reasons, r.alwaysFails()...)
	return r
}

// alwaysFails are the ways to fail that follow from what the route is.
func (r *route) alwaysFails() []string {
	reasons := []string{string(domain.CodeInternal), string(domain.CodeUnavailable)}
	if r.unavailable != "" {
		reasons = append(reasons, r.unavailable)
	}
	if r.method == http.MethodPost || r.method == http.MethodPatch {
		reasons = append(reasons, string(domain.CodeInvalid), domain.ReasonBodyTooLarge, reasonMalformedBody, reasonMediaType)
	}
	if strings.Contains(r.path, "{") {
		reasons = append(reasons, string(domain.CodeNotFound))
	}
	if r.strictQuery {
		reasons = append(reasons, string(domain.CodeInvalid), domain.ReasonListTooSlow)
	}
	if r.limitsWrites() {
		reasons = append(reasons, string(domain.CodeThrottled))
	}
	switch r.who {
	case anyone:
		return reasons
	case participants:
		return append(reasons, string(domain.CodeUnauthenticated), domain.ReasonClientSecretEnded)
	case owners:
		reasons = append(reasons, domain.ReasonClientSecretEnded)
	}
	return append(reasons, string(domain.CodeUnauthenticated), string(domain.CodeForbidden))
}

// operation is the route as Huma and the description want it.
func (reg *registrar) operation(r *route) huma.Operation {
	operation := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary, Description: r.description,
		Tags: []string{r.tag}, DefaultStatus: r.status, Responses: r.problemResponses(),
		RejectUnknownQueryParameters: r.strictQuery, SkipValidateParams: true, SkipValidateBody: true, // takeIn does
		BodyReadTimeout: -1, // readBody has read it, with a deadline of its own
	}
	if r.who != anyone {
		operation.Security = []map[string][]string{{string(r.who): {}}}
		operation.Middlewares = append(operation.Middlewares, reg.auth.authenticate(r))
	}
	if r.addressed {
		operation.Middlewares = append(operation.Middlewares, withAddress)
	}
	if r.spares {
		operation.Middlewares = append(operation.Middlewares, reg.auth.spareAdmins)
	}
	operation.Middlewares = append(operation.Middlewares, reg.takeIn)
	return operation
}

// refine gives an unavailable dependency the code this route promises for it.
func (r *route) refine(err error) error {
	if r.unavailable == "" || domain.CodeOf(err) != domain.CodeUnavailable {
		return err
	}
	return &domain.Error{
		Code: domain.CodeUnavailable, Reason: r.unavailable, Detail: domain.Text(domain.TextCode(r.unavailable)),
		RetryAfter: defaultRetryAfter,
	}
}

// problemResponses documents each status the route can fail with, and the codes
// behind it.
func (r *route) problemResponses() map[string]*huma.Response {
	codes := map[int][]any{}
	for _, reason := range r.reasons {
		if status := statusOf(reason); !slices.Contains(codes[status], any(reason)) {
			codes[status] = append(codes[status], reason)
		}
	}
	responses := map[string]*huma.Response{}
	for status, values := range codes {
		schema := &huma.Schema{AllOf: []*huma.Schema{
			{Ref: "#/components/schemas/Problem"},
			{
				Type: huma.TypeObject, Properties: map[string]*huma.Schema{"code": {Type: huma.TypeString, Enum: values}},
				AdditionalProperties: true,
			},
		}}
		responses[strconv.Itoa(status)] = &huma.Response{
			Description: http.StatusText(status), Content: map[string]*huma.MediaType{problemContentType: {Schema: schema}},
		}
	}
	return responses
}
