#!/usr/bin/env bats
# What the tests of state backends take for granted of the servers that they use: http_server.py and
# faulty_proxy.py.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

teardown()
{
	stop_servers
}

info()
{
	jq -n --arg id "$1" '{ID: $id, Operation: "apply", Info: "", Who: "w", Version: "1", Created: "now", Path: ""}'
}

# gets STATUS CURL-OPTION... URL: the answer has this status.
gets()
{
	local status=$1
	shift
	http_ask "$@" >"$BATS_TEST_TMPDIR/said"
	[ "$http" = "$status" ] || {
		echo "HTTP $http, not $status, to: $*" >&2
		cat "$BATS_TEST_TMPDIR/said" >&2
		return 1
	}
}

@test "GitLab's rules: lock, state and serial" {
	start_http
	ci=(-u ci:token)
	gets 401 "$gitlab"
	gets 404 "${ci[@]}" "$gitlab"
	gets 404 "${ci[@]}" "$http_url/api/v4/projects/2/terraform/state/main"
	gets 400 "${ci[@]}" "$gitlab/lock" -d '{"ID": "a"}'
	gets 200 "${ci[@]}" "$gitlab/lock" -d "$(info a)"
	gets 204 "${ci[@]}" "$gitlab"
	gets 409 "${ci[@]}" "$gitlab/lock" -d "$(info b)"
	[ "$(jq -r .ID "$BATS_TEST_TMPDIR/said")" = a ]
	gets 409 "${ci[@]}" "$gitlab" -d '{"serial": 1}'
	gets 200 "${ci[@]}" "$gitlab?ID=a" -d '{"serial": 1}'
	gets 422 "${ci[@]}" "$gitlab?ID=a" -d '{"serial": 1}'
	gets 200 "${ci[@]}" "$gitlab"
	[ "$(cat "$BATS_TEST_TMPDIR/said")" = '{"serial": 1}' ]
	gets 403 -u reader:token "$gitlab?ID=a" -d '{"serial": 2}'
	gets 409 "${ci[@]}" -X DELETE "$gitlab/lock" -d "$(info b)"
	gets 200 "${ci[@]}" -X DELETE "$gitlab/lock" -d "$(info a)"
	gets 409 "${ci[@]}" "$gitlab?ID=a" -d '{"serial": 2}'
	gets 200 "${ci[@]}" "$gitlab" -d '{"serial": 2}'
	[ "$(http_kept /api/v4/projects/1/terraform/state/main '.serials | @csv')" = 1,2 ]
}

@test "a simple server: 423 with the holder, or without; none has locks" {
	start_http
	for kind in plain mute; do
		gets 404 "$http_url/$kind/x"
		gets 200 -X LOCK "$http_url/$kind/x" -d "$(info a)"
		gets 423 -X LOCK "$http_url/$kind/x" -d "$(info b)"
		[[ $kind == mute ]] || [ "$(jq -r .ID "$BATS_TEST_TMPDIR/said")" = a ]
		gets 200 -X UNLOCK "$http_url/$kind/x" -d "$(info b)"
		gets 200 -X LOCK "$http_url/$kind/x" -d "$(info b)"
	done
	gets 405 -X LOCK "$http_url/none/x" -d "$(info a)"
}

@test "faults of the http server: before the work, and after it" {
	start_http
	http_fault '{"method": "POST", "do": "drop"}'
	run -52 curl -sS "$http_url/plain/x" -d one
	[ "$(http_kept /plain/x .state)" = one ]
	http_fault '{"method": "POST", "do": "reset"}'
	run -52 curl -sS "$http_url/plain/x" -d two
	http_fault '{"method": "POST", "do": 503}'
	gets 503 "$http_url/plain/x" -d two
	[ "$(http_kept /plain/x .state)" = one ]
	http_fault '{"method": "POST", "do": 500}'
	gets 500 "$http_url/plain/x" -d two
	[ "$(http_kept /plain/x .state)" = two ]
	http_fault '{"method": "LOCK", "lock": true, "do": "drop"}'
	run -52 curl -sS -X LOCK "$http_url/plain/x" -d "$(info a)"
	[ "$(http_kept /plain/x .lock.ID)" = a ]
	gets 200 "$http_url/plain/x" -d three
}

@test "the faulty proxy: loses every third answer after the work, and passes by a server that is gone" {
	start_http
	python_server gone http_server.py
	gone=$server_url
	kill -KILL "$(tail -n 1 "$BATS_TEST_TMPDIR/servers")"
	is_gone() { ! curl -s "$gone/plain/x"; }
	wait_until is_gone
	python_server proxy faulty_proxy.py "$http_url" "$gone" --drop 3 --only POST
	lost=
	for i in {1..6}; do
		curl -sS -m 20 "$server_url/plain/$i" -d "$i" || lost+=$i
		[ "$(http_kept "/plain/$i" .state)" = "$i" ]
		[ "$(curl -sS -m 20 "$server_url/plain/$i")" = "$i" ]
	done
	[ "$lost" = 36 ]
	[ "$(<"$BATS_TEST_TMPDIR/proxy/dropped")" = .. ]

	python_server reset faulty_proxy.py "$http_url" --reset 2
	curl -sS -m 20 "$server_url/plain/x" -d x
	run -56 curl -sS -m 20 "$server_url/plain/y" -d y
	[ "$(http_kept /plain/y .state)" = null ]
}
