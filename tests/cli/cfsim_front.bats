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

# ---- envelopes ------------------------------------------------------------------------------

@test "fault A24: messages and errors beside a success" {
	start_sim
	sim_faults '{"method":"POST","messages":[{"code":1100,"message":"soon gone",
		"documentation_url":"https://example.com/x"}, "just a text"],
		"errors":[{"code":1200,"message":"half done","source":{"pointer":"/name"}}]}'
	api POST "$account/stores" '{"name":"x"}'
	[ "$http" = 200 ]
	answer_is '.success and (.result | is_store) and .messages == [{code: 1100,
		message: "soon gone", documentation_url: "https://example.com/x"}, "just a text"]'
	answer_is '.errors == [{code: 1200, message: "half done", source: {pointer: "/name"}}]'
	api GET "$account/stores"
	succeeds 200 'is_page and (.result | length == 1)'
}

@test "fault A24: errors with everything that an error may have" {
	start_sim
	local errors='[{"code":1004,"message":"not so","documentation_url":"https://example.com/y",
		"source":{"pointer":"/0/name"},"error_chain":[{"code":1,"message":"a","x":[true,null]}]},
		{"message":"no code"},{"code":"text","message":"\u00e9"}]'
	sim_faults "{\"status\":400,\"errors\":$errors}"
	api GET "$account/stores"
	[ "$http" = 400 ]
	answer_is ".success == false and .result == null and .errors == $errors"
	run control POST faults '{"errors":{}}'
	[ "$status" -eq 22 ]
	run control POST faults '{"messages":[{"code":1.5}]}'
	[ "$status" -eq 22 ]
}

# ---- the edge -------------------------------------------------------------------------------

@test "fault A24: the edge's errors as RFC 9457" {
	start_sim
	sim_faults '[{"status":429,"code":1015,"body":"problem","retry_after":"7","nth":1},
		{"status":403,"code":1020,"body":"problem","nth":2},
		{"status":530,"code":1033,"body":"problem","message":"no tunnel","nth":3},
		{"kind":"status_after","body":"problem","nth":4}]'
	api GET "$account/stores"
	[ "$http $(header content-type) $(header retry-after)" = '429 application/problem+json 7' ]
	answer_is '.status == 429 and .error_code == 1015 and .error_name == "rate_limited" and
		.retryable == true and .retry_after == 7 and (.type | startswith("https://")) and
		(.title | is_text) and (.detail | is_text)'
	answer_is ".ray_id == \"$(header cf-ray)\""
	api GET "$account/stores"
	[ "$http $(header retry-after)" = '403 ' ]
	answer_is '.error_code == 1020 and .retryable == false and (has("retry_after") | not)'
	api GET "$account/stores"
	[ "$http $(header retry-after)" = '530 30' ]
	answer_is '.detail == "no tunnel" and .retry_after == 30'
	api POST "$account/stores" '{"name":"x"}'
	[ "$http" = 429 ]
	[ "$(sim_stats '.accounts.acc_1.stores')" = 1 ]
}

@test "fault A24: the firewall's pages" {
	start_sim
	sim_faults '[{"kind":"status","body":"challenge","nth":1},
		{"kind":"status","body":"blocked","nth":2},{"kind":"status","body":"1020","nth":3}]'
	api POST "$account/stores" '{"name":"x"}'
	[ "$http $(header cf-mitigated)" = '403 challenge' ]
	grep -q 'Just a moment\.\.\.' "$answer"
	api POST "$account/stores" '{"name":"x"}'
	[ "$http $(header cf-mitigated)" = '403 ' ]
	[[ $(header content-type) == text/html* ]]
	grep -q 'Sorry, you have been blocked' "$answer"
	api POST "$account/stores" '{"name":"x"}'
	[ "$http" = 403 ]
	grep -q 'Error 1020' "$answer"
	[ "$(sim_stats '.accounts | length')" = 0 ]
}
