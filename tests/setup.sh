#!/bin/sh
# Installs what Debian or Ubuntu still lacks: "sh tests/setup.sh build" for building cfprov,
# "sh tests/setup.sh test" for its tests as well, "sh tests/setup.sh extras" for those of manual
# pages, completions, password managers and HTML, which are skipped without, "sh tests/setup.sh
# browser" for those that look at HTML in Chromium (300 MB), too, "sh tests/setup.sh ceph" for those
# of state in an object store, "sh tests/setup.sh package" for making and testing packages and static
# programs (.packaging/README.md), "sh tests/setup.sh fuzz" for make fuzz,
# "sh tests/setup.sh bench" for make bench. Silent when nothing is missing.
set -eu

# libc6-dev is only recommended by gcc, and we install without recommended packages.
build='gcc libc6-dev make pkg-config libcurl4-openssl-dev libyaml-dev libcjson-dev libsodium-dev
	libmicrohttpd-dev uthash-dev ca-certificates'
# clang at one version, for the layout and the warnings differ from version to version.
tools='clang-14 clang-format-14 clang-tidy-14 cppcheck shellcheck codespell pmccabe bats
	libcmocka-dev git jq strace openssl curl nodejs node-ajv node-js-yaml python3
	iproute2 nftables e2fsprogs libjemalloc2 libtcmalloc-minimal4 libmimalloc2.0'
ceph='radosgw ceph-mon ceph-osd ceph-common'
package='debhelper dpkg-dev fakeroot lintian debootstrap minisign musl-tools linux-libc-dev
	autoconf automake libtool perl binutils python3 git'
extras='man-db groff mandoc bash-completion zsh fish age pass gnupg python3-html5lib'
browser='chromium poppler-utils'
fuzz='clang-14 libclang-rt-14-dev'
bench='nghttp2-proxy openssl python3 python3-venv time git'

purpose=${1-}
case $purpose in
build) wanted=$build ;;
test) wanted="$build $tools" ;;
extras) wanted=$extras ;;
browser) wanted=$browser ;;
ceph) wanted=$ceph ;;
package) wanted=$package ;;
fuzz) wanted="$build $fuzz" ;;
bench) wanted="$build $bench" ;;
*)
	echo "usage: sh tests/setup.sh build|test|extras|browser|ceph|package|fuzz|bench" >&2
	exit 2
	;;
esac

missing=$wanted
if command -v dpkg-query >/dev/null; then
	# shellcheck disable=SC2086,SC2016 # a list of words; dpkg-query's own variables
	missing=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' $wanted 2>/dev/null |
		awk -v wanted="$wanted" '
			$1 == "installed" { here[$2] }
			END {
				n = split(wanted, w)
				for (i = 1; i <= n; i++)
					if (!(w[i] in here))
						printf "%s ", w[i]
			}')
fi
[ -n "$missing" ] || exit 0

# stop WHY: says what is missing and gives up.
stop()
{
	echo "cfprov's $purpose needs packages that are not installed, and $1." >&2
	echo "Please install them by hand (these are the names in Debian and Ubuntu):" >&2
	# shellcheck disable=SC2086 # a list of words
	printf '  %s\n' $missing >&2
	exit 1
}

command -v apt-get >/dev/null || stop "there is no apt-get"
as_root=
if [ "$(id -u)" -ne 0 ]; then
	command -v sudo >/dev/null || stop "only root may install them (there is no sudo)"
	as_root=sudo
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT

# --no-remove: never push out a package that somebody chose, such as another libcurl.
install()
{
	# shellcheck disable=SC2086 # lists of words
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-remove \
		--no-install-recommends $missing >>"$log" 2>&1 </dev/null
}

# shellcheck disable=SC2086 # a list of words
echo "installing" $missing >&2
# The lists of packages are often there already; only if they are not, or are old, fetch them.
if ! install; then
	$as_root apt-get update >>"$log" 2>&1 </dev/null || true
	install || {
		cat "$log" >&2
		stop "apt-get could not install them (see above)"
	}
fi
