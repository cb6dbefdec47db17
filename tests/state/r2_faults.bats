#!/usr/bin/env bats
# What goes wrong between the program and its state in a bucket: a run that sleeps while its lock is
# broken, a bucket that is gone in mid-run, a clock that is wrong. Against R2 as Cloudflare simulates
# it.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

setup_file()
{
	start_r2
}

teardown_file()
{
	stop_stores
}

setup()
{
	set_up_cfprov
	export VALUE=hush-hush-hush
	prefix=$(s3_prefix)
	start_logged
	machine one
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

# manifest NAME...: cfprov.yaml with a store that has these secrets
manifest()
{
	{
		printf 'account_id: %s\n' "$account"
		printf 'state: {backend: s3, bucket: %s, prefix: "%s", endpoint: "%s"}\n' \
			"$s3_bucket" "$prefix" "$s3_url"
		printf 'stores:\n  - name: s\n    secrets:\n'
		printf '      - {name: %s, value: {env: VALUE}}\n' "$@"
	} >cfprov.yaml
}

secrets()
{
	sim_world '[.accounts[].stores[].secrets[].name] | sort | join(" ")'
}

# lock_id: of the lock that the last command met
lock_id()
{
	grep -oE '[0-9a-f]{8}-[0-9a-f-]{27}' err | tail -n 1
}

@test "a run sleeps while its lock is broken: it writes no state, says so, and its ids are not lost" {
	manifest a b
	sim_faults '{"method": "POST", "nth": 2, "kind": "delay", "ms": 10000}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	kill -STOP "$later_pid"

	machine two
	cp cfprov.yaml first.yaml
	manifest a b c
	bad apply -auto-approve
	good force-unlock -force "$(lock_id)"
	good apply -auto-approve
	[ "$(secrets)" = 'a b c' ]
	good state pull
	cp out state-of-two

	kill -CONT "$later_pid"
	wait_later
	cp later.err err
	[ "$status" = 1 ]
	err_has "The lock of this run was broken." "the next run on this machine adds it to the state"
	err_lacks "stays locked" "could not be released"
	run ! grep 'Apply complete' later.out
	good state pull
	cmp out state-of-two
	[ "$(secrets)" = 'a b c' ]

	machine one
	find "$XDG_STATE_HOME" -name '*.journal' | grep .
	good plan -detailed-exitcode
	good apply -auto-approve
	find "$XDG_STATE_HOME" -name '*.journal' | grep . && false
	machine two
	good plan -detailed-exitcode
	[ "$(sim_world '[.accounts[].stores[].name] | join(" ")')" = s ]
	[ "$(secrets)" = 'a b c' ]
}

@test "the bucket is gone in mid-run: what was done stays here, and the next run brings it" {
	python_server proxy faulty_proxy.py "$s3_url"
	s3_url=$server_url
	manifest a b
	sim_faults '{"method": "POST", "nth": 2, "kind": "delay", "ms": 3000}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	touch "$BATS_TEST_TMPDIR/proxy/down"
	wait_later
	cp later.err err
	[ "$status" = 1 ]
	err_has "the state could not be written" "no answer from" "stays locked" \
		"The next run on this machine resumes with it." "If this machine is gone, run \`cfprov force-unlock"
	find "$XDG_STATE_HOME" -name '*.journal' | grep .
	bad plan
	err_has "no answer from"

	rm "$BATS_TEST_TMPDIR/proxy/down"
	machine two
	bad apply -auto-approve
	err_has "is locked by"
	machine one
	good apply -auto-approve
	[ "$(posts)" = 2 ]
	find "$XDG_STATE_HOME" -name '*.journal' | grep . && false
	machine two
	good plan -detailed-exitcode
	good apply -auto-approve
	[ "$(secrets)" = 'a b' ]
}

@test "the bucket is gone before the first request: nothing is created" {
	python_server proxy faulty_proxy.py "$s3_url"
	s3_url=$server_url
	manifest a
	asking apply
	touch "$BATS_TEST_TMPDIR/proxy/down"
	answer yes
	[ "$status" = 1 ]
	err_has "no answer from"
	[ "$(posts)" = 0 ]
	rm "$BATS_TEST_TMPDIR/proxy/down"
	good apply -auto-approve
	[ "$(secrets)" = a ]
}

@test "doctor: a clock that is an hour slow or fast, and one that is a little" {
	manifest a
	good apply -auto-approve
	local direct=$s3_url
	for ahead in 3600 -3600; do
		python_server "proxy$ahead" faulty_proxy.py "$direct" --ahead "$ahead"
		s3_url=$server_url
		manifest a
		prov doctor
		out_has "warn  state: the clock of this machine is 3" \
			"$([ "$ahead" -gt 0 ] && echo behind || echo ahead of) that of the server" \
			"Synchronize the clock of this machine."
	done
	python_server near faulty_proxy.py "$direct" --ahead 20
	s3_url=$server_url
	manifest a
	good doctor
	run ! grep 'the clock of this machine' out
}

@test "the old key is named in the manifest: the bucket's state is opened, and then written with the new one" {
	export OLD=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
	export NEW=ffeeddccbbaa99887766554433221100ffeeddccbbaa99887766554433221100
	keys() { manifest "${@:2}" && sed -i "s/^state: {/state: {$1, encrypt: true, /" cfprov.yaml; }
	keys 'key: {env: OLD}' a
	good apply -auto-approve
	machine two
	keys 'key: {env: NEW}' a
	bad plan
	err_has "different key" '`state.old_key`'
	keys 'key: {env: NEW}, old_key: {env: OLD}' a b
	good plan
	good apply -auto-approve
	keys 'key: {env: NEW}' a b
	unset OLD
	machine one
	good plan -detailed-exitcode
}
