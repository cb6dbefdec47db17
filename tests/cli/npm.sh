#!/bin/sh
# The npm package that json.bats and secrets_show.bats have our plans read by, and what that package
# needs. Without npm, for Debian's drags in hundreds of packages: the registry's tarballs, each with
# its checksum.
#
#     sh tests/cli/npm.sh FOLDER      makes FOLDER/node_modules, unless it is there
#
# The registry is npm's: $NPM_CONFIG_REGISTRY, or what npm says if it is here. Exit status 3: there
# is no network.
set -eu

folder=$1
# NAME VERSION INTEGRITY, as npm view NAME@VERSION dist.integrity has it.
wanted='@ahmadnassri/terraform-unidiff 4.0.5 sha512-OZLeBQQUKqau5jPGntG3tYXzuk/W4QU1evppV+mmSTv70sjKMgGg41e9b4GOTDr5SZ8lBGRdGpRFlfb8nFapzA==
ajv 8.20.0 sha512-Thbli+OlOj+iMPYFBVBfJ3OmCAnaSyNn4M1vz9T6Gka5Jt9ba/HIR56joy65tY6kx/FCF5VXNB819Y7/GUrBGA==
diff 7.0.0 sha512-PJWHUb1RFevKCwaFA9RlG5tCd+FO5iRh9A8HEtkmBH2Li03iJriB6m6JIN4rGz3K3JLawI7/veA1xzRKP6ISBw==
fast-deep-equal 3.1.3 sha512-f3qQ9oQy9j2AhBe/H9VC91wLmKBCCU/gDOnKNAYG5hswO7BLKj09Hc5HYNz9cGI++xlpDCIgDaitVs03ATR84Q==
fast-uri 3.1.9 sha512-hS/0Wt3Ya043oKXs0sIxrMpKQITXhMLIrVAKKXi4gozGC9v7YRWVnXIZzjNPTO02M9BdxLCWqK1yRXgNziVyJQ==
json-schema-traverse 1.0.0 sha512-NM8/P9n3XjXhIZn1lLhkFaACTOURQXjWhV4BA/RnOv8xvgqtqpAX9IO4mRQxSx1Rlo4tqzeqb0sOlruaOy3dug==
require-from-string 2.0.2 sha512-Xf0nWe6RseziFMu+Ap9biiUbmplq6S9/p+7w7YXP/JBHhrUDDUhwa+vANyubuqfZWTveU//DYVGsDG7RKL/vEw==
yaml 2.9.1 sha512-3NxN8+78OdzbT7C/WjGsyfPAtJaN3FNDsWxv7Y7mcDsT/oOmgW8BpyQQFFBnvZE3j9Y2Sdz1ULFLezL7Eb2yFw=='

is_there()
{
	[ -e "$folder/wanted" ] && [ "$(cat "$folder/wanted")" = "$wanted" ]
}

if is_there; then
	exit 0
fi

registry=${NPM_CONFIG_REGISTRY:-${npm_config_registry:-}}
if [ -z "$registry" ] && command -v npm >/dev/null; then
	registry=$(npm config get registry 2>/dev/null) || registry=
fi
case $registry in
http://* | https://*) ;;
*) registry=https://registry.npmjs.org ;;
esac

mkdir -p "${folder%/*}"
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT

# fetch URL FILE: curl's statuses 5, 6, 7 and 28 are names and hosts that can't be reached.
fetch()
{
	status=0
	curl -fsSL --retry 3 --retry-all-errors --connect-timeout 10 --max-time 120 \
		-o "$2" "$1" </dev/null || status=$?
	case $status in
	0) ;;
	5 | 6 | 7 | 28)
		echo "no network: $1 can't be reached" >&2
		exit 3
		;;
	*)
		echo "$1: curl ended with $status" >&2
		exit 1
		;;
	esac
}

# sha512 INTEGRITY: the same in hexadecimal.
sha512()
{
	printf %s "${1#sha512-}" | base64 -d | od -An -v -tx1 | tr -d ' \n'
}

printf '%s\n' "$wanted" >"$new/wanted"
while read -r name version integrity; do
	fetch "${registry%/}/$name/-/${name##*/}-$version.tgz" "$new/tarball"
	printf '%s  %s\n' "$(sha512 "$integrity")" "$new/tarball" | sha512sum --check --quiet >&2
	mkdir -p "$new/node_modules/$name"
	tar -xzf "$new/tarball" --strip-components=1 --no-same-owner -C "$new/node_modules/$name"
done <"$new/wanted"
rm -f "$new/tarball"

# Another run may have been quicker, and what it made may be in use.
if is_there; then
	exit 0
fi
rm -rf "$folder"
mv -T "$new" "$folder" 2>/dev/null || [ -e "$folder/wanted" ]
