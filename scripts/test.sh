#!/bin/sh
# The whole test suite. Packages that start servers run one after the other: on
# a small machine they would only make each other slow.
set -eu
GO=${GO:-go}
echo "vet";           $GO vet ./...
echo "workflowcheck"; (cd tools && $GO build -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck)
bin/workflowcheck ./workflows
echo "test (the first run compiles the Temporal server, which takes a few minutes)"
$GO test -p 2 -timeout 20m "$@" ./...
