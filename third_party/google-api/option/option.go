// Package option has the one option that Temporal's archiver gives to Google's
// client, which this build does not have.
package option

import "golang.org/x/oauth2"

// ClientOption changes nothing.
type ClientOption interface{}

// WithTokenSource changes nothing.
func WithTokenSource(oauth2.TokenSource) ClientOption { return nil }
