#!/usr/bin/env bats
# The simulator's front: connections, ports, tokens, the routes by which a client finds its account,
# and what the edge before the API answers.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load helper

teardown() { stop_sim; }

account=/accounts/acc_1/secrets_store
hex=985e105f4ecef8ad9ca31a8372d0c353

as() { CLOUDFLARE_API_TOKEN=$1 api "${@:2}"; }

# ---- connections ----------------------------------------------------------------------------

@test "fault A24: --max-connections accepts again after connections close" {
	start_sim --max-connections 2
	local i one two line
	for i in 1 2 3; do
		exec {one}<>"/dev/tcp/127.0.0.1/${sim_root##*:}"
		exec {two}<>"/dev/tcp/127.0.0.1/${sim_root##*:}"
		printf 'GET /_cfsim/stats HTTP/1.1\r\nHost: x\r\n\r\n' >&"$one"
		printf 'GET /_cfsim/stats HTTP/1.1\r\nHost: x\r\n\r\n' >&"$two"
		read -r line <&"$one"
		read -r line <&"$two" # both are connected now: there is room for nobody else
		exec {one}>&- {two}>&-
		api GET "$account/stores"
		succeeds 200 is_page
	done
}

@test "fault A24: more clients than --max-connections wait, and all are answered" {
	start_sim --max-connections 2 --latency 5
	local i urls=()
	for ((i = 0; i < 30; i++)); do
		urls+=(-o /dev/null "$sim_url$account/stores")
	done
	curl -sS -Z --parallel-max 30 --parallel-immediate --max-time 60 \
		-H "Authorization: Bearer cfsim-token" -H 'Connection: close' \
		-d '{"name":"x"}' "${urls[@]}"
	[ "$(sim_stats '.accounts.acc_1.stores')" = 30 ]
}

# serves_again: with one connection at a time, the next client is answered.
serves_again()
{
	api GET "$account/stores"
	succeeds 200 is_page
}

@test "fault A24: a client that gave up frees its connection, whatever it waited for" {
	local fault
	for fault in '"kind":"delay","ms":3600000' '"kind":"slow_drip","ms":3600000' \
		'"kind":"no_answer"'; do
		start_sim --max-connections 1
		sim_faults "{$fault,\"nth\":1}"
		api_breaks 28 GET "$account/stores" '' --max-time 0.3
		serves_again
		stop_sim
	done
}

@test "fault A24: a client that gave up frees its connection over TLS, too" {
	local dir=$BATS_TEST_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=cfsim -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl"
	start_sim --max-connections 1 --tls-cert "$dir/cert.pem" --tls-key "$dir/key.pem"
	sim_ca=$dir/cert.pem
	sim_faults '{"kind":"no_answer","nth":1}'
	api_breaks 28 GET "$account/stores" '' --max-time 0.5
	serves_again
}
