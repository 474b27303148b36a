// Slipway is a durable onboarding engine for SaaS products: a Gin API that
// starts Temporal workflows for signup, activation and billing.
package main

import (
	"os"

	"slipway/app"
)

func main() {
	os.Exit(app.Main(os.Args, os.Stdout, os.Stderr))
}
