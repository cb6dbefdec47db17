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

@test "a state is not kept there: two runs could overwrite each other" {
	PREFIX=$(s3_prefix)
	export KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX XDG_STATE_HOME=$BATS_TEST_TMPDIR
	run -1 "$build/tests/tools/backend" check
	[[ $output == *"error 0: $s3_url ignores conditions: it overwrote an object that was to be written only if absent"* ]]
	[[ $output == *"hint: Two runs could overwrite each other's state there."* ]]
	s3 GET "$PREFIX/latest" >/dev/null
	[ "$http" = 404 ]
}
