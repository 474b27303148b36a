package domain_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"slipway/domain"
)

func TestValidName_AllowsEveryScript(t *testing.T) {
	t.Parallel()
	for _, name := range []string{
		"A", "Acme GmbH & Co. KG", "O'Neill <Sons>", "Crème brûlée", "Straße 7", "Кофейня", "株式会社アクメ", "شركة أكمي",
		"חברה", "บริษัท", "कंपनी", "Ωmega", "🚀 Rockets", "❤️", "👍🏽", "naïve", "nai\u0308ve", " padded ",
		strings.Repeat("x", domain.NameMax), strings.Repeat("語", domain.NameMax), "'; DROP TABLE accounts; --", "{{7*7}}",
	} {
		assert.True(t, domain.ValidName(name), "%q", name)
	}
}

func TestValidName_RefusesWhatCannotBeSeen(t *testing.T) {
	t.Parallel()
	for why, name := range map[string]string{
		"empty":                 "",
		"space":                 "   ",
		"no-break space":        "\u00a0",
		"ideographic space":     "\u3000",
		"121 characters":        strings.Repeat("x", domain.NameMax+1),
		"121 wide characters":   strings.Repeat("語", domain.NameMax+1),
		"10,000 characters":     strings.Repeat("x", 10_000),
		"NUL":                   "Ac\x00me",
		"tab":                   "Ac\tme",
		"newline":               "Ac\nme",
		"carriage return":       "Acme\r",
		"escape":                "\x1b[31mAcme",
		"delete":                "Acme\x7f",
		"C1 control":            "Ac\u0085me",
		"invalid UTF-8":         "Ac\xffme",
		"half a character":      "Acm\xc3",
		"surrogate":             "Ac\xed\xa0\x80me",
		"zero-width space":      "Ac\u200bme",
		"zero-width joiner":     "Ac\u200dme",
		"zero-width non-joiner": "Ac\u200cme",
		"byte order mark":       "\ufeffAcme",
		"soft hyphen":           "Ac\u00adme",
		"word joiner":           "Ac\u2060me",
		"right-to-left mark":    "\u200fAcme",
		"bidi override":         "\u202eemcA",
		"bidi isolate":          "\u2066Acme\u2069",
		"line separator":        "Ac\u2028me",
		"paragraph separator":   "Ac\u2029me",
		"private use":           "Acme\ue000",
		"tag characters":        "Acme\U000e0041",
		"hangul filler":         "\u3164",
		"half-width filler":     "\uffa0",
		"braille blank":         "\u2800",
		"grapheme joiner":       "Ac\u034fme",
	} {
		assert.False(t, domain.ValidName(name), why)
	}
}

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
		"ada@münchen.de":                  "ada@münchen.de",
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
		"outer space":            " ada@example.com",
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

func TestValidSlug(t *testing.T) {
	t.Parallel()
	for _, slug := range []string{"abc", "a1b", "123", "acme-2", "a-b-c", strings.Repeat("a", 48)} {
		assert.True(t, domain.ValidSlug(slug), slug)
	}
	for _, slug := range []string{
		"", "a", "ab", strings.Repeat("a", 49), "-abc", "abc-", "a--b", "Abc", "a_b", "a.b", "a b", "abc\n", "äbc",
		"a/b", "---", "аcme",
	} {
		assert.False(t, domain.ValidSlug(slug), "%q", slug)
	}
}

func TestSlugReserved_KnowsItsWholeList(t *testing.T) {
	t.Parallel()
	assert.True(t, slices.IsSorted(domain.ReservedSlugs), "binary search needs it sorted")
	for _, word := range domain.ReservedSlugs {
		assert.True(t, domain.SlugReserved(word), word)
	}
	for _, word := range []string{"admin", "api", "www", "login", "sign-up", "slipway"} {
		assert.True(t, domain.SlugReserved(word), word)
	}
	for _, word := range []string{"", "acme", "admin-2", "aboutus", "www2"} {
		assert.False(t, domain.SlugReserved(word), word)
	}
}
