#!/bin/sh
# No registry of packages is named: clients of such have their own configuration.
cd "$(dirname "$0")/../.." || exit 2

# With [.] for each dot, so that they do not find themselves.
hosts='registry[.]npmjs|registry[.]yarnpkg|npmmirror[.]|pypi[.]org|pythonhosted[.]|crates[.]io'
hosts="$hosts|rubygems[.]org|proxy[.]golang|deb[.]debian|archive[.]ubuntu|dl-cdn[.]alpine"
hosts="$hosts|\"resolved\"[ ]*:"

found=$(find . -type f -not -path './.git*' -not -path './build*' \
	-not -path ./tests/lint/registries.sh -exec grep -InE "$hosts" {} +)
[ -z "$found" ] || {
	echo "$found" | sed 's|^\./||; s|$| (names a registry of packages)|'
	exit 1
}
