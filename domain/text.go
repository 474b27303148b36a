package domain

import (
	"net/mail"
	"strings"
	"unicode"
	"unicode/utf8"
)

// NameMax is the longest name of an account, in characters.
const NameMax = 120

// EmailMax is the longest e-mail address, in bytes (RFC 5321).
const EmailMax = 254

// CleanText reports whether s is valid UTF-8 of visible characters and plain
// spaces: no control, zero-width, bidirectional-override, private-use or
// line-breaking characters, which make one name look like another.
func CleanText(s string) bool {
	if !utf8.ValidString(s) {
		return false
	}
	for _, r := range s {
		if unicode.In(r, unicode.C, unicode.Zl, unicode.Zp) || invisible(r) {
			return false
		}
	}
	return true
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
	shows := func(r rune) bool { return !unicode.In(r, unicode.M, unicode.Z) }
	return CleanText(s) && strings.ContainsFunc(s, shows) && utf8.RuneCountInString(s) <= NameMax
}

// NormalEmail returns the form an e-mail address is compared and stored in.
// The second result is false for anything that is not a plain address, such as
// "Bob <b@x.com>" or a host without a dot.
func NormalEmail(s string) (string, bool) {
	if !CleanText(s) || len(s) > EmailMax || strings.ContainsAny(s, " \"(),:;<>[\\]") {
		return "", false
	}
	s = strings.ToLower(s)
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return "", false
	}
	local, host, _ := strings.Cut(s, "@")
	if local == "" || len(local) > 64 || !validHost(host) {
		return "", false
	}
	return s, true
}

// validHost reports whether host is a name of at least two labels of letters
// and digits of any script, with hyphens only inside.
func validHost(host string) bool {
	labels := strings.Split(host, ".")
	for _, label := range labels {
		if label == "" || strings.HasPrefix(label, "-") || strings.HasSuffix(label, "-") {
			return false
		}
		foreign := func(r rune) bool { return r != '-' && !unicode.In(r, unicode.L, unicode.M, unicode.N) }
		if strings.ContainsFunc(label, foreign) {
			return false
		}
	}
	return len(labels) > 1
}
