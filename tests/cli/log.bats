#!/usr/bin/env bats
# CFPROV_LOG and CFPROV_LOG_PATH.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# lines LEVEL [TEXT]: how many lines of that level the log has (with that text).
lines()
{
	grep -E "^[0-9-]{10}T[0-9:.]{15}Z $1 " log.txt | grep -cF -e "${2-}"
}

@test "without CFPROV_LOG there is no log" {
	start_logged
	manifest a
	CFPROV_LOG_PATH=log.txt good apply -auto-approve
	CFPROV_LOG='' CFPROV_LOG_PATH=log.txt good plan
	[ ! -e log.txt ]
}

@test "each level has what those before it have, and more" {
	start_logged
	local level before=-1 count
	for level in error warn info debug trace; do
		control POST reset >/dev/null
		rm -f "$state"* log.txt
		manifest a b
		sim_faults '{"method":"GET","nth":1,"status":500}'
		sim_faults '{"method":"POST","nth":1,"status":400,"code":7,"message":"not_today"}'
		CFPROV_LOG=$level CFPROV_LOG_PATH=log.txt prov apply -auto-approve
		control DELETE faults
		[ "$(lines error 'create default/')" = 1 ]
		err_lacks Z
		count=$(wc -l <log.txt)
		[[ $level == warn ]] || ((count > before))
		before=$count
		[ "$(mode_of log.txt)" = 600 ]
		# Nothing but lines of this form.
		[ "$(lines '(error|warn |info |debug|trace)')" = "$count" ]
	done
	[ "$(lines 'info ' 'done, id ')" = 1 ]
	[ "$(lines error 'not_today (HTTP 400, code 7, cf-ray ')" -ge 1 ]
}

@test "trace: method, path, attempt, status, sizes, time and cf-ray" {
	start_logged
	manifest a
	sim_faults '{"method":"GET","nth":1,"status":500}'
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt good apply -auto-approve
	local path=/accounts/acc_1/secrets_store/stores
	[ "$(lines trace "GET $path?page=1&per_page=100")" -ge 4 ]
	[ "$(lines trace 'attempt 1: HTTP 500, sent 0 bytes, received ')" = 1 ]
	[ "$(lines trace 'attempt 2: HTTP 200, sent 0 bytes, received ')" = 1 ]
	[ "$(lines debug 'retrying: Internal Server Error (HTTP 500')" = 1 ]
	[ "$(lines trace "POST $path attempt 1: sending 12 bytes")" = 1 ]
	grep -qE "trace POST $path attempt 1: HTTP 200, sent 12 bytes, received [1-9][0-9]+ bytes, [0-9]+\.[0-9] ms, cf-ray [0-9a-f]+-SIM$" log.txt
	# Neither what was sent nor what came back.
	run ! grep -F -e "$CLOUDFLARE_API_TOKEN" -e '"name"' -e Bearer -e success log.txt
}

@test "trace: no answer" {
	start_logged
	manifest a
	sim_faults '{"method":"POST","kind":"reset_after"}'
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt prov apply -auto-approve
	grep -qE 'trace POST [^ ]+ attempt 1: no answer \(.+\), sent 12 bytes, received 0 bytes' log.txt
}

@test "the log goes to stderr, and its file is appended to" {
	start_logged
	manifest a
	CFPROV_LOG=info good apply -auto-approve
	err_has 'info create default/a: done'
	CFPROV_LOG=info good apply -auto-approve -json
	manifest a b
	CFPROV_LOG=info good apply -auto-approve -json
	err_has 'info create default/b: done'
	jq -e . out >/dev/null
	echo before >log.txt
	chmod 640 log.txt
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt good plan
	[ "$(head -n 1 log.txt)" = before ]
	[ "$(mode_of log.txt)" = 640 ]
	(($(wc -l <log.txt) > 1))
}

@test "a level that is none, and a file that can't be" {
	manifest a
	local level
	for level in verbose TRACE 'trace ' 1 $'\e[31m'; do
		CFPROV_LOG=$level CFPROV_LOG_PATH=log.txt bad validate
		err_has 'CFPROV_LOG: invalid level' 'Valid levels: error, warn, info, debug, trace.'
		harmless err
	done
	CFPROV_LOG=error CFPROV_LOG_PATH=no/where bad validate
	err_has "CFPROV_LOG_PATH: can't open no/where"
	CFPROV_LOG=error CFPROV_LOG_PATH=. bad validate
	[ ! -e log.txt ]
}

@test "text from outside can't forge lines" {
	start_logged
	manifest a
	sim_faults '{"method":"GET","status":400,"code":7,"message":"x\n2026-01-01T00:00:00.000000Z info  forged\u001b[31m"}'
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt bad plan
	harmless log.txt
	[ "$(lines 'info ' forged)" = 0 ]
}
