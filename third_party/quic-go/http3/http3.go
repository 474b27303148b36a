// Package http3 has the one function of HTTP/3 that Gin names.
package http3

import (
	"errors"
	"net/http"
)

// ListenAndServeQUIC refuses: Slipway speaks HTTP/1.1 and HTTP/2, and leaves
// HTTP/3 to a proxy in front of it.
func ListenAndServeQUIC(string, string, string, http.Handler) error {
	return errors.New("this build cannot serve HTTP/3")
}
