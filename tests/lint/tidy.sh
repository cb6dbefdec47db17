#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, on all cores.
cd "$(dirname "$0")/../.." || exit 2

tool=$(command -v clang-tidy-14 || echo clang-tidy)
clang=$(command -v clang-14 || echo clang)
flags=$(make -s CC="$clang" show-flags) || exit 2
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT

# Its notes are long: only what was found and where. If it found nothing, it went wrong itself.
# shellcheck disable=SC2086 # a list of flags
find lib cmd tests -name '*.c' -print0 |
	xargs -0 -r -I{} -P "$(nproc)" "$tool" --quiet {} -- $flags '-DCFPROV_VERSION="0"' \
		>"$log" 2>&1 || {
	grep -E '(error|warning): ' "$log" | sed "s|^$PWD/||" | sort -u | grep . || cat "$log"
	exit 1
}
