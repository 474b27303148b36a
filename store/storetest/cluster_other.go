//go:build !unix

package storetest

import (
	"errors"
	"testing"
)

// Kill is for Unix.
func (c *Cluster) Kill(testing.TB) {}

// NewCluster is for Unix.
func NewCluster() (*Cluster, error) {
	return nil, errors.New(
		"a throw-away PostgreSQL starts on Unix only: set SLIPWAY_TEST_POSTGRES to a superuser's postgres:// URL",
	)
}

func (c *Cluster) start() error                    { return errors.ErrUnsupported }
func (c *Cluster) control(string, ...string) error { return errors.ErrUnsupported }

// Remove is for Unix.
func (c *Cluster) Remove() {}
