#!/bin/sh
# Prints every text of the programs that a person may read, as "path:line: text", so that an editor
# can read them from top to bottom. Arguments: the folders to look in (all of cmd and lib).
cd "$(dirname "$0")/.." || exit 2

[ $# -gt 0 ] || set -- cmd lib
find "$@" -name '*.[ch]' | sort | xargs awk -f tests/strings.awk
