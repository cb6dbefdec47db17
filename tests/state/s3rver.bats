#!/usr/bin/env bats
# What the tests of state backends take for granted of the servers that they use: s3rver.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

setup_file()
{
	start_s3rver
}

teardown_file()
{
	stop_stores
}

@test "s3rver ignores If-None-Match" {
	key=$(s3_prefix)/object
	s3 PUT "$key" -H 'If-None-Match: *' -d first
	[ "$http" = 200 ]
	s3 PUT "$key" -H 'If-None-Match: *' -d second
	[ "$http" = 200 ]
	[ "$(s3 GET "$key")" = second ]
}
