package store

import (
	"strings"

	"github.com/oklog/ulid/v2"
)

// NewID returns a fresh id with one of domain's prefixes, such as
// "onb_01JD9Z5X8QK3V6W2M4N7P0R1ST". Ids of one process sort by creation.
func NewID(prefix string) string {
	return prefix + "_" + ulid.Make().String()
}

// ValidID reports whether id has the form of one of NewID's with the prefix,
// so that no lookup is made for anything else.
func ValidID(prefix, id string) bool {
	rest, found := strings.CutPrefix(id, prefix+"_")
	if !found {
		return false
	}
	_, err := ulid.ParseStrict(rest)
	return err == nil
}
