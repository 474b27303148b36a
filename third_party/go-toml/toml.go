// Package toml has what Gin names for requests and answers in TOML. Slipway has
// none.
package toml

import (
	"errors"
	"io"
)

var errNotInThisBuild = errors.New("this build cannot read or write TOML")

// Marshal refuses.
func Marshal(any) ([]byte, error) { return nil, errNotInThisBuild }

// Decoder refuses.
type Decoder struct{}

// NewDecoder returns one.
func NewDecoder(io.Reader) *Decoder { return &Decoder{} }

// Decode refuses.
func (*Decoder) Decode(any) error { return errNotInThisBuild }
