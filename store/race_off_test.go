//go:build !race

package store_test

// underRace: the race detector is on.
const underRace = false
