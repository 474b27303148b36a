#!/bin/sh
# The whole test suite. `vet` comes first and compiles what all tests need, so
# that nothing is compiled twice. The system package runs whole installations and
# takes longest, mostly waiting: the other packages run beside it, one by one.
set -eu
GO=${GO:-go}
SYSTEM=slipway/system # the package that runs whole installations
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# run_tests ARGS… runs go test, notes each package that ends in $work/ended, and
# that one failed in $work/failed.
run_tests() {
	{ $GO test -vet=off -timeout 30m "$@" || touch "$work/failed"; } | while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		'ok  '* | '?   '* | 'FAIL	'* | '	'*) echo "$line" >>"$work/ended" ;;
		esac
	done
}

# say_progress says every 15 s how many of the NUMBER packages have ended.
say_progress() {
	began=$(date +%s)
	while sleep 15; do
		echo "  still testing, $(($(date +%s) - began)) s, $(grep -c . "$work/ended") of $1 packages have ended" >&2
	done
}

echo "vet"
FOR="the code and its tests" scripts/compile.sh vet ./...
echo "workflowcheck"
(cd tools && FOR="workflowcheck" ../scripts/compile.sh build -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck)
bin/workflowcheck ./workflows
echo "test"
others=$($GO list ./... | grep -vx "$SYSTEM")
: >"$work/ended"
say_progress "$(($(echo "$others" | grep -c .) + 1))" &
ticker=$!
# shellcheck disable=SC2086
run_tests -p 1 "$@" $others &
beside=$!
run_tests "$@" "$SYSTEM"
wait "$beside"
kill "$ticker" 2>/dev/null || true
[ ! -e "$work/failed" ]
