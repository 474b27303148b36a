// Package config has the part of Amazon's configuration that Temporal's archiver
// and its Elasticsearch client name. The embedded server uses neither, so there
// is no configuration to load.
package config

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var errNotInThisBuild = errors.New("this build of the Temporal server cannot sign in to AWS")

// LoadOptions are read by nobody.
type LoadOptions struct{}

// EnvConfig would hold what the environment says about AWS.
type EnvConfig struct{ Credentials aws.Credentials }

// LoadDefaultConfig refuses, which ends the start of a server that is set up to
// need AWS.
func LoadDefaultConfig(context.Context, ...func(*LoadOptions) error) (aws.Config, error) {
	return aws.Config{}, errNotInThisBuild
}

// NewEnvConfig refuses.
func NewEnvConfig() (EnvConfig, error) { return EnvConfig{}, errNotInThisBuild }

// WithRegion changes nothing.
func WithRegion(string) func(*LoadOptions) error { return unchanged }

// WithClientLogMode changes nothing.
func WithClientLogMode(aws.ClientLogMode) func(*LoadOptions) error { return unchanged }

func unchanged(*LoadOptions) error { return nil }
