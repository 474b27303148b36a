package domain_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestNormalEmail(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a",
		64) + "@" + strings.Repeat("b", 63) + "." + strings.Repeat("c", 63) + "." + strings.Repeat("d", 57) + ".com"
	for email, want := range map[string]string{
		"ada@example.com":                 "ada@example.com",
		"Ada@Example.COM":                 "ada@example.com",
		"a.b+tag@sub.example.co.uk":       "a.b+tag@sub.example.co.uk",
		"o'neill@example.com":             "o'neill@example.com",
		"x_-y@example.com":                "x_-y@example.com",
		"jörg@example.com":                "jörg@example.com",
		"ada@münchen.de":                  "ada@xn--mnchen-3ya.de",
		"ada@mu\u0308nchen.de":            "ada@xn--mnchen-3ya.de",
		"ada@MÜNCHEN.DE":                  "ada@xn--mnchen-3ya.de",
		"ada@XN--MNCHEN-3ya.de":           "ada@xn--mnchen-3ya.de",
		"ada@straße.de":                   "ada@xn--strae-oqa.de",
		"ada@例え。テスト":                      "ada@xn--r8jz45g.xn--zckzah",
		"ada@ｅｘａｍｐｌｅ.com":                 "ada@example.com",
		"jo\u0308rg@example.com":          "jörg@example.com",
		" ada@example.com\u00a0":          "ada@example.com",
		long:                              long, // 254 bytes
		strings.Repeat("a", 64) + "@b.co": strings.Repeat("a", 64) + "@b.co",
	} {
		got, ok := domain.NormalEmail(email)
		assert.True(t, ok, email)
		assert.Equal(t, want, got)
	}
	for why, email := range map[string]string{
		"empty":                  "",
		"no at":                  "example.com",
		"two ats":                "a@b@example.com",
		"no local part":          "@example.com",
		"no host":                "ada@",
		"with a name":            "Bob <b@x.com>",
		"in angle brackets":      "<b@x.com>",
		"no dot in the host":     "ada@localhost",
		"only an outer dot":      "ada@localhost.",
		"host begins with a dot": "ada@.example.com",
		"two dots":               "ada@example..com",
		"255 bytes":              "a" + long[1:60] + "a" + long[60:],
		"65 bytes local":         strings.Repeat("a", 65) + "@example.com",
		"10,000 characters":      strings.Repeat("a", 10_000) + "@example.com",
		"quoted":                 `"ada lovelace"@example.com`,
		"quoted without need":    `"ada"@example.com`,
		"comment":                "ada(comment)@example.com",
		"address literal":        "ada@[127.0.0.1]",
		"list":                   "a@x.com, b@x.com",
		"group":                  "friends: a@x.com;",
		"space":                  "ada @example.com",
		"no such A-label":        "ada@xn--zzzzzzzz99999.de",
		"a label of 64":          "ada@" + strings.Repeat("a", 64) + ".de",
		"a label that grows":     "ada@" + strings.Repeat("ü", 60) + ".de",
		"a host of emoji":        "ada@👩\u200d👩.de",
		"a label of two scripts": "ada@אa.de",
		"a hyphen at the end":    "ada@acme-.de",
		"an underscore":          "ada@ac_me.de",
		"trailing newline":       "ada@example.com\n",
		"header injection":       "ada@example.com\r\nBcc: eve@example.com",
		"NUL":                    "ada\x00@example.com",
		"zero-width":             "ada\u200b@example.com",
		"bidi override":          "\u202eada@example.com",
		"backslash":              `ada\@example.com`,
	} {
		got, ok := domain.NormalEmail(email)
		assert.False(t, ok, why)
		assert.Empty(t, got, why)
	}
}

func TestNormalEmail_IsShownAsPeopleWriteIt(t *testing.T) {
	t.Parallel()
	for _, email := range []string{"ada@münchen.de", "ada@example.com", "jörg@例え.テスト"} {
		stored, ok := domain.NormalEmail(email)
		assert.True(t, ok, email)
		assert.Equal(t, email, domain.ShownEmail(stored))
		again, ok := domain.NormalEmail(stored)
		assert.True(t, ok, email)
		assert.Equal(t, stored, again)
	}
	assert.Equal(t, "nobody", domain.ShownEmail("nobody"))
}
