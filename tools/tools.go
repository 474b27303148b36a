//go:build tools

// Package tools pins the programs that checks and generators run, apart from
// what the product links.
package tools

import (
	_ "github.com/stripe/stripe-mock"                  // peer of the Stripe provider's contract test
	_ "go.temporal.io/sdk/contrib/tools/workflowcheck" // determinism of workflows
)
