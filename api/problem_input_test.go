package api

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestSignUp_BadInputIsAProblemAndLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, body := range badSignUps() {
		r := w.call("POST", "/v1/onboardings", "", body)
		require.GreaterOrEqual(t, r.status, 400, "%s: %s", name, r.raw)
		require.Less(t, r.status, 500, "%s: %s", name, r.raw)
		r.problem(r.status, r.text("code"))
	}
	assert.Empty(t, w.call("GET", "/v1/admin/onboardings", w.admin, nil).ok(200).rows())
	assert.Empty(t, w.flows.begun)
	assert.NotContains(t, w.log.String(), "panic")
}

func TestSignUp_NamesOfEveryScriptAreWelcome(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, name := range []string{"Ünïcode GmbH", "株式会社スリップウェイ", "شركة", "Ñandú & Søn's",
		"O'Brien \"Ltd\"", "👩‍", "𝔘𝔫𝔦"} {
		r := w.call("POST", "/v1/onboardings", "", person(fmt.Sprintf("p%d", i), "account_name", name))
		if strings.ContainsRune(name, '\u200d') {
			r.problem(422, "invalid")
			continue
		}
		assert.Equal(t, name, r.ok(201).at("account.name"))
	}
}

// with is a sign-up whose field has this value, as it is.
func with(field, value string) string {
	p := map[string]string{"email": `"ada@example.com"`, "password": `"` + goodPassword + `"`, "account_name": `"Ada"`}
	p[field] = value
	var fields []string
	for name, v := range p {
		fields = append(fields, `"`+name+`":`+v)
	}
	return "{" + strings.Join(fields, ",") + "}"
}

// badSignUps are bodies that must be refused, by what is wrong with them.
func badSignUps() map[string]string {
	bad := map[string]string{
		"nothing": ``, "null": `null`, "a list": `[]`, "text": `"x"`, "no object": `7`, "half": `{"email"`,
		"two bodies":           with("email", `"ada@example.com"`) + `{}`,
		"too large":            with("account_name", `"`+strings.Repeat("a", maxBody)+`"`),
		"deep":                 with("account_name", strings.Repeat("[", 30_000)+strings.Repeat("]", 30_000)),
		"deep, not closed":     strings.Repeat(`{"a":`, 12_000),
		"invalid UTF-8":        with("account_name", "\"a\xff\xfeb\""),
		"overlong UTF-8":       with("account_name", "\"a\xc0\x80b\""),
		"escaped NUL":          with("account_name", `"a\u0000b"`),
		"NUL":                  with("account_name", "\"a\x00b\""),
		"half a pair":          with("account_name", `"a\ud800b"`),
		"wrong half first":     with("account_name", `"a\udc00\ud800b"`),
		"NUL in password":      with("password", `"correct-horse\u0000-battery"`),
		"an unknown field":     with("sPassw0rd_secret", `"x"`),
		"another casing":       with("Email", `"x@example.com"`),
		"a test clock":         with("test_clock", `"clk_1"`),
		"a number":             with("email", `7`),
		"a huge number":        with("account_name", `1e999`),
		"null for required":    with("email", `null`),
		"a name in an e-mail":  with("email", `"Bob <b@x.com>"`),
		"two addresses":        with("email", `"a@example.com,b@example.com"`),
		"no dot":               with("email", `"a@localhost"`),
		"a long e-mail":        with("email", `"`+strings.Repeat("a", 250)+`@example.com"`),
		"a token":              with("payment_token", `"tok_secret"`),
		"a country's name":     with("country", `"Kenya"`),
		"a lower-case country": with("country", `"ke"`),
		"no country":           with("country", `"ZZ"`),
		"an alias":             with("country", `"UK"`),
		"no country, a union":  with("country", `"EU"`),
		"an upper-case slug":   with("slug", `"Acme"`),
		"a short slug":         with("slug", `"ab"`),
		"a slug with dots":     with("slug", `"../../etc"`),
		"a plan from nowhere":  with("plan", `"'; DROP TABLE plans; --"`),
		"an option":            with("payment_option", `"{{.Secret}}"`),
	}
	for name, r := range map[string]rune{
		"zero-width": '\u200b', "joiner": '\u200d', "override": '\u202e', "control": '\u0007', "newline": '\n',
		"separator": '\u2028',
		"private":   '\ue000', "filler": '\u3164', "tag": '\U000e0041', "bom": '\ufeff', "isolate": '\u2066',
	} {
		bad[name+" in a name"] = with("account_name", fmt.Sprintf(`"Ada\u%04x"`, r))
		if r > 0xffff {
			bad[name+" in a name"] = with("account_name", `"Ada`+string(r)+`"`)
		}
		bad[name+" in an e-mail"] = with("email", `"ada`+strings.Trim(fmt.Sprintf("%q", string(r)), `"`)+`@example.com"`)
	}
	for name, password := range map[string]string{
		"short": "aB3$xyz", "common": "password123", "its e-mail": "ada@example.com", "one letter": strings.Repeat("a", 40),
		"a keyboard's row": "qwertyuiop", "long": strings.Repeat("xK3-", 40),
	} {
		bad["a password: "+name] = with("password", `"`+password+`"`)
	}
	for _, n := range []int{121, 10_000} {
		bad[fmt.Sprintf("a name of %d", n)] = with("account_name", `"`+strings.Repeat("n", n)+`"`)
	}
	for _, empty := range []string{`""`, `"   "`, `"\t"`} {
		bad["an empty name "+empty] = with("account_name", empty)
	}
	return bad
}
