package store

import (
	"crypto/sha256"
	"strings"
	"time"

	"github.com/oklog/ulid/v2"
)

// NewID returns a fresh id with one of domain's prefixes, such as
// "onb_01JD9Z5X8QK3V6W2M4N7P0R1ST". Ids of one process sort by creation.
func NewID(prefix string) string {
	return prefix + "_" + ulid.Make().String()
}

// NewIDAt is a fresh id that sorts among those of that time.
func NewIDAt(prefix string, at time.Time) string {
	return prefix + "_" + ulid.MustNew(ulid.Timestamp(at), ulid.DefaultEntropy()).String()
}

// DerivedID is the one id with the prefix that belongs to the key: inserting a row
// of the same key twice meets the first one. The key cannot be read from it, and
// it sorts before every id of NewID's.
func DerivedID(prefix, key string) string { return DerivedIDAt(prefix, key, time.UnixMilli(0)) }

// DerivedIDAt is DerivedID that sorts among the ids NewID made at that time.
func DerivedIDAt(prefix, key string, at time.Time) string {
	sum := sha256.Sum256([]byte(prefix + "\n" + key))
	var id ulid.ULID
	copy(id[6:], sum[:])
	if err := id.SetTime(ulid.Timestamp(at)); err != nil {
		panic(err) // a year beyond 10889
	}
	return prefix + "_" + id.String()
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
