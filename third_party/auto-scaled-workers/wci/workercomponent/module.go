// Package workercomponent would run the workflows that start workers. This build
// has none.
package workercomponent

import "go.uber.org/fx"

// Module adds nothing to the server's worker service.
var Module = fx.Options()
