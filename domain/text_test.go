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
		"علی\u200cرضا", "क\u094d\u200dष", "ශ\u0dca\u200dරී", "മ\u0d28\u0d4d\u200d",
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
		"only a joiner":         "\u200d",
		"joiner at the end":     "علی\u200c",
		"a family":              "👨\u200d👩\u200d👧",
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

func TestText_IsKeptInOneFormHoweverItIsWritten(t *testing.T) {
	t.Parallel()
	for _, k := range domain.TextKinds {
		sample := map[string]string{"idn-email": "ada@example.com", "slug": "acme", "code": "acme", "token": "tok_1.a-b",
			"event-types": "invoice.paid", "event-type": "invoice.paid"}[k.Name]
		if sample == "" {
			sample = "Zo\u0065\u0308"
			kept, ok := k.Clean(sample)
			assert.True(t, ok, k.Name)
			if k.Name != "password" {
				assert.Equal(t, "Zoë", kept, k.Name)
			}
		}
		for why, bad := range map[string]string{
			"NUL": "\x00", "half a surrogate pair": "\xed\xa0\x80", "invalid UTF-8": "\xff", "override": "\u202e",
			"control": "\x07", "isolate": "\u2066", "byte order mark": "\ufeff", "escape": "\x1b",
		} {
			if _, ok := k.Clean(sample + bad + sample); k.Name != "password" || bad[0] == 0 || bad[0] >= 0xed && bad[0] != 0xef {
				assert.False(t, ok, "%s in a %s", why, k.Name)
			}
		}
		if k.Name != "password" {
			kept, ok := k.Clean("  " + sample + "\u00a0")
			assert.True(t, ok, k.Name)
			assert.Equal(t, strings.TrimSpace(kept), kept, "blanks around a %s", k.Name)
			assert.NotEmpty(t, kept)
		}
		_, ok := k.Clean(strings.Repeat("a", k.Max+1))
		assert.False(t, ok, "too long a %s", k.Name)
	}
}

func TestText_ReasonsAreParagraphsWhicheverWayTheyCome(t *testing.T) {
	t.Parallel()
	reason, ok := domain.CleanReason("  paid twice\r\nby card\u200d\n")
	assert.False(t, ok, "a joiner that joins nothing: %q", reason)
	reason, ok = domain.CleanReason("  paid twice\r\nby card 👨\u200d👩\n")
	assert.True(t, ok)
	assert.Equal(t, "paid twice\nby card 👨\u200d👩", reason)
	_, ok = domain.CleanReason(strings.Repeat("語", domain.ReasonMax))
	assert.True(t, ok)
	for _, bad := range []string{strings.Repeat("語", domain.ReasonMax+1), "a\x00", "a\tb", "a\u202eb", "\xff"} {
		_, ok = domain.CleanReason(bad)
		assert.False(t, ok, "%q", bad)
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
	for _, word := range []string{
		"admin", "api", "www", "ns1", "cdn", "status", "abuse", "noc", "login", "sign-up", "slipway",
	} {
		assert.True(t, domain.SlugReserved(word), word)
	}
	for _, word := range []string{"", "acme", "admin-2", "aboutus", "www-2"} {
		assert.False(t, domain.SlugReserved(word), word)
	}
}
