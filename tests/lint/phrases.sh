#!/bin/sh
# No text that a person reads has a phrase of tests/lint/phrases.list, one on a line, which can't be
# right anywhere. Looks at the strings of the programs, their manual pages, README.md and examples/.
cd "$(dirname "$0")/../.." || exit 2

{
	sh tests/strings.sh
	grep -rn '' README.md cmd --include=*.md --include=*.in
	[ ! -d examples ] || grep -rnI '' examples
} | if grep -iwFf tests/lint/phrases.list; then exit 1; fi
