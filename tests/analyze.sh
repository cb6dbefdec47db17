#!/bin/sh
# sh tests/analyze.sh (make analyze): compiles lib and cmd with gcc's -fanalyzer, on all cores, and
# compares what it says with tests/analyze.list, which has what is known to be wrong. Takes a minute
# of CPU time, so it is no guard of tests/lint. Prints what is new (+) and what is no longer said (-);
# fails if there is any.
set -u
cd "$(dirname "$0")/.." || exit 2
flags=$(make -s CC=gcc show-flags) || exit 2
log=$(mktemp -d) || exit 2
trap 'rm -rf "$log"' EXIT

# The warnings of each file go to a file of their own: compilers that write at a time mix lines.
# shellcheck disable=SC2016 # the inner shell's
find lib cmd -name '*.c' -print0 | xargs -0 -I{} -P "$(nproc)" sh -c '
	out=$0/$(echo {} | tr / -)
	LC_ALL=C gcc '"$flags"' "-DCFPROV_VERSION=\"0\"" -fanalyzer -fdiagnostics-plain-output \
		-S -o /dev/null {} 2>"$out" || cat "$out"' "$log" || exit 2

cat "$log"/* |
	sed -n 's/^\([^: ]*\):[0-9:]* warning: \(.*\[-Wanalyzer-.*\]\)$/\1 \2/p' | LC_ALL=C sort |
	uniq -c | sed 's/^ *//' | LC_ALL=C sort >"$log/said"
grep '^[0-9]' tests/analyze.list | LC_ALL=C sort >"$log/known"
diff -U 0 "$log/known" "$log/said" | grep '^[-+][0-9]' || exit 0
echo "($(gcc --version | head -n 1); tests/analyze.list is about gcc 12)"
exit 1
