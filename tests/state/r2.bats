#!/usr/bin/env bats
# What the tests of state backends take for granted of the servers that they use: R2.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

setup_file()
{
	start_r2 limit
}

teardown_file()
{
	stop_stores
}

teardown()
{
	stop_sim
}

@test "R2: the second PUT with If-None-Match is 412, and at once it is 429" {
	key=$(s3_prefix)/object
	s3 PUT "$key" -H 'If-None-Match: *' -d first
	[ "$http" = 200 ]
	s3 PUT "$key" -H 'If-None-Match: *' -d second >"$BATS_TEST_TMPDIR/refusal"
	[ "$http" = 429 ]
	is_refused()
	{
		s3 PUT "$key" -H 'If-None-Match: *' -d second >"$BATS_TEST_TMPDIR/refusal"
		[ "$http" = 412 ]
	}
	wait_until is_refused
	grep -q '<Code>PreconditionFailed</Code>' "$BATS_TEST_TMPDIR/refusal"
	[ "$(s3 GET "$key")" = first ]
	s3 DELETE "$key"
	[ "$http" = 204 ]
	s3 GET "$key" >/dev/null
	[ "$http" = 404 ]
}

# refused USER SECRET STATUS CODE METHOD
refused()
{
	AWS_ACCESS_KEY_ID=$1 AWS_SECRET_ACCESS_KEY=$2 s3 "$5" "$(s3_prefix)/x" >"$BATS_TEST_TMPDIR/refusal"
	[ "$http" = "$3" ]
	grep -q "<Code>$4</Code>" "$BATS_TEST_TMPDIR/refusal"
}

@test "R2: who can't write, has another secret or is unknown is refused as R2 does it" {
	refused ROTEST ROTESTsecret 404 NoSuchKey GET
	refused ROTEST ROTESTsecret 403 AccessDenied PUT
	refused R2TEST wrong 403 SignatureDoesNotMatch GET
	refused unknown R2TESTsecret 401 Unauthorized GET
}

# backend WORD...: see tests/tools/backend.c
backend()
{
	KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX=$(s3_prefix) XDG_STATE_HOME=$BATS_TEST_TMPDIR \
		"$build/tests/tools/backend" "$@"
}

@test "R2 takes one write a second and key: a first run waits before it asks, and is refused nothing" {
	one=11111111-1111-4111-8111-111111111111
	REGION=auto run -0 --separate-stderr backend check lock $one read left announce mine ours \
		append first release count
	[ "$output" = "locked $one
no state
ours
written
released
requests 12" ]
	[ "$stderr" = "" ]
}

@test "a run at a server that refuses a second write for a second, and is not known as R2: the wait is said" {
	one=11111111-1111-4111-8111-111111111111
	run -0 --separate-stderr backend check lock $one read left announce mine ours append first release
	[ "$output" = "locked $one
no state
ours
written
released" ]
	[[ $stderr == *"retry after TooManyRequests: Reduce your concurrent request rate for the same object (HTTP 429"* ]]
	# Of what is only a hint, nothing is said.
	run -0 --separate-stderr backend check lock $one read left announce mine ours append second release history
	[ "$stderr" = "" ]
	[ "${lines[1]}" = "state 1 first" ]
	run -0 --separate-stderr backend read left count
	[ "$output" = "state 2 second
requests 4" ]
}

# cost NUMBER COMMAND...: it sends so many requests to the bucket, those that are repeated included
cost()
{
	local expected=$1 sent
	shift
	CFPROV_LOG=trace run -0 --separate-stderr "$cfprov" "$@"
	sent=$(grep -c "s3://$s3_bucket/.*: sending" <<<"$stderr") || true
	[ "$sent" = "$expected" ] || {
		grep 's3://' <<<"$stderr" >&2
		echo "$* took $sent requests, not $expected" >&2
		return 1
	}
}

@test "the program at R2: a first apply costs 12 requests, the next 9, a plan 4, and none is refused" {
	start_sim
	cd "$BATS_TEST_TMPDIR"
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine VALUE=first
	cat >cfprov.yaml <<-EOF
		account_id: 985e105f4ecef8ad9ca31a8372d0c353
		state: {backend: s3, bucket: $s3_bucket, prefix: $(s3_prefix), endpoint: '$s3_url', region: auto}
		stores:
		  - name: keys
		    secrets:
		      - {name: one, scopes: [workers], value: {env: VALUE}}
	EOF
	cost 12 apply -auto-approve
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/second
	cost 4 plan
	# Who applies twice within a second is told to wait.
	local wrote=$EPOCHREALTIME
	is_a_second_later() { ((${EPOCHREALTIME/./} - ${wrote/./} > 1000000)); }
	wait_until is_a_second_later
	VALUE=second cost 9 apply -auto-approve
	[[ $output == *"0 added, 1 changed, 0 destroyed"* ]]
	[[ $stderr != *"HTTP 429"* ]] # an id may have these digits, too
	cost 4 plan
}

@test "errors of R2: keys, region, permission" {
	said()
	{
		run -1 backend check
		[[ $output == *"error 0: s3://$s3_bucket/$(s3_prefix): $1"* ]] || {
			echo "not said: $1" >&2
			return 1
		}
	}
	AWS_ACCESS_KEY_ID=nobody said "the server does not know the access key ID (HTTP 401, Unauthorized)"
	AWS_SECRET_ACCESS_KEY=wrong said "the secret access key is not the one of the access key ID (HTTP 403"
	REGION=mars said "the bucket \`states\` is not in the region \`mars\`: The region name 'mars' is not valid"
	AWS_ACCESS_KEY_ID=ROTEST AWS_SECRET_ACCESS_KEY=ROTESTsecret said \
		"the access key may not write objects in the bucket \`states\` (HTTP 403, AccessDenied)"
}
