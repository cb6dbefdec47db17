#!/bin/sh
# clang-tidy, with the checks of .clang-tidy, on all cores.
cd "$(dirname "$0")/../.." || exit 2

tool=$(command -v clang-tidy-14 || echo clang-tidy)
clang=$(command -v clang-14 || echo clang)
flags=$(make -s CC="$clang" show-flags) || exit 2
log=$(mktemp) || exit 2
trap 'rm -f "$log"' EXIT

# Standard error mostly counts the warnings inside system headers.
# shellcheck disable=SC2086 # a list of flags
find lib cmd tests -name '*.c' -print0 |
	xargs -0 -r -I{} -P "$(nproc)" "$tool" --quiet {} -- $flags '-DCFPROV_VERSION="0"' 2>"$log" || {
	grep -v ' generated\.$' "$log"
	exit 1
}
