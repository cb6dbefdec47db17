#!/usr/bin/env bats
# Many runs on one state at a time: see contention.py.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper

# contend KIND: fifty writers; the figures are shown.
contend()
{
	local status=0
	env "${outside[@]}" CFPROV_BUILD="$build" sh "$top/tests/state/contention.sh" "$1" \
		>"$BATS_TEST_TMPDIR/figures" 2>"$BATS_TEST_TMPDIR/contention.err" || status=$?
	cat "$BATS_TEST_TMPDIR/figures" "$BATS_TEST_TMPDIR/contention.err" >&2
	((status != 3)) || skip "$(tail -n 1 "$BATS_TEST_TMPDIR/contention.err")"
	sed 's/^/# /' "$BATS_TEST_TMPDIR/figures" >&3
	((status == 0))
}

@test "contention: on Ceph, where one of two gateways is killed, nothing is lost" {
	contend ceph
}

@test "contention: on R2, which takes one write a second and key, nothing is lost" {
	contend r2
}

@test "contention: at an http server, nothing is lost" {
	contend http
}

@test "contention: in a local file, nothing is lost" {
	contend local
}
