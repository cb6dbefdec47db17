#!/usr/bin/env bats
# Many runs on one state at a time: see contention.py.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

@test "contention: on Ceph, where one of two gateways is killed, nothing is lost" {
	contend ceph
}
