#!/bin/sh
# Every script passes shellcheck: *.sh, *.bats and .ci/run.
cd "$(dirname "$0")/../.." || exit 2

find tests examples .ci .packaging \( -name '*.sh' -o -name '*.bats' -o -path .ci/run \) -print0 \
	2>/dev/null | xargs -0 -r shellcheck -x --source-path=SCRIPTDIR --format=gcc || exit 1
