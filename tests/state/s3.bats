#!/usr/bin/env bats
# The backend `s3` against Ceph: two gateways of one cluster. Most of it is tried by hand, with
# tests/tools/backend; what needs many writers is also in tests/unit/statelog_race.c.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2086,SC2154
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

setup()
{
	export KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url
	PREFIX="$(s3_prefix)/a+b=c ü" # to be escaped, for the signature, too
	export PREFIX XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine
	place=s3://$BUCKET/$PREFIX
	one=11111111-1111-4111-8111-111111111111
	two=22222222-2222-4222-8222-222222222222
}

teardown()
{
	stop_servers
	stop_sim
}

# said TEXT: the last run has it.
said()
{
	[[ $output == *"$1"* ]] || {
		echo "not said: $1" >&2
		return 1
	}
}

# at KEY: escaped, for s3
at()
{
	jq -rn --arg key "$PREFIX/$1" '$key | split("/") | map(@uri) | join("/")'
}

@test "a run, and what it costs: 12 requests for the first, then 9; a plan 4" {
	run -0 backend read left clock count
	[ "$output" = "no state
clock right
requests 4" ]
	run -0 backend check lock $one read left announce mine ours append first release count
	[ "$output" = "locked $one
no state
ours
written
released
requests 12" ]
	for serial in 2 3; do
		ENDPOINT=$s3_url2 # another gateway proves the conditions once more
		run -0 backend check lock $two read left announce mine ours append "state $serial" release
		run -0 backend check lock $two read left announce mine ours release count
		said "requests 8"
		run -0 backend read left count
		[ "$output" = "state $serial state $serial
requests 4" ]
	done
	run -0 backend history old 2
	[ "$output" = "serial 3
serial 2
serial 1
state state 2" ]
}

@test "the objects can be read by hand: a head, and the state" {
	backend check lock $one read append '{"serial": 1}' release
	[ "$(s3 GET "$(at log/0000000001)" | tail -n +2)" = '{"serial": 1}' ]
	[ "$(s3 GET "$(at log/0000000001)" | head -n 1 | jq -r '[.cfprov, .serial, .epoch, .nonce, .size] | @csv')" = \
		"\"state\",1,1,\"$one\",13" ]
	[ "$(s3 GET "$(at latest)" | jq -r '[.serial, .epoch, .proved] | @csv')" = "1,1,\"$s3_url\"" ]
}

@test "a state of 20 MiB" {
	backend check lock $one read fill 20971520 release
	[ "$(backend read | wc -c)" = $((20971520 + 9)) ]
}

@test "whoever holds the lock is named; the machine resumes it, another breaks it" {
	backend check lock $one read announce "intents of one"
	run -1 backend check lock $two
	said "\"ID\": \"$one\""
	said "error 2: $place is locked"
	run -0 backend check lock $one ours # the same machine, after a crash
	run -1 backend unlock $two
	said "another: "
	run -0 backend unlock $one
	run -1 backend unlock $one
	said "error 1: $place is not locked"
	run -0 backend read left check lock $two read left append "of two" release
	[ "$output" = "no state
left intents of one
locked $two
no state
left intents of one
written
released" ]
	run -0 backend read left
	[ "$output" = "state 1 of two" ]
}

@test "a lock that was broken: the fence says so, and nothing is overwritten" {
	backend check lock $two read append first release
	tool_starts check lock $one read wait ours
	read -r line <&7
	backend unlock $one
	tool_goes_on
	[ "$status" -ne 0 ]
	said "error 3: the lock of $place was broken"
	tool_starts check lock $one read wait append "of the one who slept"
	read -r line <&7
	backend unlock $one
	backend check lock $two read append second release
	tool_goes_on
	[ "$status" -ne 0 ]
	said "error 3: $place has a state with serial 2 already"
	run -0 backend read
	[ "$output" = "state 2 second" ]
}

# chain: what one writer wrote names what it read: "B after A". Sets `newest`.
chain()
{
	local before="" serial text
	newest=0
	while read -r serial; do
		text=$(backend old "$serial")
		text=${text#state }
		[ "${text#* after }" = "$before" ] || {
			echo "serial $serial is \"$text\", but the one before is \"$before\"" >&2
			return 1
		}
		before=${text%% *}
		newest=$serial
	done < <(backend history | sed 's/serial //' | tac)
}

# write_once NAME: waits for the lock, and appends a state that names the one before. Adds it to the
# file `accepted` once it was accepted.
write_once()
{
	local id line before
	id=$(</proc/sys/kernel/random/uuid)
	for ((tries = 0; tries < 300; tries++)); do
		tool_starts check lock "$id" read append-line release 2>/dev/null || true
		if [[ $line != locked* ]]; then
			tool_ends
			sleep 0.2
			continue
		fi
		read -r line <&7
		before=${line#no state}
		before=${before#state * }
		before=${before%% *}
		tool_goes_on "$1 after $before"
		[[ $output != *written* ]] || echo "$1" >>"$BATS_TEST_TMPDIR/accepted"
		return 0
	done
	echo "$1 never got the lock" >&2
	return 1
}

@test "six writers through two gateways and a proxy that loses every fifth answer: no state is lost" {
	python_server proxy faulty_proxy.py "$s3_url" "$s3_url2" --drop 5
	direct=$ENDPOINT
	export ENDPOINT=$server_url
	pids=()
	for writer in 1 2 3 4 5 6; do
		(for round in 1 2 3 4; do write_once "$writer.$round"; done) &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
	ENDPOINT=$direct
	chain
	[ "$newest" = 24 ]
	[ "$(sort "$BATS_TEST_TMPDIR/accepted" | uniq | wc -l)" = 24 ]
	[ "$(wc -c <"$BATS_TEST_TMPDIR/proxy/dropped")" -gt 20 ]
	run -0 backend check lock $one release # nobody has left the lock
}

@test "kill -9 at each step of a run: the next one finds a whole log, and a lock that can be broken" {
	for ((step = 1; step < 30; step++)); do
		export PREFIX=${place#s3://*/}/$step
		status=0
		KILL_AT=$step backend check lock $one read left announce mine ours append first release >/dev/null 2>&1 || status=$?
		[[ $status == 137 ]] || break
		if ! backend check lock $two >"$BATS_TEST_TMPDIR/locked"; then
			grep -q "\"ID\": \"$one\"" "$BATS_TEST_TMPDIR/locked"
			backend unlock $one
			backend check lock $two
		fi >/dev/null
		run -0 backend check lock $two read left append second release
		case $output in
		*"no state"*) expected="state 1 second" ;;
		*"state 1 first"*) expected="state 2 second" ;;
		*) false ;;
		esac
		run -0 backend read
		[ "$output" = "$expected" ]
	done
	[ "$status" = 0 ]
	[ "$step" = 25 ] # 12 requests, and their answers
}

@test "old states are removed, the first, too; what leads to the newest can be found again" {
	words=()
	for serial in {1..12}; do
		words+=(append "state $serial")
	done
	backend check lock $one read "${words[@]}" release
	run -0 backend check lock $one keep 3 release
	said "removed 9"
	run -0 backend history
	[ "$output" = "serial 12
serial 11
serial 10" ]
	run -1 backend old 5
	said "error 1: $place does not have the state with serial 5"
	s3 DELETE "$(at latest)"
	run -1 backend read
	said "error 0: $place/latest is missing, but there is a log of states"
	said "cfprov state repair"
	run -0 backend repair 0 read check lock $two read append "state 13" release read
	said "repaired 12
state 12 state 12"
	said "state 13 state 13"
}

@test "what is foreign, cut off or changed is refused by name" {
	backend check lock $one read append "first" append "second" release
	s3 GET "$(at log/0000000002)" >"$BATS_TEST_TMPDIR/object"
	head -c -1 "$BATS_TEST_TMPDIR/object" >"$BATS_TEST_TMPDIR/cut"
	sed 's/second/SECOND/' "$BATS_TEST_TMPDIR/object" >"$BATS_TEST_TMPDIR/changed"
	s3 GET "$(at log/0000000001)" >"$BATS_TEST_TMPDIR/replayed"
	echo hello >"$BATS_TEST_TMPDIR/foreign"
	for what in cut:"is damaged: it has 5 bytes instead of 6" changed:"is damaged: its bytes do not match" \
		replayed:"has the serial 1: it was copied or renamed" foreign:"was not written by cfprov"; do
		s3 PUT "$(at log/0000000002)" --data-binary "@$BATS_TEST_TMPDIR/${what%%:*}"
		run -1 backend read
		said "$place/log/0000000002 ${what#*:}"
	done
}

@test "errors: keys, bucket, permission, another server, nothing there" {
	refused()
	{
		run -1 backend check
		said "error 0: $place: $1"
		[[ -z $2 ]] || said "hint: $2"
		[[ $output != *SKTESTsecret* && $output != *SKOTHER* ]]
	}
	AWS_ACCESS_KEY_ID=nobody refused "the server does not know the access key ID (HTTP 403, InvalidAccessKeyId)" \
		"Check AWS_ACCESS_KEY_ID"
	AWS_SECRET_ACCESS_KEY=wrong refused \
		"the secret access key is not the one of the access key ID (HTTP 403, SignatureDoesNotMatch)" \
		"Check AWS_SECRET_ACCESS_KEY"
	AWS_ACCESS_KEY_ID=AKOTHER AWS_SECRET_ACCESS_KEY=SKOTHERsecret refused \
		"the access key may not read objects in the bucket \`states\` (HTTP 403, AccessDenied)" \
		"It needs to read and write objects."
	place=s3://nowhere/$PREFIX BUCKET=nowhere refused \
		"the bucket \`nowhere\` does not exist at $s3_url (HTTP 404, NoSuchBucket)" "Create it"
	start_http
	ENDPOINT=$http_url refused "$http_url is not an object store: it answered with " \
		"Check \`endpoint\` of the state."
	AWS_ACCESS_KEY_ID='' run -1 backend check
	said "error 0: $place: the access key ID is empty"
	AWS_SECRET_ACCESS_KEY=$'SKTEST\nx-amz-acl: public-read' run -1 backend check
	said "error 0: $place: the secret access key has a line break at position 7"
	[[ $output != *public-read* ]]
	ENDPOINT=http://192.0.2.1 run -1 backend check
	said "error 0: the endpoint of the state uses plain http to another host"
	kill -KILL "$(head -n 1 "$BATS_TEST_TMPDIR/servers")"
	ENDPOINT=$http_url refused "no answer from $http_url: Failed to connect" \
		"Check \`endpoint\` of the state, and the network."
	said "retry after "
}

@test "the program: two machines share a state; an apply costs 9 requests, a plan 4" {
	start_sim
	cd "$BATS_TEST_TMPDIR"
	cat >cfprov.yaml <<-EOF
		account_id: 985e105f4ecef8ad9ca31a8372d0c353
		state: {backend: s3, bucket: $BUCKET, prefix: $(s3_prefix), endpoint: '$ENDPOINT'}
		stores:
		  - name: keys
		    secrets:
		      - {name: one, scopes: [workers], value: {env: VALUE}}
	EOF
	VALUE=first "$cfprov" apply -auto-approve >/dev/null
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/second
	VALUE=first CFPROV_LOG=trace run -0 --separate-stderr "$cfprov" plan
	[ "$(grep -c 's3://.*: sending' <<<"$stderr")" = 4 ]
	[[ $output == *"No changes."* ]]
	VALUE=second CFPROV_LOG=trace run -0 --separate-stderr "$cfprov" apply -auto-approve
	[ "$(grep -c 's3://.*: sending' <<<"$stderr")" = 9 ]
	[[ $output == *"0 added, 1 changed, 0 destroyed"* ]]
	[ ! -e cfprov.state.json ]
}

@test "nothing of the secret key is left, in memory or in files" {
	! nm -u "$cfprov" | grep -q __asan_init || skip 'a program with sanitizers maps terabytes'
	strace -qq -o "$BATS_TEST_TMPDIR/probe" true 2>/dev/null || skip 'ptrace is not allowed here'
	start_sim
	mkdir "$BATS_TEST_TMPDIR/secrets" "$BATS_TEST_TMPDIR/work"
	printf %s "$AWS_SECRET_ACCESS_KEY" >"$BATS_TEST_TMPDIR/secrets/key"
	cd "$BATS_TEST_TMPDIR/work"
	cat >cfprov.yaml <<-EOF
		account_id: 985e105f4ecef8ad9ca31a8372d0c353
		state: {backend: s3, bucket: $BUCKET, prefix: $(s3_prefix), endpoint: '$ENDPOINT'}
		stores: [keys]
	EOF
	export XDG_STATE_HOME=$PWD
	searched()
	{
		CFPROV_LOG=trace python3 "$top/tests/canary/search.py" "$BATS_TEST_TMPDIR/secrets" report "$@"
	}
	searched run "$cfprov" apply -auto-approve >out 2>err
	searched run "$cfprov" plan >>out 2>>err
	AWS_ACCESS_KEY_ID=nobody searched run "$cfprov" plan >>out 2>>err || [ $? = 1 ]
	searched files .
	cat report
	[ "$(grep -c 'memory of' report)" = 3 ]
	[ "$(grep -c '^found' report)" = 0 ]
}
