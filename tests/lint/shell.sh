#!/bin/sh
# Every script passes shellcheck: *.sh, *.bats and .ci/run. In a test, each condition is a command of
# its own: bash goes on after "[ a ] && [ b ]" when the first one is false.
cd "$(dirname "$0")/../.." || exit 2

find tests examples .ci .packaging \( -name '*.sh' -o -name '*.bats' -o -path .ci/run \) -print0 \
	2>/dev/null | xargs -0 -r shellcheck -x --source-path=SCRIPTDIR --format=gcc || exit 1

find tests \( -name '*.bats' -o -name '*.bash' \) -exec awk '
	FNR == 1 { breach = "" }

	# The last line of a function is its result.
	breach && $0 != "}" { print breach; failed = 1 }

	{ breach = "" }

	/^\t+([^ ]+\) )?(\[ .* \]|\[\[ .* \]\]|\(\(.*\)\)) && (!? ?[a-z]|\[|\(\()/ &&
	!/ && (return|break|continue|exit)|\|\|/ {
		breach = FILENAME ":" FNR ": if the first condition is false, the test goes on"
	}

	END { exit failed }' {} +
