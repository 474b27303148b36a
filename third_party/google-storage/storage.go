// Package storage has the part of Google's Cloud Storage client that Temporal's
// archiver names. Nothing is archived by the embedded server, so there is no
// client to be had.
package storage

import (
	"context"
	"errors"

	"google.golang.org/api/option"
)

// ScopeFullControl is the permission that the archiver asks for.
const ScopeFullControl = "https://www.googleapis.com/auth/devstorage.full_control"

var errNotInThisBuild = errors.New("this build of the Temporal server cannot archive to Google Cloud Storage")

// NewClient refuses. All below exists for the archiver to compile.
func NewClient(context.Context, ...option.ClientOption) (*Client, error) {
	return nil, errNotInThisBuild
}

// Client is never made.
type Client struct{}

// Bucket names a bucket.
func (*Client) Bucket(string) *BucketHandle { return &BucketHandle{} }

// BucketHandle refuses what is asked of a bucket.
type BucketHandle struct{}

// BucketAttrs would describe a bucket.
type BucketAttrs struct{}

// Attrs refuses.
func (*BucketHandle) Attrs(context.Context) (*BucketAttrs, error) { return nil, errNotInThisBuild }

// Object names an object.
func (*BucketHandle) Object(string) *ObjectHandle { return &ObjectHandle{} }

// Objects lists nothing.
func (*BucketHandle) Objects(context.Context, *Query) *ObjectIterator { return &ObjectIterator{} }

// Query chooses objects by the beginning of their names.
type Query struct{ Prefix string }

// ObjectIterator refuses at the first object.
type ObjectIterator struct{}

// Next refuses.
func (*ObjectIterator) Next() (*ObjectAttrs, error) { return nil, errNotInThisBuild }

// ObjectHandle refuses what is asked of an object.
type ObjectHandle struct{}

// ObjectAttrs describes an object.
type ObjectAttrs struct{ Name string }

// Attrs refuses.
func (*ObjectHandle) Attrs(context.Context) (*ObjectAttrs, error) { return nil, errNotInThisBuild }

// NewReader refuses.
func (*ObjectHandle) NewReader(context.Context) (*Reader, error) { return nil, errNotInThisBuild }

// NewWriter gives a writer that refuses.
func (*ObjectHandle) NewWriter(context.Context) *Writer { return &Writer{} }

// Reader is never made.
type Reader struct{}

func (*Reader) Read([]byte) (int, error) { return 0, errNotInThisBuild }

// Close does nothing.
func (*Reader) Close() error { return nil }

// Writer refuses every byte.
type Writer struct{}

func (*Writer) Write([]byte) (int, error) { return 0, errNotInThisBuild }

// Close refuses, so that nothing seems to be stored.
func (*Writer) Close() error { return errNotInThisBuild }

// CloseWithError does nothing.
func (*Writer) CloseWithError(error) error { return nil }
