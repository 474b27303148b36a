package api

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humagin"
	"github.com/gin-gonic/gin"

	"slipway/domain"
)

// Every request is taken in by one mechanism, before Huma reads it: each text
// gets the form it is kept in, each number its plain form, and all that the
// description of the operation does not allow is noted and left out. What is
// noted is answered after the route's own check has had its say, so that one
// answer names every wrong field.

// intake is one request being taken in.
type intake struct {
	findings
	wrong   fieldErrors
	problem error // of the body as a whole
}

type intakeKey struct{}

// takeIn is the middleware of every operation.
func (reg *registrar) takeIn(ctx huma.Context, next func(huma.Context)) {
	in := &intake{findings: findings{ctx.Operation(), reg.huma.OpenAPI().Components.Schemas}}
	c := humagin.Unwrap(ctx)
	in.parameters(c)
	in.body(c)
	next(huma.WithValue(ctx, intakeKey{}, in))
}

// refusal is what to answer instead of calling the handler; nil when nothing is
// wrong. A route that limits attempts counts this one first.
func (r *route) refusal(ctx context.Context, input any) error {
	in, _ := ctx.Value(intakeKey{}).(*intake)
	if in.problem == nil && r.check != nil {
		r.check(input, &in.wrong)
	}
	err := in.problem
	if err == nil {
		err = in.wrong.err()
	}
	if err == nil || r.limit == nil {
		return err
	}
	if throttled := r.limit(ctx, input); throttled != nil {
		return throttled
	}
	return err
}

// parameters takes in the query and the headers. What stands in a path is looked
// up, and not found.
func (in *intake) parameters(c *gin.Context) {
	query, headers := c.Request.URL.Query(), c.Request.Header
	for _, p := range in.operation.Parameters {
		switch p.In {
		case "query":
			in.parameter(p, query.Get(p.Name), func(value string) { query.Set(p.Name, value) })
		case "header":
			in.parameter(p, headerText(headers, p.Name), func(value string) { headers.Set(p.Name, value) })
		}
	}
	if c.Request.URL.RawQuery != "" {
		in.unknown(query)
		c.Request.URL.RawQuery = query.Encode()
	}
}

// headerText is a header's value: several lines of it are one list, and a tab is a
// blank.
func headerText(headers http.Header, name string) string {
	return strings.ReplaceAll(strings.Join(headers.Values(name), ", "), "\t", " ")
}

// unknown notes that there are query parameters which do not exist.
func (in *intake) unknown(query url.Values) {
	if !in.operation.RejectUnknownQueryParameters {
		return
	}
	known := map[string]bool{}
	for _, p := range in.operation.Parameters {
		known[p.Name] = known[p.Name] || p.In == "query"
	}
	for name := range query {
		if !known[name] {
			in.wrong.add(finding("query", in.query(), domain.TextQueryUnknown))
		}
	}
}

// parameter takes in one parameter, and puts it back as it is kept; empty when it
// is wrong.
func (in *intake) parameter(p *huma.Param, text string, put func(string)) {
	field := p.In + "." + p.Name
	if text == "" {
		if p.Required {
			in.wrong.add(finding(field, "", domain.TextFieldRequired))
		}
		return
	}
	value, kept := parsed(p.Schema.Type, text)
	if s, is := value.(string); is && p.Schema.Type == huma.TypeString {
		kept = in.text(p.Schema, field, s)
		value = kept
	}
	in.validate(p.Schema, value, p.In, p.Name)
	if in.wrong.has(field) {
		kept = ""
	}
	put(kept)
}

// parsed is the value of a parameter's text, as JSON would have it, and its plain
// form; the text itself when it is no value of the type.
func parsed(kind, text string) (value any, plain string) {
	switch kind {
	case huma.TypeInteger, huma.TypeNumber:
		var number float64
		if json.Unmarshal([]byte(text), &number) == nil {
			return number, strconv.FormatFloat(number, 'f', -1, 64)
		}
	case huma.TypeBoolean:
		if is, err := strconv.ParseBool(text); err == nil {
			return is, strconv.FormatBool(is)
		}
	}
	return text, text
}

// body takes in a body of JSON.
func (in *intake) body(c *gin.Context) {
	body := in.operation.RequestBody
	if body == nil || body.Content["application/json"] == nil {
		return
	}
	sent, err := io.ReadAll(c.Request.Body)
	if len(sent) == 0 && !body.Required {
		return
	}
	var value any
	switch {
	case err != nil:
		in.problem = newProblem(reasonMalformedBody, domain.Text(domain.TextBodyCutOff))
	case len(sent) == 0:
		in.problem = newProblem(reasonMalformedBody, domain.Text(domain.TextBodyMissing))
	case json.Unmarshal(sent, &value) != nil:
		in.problem = newProblem(reasonMalformedBody, domain.Text(domain.TextBodyNotJSON))
	}
	kept := []byte("{}")
	if in.problem == nil {
		kept = in.object(body.Content["application/json"].Schema, value)
	}
	c.Request.Body, c.Request.ContentLength = io.NopCloser(bytes.NewReader(kept)), int64(len(kept))
}

// object is the body without what is wrong with it, as JSON.
func (in *intake) object(schema *huma.Schema, value any) []byte {
	value = in.tidy(schema, "body", value)
	in.validate(schema, value, "body")
	fields, is := value.(map[string]any)
	if !is {
		return []byte("{}")
	}
	for _, wrong := range in.wrong {
		name, _, _ := strings.Cut(strings.TrimPrefix(wrong.Field, "body."), ".")
		delete(fields, name)
	}
	kept, err := json.Marshal(fields)
	if err != nil { // what JSON was made of can be made JSON of
		in.problem = err
	}
	return kept
}

// validate notes what the schema does not allow.
func (in *intake) validate(schema *huma.Schema, value any, location ...string) {
	path, found := huma.NewPathBuffer(nil, 0), huma.ValidateResult{}
	for _, segment := range location {
		path.Push(segment)
	}
	huma.Validate(in.schemas, schema, path, huma.ModeWriteToServer, value, &found)
	for _, err := range found.Errors {
		if detail, is := err.(*huma.ErrorDetail); is {
			in.wrong.add(in.fieldError(detail.Location, detail.Message))
		}
	}
}

// tidy is the value with every text in it as it is kept, map keys included.
func (in *intake) tidy(schema *huma.Schema, field string, value any) any {
	schema = in.resolve(schema)
	switch value := value.(type) {
	case string:
		if schema.Type == huma.TypeString {
			return in.text(schema, field, value)
		}
	case []any:
		for i := range value {
			if schema.Items != nil {
				value[i] = in.item(schema, field, value[i])
			}
		}
	case map[string]any:
		return in.tidyFields(schema, field, value)
	}
	return value
}

// item is one of a list, as it is kept. One that is no scalar where each must be
// there once is left out: Huma compares them, which panics.
func (in *intake) item(list *huma.Schema, field string, value any) any {
	switch value.(type) {
	case []any, map[string]any:
		if list.UniqueItems {
			in.wrong.add(finding(field, "", domain.TextFieldUnfit))
			return nil
		}
	}
	return in.tidy(list.Items, field, value)
}

func (in *intake) tidyFields(schema *huma.Schema, field string, fields map[string]any) map[string]any {
	values, open := schema.AdditionalProperties.(*huma.Schema)
	kept := make(map[string]any, len(fields))
	for name, value := range fields {
		property := schema.Properties[name]
		switch {
		case property != nil:
			value = in.tidy(property, field+"."+name, value)
		case open:
			var ok bool
			if name, ok = domain.LineText.Clean(name); !ok {
				in.wrong.add(finding(field, domain.Text(domain.LineText.Accepted), domain.LineText.Wrong))
			}
			value = in.tidy(values, field, value)
		}
		kept[name] = value
	}
	return kept
}

// text is a text as its kind is kept. One that may be left out may be empty.
func (in *intake) text(schema *huma.Schema, field, text string) string {
	kind, known := textKinds[schema.Format]
	if !known || text == "" {
		return text
	}
	kept, ok := kind.Clean(text)
	if !ok {
		in.wrong.add(finding(field, domain.Text(kind.Accepted), kind.Wrong))
		return text
	}
	return kept
}
