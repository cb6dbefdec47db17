#!/usr/bin/env bats
# A server (or what stands before it) that misbehaves while stores are made: nothing is made
# twice, nothing is lost, the error says what came.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

same=$'No changes. Your infrastructure matches the configuration.\n'

# settles COUNT: another apply leaves everything there once, and then there is nothing to do.
settles()
{
	control DELETE faults >/dev/null
	good apply -auto-approve
	agree "$1"
	tidy
	good plan
	out_is "$same"
}

# sent_once: no store was asked for twice.
sent_once()
{
	[ "$(jq -r 'select(.method == "POST") | .body.name' "$sim_log" | sort | uniq -d)" = '' ]
}

# ---- creating: each store once --------------------------------------------------------------

@test "a kept-alive connection is closed on reuse, with the work done: no second POST" {
	start_logged
	manifest_of 60
	# Every third request on a used connection dies, after the store was made.
	sim_faults "[$(seq 3 3 90 | sed 's/.*/{"method":"POST","kind":"close_idle_after","nth":&}/' |
		paste -sd,)]"
	good apply -auto-approve -parallelism=4
	out_has 'Apply complete! Resources: 60 added, 0 changed, 0 destroyed.'
	(($(sim_stats .faults_applied) >= 10))
	sent_once
	[ "$(posts)" = 60 ]
	agree 60
	settles 60
	[ "$(posts)" = 60 ]
}

@test "a kept-alive connection is closed on reuse, without the work: made all the same" {
	start_logged
	manifest_of 60
	# Two: a store is given up after three.
	sim_faults '{"method":"POST","kind":"close_idle","after":20,"times":2}'
	good apply -auto-approve -parallelism=4
	[ "$(sim_stats .faults_applied)" = 2 ]
	[ "$(posts)" = 62 ]
	agree 60
	settles 60
}

@test "every kept-alive connection is closed on reuse: bounded, and nothing lost" {
	start_logged
	manifest_of 20
	sim_faults '{"method":"POST","kind":"close_idle"}'
	prov apply -auto-approve -parallelism=4
	(($(posts) <= 20 * 3))
	(($(sim_stats .faults_applied) >= 10))
	agree "$(live | wc -l)"
	settles 20
}

@test "the same for lists" {
	seed_of 500
	start_logged --seed seed.json
	manifest_of 500
	sim_faults '[{"method":"GET","kind":"close_idle","nth":2},
		{"method":"GET","kind":"close_idle_after","nth":3}]'
	good plan -adopt -parallelism=1
	out_has 'Plan: 500 to import, 0 to add'
	(($(sim_stats .faults_applied) >= 2))
}

@test "created, and then the answer goes wrong: found, not made again" {
	local fault
	for fault in '"kind":"status_after","status":500' '"kind":"status_after","status":502' \
		'"kind":"status_after","status":503,"body":"html"' \
		'"kind":"status_after","status":504,"body":"empty"' \
		'"kind":"status_after","status":520,"body":"html"' \
		'"kind":"status_after","status":500,"body":"null"' \
		'"kind":"status_after","status":200,"body":"empty"' \
		'"kind":"status_after","status":200,"body":"html"' \
		'"kind":"status_after","status":408' \
		'"kind":"reset_after"' '"kind":"close_after"' '"kind":"cut_short"' \
		'"kind":"truncated_json"' '"kind":"too_long"' '"kind":"html"' '"kind":"gzip"'; do
		start_logged
		manifest_of 5
		sim_faults "{\"method\":\"POST\",\"nth\":3,$fault}"
		good apply -auto-approve -parallelism=2
		echo "with $fault" >&2
		out_has 'Apply complete! Resources: 5 added, 0 changed, 0 destroyed.'
		[ "$(sim_stats .faults_applied)" = 1 ]
		sent_once
		agree 5
		tidy
		stop_sim
		rm -f "$state"
	done
}

@test "not created, and the answer tells nothing: looked for, then made" {
	local fault
	for fault in '"kind":"reset_before"' '"kind":"close_before"' '"kind":"garbage"' \
		'"kind":"status","status":500' '"kind":"status","status":502,"body":"html"' \
		'"kind":"status","status":503,"retry_after":"0"' \
		'"kind":"status","status":504,"body":"empty"' '"kind":"status","status":520'; do
		start_logged
		manifest_of 5
		sim_faults "{\"method\":\"POST\",\"nth\":3,$fault}"
		good apply -auto-approve -parallelism=2
		echo "with $fault" >&2
		[ "$(sim_stats .faults_applied)" = 1 ]
		[ "$(posts)" = 6 ]
		agree 5
		tidy
		stop_sim
		rm -f "$state"
	done
}

# each_status KIND STEP: every STEPth POST is answered with the next 5xx status, of the API or of
# the edge.
each_status()
{
	local number=1 status faults=
	for status in 500 501 502 503 504 520 521 522 523 524 525 526; do
		faults+=,"{\"method\":\"POST\",\"nth\":$number,\"kind\":\"$1\",\"status\":$status,\"body\":\"html\"}"
		number=$((number + $2))
	done
	sim_faults "[${faults#,}]"
}

@test "each 5xx status of the API and of the edge, before the work and after it" {
	start_logged
	manifest_of 12
	each_status status_after 1
	good apply -auto-approve -parallelism=1
	[ "$(sim_stats .faults_applied)" = 12 ]
	sent_once
	agree 12
	# After each that was not done, it is done.
	manifest_of 24
	control DELETE faults
	each_status status 2
	good apply -auto-approve -parallelism=1
	[ "$(sim_stats .faults_applied)" = 24 ]
	[ "$(posts)" = $((12 + 2 * 12)) ]
	agree 24
	settles 24
}

@test "409 and other refusals by the API: that store fails, and is not sent again" {
	start_logged
	manifest_of 4
	sim_faults '[{"method":"POST","nth":1,"status":409,"code":1001,"message":"store_exists"},
		{"method":"POST","nth":2,"status":412,"code":1001,"message":"no_match"},
		{"method":"POST","nth":3,"status":422,"code":1001,"message":"not_so"}]'
	prov apply -auto-approve -parallelism=1
	[ "$status" = 1 ]
	err_has 'default/s0001: failed: store_exists (HTTP 409, code 1001' \
		'default/s0002: failed: no_match (HTTP 412' 'default/s0003: failed: not_so (HTTP 422' \
		'1 added' '3 failed'
	[ "$(posts)" = 4 ]
	agree 1
	settles 4
}

@test "fault A2: an answer of success without a usable store is looked for, not sent again" {
	local body
	for body in '' '<html>' '{"success":true,"result":' \
		'{"success":true,"errors":[],"messages":[],"result":null}' \
		'{"success":true,"result":"x"}' '{"success":true,"result":7}' '{"success":true}' \
		'{"success":true,"result":[]}' '{"success":true,"result":{}}' \
		'{"success":true,"result":{"name":"s0001"}}' \
		'{"success":true,"result":{"name":"s0001","id":7}}' \
		'{"success":true,"result":{"name":"s0001","id":null}}' \
		'{"success":true,"result":{"name":"s0001","id":""}}' \
		'{"success":true,"result":{"name":"s0001","id":"a/../b"}}' \
		'{"success":true,"result":{"name":"s0001","id":"/../x"}}' \
		'{"success":true,"result":{"name":"s0001","id":"a\r\nX: y"}}' \
		'{"success":true,"result":{"name":"another","id":"0123456789abcdef0123456789abcdef"}}' \
		'{"success":true,"result":{"id":"0123456789abcdef0123456789abcdef"}}' \
		'{"success":true,"success":false,"result":{"name":"s0001","id":"aa"}}'; do
		start_logged
		manifest_of 1
		sim_faults "$(jq -n --arg text "$body" \
			'{method: "POST", nth: 1, kind: "raw_body", text: $text}')"
		bad apply -auto-approve
		echo "with $body" >&2
		[ "$(sim_stats .faults_applied)" = 1 ]
		err_has 'accepted the request'
		[ "$(posts)" = 1 ]
		good apply -auto-approve
		[ "$(posts)" = 2 ]
		agree 1
		harmless out err "$state"
		stop_sim
		rm -f "$state"
	done
}

@test "no answer, with the work done: found after the time that one request may take" {
	start_logged
	manifest_of 4
	sim_faults '{"method":"POST","nth":2,"kind":"no_answer"}'
	CFPROV_REQUEST_TIMEOUT=1 good apply -auto-approve
	sent_once
	agree 4
}

@test "slow answers are waited for, and an answer that drips is cut off" {
	start_logged
	manifest_of 3
	sim_faults '[{"method":"POST","nth":1,"kind":"delay","ms":300},
		{"method":"POST","nth":2,"kind":"slow_drip","ms":400}]'
	CFPROV_REQUEST_TIMEOUT=1 good apply -auto-approve
	sent_once
	agree 3
}

@test "never an answer to a POST: the outcome is found out each time" {
	start_logged
	manifest_of 6
	sim_faults '{"method":"POST","kind":"no_answer"}'
	CFPROV_REQUEST_TIMEOUT=1 good apply -auto-approve
	sent_once
	agree 6
}

@test "the way to the server is cut in mid-run: what is known is said, and nothing is made twice" {
	start_logged
	manifest_of 20
	later python3 "$top/tests/cli/vanishing.py" "${sim_root##*:}" 6
	has_way() { [ -s way ]; }
	wait_until has_way
	CFPROV_REQUEST_TIMEOUT=1 CLOUDFLARE_BASE_URL=http://127.0.0.1:$(<way)/client/v4 \
		bad apply -auto-approve -parallelism=4
	err_has 'it is unknown whether it was created: ' 'Connection timed out' \
		'Completed changes are saved in the state.'
	tidy
	# One at least had arrived, and its answer was lost.
	[ "$(posts)" = 6 ]
	(($(grep -c ': created (id ' err) < 6))
	good apply -auto-approve
	sent_once
	agree 20
}

@test "always 500, work done or not: bounded, exit 1 or found, nothing twice" {
	start_logged
	manifest_of 8
	sim_faults '{"method":"POST","kind":"status_after","status":500}'
	good apply -auto-approve
	sent_once
	agree 8
	control DELETE faults
	sim_faults '{"method":"POST","kind":"status","status":500}'
	manifest_of 10
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has default/s0009 default/s0010 'HTTP 500' '2 failed'
	(($(posts) <= 8 + 2 * 3))
	agree 8
	settles 10
}

@test "the outcome can't be found out: unknown, and the next apply finds it without a question" {
	start_logged
	manifest_of 3
	sim_faults '[{"method":"POST","nth":2,"kind":"reset_after"},
		{"method":"GET","after":1,"status":500}]'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has 'unknown whether it was created' 'apply` again' '2 added' '1 failed'
	[ "$(live | wc -l)" = 3 ]
	good show
	out_has 'unknown after an interrupted apply'
	control DELETE faults
	good apply -input=false -auto-approve
	err_has 'found (id ' '), created by an interrupted apply'
	[ "$(posts)" = 3 ]
	agree 3
	[ "$(jq -r '.accounts.acc_1.stores[].origin' "$state" | sort -u)" = created ]
	settles 3
}

@test "an upstream that resets every other connection: everything once" {
	start_logged
	manifest_of 40
	sim_faults "[$(seq 1 2 79 | sed 's/.*/{"method":"POST","kind":"reset_after","nth":&}/' |
		paste -sd,)]"
	good apply -auto-approve -parallelism=8
	sent_once
	agree 40
}

# ---- too many requests ----------------------------------------------------------------------

@test "429 with each kind of Retry-After, and without" {
	local after body
	for after in '"1"' '"-1"' '"junk"' '""' '"Fri, 31 Dec 1999 23:59:59 GMT"' \
		'"1 second"' null; do
		for body in json empty; do
			start_logged
			manifest_of 2
			sim_faults "$(jq -n --argjson after "$after" --arg body "$body" '{method: "POST",
				nth: 1, status: 429, body: $body} + if $after then {retry_after: $after} else {} end')"
			good apply -auto-approve
			err_has 'Rate limited (HTTP 429); retrying in'
			[ "$(posts)" = 3 ]
			# A 429 may come after the work (fault A29): one look before it goes out again.
			[ "$(gets)" = 2 ]
			agree 2
			stop_sim
			rm -f "$state"
		done
	done
}

@test "429 with an HTTP date that lies ahead is waited for" {
	start_logged
	manifest_of 1
	sim_faults "{\"method\":\"POST\",\"nth\":1,\"status\":429,
		\"retry_after\":\"$(LC_ALL=C date -u -d '+3 seconds' '+%a, %d %b %Y %H:%M:%S GMT')\"}"
	good apply -auto-approve
	err_has 'Rate limited (HTTP 429); retrying in'
	err_lacks 'Slowing down'
	agree 1
	# The second POST came when the date was reached.
	jq -se 'map(select(.method == "POST") | .time[0:19] + "Z" | fromdate) | .[1] - .[0] >= 1' \
		"$sim_log"
}

@test "429 that asks for more than anyone waits: given up, said, nothing lost" {
	start_logged
	manifest_of 4
	sim_faults '{"method":"POST","after":2,"status":429,"retry_after":"99999999"}'
	prov apply -auto-approve -parallelism=1
	[ "$status" = 1 ]
	err_has 'HTTP 429' '2 added' 'the server asks to wait 27777h47m'
	[ "$(posts)" = 3 ]
	# Of the third nobody knows; the fourth was not sent.
	[ "$(recorded | grep -cv null)" = 2 ]
	settles 4
}

@test "429 for a list" {
	start_logged
	manifest_of 2
	sim_faults '{"method":"GET","nth":1,"status":429,"retry_after":"1"}'
	good apply -auto-approve
	[ "$(gets)" = 2 ]
	agree 2
}

# spend: somebody else spends the budget of the same token, too.
spend()
{
	while sleep 0.1; do
		curl -sS -o curl.out -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" "$sim_url/accounts"
	done
}

@test "many short waits are said as a long one is, once" {
	start_logged --rate-limit 40/4
	manifest_of 45
	spend 3>&- &
	good apply -auto-approve
	kill %%
	[ "$(grep -c 'Slowing down' err)" = 1 ]
	agree 45
}

@test "a budget is kept: no answer is 429, and each request is sent once" {
	start_logged --rate-limit 100/2
	manifest_of 150
	good apply -auto-approve
	[ "$(requests '.status == 429')" = 0 ]
	[ "$(gets) $(posts)" = '1 150' ]
	agree 150
}
