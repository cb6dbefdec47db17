#!/usr/bin/env bats
# kill -9 at each system call of `state migrate` that matters, from a file to a server or a bucket,
# and back. After any kill, the old state or the new one is whole, and the next run finishes or says that it is done.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

setup()
{
	set_up_cfprov
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine
	unset "${!AWS_@}" "${!TF_HTTP_@}" "${!CFPROV_HTTP_@}"
	strace -qq -o /dev/null -e trace=getpid -e inject=getpid:signal=KILL:when=1 true 2>/dev/null ||
		skip "strace can't inject here"
	start_http
	start_sim
	printf 'account_id: %s\nstores: [a, b]\n' "$account" >local.yaml
	good apply -f local.yaml -auto-approve
	cp "$state" first.json
	jq -S .accounts "$state" >objects
	kills=0 kind=http
}

teardown()
{
	stop_stores
	stop_servers
	stop_all
}

# The server is R2 instead.
at_bucket()
{
	start_r2
	kind=s3
}

# begin WHERE NUMBER: the state is there, and nowhere else. Each number has a place of its own at the
# server.
begin()
{
	place=/plain/$call-$2
	cp local.yaml remote.yaml
	if [ "$kind" = http ]; then
		printf 'state: {backend: http, address: "%s", lock_address: "%s"}\n' \
			"$http_url$place" "$http_url$place" >>remote.yaml
	else
		printf 'state: {backend: s3, bucket: %s, prefix: "%s", endpoint: "%s"}\n' \
			"$s3_bucket" "${place#/}" "$s3_url" >>remote.yaml
	fi
	rm -rf "$state" "$backup" "$journal" ".$state.lock" machine
	cp first.json "$state"
	[ "$1" = file ] || good state migrate -f remote.yaml -from="$state" -auto-approve
}

# Whole are those that have all objects.
whole_at_file()
{
	[ -e "$state" ] && jq -S .accounts "$state" 2>/dev/null | cmp -s - objects
}

whole_at_server()
{
	newest_at_server 2>/dev/null | jq -S .accounts 2>/dev/null | cmp -s - objects
}

newest_at_server()
{
	if [ "$kind" = http ]; then
		http_kept "$place" '.state // empty'
		return
	fi
	: >newest
	for serial in 1 2 3 4 5; do
		s3 GET "${place#/}/log/000000000$serial" >object
		[ "$http" != 200 ] || cp object newest
	done
	tail -n +2 newest
}

free_at_server()
{
	if [ "$kind" = http ]; then
		[ "$(http_kept "$place" .lock)" = null ]
		return
	fi
	for epoch in 1 2 3 4 5 6 7 8 9; do
		s3 GET "${place#/}/lock/000000000$epoch" >object
		[ "$http" = 200 ] || return 0
		s3 GET "${place#/}/lock/000000000$epoch.done" >object
		[ "$http" = 200 ] || return 1
	done
}

# Says who believes what after a kill.
why()
{
	echo "$1: kill at $call number $number, from the $from"
	cat again "$state" err
	newest_at_server
	return 1
}

# check_kill: something is whole; the next run ends the move; the old place is refused.
check_kill()
{
	whole_at_file || whole_at_server || why "nothing is whole"
	prov state migrate -f "$new" -from="$old" -auto-approve
	cat out err >again
	if ((status)); then
		grep -q "the state .* was moved to .* before" err || why "the next run"
	fi
	prov plan -f "$new"
	[[ $status = 0 && $output = *'No changes.'* ]] || why "the new place"
	prov plan -f "$old"
	[[ $status = 1 && $errors = *'was moved to'* ]] || why "the old place"
	[ -z "$(find "$XDG_STATE_HOME" . -name "*.journal")" ] || why "a journal is left"
	free_at_server || why "a lock is left"
}

# sweep FROM NEW OLD: with a kill at the 1st, 2nd, 3rd ... call, until it survives
sweep()
{
	from=$1 new=$2 old=$3
	for call in fsync rename link unlink sendto recvfrom; do
		for ((number = 1; number < 200; number++)); do
			begin "$from" "$from$number"
			local code=0
			# LeakSanitizer can't work under strace.
			ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -f -qq -o strace.out -e trace="$call" \
				-e "inject=$call:signal=KILL:when=$number" "$cfprov" state migrate \
				-f "$new" -from="$old" -auto-approve >killed.out 2>killed.err || code=$?
			((code)) || break
			if ((code != 137)); then
				cat killed.err
				return 1
			fi
			kills=$((kills + 1))
			check_kill
		done
		((number < 200))
	done
	echo "# $kills kills from the $from" >&3
	((kills >= 10))
}

@test "kill -9 at each call of a migration from a file to a server" {
	sweep file remote.yaml local.yaml
}

@test "kill -9 at each call of a migration from a server to a file" {
	sweep server local.yaml remote.yaml
}

@test "kill -9 at each call of a migration from a file to a bucket" {
	at_bucket
	sweep file remote.yaml local.yaml
}

@test "kill -9 at each call of a migration from a bucket to a file" {
	at_bucket
	sweep server local.yaml remote.yaml
}
