package api

import (
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/validation"

	"slipway/domain"
)

// findings is what Huma's validation finds wrong with a request, to be said in
// our words: its details quote the value, the decoder's text quotes the input,
// and its locations hold names the client made up. What is kept is the part that
// our own schema knows.
type findings struct {
	operation *huma.Operation
	schemas   huma.Registry
}

// problem is the problem to answer with instead of Huma's own error, which only
// what takeIn overlooked can cause: its text, the decoder's, stays in the log.
func (f findings) problem(e *huma.ErrorModel) *Problem {
	p := newProblem(string(domain.CodeInternal), domain.Text(domain.TextInternal))
	if e.Status == http.StatusUnprocessableEntity || e.Status == http.StatusBadRequest {
		p = newProblem(string(domain.CodeInvalid), domain.Text(domain.TextInvalid))
		for _, detail := range e.Errors {
			field, _ := f.knownField(detail.Location)
			p.Errors = append(p.Errors, finding(field, "", domain.TextFieldUnfit))
		}
		return p
	}
	p.cause, p.Status, p.Title = e, e.Status, http.StatusText(e.Status)
	return p
}

// fieldError rewrites one finding of Huma's validation.
func (f findings) fieldError(location, message string) domain.FieldError {
	field, schema := f.knownField(location)
	const expected = "expected "
	required, _, _ := strings.Cut(validation.MsgExpectedRequiredProperty, "%s")
	switch {
	case strings.HasPrefix(message, required):
		name, _, _ := strings.Cut(strings.TrimPrefix(message, required), " ")
		return finding(field+"."+name, "", domain.TextFieldRequired)
	case strings.HasPrefix(message, "required "):
		return finding(field, "", domain.TextFieldRequired)
	case message == validation.MsgUnexpectedProperty:
		return finding(field, fieldsOf(schema), domain.TextFieldUnknown)
	case field == "query": // and no parameter of it
		return finding(field, f.query(), domain.TextQueryUnknown)
	case strings.HasPrefix(message, expected):
		return finding(field, strings.TrimPrefix(message, expected), domain.TextFieldUnfit)
	default: // such as "invalid integer"
		return finding(field, strings.TrimPrefix(message, "invalid "), domain.TextFieldUnfit)
	}
}

func finding(field, accepted string, message domain.TextCode) domain.FieldError {
	return domain.FieldError{Field: field, Message: domain.Text(message), Accepted: accepted}
}

// knownField is the beginning of a location that names only what the operation
// documents, and the schema found there.
func (f findings) knownField(location string) (string, *huma.Schema) {
	segments := strings.Split(location, ".")
	if segments[0] != "body" {
		isParam := func(p *huma.Param) bool { return len(segments) == 2 && p.In == segments[0] && p.Name == segments[1] }
		if slices.ContainsFunc(f.operation.Parameters, isParam) {
			return location, nil
		}
		return segments[0], nil
	}
	schema, known := f.body(), "body"
	for _, segment := range segments[1:] {
		name, _, _ := strings.Cut(segment, "[")
		next := schema.Properties[name]
		if next == nil {
			break
		}
		schema, known = f.resolve(next), known+"."+name
	}
	return known, schema
}

// body is the schema of the operation's body; an empty one without.
func (f findings) body() *huma.Schema {
	body := f.operation.RequestBody
	if body == nil || body.Content["application/json"] == nil {
		return &huma.Schema{}
	}
	return f.resolve(body.Content["application/json"].Schema)
}

// resolve follows a reference to the schema it names.
func (f findings) resolve(s *huma.Schema) *huma.Schema {
	if s.Ref == "" {
		return s
	}
	return f.schemas.SchemaFromRef(s.Ref)
}

// query names the operation's query parameters.
func (f findings) query() string {
	var names []string
	for _, p := range f.operation.Parameters {
		if p.In == "query" {
			names = append(names, p.Name)
		}
	}
	return strings.Join(names, ", ")
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
