#!/usr/bin/env bats
# Lists and messages that are not as they should be: no plan on wrong grounds, nothing obeyed.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	acc=$account
}
teardown() { stop_all; }

# ---- listing --------------------------------------------------------------------------------

@test "a list that fails once is asked for again" {
	local fault
	for fault in '"status":500' '"status":502,"body":"html"' '"status":503,"retry_after":"1"' \
		'"status":504,"body":"empty"' '"status":520' '"status":522,"body":"html"' \
		'"kind":"reset_before"' '"kind":"reset_after"' '"kind":"close_after"' '"kind":"garbage"' \
		'"kind":"cut_short"' '"kind":"too_long"' '"kind":"truncated_json"' '"kind":"html"' \
		'"kind":"gzip"' '"kind":"raw_body","text":""'; do
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
		err_has 'HTTP 200' 'unexpected response'
	done
}

@test "total_pages and total_count that lie" {
	seed_of 150
	start_logged --seed seed.json
	manifest_of 150
	# The first page, as the simulator gives it, with other totals.
	api GET '/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
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
	api GET '/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
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
	api GET '/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores?page=2&per_page=100&order=created&direction=asc'
	local second
	second=$(<"$answer")
	api GET '/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores?page=1&per_page=100&order=created&direction=asc'
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

@test "a gzip bomb is not unpacked" {
	start_logged
	manifest_of 1
	head -c 200M /dev/zero | gzip >bomb
	sim_faults "$(jq -n --arg file "$PWD/bomb" \
		'{kind: "raw_body", file: $file, headers: {"Content-Encoding": "gzip"}}')"
	(
		# KB: without room for it. A sanitizer needs terabytes.
		nm -u "$cfprov" | grep -q __asan_init || ulimit -v 100000
		bad apply -auto-approve
	)
	errors=$(<err)
	err_has 'account `default`' 'unexpected response' 'HTTP 200'
	(($(wc -c <err) < 5000))
	harmless err
	tidy
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

# ---- what is said besides -------------------------------------------------------------------

# with_body STATUS BODY [MEMBERS]: requests are answered so from now on; MEMBERS of the fault: its
# method, headers and the like, as JSON.
with_body()
{
	control DELETE faults >/dev/null
	sim_faults "$(jq -n --argjson status "$1" --arg text "$2" --argjson more "${3-"{}"}" \
		'{kind: "raw_body", status: $status, text: $text} + $more')"
}

# with_list MEMBERS: the lists of stores are empty, and their answers have these members, too.
with_list()
{
	with_body 200 "$(jq -nc "{success: true, errors: [], result: []} + $1")" '{"method":"GET"}'
}

@test "fault A8: what Cloudflare says beside its answers is a warning, once a run" {
	start_logged
	printf '%s\n' 'accounts:' '  a: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}' '  b: {account_id: a85e105f4ecef8ad9ca31a8372d0c354}' \
		'  c: {account_id: a85e105f4ecef8ad9ca31a8372d0c355}' 'stores: [s]' >cfprov.yaml
	with_list '{messages: ["v4 ends soon", {code: 10000, message: "try \u001b[31mv5",
		documentation_url: "https://example.com/v5", source: {pointer: "/x"}}, 7, null, {}]}'
	good plan
	err_has 'Warning: Cloudflare says: v4 ends soon' \
		'Warning: Cloudflare says: try \x1b[31mv5 (code 10000)' \
		'The problem is `/x` in the request. See https://example.com/v5'
	[ "$(grep -c 'Cloudflare says' err)" = 2 ]
	harmless err
	good plan -json
	err_is ''
	jq -se 'map(select(.type == "diagnostic").diagnostic) | length == 2 and
		all(.severity == "warning") and .[1].summary == "Cloudflare says: try \\x1b[31mv5 (code 10000)"
		and (.[1].detail | endswith("See https://example.com/v5"))' out
}

@test "fault A8: errors beside a success are told, and the answer counts" {
	start_logged
	manifest s
	with_list '{errors: [{code: 1234, message: "one shard did not answer"}]}'
	good plan
	out_has 'Plan: 1 to add'
	err_has 'Warning: Cloudflare reported an error although the request succeeded: one shard did not answer (code 1234)'
}

@test "fault A8: a token in a message is not shown" {
	start_logged
	manifest s
	with_list "{messages: [\"your token $CLOUDFLARE_API_TOKEN ends soon\"]}"
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt good plan
	err_has 'Cloudflare says: your token (sensitive value) ends soon'
	run ! grep -qF "$CLOUDFLARE_API_TOKEN" log.txt
}

@test "fault A8: messages of any shape, and any number, harm nothing" {
	start_logged
	manifest s
	local members
	for members in '{messages: 7}' '{messages: {message: "x"}}' '{messages: [[["x"]]]}' \
		'{messages: [{message: {}}], errors: [7, {code: "x"}]}' '{messages: "x", errors: {}}' \
		'{messages: [{code: 1e300, documentation_url: [], source: 7, error_chain: 7}]}'; do
		with_list "$members"
		good plan
		out_has 'Plan: 1 to add'
		err_is ''
	done
	with_list '{messages: [range(5000) | tostring]}'
	good plan
	[ "$(grep -c 'Cloudflare says' err)" = 20 ]
}

@test "fault A8: an error says what it is about, where to read more, its chain, and all the others" {
	start_logged
	manifest s
	with_body 400 '{"success":false,"errors":[{"code":1001,"message":"bad name",
		"documentation_url":"https://example.com/names","source":{"pointer":"/name"}},
		{"code":1002,"message":"bad day"}],"messages":["mind the gap"]}' '{"method":"POST"}'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has 'default/s: failed: bad name; bad day (HTTP 400, code 1001, code 1002' \
		'The problem is `/name` in the request. See https://example.com/names' \
		'Warning: Cloudflare says: mind the gap'
	with_body 400 '{"success":false,"errors":[{"code":6003,"message":"Invalid request headers",
		"error_chain":[{"code":6111,"message":"Invalid format for Authorization header"}]}]}'
	bad plan
	err_has 'Invalid request headers: Invalid format for Authorization header (HTTP 400, code 6003, code 6111' \
		'The token is malformed'
}

# ---- the edge -------------------------------------------------------------------------------

@test "fault A10: errors of Cloudflare's edge say title, detail, code and ray" {
	start_logged
	manifest s
	local body='{"type":"https://developers.cloudflare.com/support/1015/","title":"Error 1015: You are being rate limited",
		"status":429,"detail":"The owner has limited you.","error_code":1015,"error_name":"rate_limited",
		"ray_id":"9a8b7c","retryable":true,"retry_after":1}'
	with_body 429 "$body" '{"method":"GET","times":1,"content_type":"application/problem+json"}'
	CFPROV_LOG=debug CFPROV_LOG_PATH=log good plan
	err_has 'Rate limited (HTTP 429); retrying in 1s'
	grep -qF 'Error 1015: You are being rate limited: The owner has limited you (HTTP 429, error 1015 rate_limited, cf-ray ' log
	with_body 403 '{"type":"about:blank","title":"Access denied","detail":"By a rule.","error_code":1020,"retryable":false}'
	bad plan
	err_has 'Access denied: By a rule (HTTP 403, error 1020' 'The token is not the cause'
	err_lacks permission 'Check that the token' 'unexpected response'
}

@test "fault A16: pages of the firewall are named, and no token is blamed" {
	start_logged
	manifest s
	local page
	for page in '<html><title>Just a moment...</title>' '<h1>Sorry, you have been blocked</h1>' \
		'error code: 1020' '<title>Access denied | x used Cloudflare to restrict access</title>'; do
		with_body 403 "$page"
		bad plan
		echo "with $page" >&2
		err_has "Cloudflare's firewall" 'The token is not the cause' 'HTTP 403' cf-ray
		err_lacks 'Check that the token' '<'
		prov doctor
		[ "$status" = 1 ]
		out_has "fail  default: can't check the token and Secrets Store: Cloudflare's firewall"
		[ "$(grep -c ^fail out)" = 1 ]
		[[ $output != *permission* && $output != *expired* && $output != *written* ]]
	done
	with_body 403 '' '{"headers":{"cf-mitigated":"challenge"}}'
	bad plan
	err_has 'a browser challenge' 'The token is not the cause'
}

@test "fault A16: an address that the token's filter does not allow; any other 9109 is the token" {
	start_logged
	manifest s
	with_body 403 '{"success":false,"errors":[{"code":9109,
		"message":"Cannot use the access token from location: 203.0.113.7"}]}'
	bad plan
	err_has 'not allowed from this IP address: Cannot use the access token from location: 203.0.113.7 (HTTP 403, code 9109' \
		'IP address filter'
	err_lacks permission
	prov doctor
	out_has "the token could not be verified: not allowed from this IP address" 'IP address filter'
	[[ $output != *permission* ]]
	with_body 403 '{"success":false,"errors":[{"code":9109,"message":"Invalid access token"}]}'
	bad plan
	err_has 'Invalid access token (HTTP 403, code 9109' 'correct, active and not expired'
}

# ---- a success that does not say so ---------------------------------------------------------

@test "fault A12: a success without its member success is looked up, and sent once" {
	local body
	for body in '{"result":{"id":"0123456789abcdef0123456789abcdef","name":"s"},"errors":[],"messages":[]}' \
		'{"success":null,"errors":[],"result":null}' '{"errors":[{"code":7,"message":"odd"}]}' \
		'<html>' '{"success":true,"res' ''; do
		start_logged
		manifest s
		sim_faults "$(jq -n --arg text "$body" \
			'{method: "POST", kind: "raw_body_after", status: 200, text: $text}')"
		good apply -auto-approve
		echo "with $body" >&2
		[ "$(posts)" = 1 ]
		agree 1
		stop_sim
		rm -f "$state"*
	done
}

# ---- the first failure that everybody meets -------------------------------------------------

@test "fault A11: an account that may hold one store: plan, apply and doctor name it, and it can be adopted" {
	start_logged --max-stores 1
	api POST /accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores '{"name":"default_secrets_store"}'
	local id line='stores: [{name: default_secrets_store, adopt: true}]'
	id=$(answer_get .result.id)
	manifest fresh
	good plan
	err_has 'Warning: creating default/fresh may fail:' "default_secrets_store (id $id)" "$line"
	good plan -json
	jq -se --arg line "$line" 'map(select(.type == "diagnostic").diagnostic) |
		length == 1 and .[0].severity == "warning" and (.[0].detail | endswith($line))' out
	bad apply -auto-approve
	err_has 'default/fresh: failed: the account already has the maximum number of stores: maximum_stores_exceeded (HTTP 400, code 1003' \
		"The account has default_secrets_store (id $id). To adopt it: $line"
	prov doctor
	[ "$status" = 0 ]
	out_has 'warn  default: fresh in the manifest does not exist, but another store does: default_secrets_store' "$line"
	# The line does what it promises.
	printf '%s\n' 'account_id: a85e105f4ecef8ad9ca31a8372d0c353' "$line" >cfprov.yaml
	good apply -auto-approve
	out_has '1 imported, 0 added'
	prov doctor
	[[ $output != *'another store'* ]]
	good plan
	err_is ''
	# A store that is managed already needs no adopting.
	manifest default_secrets_store fresh
	good plan
	err_lacks 'may fail'
	bad apply -auto-approve
	err_has maximum_stores_exceeded "The account has default_secrets_store (id $id)."
	err_lacks 'to adopt it:'
}
