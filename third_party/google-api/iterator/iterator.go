// Package iterator has the end of a list in Google's clients.
package iterator

import "errors"

// Done is returned when a list has no more items.
var Done = errors.New("no more items in iterator")
