#!/usr/bin/env bats
# A network that fails for a while in the middle of an apply: cfprov and the server are in a network
# namespace of their own, in which a firewall drops every packet, or the interface goes down. What a
# server or a proxy does on a network that works is in server.bats.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# wrap NAME WORDS...: the program of the variable NAME runs after these words from now on.
wrap()
{
	local program=${!1}
	printf '#!/bin/sh\nexec %s "%s" "$@"\n' "${*:2}" "$program" >"$BATS_TEST_TMPDIR/$1"
	chmod +x "$BATS_TEST_TMPDIR/$1"
	printf -v "$1" %s "$BATS_TEST_TMPDIR/$1"
}

# inside COMMAND...: in the namespace of the simulator, as its root.
inside()
{
	nsenter -t "$sim_pid" -U -n --preserve-credentials "$@"
}

# For the helpers.
curl() { inside curl "$@"; }

# start_apart: a simulator in a namespace where only it and cfprov are.
start_apart()
{
	unshare -rn ip link set lo up 2>/dev/null || skip 'there is no ip, or no network namespaces here'
	wrap cfsim unshare -rn sh -c "'ip link set lo up && exec \"\$@\"'" -
	start_logged
	wrap cfprov nsenter -t "$sim_pid" -U -n --preserve-credentials
}

has_posts() { [[ -s $sim_log && $(posts) -ge $1 ]]; }

# cut_in_mid_run CUT HEAL: COMMANDs that cut and heal the network.
cut_in_mid_run()
{
	start_apart
	manifest_of 20
	# The answers after the sixth are late: all four connections wait for one when the network fails.
	sim_faults '{"method":"POST","after":6,"kind":"delay","ms":3000}'
	CFPROV_REQUEST_TIMEOUT=1 later "$cfprov" apply -auto-approve -parallelism=4
	wait_until has_posts 10
	inside sh -c "$1"
	status=0
	wait "$later_pid" || status=$?
	later_pid=
	cp later.err err
	cat err >&2
	[ "$status" = 1 ]
	err_has 'it is unknown whether it was created: ' 'Completed changes are saved in the state.'
	tidy
	inside sh -c "$2"
	control DELETE faults
	good apply -auto-approve
	[ "$(jq -r 'select(.method == "POST") | .body.name' "$sim_log" | sort | uniq -d)" = '' ]
	agree 20
}

@test "a firewall that drops every packet in mid-run: what is saved is said, and nothing is made twice" {
	command -v nft >/dev/null || skip 'there is no nft'
	cut_in_mid_run 'nft "add table inet cut; add chain inet cut in {
		type filter hook input priority 0; policy drop; }"' 'nft flush ruleset'
}

@test "the interface goes down in mid-run: what is saved is said, and nothing is made twice" {
	cut_in_mid_run 'ip link set lo down' 'ip link set lo up'
}
