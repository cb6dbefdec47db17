#!/bin/sh
# Every header compiles alone, with our own flags.
cd "$(dirname "$0")/../.." || exit 2

failed=0
flags=$(make -s show-flags) || exit 2
headers=$(find lib cmd tests -name '*.h')
for header in $headers; do
	# Something must follow the header: C wants at least one declaration in a file.
	# shellcheck disable=SC2086 # a list of flags
	printf '#include "%s"\nextern int something;\n' "$header" |
		${CC:-cc} $flags -Werror -I. -fsyntax-only -xc - 2>&1 || {
		echo "$header:1: does not compile alone"
		failed=1
	}
done
exit $failed
