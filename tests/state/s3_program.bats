#!/usr/bin/env bats
# The program with its state in a bucket, at Ceph: one machine and several, and one state for each
# account.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load ../cli/cfprov
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
	local key=$AWS_ACCESS_KEY_ID secret=$AWS_SECRET_ACCESS_KEY
	set_up_cfprov
	unset "${!AWS_@}" "${!R2_@}"
	export AWS_ACCESS_KEY_ID=$key AWS_SECRET_ACCESS_KEY=$secret VALUE=hush-hush-hush
	start_logged
	prefix=$(s3_prefix)
	machine one
	manifest a b
}

teardown()
{
	stop_servers
	stop_all
}

# machine NAME: from now on, commands run on another machine.
machine()
{
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/$1
}

# state_at [SUFFIX]: the manifest's `state`
state_at()
{
	printf 'state: {backend: s3, bucket: %s, prefix: "%s%s", endpoint: "%s"}\n' \
		"$s3_bucket" "$prefix" "${1-}" "$s3_url"
}

# manifest NAME...: cfprov.yaml with a store that has these secrets
manifest()
{
	{
		printf 'account_id: %s\n' "$account"
		state_at
		printf 'stores:\n  - name: s\n    secrets:\n'
		printf '      - {name: %s, value: {env: VALUE}}\n' "$@"
	} >cfprov.yaml
}

# manifest_of COUNT: so many accounts, each with a store and a state of its own
manifest_of()
{
	local i
	{
		# shellcheck disable=SC2016 # not the shell's
		state_at '/${ACCOUNT_ID}/state'
		printf 'accounts:\n'
		for ((i = 1; i <= $1; i++)); do
			printf '  team%d: {account_id: acc_%d}\n' "$i" "$i"
		done
		echo 'stores: [keys]'
	} >cfprov.yaml
}

# cost NUMBER COMMAND...: it sends so many requests to the bucket, those that are repeated included
cost()
{
	local expected=$1 sent
	shift
	rm -f log
	CFPROV_LOG=trace CFPROV_LOG_PATH=$PWD/log good "$@"
	sent=$(grep -c " s3://$s3_bucket/.*: sending" log) || true
	[ "$sent" = "$expected" ] || {
		grep 's3://' log >&2
		echo "$* took $sent requests, not $expected" >&2
		return 1
	}
}

@test "s3: one machine applies, another sees it and continues" {
	good apply -auto-approve
	[ ! -e cfprov.state.json ]
	find "$XDG_STATE_HOME" -name '*.journal' -o -name '.*.lock' | grep . && false
	machine two
	good plan -detailed-exitcode
	good state list
	[ "$(cat out)" = "$(printf 'default/s\ndefault/s/a\ndefault/s/b')" ]
	manifest a b c
	good apply -auto-approve
	machine one
	good plan -detailed-exitcode
	good state pull
	[ "$(jq .serial out)" = 2 ]
	grep -r hush "$XDG_STATE_HOME" && false
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b","c"' ]
}

@test "s3: kill -9 in mid-run: the same machine resumes its lock and finishes" {
	sim_faults '{"method": "POST", "nth": 2, "kind": "no_answer"}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	machine two
	bad apply -auto-approve
	err_has "the state s3://$s3_bucket/$prefix is locked by " "process $later_pid (apply, since 2" \
		"cfprov force-unlock "
	# Who only looks needs no lock.
	"$cfprov" plan >/dev/null
	machine one
	good apply -auto-approve
	machine two
	good plan -detailed-exitcode
	good apply -auto-approve
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b"' ]
}

@test "s3: kill -9 in mid-run: another machine breaks the lock and finds what was created; the first one loses nothing" {
	sim_faults '{"method": "POST", "nth": 2, "kind": "no_answer"}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	machine two
	bad apply -auto-approve
	id=$(grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' err | tail -n 1)
	KIND=s3 BUCKET=$s3_bucket ENDPOINT=$s3_url PREFIX=$prefix "$build/tests/tools/backend" unlock "$id"
	good apply -auto-approve
	good plan -detailed-exitcode
	machine one
	good plan -detailed-exitcode
	good apply -auto-approve
	find "$XDG_STATE_HOME" -name '*.journal' | grep . && false
	machine two
	good plan -detailed-exitcode
	[ "$(sim_world '[.accounts[].stores[].name] | @csv')" = '"s"' ]
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b"' ]
}

@test "s3: kill -9 while it asks: nothing has to be unlocked on that machine" {
	asking apply
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	machine two
	bad apply -auto-approve
	err_has "is locked by "
	machine one
	good apply -auto-approve
	machine two
	good apply -auto-approve
}

@test "s3: an interrupt while it asks leaves nothing locked" {
	asking apply
	kill -TERM "$later_pid"
	wait "$later_pid" || true
	machine two
	good apply -auto-approve
}

@test "s3: every other answer of the bucket is lost: an apply is an apply" {
	python_server proxy faulty_proxy.py "$s3_url" --drop 2
	s3_url=$server_url
	manifest a b
	good apply -auto-approve
	machine two
	good plan -detailed-exitcode
	good state pull
	[ "$(jq .serial out)" = 1 ]
}

@test "s3: an account, a state: 50 runners on 50 accounts lock nothing in common" {
	local i pids=()
	manifest_of 50
	for ((i = 1; i <= 50; i++)); do
		XDG_STATE_HOME=$BATS_TEST_TMPDIR/runner$i "$cfprov" apply -auto-approve \
			-account="team$i" >"$i.out" 2>&1 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	good plan -detailed-exitcode
	good state list
	[ "$(wc -l <out)" = 50 ]
	good state list 'team3/*'
	[ "$(cat out)" = team3/keys ]
	[ "$(sim_world '[.accounts[].stores[].name] | length')" = 50 ]
}

@test "s3: an account, a state: patterns, saved plans, and an alias that is renamed" {
	manifest_of 3
	good plan -account='team[12]' -out=plan
	good apply plan
	good state list
	[ "$(cat out)" = "$(printf 'team1/keys\nteam2/keys')" ]
	bad apply plan
	err_has "the plan is out of date"
	bad state pull
	err_has "the state is split by account"
	good state pull -account=team2
	cp out pulled
	bad state push -force pulled
	err_has "the state is split by account"
	good state push pulled -account=team2
	err_has "The current state is identical."
	bad state push -force pulled -account=team1
	err_has "the state of the account acc_1 has objects of the account acc_2"
	sed -i 's/team1:/renamed:/' cfprov.yaml
	good apply -auto-approve
	out_has "Apply complete! Resources: 1 added, 0 changed, 0 destroyed." || out_has "1 added"
	good state list
	[ "$(cat out)" = "$(printf 'renamed/keys\nteam2/keys\nteam3/keys')" ]
	good destroy -auto-approve -account=team2 -force
	good state list
	[ "$(cat out)" = "$(printf 'renamed/keys\nteam3/keys')" ]
}

@test "s3: what commands cost in requests to the bucket" {
	cost 12 apply -auto-approve
	cost 4 plan
	manifest a b c
	cost 9 apply -auto-approve
	cost 4 state list
	cost 7 state rm default/s/c
	cost 9 apply -auto-approve -adopt
	manifest_of 3
	cost 36 apply -auto-approve
	cost 4 plan -account=team2
}

@test "s3: intents that were not written with the key are dropped, not signed" {
	sim_faults '{"method": "POST", "nth": 2, "kind": "no_answer"}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	machine two
	bad apply -auto-approve
	id=$(grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' err | tail -n 1)
	good force-unlock -force "$id"
	export CFPROV_KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
	bad apply -auto-approve
	err_has "lock/0000000001.intents of s3://$s3_bucket/$prefix" "is not signed" "cfprov state sign"
	bad state sign -input=false
	out_has "lock/0000000001.intents (" "will be dropped" "cfprov apply -adopt"
	err_has "approval required"
	good state sign -auto-approve
	good state list
	[ ! -s out ]
	good state sign -auto-approve
	err_has "Everything in the state is signed."
	good apply -adopt -auto-approve
	good plan -detailed-exitcode
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b"' ]
}
