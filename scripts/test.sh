#!/bin/sh
# The whole test suite. The package system comes last and alone: its tests run
# whole installations, which compiling beside them would only slow down.
set -eu
GO=${GO:-go}
echo "vet";           $GO vet ./...
echo "workflowcheck"; (cd tools && $GO build -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck)
bin/workflowcheck ./workflows
echo "test (the first run compiles the Temporal server, which takes a few minutes)"
others=$($GO list ./... | grep -v '^slipway/system$')
$GO test -timeout 20m "$@" $others
$GO test -timeout 30m "$@" ./system
