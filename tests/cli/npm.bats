#!/usr/bin/env bats
# How the tests come by the packages of others: npm.sh.

# shellcheck disable=SC2016,SC2030,SC2031,SC2154
bats_require_minimum_version 1.5.0
load helper

# npm_is SCRIPT: stands in for npm.
npm_is()
{
	mkdir -p "$BATS_TEST_TMPDIR/bin"
	printf '#!/bin/sh\n%s\n' "$1" >"$BATS_TEST_TMPDIR/bin/npm"
	chmod +x "$BATS_TEST_TMPDIR/bin/npm"
	PATH=$BATS_TEST_TMPDIR/bin:$PATH
}

fetch()
{
	run sh "$top/tests/cli/npm.sh" "$BATS_TEST_TMPDIR/packages"
}

@test "fault B17: packages come through npm's own client, once" {
	npm_is "echo \"\$@\" >>'$BATS_TEST_TMPDIR/calls'; mkdir node_modules"
	fetch
	((status == 0))
	[ -d "$BATS_TEST_TMPDIR/packages/node_modules" ]
	[[ $(<"$BATS_TEST_TMPDIR/calls") == "ci --ignore-scripts "* ]]
	fetch
	((status == 0))
	[ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" = 1 ]
	# A lock file that differs fetches again.
	echo >>"$BATS_TEST_TMPDIR/packages/package-lock.json"
	fetch
	((status == 0))
	[ "$(wc -l <"$BATS_TEST_TMPDIR/calls")" = 2 ]
}

@test "fault B17: where they can't be had, it says why, and the tests skip" {
	npm_is 'echo "npm error code SELF_SIGNED_CERT_IN_CHAIN" >&2; exit 1'
	fetch
	((status == 3))
	[[ ${lines[-1]} == "npm can't fetch packages: "*SELF_SIGNED_CERT_IN_CHAIN ]]
	[ ! -e "$BATS_TEST_TMPDIR/packages" ]
	npm_is 'exit 7'
	fetch
	((status == 3))
	[[ ${lines[-1]} == "npm can't fetch packages: npm ended with 7" ]]
	[ -z "$(compgen -G "$BATS_TEST_TMPDIR/packages*")" ]
	mkdir "$BATS_TEST_TMPDIR/few"
	local tool
	for tool in sh dirname cmp; do
		ln -s "$(command -v $tool)" "$BATS_TEST_TMPDIR/few/$tool"
	done
	PATH=$BATS_TEST_TMPDIR/few run "$(command -v sh)" "$top/tests/cli/npm.sh" "$BATS_TEST_TMPDIR/packages"
	((status == 3))
	[ "${lines[-1]}" = "npm is not installed" ]
}

@test "fault B17: a package that is not the one of the lock file is a failure" {
	npm_is 'echo "npm error code EINTEGRITY" >&2; exit 1'
	fetch
	((status == 1))
}

@test "fault B17: the lock file has a checksum of each package, and names no registry" {
	jq -e '[.packages | to_entries[] | select(.key != "")] | length > 0 and
		all(.value | has("integrity") and (has("resolved") | not))' \
		"$top/tests/npm/package-lock.json"
}
