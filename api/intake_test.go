package api

import (
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

// input is one value of a request: a parameter, or a field of the body.
type input struct {
	method, path string
	who          access
	in, name     string
	list, open   bool // a field that is a list of such values, or an object of them
	schema       *huma.Schema
}

func (i input) String() string { return i.method + " " + i.path + " " + i.in + "." + i.name }

// inputs are all that a request may have, as the description says.
func inputs(w *world) []input {
	var all []input
	oapi := w.api.huma.OpenAPI()
	for path, item := range oapi.Paths {
		for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
			operation := operationIn(item, method)
			if operation == nil {
				continue
			}
			base := input{method: method, path: path, who: accessOf(item, method)}
			for _, p := range operation.Parameters {
				one := base
				one.in, one.name, one.schema = p.In, p.Name, p.Schema
				all = append(all, one)
			}
			f := findings{operation, oapi.Components.Schemas}
			for name, property := range f.body().Properties {
				one := base
				one.in, one.name, one.schema = "body", name, f.resolve(property)
				if one.schema.Type == huma.TypeArray {
					one.list, one.schema = true, f.resolve(one.schema.Items)
				}
				if values, open := one.schema.AdditionalProperties.(*huma.Schema); open {
					one.open, one.schema = true, f.resolve(values)
				}
				all = append(all, one)
			}
		}
	}
	slices.SortFunc(all, func(a, b input) int { return strings.Compare(a.String(), b.String()) })
	return all
}

// send sends the input with the value, which is JSON in a body, and nothing else.
func (i input) send(w *world, owner, value string) *reply {
	bearer := map[access]string{anyone: "", owners: owner, signedIn: owner}[i.who]
	if i.who == admins || i.who == signedInAdmins || i.who == participants {
		bearer = w.admin
	}
	path := strings.NewReplacer("{id}", "x", "{event_id}", "x", "{provider}", "manual").Replace(i.path)
	switch i.in {
	case "path":
		return w.call(i.method, strings.Replace(i.path, "{"+i.name+"}", url.PathEscape(value), 1), bearer, nil)
	case "query":
		return w.call(i.method, path+"?"+url.Values{i.name: {value}}.Encode(), bearer, nil)
	case "header":
		return w.call(i.method, path, bearer, nil, i.name, value)
	}
	if i.list {
		value = "[" + value + "]"
	}
	if i.open {
		value = `{"x":` + value + `}`
	}
	return w.call(i.method, path, bearer, `{"`+i.name+`":`+value+`}`)
}

// TestIntake_EveryTextHasAKindAndEveryNumberARange is what makes a field that is
// forgotten fail: no other test needs to know it.
func TestIntake_EveryTextHasAKindAndEveryNumberARange(t *testing.T) {
	t.Parallel()
	texts, numbers := 0, 0
	for _, i := range inputs(newWorld(t)) {
		switch s := i.schema; {
		case i.in == "path": // looked up, in a form of its own
		case s.Type == huma.TypeString && len(s.Enum) == 0 && s.Format != "date-time" && s.Pattern == "":
			texts++
			assert.Contains(t, textKinds, s.Format, "%s needs a kind of text: format:\"line\"", i)
			if assert.NotNil(t, s.MaxLength, i) {
				assert.LessOrEqual(t, *s.MaxLength, textKinds[s.Format].Max, i)
			}
		case s.Type == huma.TypeInteger || s.Type == huma.TypeNumber:
			numbers++
			assert.NotNil(t, s.Minimum, "%s needs a minimum", i)
			assert.NotNil(t, s.Maximum, "%s needs a maximum", i)
		}
	}
	assert.Greater(t, texts, 50)
	assert.Greater(t, numbers, 15)
}

// rowsSeen is what a refused request must not change.
func (w *world) rowsSeen() string {
	var seen strings.Builder
	for _, list := range []string{"onboardings", "accounts", "subscriptions", "payments", "events", "plans",
		"payment-options", "credit-packages", "api-keys"} {
		seen.WriteString(w.call("GET", "/v1/admin/"+list, w.admin, nil).ok(200).raw)
	}
	return seen.String() + w.call("GET", "/v1/webhook-endpoints", w.admin, nil).ok(200).raw
}

// refused requires an answer that names the field, if it is one of those that
// do, and that neither says what was sent nor how it was read.
func (i input) refused(t *testing.T, r *reply, why string) {
	t.Helper()
	accepted := []int{400, 404, 413, 422}
	if i.in != "path" {
		accepted = []int{400, 413, 422}
	}
	assert.Contains(t, accepted, r.status, "%s: %s: %s", i, why, r.raw)
	for _, word := range []string{"json:", "Go ", "unmarshal", "strconv", "canary", "utf", "0x"} {
		assert.NotContains(t, r.raw, word, "%s: %s", i, why)
	}
	assert.Less(t, len(r.raw), 5000, "%s: %s", i, why)
	if r.status == 422 && i.in != "path" && why != "NUL" {
		assert.Contains(t, r.raw, `"`+i.in+"."+i.name+`"`, "%s: %s", i, why)
	}
}

func TestIntake_BadTextIsRefusedInEveryFieldOfEveryRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signUp("owner").text("client_secret")
	before, begun := w.rowsSeen(), len(w.flows.begun)
	for _, i := range inputs(w) {
		if i.schema.Type != huma.TypeString || i.path == "/webhooks/{provider}" && i.in == "body" {
			continue
		}
		longest := 300
		if i.schema.MaxLength != nil {
			longest = *i.schema.MaxLength
		}
		bad := map[string]string{
			"too long": strings.Repeat("x", longest+1), "override": "canary\u202ecanary", "65 KB": strings.Repeat("x", 65<<10),
			"control": "canary\x07canary", "NUL": "canary\x00canary", "zero width": "canary\u200bcanary",
		}
		if i.in == "body" {
			i.refused(t, i.send(w, owner, `"canary\u0000"`), "NUL")
			i.refused(t, i.send(w, owner, `"canary\ud800"`), "half a pair")
			i.refused(t, i.send(w, owner, `["canary"]`), "a list")
			i.refused(t, i.send(w, owner, `{"canary":[]}`), "an object")
			i.refused(t, i.send(w, owner, `7`), "a number")
		} else {
			bad["half a pair"] = "canary\xed\xa0\x80"
			bad["invalid UTF-8"] = "canary\xff"
		}
		for why, text := range bad {
			if i.schema.Format == "password" && (why == "override" || why == "control" || why == "zero width") {
				continue
			}
			if i.in == "body" {
				text = quoted(text)
			}
			i.refused(t, i.send(w, owner, text), why)
		}
	}
	assert.Equal(t, before, w.rowsSeen(), "nothing changed")
	assert.Len(t, w.flows.begun, begun)
	assert.NotContains(t, w.log.String(), `"level":"ERROR"`)
	assert.NotContains(t, w.log.String(), "canary")
}

func quoted(text string) string {
	b, _ := json.Marshal(text)
	return string(b)
}

func TestIntake_ANumberBeyondItsRangeIsRefusedInEveryFieldOfEveryRequest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	owner := w.signUp("owner").text("client_secret")
	before, tried := w.rowsSeen(), 0
	for _, i := range inputs(w) {
		if i.schema.Type != huma.TypeInteger {
			continue
		}
		tried++
		for _, bad := range []string{"99999999999999999999", "-99999999999999999999", "1.5", `"x"`, "9223372036854775808"} {
			i.refused(t, i.send(w, owner, bad), bad)
		}
		if *i.schema.Minimum >= 0 {
			i.refused(t, i.send(w, owner, "-1"), "-1")
		}
		for _, good := range []string{"1.0", "1e0", "1"} {
			r := i.send(w, owner, good)
			assert.NotContains(t, r.raw, `"`+i.in+"."+i.name+`"`, "%s: %s is a whole number", i, good)
			assert.Less(t, r.status, 500)
		}
	}
	assert.Equal(t, before, w.rowsSeen())
	assert.Greater(t, tried, 15)
	plan := w.call("POST", "/v1/admin/plans", w.admin, `{"code":"x","name":"X","currency":"usd","sort":2.0}`).ok(201)
	assert.InDelta(t, 2, plan.at("sort"), 0)
}

func TestIntake_OneAnswerNamesEveryWrongField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.call("POST", "/v1/onboardings", "", `{"email":7,"password":"short","account_name":"","slug":"NO","country":"ZZ",
		"plan":"a b","payment_token":"?","canary":1}`, "Idempotency-Key", "a b").problem(422, "invalid")
	for _, field := range []string{"body.email", "body.password", "body.account_name", "body.slug", "body.country",
		"body.plan", "body.payment_token", "body", "header.Idempotency-Key"} {
		assert.Contains(t, r.raw, `"field":"`+field+`"`)
		assert.Equal(t, 1, strings.Count(r.raw, `"field":"`+field+`"`), field)
	}
	assert.NotContains(t, r.raw, "canary")
	r = w.call("POST", "/v1/admin/plans", w.admin, `{"code":"NO","amount":-1,"features":[7,8],"limits":{"a":-1}}`).
		problem(422, "invalid")
	for _, field := range []string{"code", "amount", "features", "limits", "name", "currency"} {
		assert.Contains(t, r.raw, `"field":"body.`+field+`"`)
	}
	for _, call := range []string{"/v1/admin/subscriptions/bulk", "/v1/admin/payments/bulk"} {
		for _, ids := range []string{`[[]]`, `[{}]`, `[[],[]]`, `[null,null]`, `{}`, `"x"`, `[1,1]`} {
			r := w.call("POST", call, w.admin, `{"action":"reject_payment","ids":`+ids+`}`).problem(422, "invalid")
			assert.Contains(t, r.raw, `"field":"body.ids"`, ids)
			assert.Contains(t, r.raw, `"field":"body.reason"`+"", ids)
		}
	}
}

func TestIntake_AnAnswerIsShortHoweverMuchIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var many []string
	for n := range 4000 {
		many = append(many, fmt.Sprintf(`"canary%d":1`, n))
	}
	bodies := []string{
		"{" + strings.Join(many, ",") + "}", `{"features":[` + strings.Repeat("[],", 10_000) + `1]}`,
		`{"countries":[` + strings.Repeat(`"canary",`, 5000) + `1]}`, `{"limits":{` + strings.Join(many, ",") + `}}`,
	}
	for _, i := range inputs(w) {
		if i.in != "body" || i.who == anyone || i.who == owners {
			continue
		}
		for _, body := range bodies {
			r := w.call(i.method, strings.ReplaceAll(i.path, "{id}", "x"), w.admin, body)
			assert.GreaterOrEqual(t, r.status, 400)
			assert.Less(t, r.status, 500)
			assert.Less(t, len(r.raw), 6000, "%s: %s", i, r.raw)
			assert.NotContains(t, r.raw, "canary")
			assert.LessOrEqual(t, strings.Count(r.raw, `"field"`), maxFieldErrors)
		}
	}
}

func TestIntake_TheLimitComesBeforeWhatIsWrong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *Config) { c.SignupRate, c.LoginRate = 2, 2 })
	for _, call := range []string{"/v1/onboardings", "/v1/sessions"} {
		for _, body := range []string{`{}`, `{"email":`} {
			assert.Less(t, w.call("POST", call, "", body).status, 429)
		}
		for _, body := range []string{`{}`, `{"email":`, `{"email":7}`, ``} {
			w.call("POST", call, "", body).problem(429, string(domain.CodeThrottled))
		}
	}
}

func TestIntake_TextIsKeptInItsForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.signUp("zoe", "account_name", "\u00a0Zoe\u0308 ")
	assert.Equal(t, "Zoë", s.at("account.name"))
	key := w.call("POST", "/v1/admin/api-keys", w.admin, map[string]any{"name": " \u0041\u030a "}).ok(201)
	assert.Equal(t, "Å", key.text("name"))
	plan := w.call("POST", "/v1/admin/plans", w.admin, map[string]any{
		"code": "x", "name": "X", "currency": "usd", "description": " one\r\ntwo\n", "limits": map[string]int{" e\u0301 ": 1},
		"features": []string{" e\u0301 "},
	}).ok(201)
	assert.Equal(t, "one\ntwo", plan.text("description"))
	assert.Equal(t, map[string]any{"é": 1.0}, plan.at("limits"))
	assert.Equal(t, []any{"é"}, plan.at("features"))
	found := w.call("GET", "/v1/admin/onboardings?q="+url.QueryEscape(" zoe\u0308 "), w.admin, nil).ok(200)
	assert.Len(t, found.rows(), 1)
}
