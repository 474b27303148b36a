#!/bin/sh
# The whole test suite. `vet` comes first and compiles what all tests need, so
# that nothing is compiled twice. The system package comes last and alone: its
# tests run whole installations, which others beside them would only slow down.
set -eu
GO=${GO:-go}
SYSTEM=slipway/system # the package that runs whole installations
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

# run_tests TIMEOUT NUMBER ARGS… runs go test. While it is silent, it says how
# many of the NUMBER packages have ended.
run_tests() {
	limit=$1 number=$2
	shift 2
	: >"$work/ended"
	began=$(date +%s)
	while sleep 15; do
		echo "  still testing, $(($(date +%s) - began)) s, $(grep -c . "$work/ended") of $number packages have ended" >&2
	done &
	ticker=$!
	{
		status=0
		$GO test -vet=off -timeout "$limit" "$@" || status=$?
		echo "$status" >"$work/status"
	} | while IFS= read -r line; do
		printf '%s\n' "$line"
		case $line in
		'ok  '* | '?   '* | 'FAIL	'* | '	'*) echo "$line" >>"$work/ended" ;;
		esac
	done
	kill "$ticker" 2>/dev/null || true
	return "$(cat "$work/status")"
}

echo "vet"
FOR="the code and its tests" scripts/compile.sh vet ./...
echo "workflowcheck"
(cd tools && FOR="workflowcheck" ../scripts/compile.sh build -o ../bin/workflowcheck go.temporal.io/sdk/contrib/tools/workflowcheck)
bin/workflowcheck ./workflows
echo "test"
others=$($GO list ./... | grep -vx "$SYSTEM")
status=0
# shellcheck disable=SC2086
run_tests 20m "$(echo "$others" | grep -c .)" "$@" $others || status=$?
run_tests 30m 1 "$@" "$SYSTEM" || status=$?
exit "$status"
