#!/usr/bin/env bats
# Lists and messages that are not as they should be: no plan on wrong grounds, nothing obeyed.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# ---- listing --------------------------------------------------------------------------------

@test "a list that fails once is asked for again" {
	local fault
	for fault in '"status":500' '"status":502,"body":"html"' '"status":503,"retry_after":"1"' \
		'"status":504,"body":"empty"' '"status":520' '"status":522,"body":"html"' \
		'"kind":"reset_before"' '"kind":"reset_after"' '"kind":"close_after"' '"kind":"garbage"' \
		'"kind":"cut_short"' '"kind":"truncated_json"' '"kind":"html"' '"kind":"gzip"' \
		'"kind":"raw_body","text":""'; do
		start_logged
		manifest_of 1
		sim_faults "{\"method\":\"GET\",\"nth\":1,$fault}"
		good plan
		echo "with $fault" >&2
		out_has 'Plan: 1 to add'
		[ "$(sim_stats .faults_applied)" = 1 ]
		[ "$(gets)" = 2 ]
		stop_sim
	done
}

@test "a list that can't be had: no plan, nothing done" {
	local fault
	for fault in '"status":400,"code":1000,"message":"no"' '"status":404,"body":"html"' \
		'"status":403,"code":10000,"message":"Authentication error"' '"status":401,"body":"empty"' \
		'"status":418,"body":"null"' '"kind":"redirect","location":"/client/v4/elsewhere"'; do
		start_logged
		manifest_of 2
		sim_faults "{\"method\":\"GET\",$fault}"
		bad apply -auto-approve
		echo "with $fault" >&2
		err_has 'account `default`' "HTTP $(jq -r .status "$sim_log")" cf-ray
		[ "$(requests)" = 1 ]
		[ ! -e "$state" ]
		tidy
		stop_sim
	done
}

@test "a server that always says 500 is asked a few times, then it is an error" {
	start_logged
	manifest_of 2
	sim_faults '{"status":500}'
	bad apply -auto-approve
	err_has 'HTTP 500' 'account `default`'
	(($(requests) >= 2 && $(requests) <= 5))
	tidy
}

@test "lists that have another shape: no plan" {
	start_logged
	manifest_of 1
	local body
	for body in '{"success":true,"result":null}' '{"success":true}' '{"success":true,"result":"x"}' \
		'{"success":true,"result":{}}' '{"success":true,"result":[7]}' \
		'{"success":true,"result":[null]}' '{"success":true,"result":[{}]}' \
		'{"success":true,"result":[{"name":"s0001"}]}' \
		'{"success":true,"result":[{"name":"s0001","id":7}]}' \
		'{"success":true,"result":[{"name":"s0001","id":"a/../b"}]}' \
		'{"success":true,"result":[{"name":"s0001","id":"../../user"}]}' \
		'{"success":true,"result":[{"name":"s0001","id":"a\r\nX: y"}]}' \
		'{"success":true,"result":[{"name":7,"id":"aa"}]}' \
		'{"success":true,"result":[{"name":"\u001b[31mevil","id":""}]}'; do
		control DELETE faults
		sim_faults "$(jq -n --arg text "$body" '{kind: "raw_body", text: $text}')"
		bad apply -auto-approve
		echo "with $body" >&2
		err_has 'account `default`'
		harmless err
	done
	[ "$(posts)" = 0 ]
	tidy
}

@test "200 with success:false is a failure" {
	start_logged
	manifest_of 3
	sim_faults '{"method":"POST","nth":2,"status":200,"code":4711,"message":"not_today"}'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has not_today 'code 4711' '2 added' '1 failed'
	agree 2
	control DELETE faults
	sim_faults '{"method":"GET","status":200,"code":4712,"message":"nor_now"}'
	bad plan
	err_has nor_now 4712
}

@test "JSON that is too deep, has a key twice or is no UTF-8 is no answer" {
	start_logged
	manifest_of 1
	local deep
	deep=$(printf '[%.0s' {1..5000})
	local body
	for body in "{\"success\":true,\"result\":$deep" "{\"success\":true,\"result\":[],\"result\":[]}" \
		'{"success":true,"result":[]} trailing'; do
		control DELETE faults
		sim_faults "$(jq -n --arg text "$body" '{kind: "raw_body", text: $text}')"
		bad plan
		err_has 'HTTP 200' 'not the API'
	done
}

@test "total_pages and total_count that lie" {
	seed_of 150
	start_logged --seed seed.json
	manifest_of 150
	# The first page, as the simulator gives it, with other totals.
	api GET '/accounts/acc_1/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
	cp "$answer" page1.json
	local change
	for change in '.result_info.total_pages = 1' '.result_info.total_pages = 0' \
		'.result_info.total_pages = 100000000' '.result_info.total_count = 100000'; do
		control DELETE faults
		sim_faults "$(jq -c "$change" page1.json | jq -Rc '{kind: "raw_body", text: ., nth: 1}')"
		: >"$sim_log"
		prov plan -adopt
		echo "with $change" >&2
		# Either an error, or all that there is; never a plan to make what lives already.
		((status == 1)) || out_has 'Plan: 150 to import, 0 to add'
		(($(gets) <= 100))
	done
	# More pages than there are are only empty.
	control DELETE faults
	sim_faults "$(jq -c '.result_info.total_pages = 5' page1.json |
		jq -Rc '{kind: "raw_body", text: ., nth: 1}')"
	good plan -adopt
	out_has 'Plan: 150 to import, 0 to add'
}

@test "a page that repeats for ever comes to an end" {
	seed_of 100
	start_logged --seed seed.json
	manifest_of 100
	api GET '/accounts/acc_1/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
	sim_faults "$(jq -c 'del(.result_info.total_pages, .result_info.total_count)' "$answer" |
		jq -Rc '{kind: "raw_body", text: .}')"
	bad plan -adopt
	err_has 'repeats itself'
	(($(gets) <= 5))
}

@test "one store on two pages counts once" {
	seed_of 150
	start_logged --seed seed.json
	manifest_of 150
	api GET '/accounts/acc_1/secrets_store/stores?page=2&per_page=100&order=created&direction=asc'
	local second
	second=$(<"$answer")
	api GET '/accounts/acc_1/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
	jq -c --argjson second "$second" '.result_info.page = 2 | .result_info.count = 51 |
		.result = $second.result + [.result[99]]' "$answer" >page2.json
	sim_faults "$(jq -Rc '{kind: "raw_body", text: ., nth: 2}' page2.json)"
	good plan -adopt
	out_has 'Plan: 150 to import, 0 to add'
}

@test "an endless body is cut off" {
	start_logged
	manifest_of 1
	head -c 17M /dev/zero | tr '\0' ' ' >big
	sim_faults "$(jq -n --arg file "$PWD/big" '{kind: "raw_body", file: $file}')"
	bad plan
	err_has 'larger than 16 MiB'
}

# ---- what servers say -----------------------------------------------------------------------

@test "escape sequences in messages are shown, not obeyed" {
	start_logged
	manifest_of 3
	local evil='\u001b[2J\u001b]0;title\u0007\rError\nline two\u009b31m\u202egnirts\u2028x'
	sim_faults "{\"method\":\"POST\",\"nth\":2,\"status\":400,\"code\":1,\"message\":\"$evil\"}"
	prov apply -auto-approve
	[ "$status" = 1 ]
	harmless out err
	err_has '\x1b[2J' '\x07' '\u202e'
	control DELETE faults
	sim_faults "{\"method\":\"GET\",\"status\":400,\"code\":1,\"message\":\"$evil\"}"
	bad plan
	harmless out err
	control DELETE faults
	sim_faults "{\"method\":\"GET\",\"kind\":\"raw_body\",\"status\":400,
		\"text\":\"<html>$evil\",\"headers\":{\"cf-ray\":\"x\u001b[31mray\"}}"
	bad plan
	harmless out err
}

@test "escape sequences in names and ids of stores that live there" {
	seed_of 2
	jq '.accounts[0].stores[0].name = "x\u001b[31m\u0007\u202e"' seed.json >evil.json
	start_logged --seed evil.json
	manifest s0002 fresh
	good apply -auto-approve -adopt
	harmless out err "$state"
}
