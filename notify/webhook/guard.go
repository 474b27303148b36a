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

// errPrivate is the refusal to connect to an address inside a private network.
var errPrivate = errors.New("the address is not public")

// publicOnly checks the address right before the dialer connects to it: an
// attacker gains nothing by changing what the name resolves to in between.
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
	var header tls.RecordHeaderError
	var alert tls.AlertError
	return errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &certificate) || errors.As(err, &header) || errors.As(err, &alert)
}
