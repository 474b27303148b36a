package domain

import (
	"net/mail"
	"strings"

	"golang.org/x/net/idna"
)

// EmailMax is the longest e-mail address, in bytes (RFC 5321).
const EmailMax = 254

// hosts maps a host as people write it to the form that the DNS has: IDNA2008,
// with the strict rules of who registers a name. A host in either form, in any
// case and width, is the same host.
var hosts = idna.New(
	idna.MapForLookup(), idna.Transitional(false), idna.BidiRule(), idna.CheckJoiners(true), idna.CheckHyphens(true),
	idna.StrictDomainName(true), idna.VerifyDNSLength(true),
)

// NormalEmail returns the form an e-mail address is compared and stored in: NFC,
// lower case, its host in the form of the DNS ("xn--…"). The second result is
// false for anything that is not a plain address, such as "Bob <b@x.com>" or a
// host without a dot. Blanks around it are cut.
func NormalEmail(s string) (string, bool) { return EmailText.Clean(s) }

// ShownEmail is a stored address as people write it: "ada@münchen.de".
func ShownEmail(s string) string {
	local, host, _ := strings.Cut(s, "@")
	shown, err := hosts.ToUnicode(host)
	if err != nil {
		return s
	}
	return local + "@" + shown
}

// tidyEmail lowers the case and maps the host; one that has no form in the DNS
// stays as it is, and is refused.
func tidyEmail(s string) string {
	s = strings.ToLower(tidyLine(s))
	local, host, found := strings.Cut(s, "@")
	mapped, err := hosts.ToASCII(host)
	if !found || err != nil {
		return s
	}
	return local + "@" + mapped
}

// validEmail reports whether s is a plain address whose host is a name of the DNS
// of at least two labels.
func validEmail(s string) bool {
	if !CleanText(s) || len(s) > EmailMax || strings.ContainsAny(s, " \"(),:;<>[\\]") {
		return false
	}
	a, err := mail.ParseAddress(s)
	if err != nil || a.Address != s || a.Name != "" {
		return false
	}
	local, host, _ := strings.Cut(s, "@")
	mapped, err := hosts.ToASCII(host)
	return local != "" && len(local) <= 64 && err == nil && mapped == host && strings.Contains(host, ".") &&
		!strings.HasSuffix(host, ".")
}
