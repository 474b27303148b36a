// Package types has the values and errors of the S3 client that Temporal's
// archiver names.
package types

// CommonPrefix is a folder in a list of objects.
type CommonPrefix struct{ Prefix *string }

// Object is one object in a list.
type Object struct{ Key *string }

// NoSuchBucket is never returned: the client refuses before it looks.
type NoSuchBucket struct{}

func (*NoSuchBucket) Error() string { return "no such bucket" }

// NoSuchKey is never returned either.
type NoSuchKey struct{}

func (*NoSuchKey) Error() string { return "no such key" }
