#!/bin/sh
# Runs each fuzz target for FUZZTIME.
set -eu
GO=${GO:-go}
for file in $(grep -rl '^func Fuzz' --include='*_test.go' .); do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z]*\).*/\1/p' "$file"); do
		echo "$target in $(dirname "$file")"
		$GO test "$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${FUZZTIME:-30s}"
	done
done
