#!/usr/bin/env bats
# What the tests of state backends take for granted of the servers that they use: Ceph.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

setup_file()
{
	start_ceph
}

teardown_file()
{
	stop_stores
}

@test "Ceph: both gateways serve one bucket, and the second PUT with If-None-Match is 412" {
	key=$(s3_prefix)/object
	s3 PUT "$key" -H 'If-None-Match: *' -d first
	[ "$http" = 200 ]
	s3_url=$s3_url2
	s3 PUT "$key" -H 'If-None-Match: *' -d second >"$BATS_TEST_TMPDIR/refusal"
	[ "$http" = 412 ]
	grep -q '<Code>PreconditionFailed</Code>' "$BATS_TEST_TMPDIR/refusal"
	[ "$(s3 GET "$key")" = first ]
	s3 DELETE "$key"
	s3 GET "$key" >/dev/null
	[ "$http" = 404 ]
}

@test "Ceph: of twenty writers of one key, through both gateways, one wins" {
	key=$(s3_prefix)/object
	for i in {1..20}; do
		((i % 2)) || s3_url=$s3_url2
		{
			s3 PUT "$key" -H 'If-None-Match: *' -d "writer $i" >/dev/null
			echo "$http" >"$BATS_TEST_TMPDIR/status.$i"
		} &
		s3_url=$(<"$ceph_folder/url.1")
	done
	wait
	cat "$BATS_TEST_TMPDIR"/status.* | sort | uniq -c
	[ "$(cat "$BATS_TEST_TMPDIR"/status.* | grep -c 200)" = 1 ]
	winner=$(grep -l 200 "$BATS_TEST_TMPDIR"/status.*)
	[ "$(s3 GET "$key")" = "writer ${winner##*.}" ]
}

@test "Ceph: another user has no access, and a wrong key is refused" {
	AWS_ACCESS_KEY_ID=AKOTHER AWS_SECRET_ACCESS_KEY=SKOTHERsecret s3 GET "$(s3_prefix)/x" >"$BATS_TEST_TMPDIR/refusal"
	[ "$http" = 403 ]
	grep -q '<Code>AccessDenied</Code>' "$BATS_TEST_TMPDIR/refusal"
	AWS_SECRET_ACCESS_KEY=wrong s3 GET "$(s3_prefix)/x" >"$BATS_TEST_TMPDIR/refusal"
	[ "$http" = 403 ]
	grep -q '<Code>SignatureDoesNotMatch</Code>' "$BATS_TEST_TMPDIR/refusal"
}
