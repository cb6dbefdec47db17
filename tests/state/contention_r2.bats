#!/usr/bin/env bats
# Many runs on one state at a time: see contention.py.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

@test "contention: on R2, which takes one write a second and key, nothing is lost" {
	contend r2
}

@test "contention: at an http server, nothing is lost" {
	contend http
}

@test "contention: in a local file, nothing is lost" {
	contend local
}
