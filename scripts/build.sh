#!/bin/sh
# Builds the binary ($1) with the linker flags ($2) and, when it takes long,
# says why and shows that it goes on.
set -eu
mkdir -p "$(dirname "$1")"
started=$(date +%s)
${GO:-go} build -ldflags "$2" -o "$1" . &
build=$!
(
	sleep 5
	echo "Building. The first build compiles the Temporal server and takes a few minutes; the next ones take seconds." >&2
	while sleep 15; do
		echo "  still building, $(($(date +%s) - started)) s, $(find "$(${GO:-go} env GOCACHE)" -name '*-d' -newermt "@$started" 2>/dev/null | wc -l) packages compiled" >&2
	done
) &
progress=$!
status=0
wait "$build" || status=$?
kill "$progress" 2>/dev/null || true
exit "$status"
