#!/bin/sh
# Runs a go command that compiles, such as `compile.sh build -o bin/slipway .`,
# and shows how far it is when it takes longer than a moment. The last argument
# names the packages; FOR says in words what is compiled.
set -u
GO=${GO:-go}
command=$1
shift
for packages; do :; done
tests=
[ "$command" = build ] || tests=-test
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
: >"$work/seen"

# plan lists what has to be compiled, whether it has been by now or not, with
# its weight: a package takes about as long as it has files and imports.
plan() {
	# shellcheck disable=SC2086
	$GO list -deps $tests -f '{{len .GoFiles}} {{len .Imports}} {{.Stale}} {{.ImportPath}}' "$packages" 2>/dev/null |
		awk -v seen="$work/seen" '
			BEGIN { while ((getline name < seen) > 0) begun[name] = 1 }
			$4 !~ /\.test$/ && ($3 == "true" || $4 in begun) { weight[$4] = 1 + $1 + $2 }
			END { for (name in weight) print weight[name], name }' >"$work/plan"
}

# report compares what has begun with the plan.
report() {
	awk -v seen="$work/seen" -v took="$(($(date +%s) - $(cat "$work/began")))" '
		function clock(s) { return sprintf("%d:%02d", s / 60, s % 60) }
		BEGIN { while ((getline name < seen) > 0) begun[name] = 1 }
		{ all += $1 }
		$2 in begun { n++; done += $1 }
		END {
			left = ""
			if (n == NR) left = ", linking"
			else if (n > 20) left = ", about " clock(took * (all - done) / done) " left"
			printf "  %d of %d packages, %s%s", n, NR, clock(took), left
		}' "$work/plan"
}

progress() {
	sleep 3
	echo "Compiling ${FOR:-}. The first time takes a few minutes, the next ones take seconds." >&2
	plan
	while sleep "$1"; do
		# Until the first package begins, go says what it downloads.
		if [ -f "$work/began" ]; then printf "$2" "$(report)" >&2; fi
	done
}
if [ -t 2 ]; then
	progress 1 '\r\033[K%s' &
else
	progress 5 '%s\n' &
fi
ticker=$!

# With -v, go names each package when it begins to compile it. A name is
# progress; everything else is for people to read.
{
	status=0
	# The compiler lives for seconds: a quarter of the usual garbage collections
	# saves a tenth of its time and costs some hundred MB.
	GOGC=${GOGC:-400} $GO "$command" -v "$@" || status=$?
	echo "$status" >"$work/status"
} 2>&1 | while IFS= read -r line; do
	case ${line%% \[*.test\]} in
	*[!A-Za-z0-9._~/-]*) printf '%s\n' "$line" >&2 ;;
	*)
		[ -f "$work/began" ] || date +%s >"$work/began"
		printf '%s\n' "${line%% *}" >>"$work/seen"
		;;
	esac
done
kill "$ticker" 2>/dev/null
[ -t 2 ] && printf '\r\033[K' >&2
exit "$(cat "$work/status")"
