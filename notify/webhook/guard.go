package webhook

import (
	"crypto/tls"
	"errors"
	"net/http"
	"net/netip"
	"strings"
	"syscall"

	"slipway/domain"
)

// errPrivate says that a connection would have left the Internet.
var errPrivate = errors.New("the address is not one of the Internet's")

// publicOnly is the dialer's last word before it connects, on the address it
// connects to: what the name resolved to before does not matter, so changing it
// in between does not help.
func publicOnly(network, address string, _ syscall.RawConn) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil || !strings.HasPrefix(network, "tcp") || !domain.PublicAddress(to.Addr()) {
		return errPrivate
	}
	return nil
}

// isTLS reports whether the two sides could not agree on a trusted connection.
func isTLS(err error) bool {
	var certificate *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	var alert tls.AlertError
	return errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &alert)
}
