package domain

import (
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ParseURL returns a URL that can be connected to: absolute, with a host, with
// a port from 1 to 65535 if it names one, and of one of the schemes if any are
// named.
func ParseURL(text string, schemes ...string) (*url.URL, bool) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Opaque != "" {
		return nil, false
	}
	if len(schemes) > 0 && !slices.Contains(schemes, u.Scheme) {
		return nil, false
	}
	return u, u.Scheme != "" && (u.Port() == "" || ValidPort(u.Port()))
}

// ValidPort reports whether the text is a port that can be connected to.
func ValidPort(text string) bool {
	port, err := strconv.ParseUint(text, 10, 16)
	return err == nil && port > 0
}

// defaultPorts are left out of an origin.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

// NormalOrigin returns an origin as browsers send it: scheme and host in lower
// case, the host as the DNS has it, no default port, no slash at its end. False
// for what is no origin, such as a URL with a path, and for "null", which is
// everybody's.
func NormalOrigin(text string) (string, bool) {
	u, ok := ParseURL(strings.TrimSuffix(strings.TrimSpace(text), "/"))
	if !ok || u.User != nil || u.Path != "" || u.RawQuery != "" || u.ForceQuery || u.Fragment != "" {
		return "", false
	}
	host := strings.ToLower(u.Hostname())
	if address, err := netip.ParseAddr(host); err == nil {
		host = address.String()
	} else if mapped, err := hosts.ToASCII(host); err == nil {
		host = mapped
	}
	if port := u.Port(); port != "" && port != defaultPorts[u.Scheme] {
		return u.Scheme + "://" + net.JoinHostPort(host, port), true
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return u.Scheme + "://" + host, true
}
