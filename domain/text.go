package domain

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// NameMax is the longest name of an account, ReasonMax the longest reason and
// ReferenceMax the longest reference of a payment, in characters.
const (
	NameMax      = 120
	ReasonMax    = 500
	ReferenceMax = 140
)

// TextKind is a kind of text that comes from outside: from people, products and
// operators. Whatever is kept of it went through one.
type TextKind struct {
	Name            string // the format of a field in the API's description
	Max             int    // the most characters, where a field sets no other limit
	Wrong, Accepted TextCode

	tidy func(string) string // into the form that is kept
	fits func(string) bool
}

// The kinds of text. Each is kept in Unicode's normal form C and without the
// blanks around it, but for a password, which stays as it is typed.
var (
	LineText      = TextKind{"line", 2000, TextNotVisible, AcceptVisibleLine, tidyLine, visibleLine}
	ParagraphText = TextKind{"paragraph", 4000, TextNotVisible, AcceptVisible, tidyParagraph, visibleParagraph}
	NameText      = TextKind{"name", NameMax, TextNotAName, AcceptName, tidyLine, ValidName}
	ReferenceText = TextKind{"reference", ReferenceMax, TextNotAReference, AcceptReference, tidyLine, validReference}
	SlugText      = TextKind{"slug", SlugMax, TextNotASlug, AcceptSlug, tidyLine, ValidSlug}
	EmailText     = TextKind{"idn-email", EmailMax, TextNotAnEmail, AcceptEmail, tidyEmail, validEmail}
	CodeText      = TextKind{"code", 255, TextNotACode, AcceptVisibleASCII, tidyLine, codeForm.MatchString}
	TokenText     = TextKind{"token", 255, TextNotAToken, AcceptToken, tidyLine, tokenForm.MatchString}
	EventsText    = TextKind{"event-types", 83, TextNotAnEventType, AcceptEventFilters, tidyLine, ValidEventFilter}
	EventText     = TextKind{"event-type", 81, TextNotAnEventType, AcceptEventTypeFilter, tidyLine, ValidEventType}
	PasswordText  = TextKind{"password", 1000, TextEasyPassword, AcceptPassword, asTyped, withoutNUL}
)

// TextKinds lists the kinds.
var TextKinds = []TextKind{
	LineText, ParagraphText, NameText, ReferenceText, SlugText, EmailText, CodeText, TokenText, EventText, EventsText,
	PasswordText,
}

// codeForm is what any code of ours or of another system looks like, tokenForm
// what a payment provider's ids and tokens do.
var (
	codeForm  = regexp.MustCompile(`^[!-~]+$`)
	tokenForm = regexp.MustCompile(`^[A-Za-z0-9_.-]+$`)
)

// NewTextKind is a kind of one line that a package adds for what it knows, such as
// the countries.
func NewTextKind(name string, longest int, wrong, accepted TextCode, fits func(string) bool) TextKind {
	return TextKind{name, longest, wrong, accepted, tidyLine, fits}
}

// Clean returns the text as it is kept; false when it is none of the kind.
func (k TextKind) Clean(s string) (string, bool) {
	if !utf8.ValidString(s) {
		return "", false
	}
	if s = k.tidy(s); utf8.RuneCountInString(s) > k.Max || !k.fits(s) {
		return "", false
	}
	return s, true
}

// UpTo is the kind with another limit, in characters.
func (k TextKind) UpTo(longest int) TextKind {
	k.Max = longest
	return k
}

// CleanReason returns a reason as it is kept, whichever way it comes: a paragraph
// of at most ReasonMax characters. One that is left out is empty.
func CleanReason(s string) (string, bool) {
	return ParagraphText.UpTo(ReasonMax).Clean(s)
}

// NormalPassword is the form in which a password is hashed: keyboards write one
// letter in several ways.
func NormalPassword(s string) string { return norm.NFC.String(s) }

// tidyLine keeps what is not a blank: a line break is no blank, and is refused.
func tidyLine(s string) string {
	return strings.TrimFunc(norm.NFC.String(s), func(r rune) bool { return unicode.Is(unicode.Zs, r) })
}

var lineEnds = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// tidyParagraph ends every line as Unix does; browsers send both characters.
func tidyParagraph(s string) string { return strings.TrimSpace(lineEnds.Replace(norm.NFC.String(s))) }

// asTyped leaves a password to who compares it: a hash that was imported may be of
// another form than ours.
func asTyped(s string) string { return s }

func withoutNUL(s string) bool { return !strings.ContainsRune(s, 0) }

// CleanText reports whether s is valid UTF-8 of visible characters and plain
// spaces: no control, zero-width, bidirectional-override, private-use or
// line-breaking characters, which make one name look like another. Joiners are
// there where a script needs them.
func CleanText(s string) bool { return visible(s, scriptJoins) }

// visibleLine is CleanText that lets a joiner stand between any two characters
// that show, as emoji need it.
func visibleLine(s string) bool { return visible(s, anyJoins) }

func visibleParagraph(s string) bool { return visible(strings.ReplaceAll(s, "\n", " "), anyJoins) }

func validReference(s string) bool { return s != "" && visibleLine(s) }

// visible reports whether every character of s shows, and joiners stand only
// where joins says so.
func visible(s string, joins func(before, after rune) bool) bool {
	if !utf8.ValidString(s) {
		return false
	}
	runes := []rune(s)
	at := func(i int) rune {
		if i < 0 || i >= len(runes) {
			return ' '
		}
		return runes[i]
	}
	for i, r := range runes {
		switch {
		case r == zeroWidthNonJoiner || r == zeroWidthJoiner:
			if !joins(at(i-1), at(i+1)) {
				return false
			}
		case unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || invisible(r):
			return false
		}
	}
	return true
}

const (
	zeroWidthNonJoiner = '\u200c'
	zeroWidthJoiner    = '\u200d'
)

// joiningScripts are those that write a letter in another form beside a joiner.
var joiningScripts = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mongolian, unicode.Nko, unicode.Devanagari, unicode.Bengali,
	unicode.Gurmukhi, unicode.Gujarati, unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

// scriptJoins is IDNA's rule for joiners, made simple: after a virama, or between
// two letters of a script that joins.
func scriptJoins(before, after rune) bool {
	const virama = 9 // its canonical combining class
	return norm.NFC.PropertiesString(string(before)).CCC() == virama ||
		(unicode.In(before, joiningScripts...) && unicode.In(after, joiningScripts...))
}

func anyJoins(before, after rune) bool {
	shows := func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }
	return scriptJoins(before, after) || (shows(before) && shows(after))
}

// invisible lists the letters that Unicode files under visible categories and
// that show nothing.
func invisible(r rune) bool {
	switch r {
	case '\u034f', '\u115f', '\u1160', '\u17b4', '\u17b5', '\u2800', '\u3164', '\uffa0':
		return true
	}
	return false
}

// ValidName reports whether s can be a person's or a company's name: 1 to
// NameMax characters of any script, with one among them that shows by itself.
func ValidName(s string) bool {
	shows := func(r rune) bool {
		return !unicode.In(r, unicode.M, unicode.Z) && r != zeroWidthJoiner && r != zeroWidthNonJoiner
	}
	return CleanText(s) && strings.ContainsFunc(s, shows) && utf8.RuneCountInString(s) <= NameMax
}
