package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"slipway/domain"
)

// problemOfHuma rewrites an error of Huma's. Its details quote the value, the
// decoder's text quotes the input, and its locations hold names the client made
// up: what is kept is the part that our own schema knows.
func (a *API) problemOfHuma(op *huma.Operation, e *huma.ErrorModel, noBody bool) *Problem {
	switch e.Status {
	case http.StatusBadRequest:
		if noBody {
			return newProblem(reasonMalformedBody, domain.Text(domain.TextBodyMissing))
		}
		return newProblem(reasonMalformedBody, domain.Text(domain.TextBodyNotJSON))
	case http.StatusUnsupportedMediaType:
		return newProblem(reasonMediaType, domain.Text(domain.TextMediaType))
	case http.StatusUnprocessableEntity:
	default:
		p := newProblem(string(domain.CodeInternal), domain.Text(domain.TextInternal))
		p.cause, p.Status, p.Title = e, e.Status, http.StatusText(e.Status)
		return p
	}
	p := newProblem(string(domain.CodeInvalid), domain.Text(domain.TextInvalid))
	for _, detail := range e.Errors {
		p.Errors = append(p.Errors, a.fieldError(op, detail.Location, detail.Message))
	}
	return p
}

// fieldError rewrites one finding of Huma's validation.
func (a *API) fieldError(op *huma.Operation, location, message string) domain.FieldError {
	field, schema := a.knownField(op, location)
	const expected = "expected "
	required, _, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	switch {
	case strings.HasPrefix(message, required):
		name, _, _ := strings.Cut(strings.TrimPrefix(message, required), " ")
		return domain.FieldError{Field: field + "." + name, Message: "It is required."}
	case strings.HasPrefix(message, "required "):
		return domain.FieldError{Field: field, Message: "It is required."}
	case message == validation.MsgUnexpectedProperty:
		return domain.FieldError{
			Field: field, Message: "It has a field that does not exist; case matters.", Accepted: fieldsOf(schema),
		}
	case field == "query": // and no parameter of it
		return domain.FieldError{
			Field: field, Message: "There is a query parameter that does not exist.", Accepted: queryOf(op),
		}
	case strings.HasPrefix(message, expected):
		return domain.FieldError{
			Field: field, Message: "It cannot be accepted.", Accepted: strings.TrimPrefix(message, expected),
		}
	default: // such as "invalid integer"
		return domain.FieldError{
			Field: field, Message: "It cannot be accepted.", Accepted: strings.TrimPrefix(message, "invalid "),
		}
	}
}

// knownField is the beginning of a location that names only what the operation
// documents, and the schema found there.
func (a *API) knownField(op *huma.Operation, location string) (string, *huma.Schema) {
	segments := strings.Split(location, ".")
	if segments[0] != "body" {
		isParam := func(p *huma.Param) bool { return len(segments) == 2 && p.In == segments[0] && p.Name == segments[1] }
		if slices.ContainsFunc(op.Parameters, isParam) {
			return location, nil
		}
		return segments[0], nil
	}
	schema, known := a.bodySchema(op), "body"
	for _, segment := range segments[1:] {
		name, _, _ := strings.Cut(segment, "[")
		next := schema.Properties[name]
		if next == nil {
			break
		}
		schema, known = a.resolve(next), known+"."+name
	}
	return known, schema
}

// bodySchema is the schema of the operation's body; an empty one without.
func (a *API) bodySchema(op *huma.Operation) *huma.Schema {
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return &huma.Schema{}
	}
	return a.resolve(op.RequestBody.Content["application/json"].Schema)
}

// resolve follows a reference to the schema it names.
func (a *API) resolve(s *huma.Schema) *huma.Schema {
	if s.Ref == "" {
		return s
	}
	return a.huma.OpenAPI().Components.Schemas.SchemaFromRef(s.Ref)
}

func fieldsOf(schema *huma.Schema) string {
	if schema == nil {
		return ""
	}
	names := make([]string, 0, len(schema.Properties))
	for name := range schema.Properties {
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

func queryOf(op *huma.Operation) string {
	var names []string
	for _, p := range op.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
}
