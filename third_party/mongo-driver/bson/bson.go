// Package bson has the two functions that Gin names for requests and answers in
// MongoDB's format. Slipway has none.
package bson

import "errors"

var errNotInThisBuild = errors.New("this build cannot read or write BSON")

// Marshal refuses.
func Marshal(any) ([]byte, error) { return nil, errNotInThisBuild }

// Unmarshal refuses.
func Unmarshal([]byte, any) error { return errNotInThisBuild }
