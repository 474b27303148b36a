package domain

// ReservedSlugs lets the tests see the order of the list.
var ReservedSlugs = reservedSlugs
