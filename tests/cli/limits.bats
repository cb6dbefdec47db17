#!/usr/bin/env bats
# Rate limits, waits, and answers that leave it open what was done.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

empty='{"success":true,"errors":[],"messages":[],"result":[]}'

# says HEADERS: the first list comes with these headers, a JSON object, beside the simulator's own.
says()
{
	sim_faults "$(jq -n --argjson headers "$1" --arg text "$empty" \
		'{method: "GET", nth: 1, kind: "raw_body", text: $text, headers: $headers}')"
}

# ---- what a server says of its limits -------------------------------------------------------

# No wait is allowed here, so that a wait shows as an error.
@test "fault A9: every item of every Ratelimit line counts" {
	local item many
	many=$(printf '"burst-%d";r=90;t=1, ' {1..400}) # 9 kB
	for item in '"burst";r=90;t=1, "tight";r=0;t=200' '"tight";r=0;t=200, "burst";r=90;t=1' \
		'"tight";r=0;t=200' "$many\"tight\";r=0;t=200" 'broken(;, "tight";r=0;t=200'; do
		start_logged
		manifest_of 2
		# The simulator's own line says that there is plenty.
		says "$(jq -n --arg item "$item" '{Ratelimit: $item}')"
		bad apply -auto-approve -max-wait=1m
		err_has 'the next request has to wait 3m20s, longer than -max-wait allows (1m)' \
			'Run the same command again in 3m20s'
		[ "$(posts)" = 0 ]
		stop_sim
	done
	start_logged
	says '{"Ratelimit": "\"burst\";r=90;t=1, \"bytes\";r=0;t=200;qu=\"content-bytes\""}'
	good apply -auto-approve -max-wait=0
	agree 2
}

@test "a run that needs more requests than the limit allows says how long it takes" {
	start_logged
	manifest_of 20
	says '{"Ratelimit-Policy": "\"burst\";q=5;w=60"}'
	bad apply -auto-approve -max-wait=1s
	err_has 'This run needs about 20 requests. The rate limit allows 5 in 1m, so it takes about 3m.'
	err_has 'longer than -max-wait allows (1s)' 'Run the same command again'
	# It resumes.
	good apply -auto-approve
	err_lacks 'This run needs'
	agree 20
}

@test "reading more stores than the limit allows says how long it takes" {
	start_logged
	printf 'account_id: %s\nstores:\n' "$acc" >cfprov.yaml
	printf -- '- {name: s%s, secrets: [{name: A, value: {env: V}}]}\n' {1..20} >>cfprov.yaml
	export V=value CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	good apply -auto-approve
	# The list of the stores, as it is, with a word about limits.
	sim_faults '{"method":"GET","nth":1,"kind":"envelope",
		"headers":{"Ratelimit-Policy":"\"burst\";q=5;w=60"}}'
	bad plan -max-wait=0
	err_has 'Reading needs about 20 requests. The rate limit allows 5 in 1m, so it takes about 3m.'
	control DELETE faults
	good plan
	err_lacks 'needs about'
}

# ---- Retry-After ----------------------------------------------------------------------------

@test "fault A15: a wait longer than -max-wait ends the run, which can be resumed" {
	local after
	for after in 301 "$(LC_ALL=C date -u -d '+1 hour' '+%a, %d %b %Y %H:%M:%S GMT')"; do
		start_logged
		manifest_of 30
		sim_faults "{\"method\":\"POST\",\"after\":3,\"status\":429,\"retry_after\":\"$after\"}"
		bad apply -auto-approve -max-wait=5m -parallelism=1
		err_has 'HTTP 429' 'the server asks to wait ' 'longer than -max-wait allows (5m)' \
			'Run the same command again in '
		[[ $after != 301 ]] || err_has 'asks to wait 5m1s,'
		# One request was told so; no other one went out.
		[ "$(posts)" = 4 ]
		control DELETE faults
		good apply -auto-approve
		agree 30
		stop_sim
		rm -f "$state"
	done
}

@test "fault A15: the longest wait is 15 minutes, or as CFPROV_MAX_WAIT says" {
	start_logged
	manifest_of 1
	sim_faults '{"status":429,"retry_after":"901"}'
	bad plan
	err_has 'asks to wait 15m1s, longer than -max-wait allows (15m)'
	CFPROV_MAX_WAIT=2s bad plan
	err_has 'asks to wait 15m1s, longer than -max-wait allows (2s)'
	CFPROV_MAX_WAIT=2s bad plan -max-wait=3s
	err_has 'longer than -max-wait allows (3s)'
	CFPROV_MAX_WAIT=soon bad plan
	err_has CFPROV_MAX_WAIT 'a duration such as 30s or 5m'
	bad plan -max-wait=soon
	err_has '-max-wait'
	# Without a word of the server it is cfprov that would wait.
	control DELETE faults
	sim_faults '{"status":429}'
	bad plan -max-wait=0
	err_has 'HTTP 429' 'the next attempt is due in 1' 'longer than -max-wait allows (0s)'
	err_lacks 'the server asks'
}

@test "fault D3: a date in Retry-After, or seconds, that are millions of years away" {
	local after
	for after in 'Sat, 2 Oct 999999919' 99999999999999999999; do
		start_logged
		manifest_of 1
		sim_faults "{\"status\":429,\"retry_after\":\"$after\"}"
		bad plan
		err_has 'HTTP 429' 'the server asks to wait ' 'longer than -max-wait allows (15m)'
		stop_sim
	done
}

@test "fault A15: of several times to wait, the longest counts" {
	start_logged
	manifest_of 1
	sim_faults '{"status":429,"headers":{"Retry-After":["1801","1"]}}'
	bad plan
	err_has 'the server asks to wait 30m1s,'
	control DELETE faults
	sim_faults '{"status":429,"body":"problem","code":1015,"headers":{"Retry-After":"1801"}}'
	bad plan
	err_has 'the server asks to wait 30m1s,'
	control DELETE faults
	sim_faults '{"kind":"raw_body","status":429,"headers":{"Retry-After":"1"},
		"text":"{\"title\":\"t\",\"error_code\":1015,\"retry_after\":1801}"}'
	bad plan
	err_has 'the server asks to wait 30m1s,'
}

@test "fault A15: a wait is said once in a pipe, and counted down on a terminal" {
	start_logged
	manifest_of 1
	sim_faults '{"method":"GET","nth":1,"status":429,"retry_after":"2"}'
	good apply -auto-approve
	[ "$(grep -c '^Rate limited (HTTP 429); retrying in 2s$' err)" = 1 ]
	err_lacks 'next request in'
	control DELETE faults
	sim_faults '{"method":"GET","nth":1,"status":429,"retry_after":"3"}'
	screen --wait 'next request in 2s' --send '' -- plan
	[ "$status" = 0 ]
	# It is gone in the end.
	run ! screen_has 'next request in'
}

@test "accounts that share a token share its limit, wherever the token comes from" {
	start_logged
	cat >cfprov.yaml <<-end
		accounts:
		  one: {account_id: acc_1, api_token: {env: TOKEN_one}}
		  two: {account_id: acc_two, api_token: {env: TOKEN_two}}
		stores: [a]
	end
	export TOKEN_one=$CLOUDFLARE_API_TOKEN TOKEN_two=$CLOUDFLARE_API_TOKEN
	sim_faults '{"account":"acc_1","status":429,"retry_after":"600"}'
	bad plan -max-wait=1m -parallelism=1
	[ "$(grep -c 'asks to wait 10m' err)" -ge 1 ]
	[ "$(requests)" = 1 ]
}

# ---- answers that leave it open -------------------------------------------------------------

@test "fault A29: what is not the API's own word does not say that nothing was done" {
	local fault
	for fault in '"status":404,"body":"html"' '"status":400,"body":"html"' \
		'"status":403,"body":"html"' '"status":425' '"status":408' '"status":409,"body":"empty"' \
		'"status":302,"body":"empty"' '"status":500' '"status":501' '"status":429,"retry_after":"0"'; do
		start_logged
		manifest_of 1
		# The work is done, and something in between answers in the API's place.
		sim_faults "{\"kind\":\"status_after\",\"method\":\"POST\",\"nth\":1,$fault}"
		prov apply -auto-approve
		echo "with $fault" >&2
		[ "$(posts)" = 1 ]
		settles 1
		stop_sim
		rm -f "$state"
	done
}

# settles N: another apply at the latest brings it to N, and no store is there twice.
settles()
{
	control DELETE faults
	good apply -auto-approve
	agree "$1"
	[ "$(live | cut -d' ' -f1 | sort | uniq -d)" = '' ]
}

@test "fault A29: the API's own word needs no look" {
	start_logged
	manifest_of 1
	sim_faults '{"method":"POST","status":400,"code":1001,"message":"no such luck"}'
	bad apply -auto-approve
	err_has 'no such luck'
	[ "$(posts)" = 1 ]
	[ "$(gets)" = 1 ]
	tidy
}

# ---- GOAWAY ---------------------------------------------------------------------------------

@test "fault A18: a server that ends each connection after any number of requests" {
	have openssl
	have node
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test \
		-days 1 -addext subjectAltName=IP:127.0.0.1 2>/dev/null
	export SSL_CERT_FILE=$PWD/cert.pem CLOUDFLARE_API_TOKEN=some-token
	export CFPROV_LOG=trace CFPROV_LOG_PATH=$PWD/log
	manifest_of 40
	port_said() { [[ -s port ]]; }
	local limit
	for limit in 1 2 3 7 10 39; do
		rm -f port made log "$state"
		later node "$top/tests/cli/goaway.mjs" "$limit"
		wait_until port_said
		CLOUDFLARE_BASE_URL=https://127.0.0.1:$(<port) good apply -auto-approve
		echo "with $limit" >&2
		[ "$(wc -l <made)" = 40 ]
		[ "$(sort made | uniq -d)" = '' ]
		# What a GOAWAY refused was surely not done: nobody had to look for it.
		[ "$(grep -c 'GET .*sending' log)" = 1 ]
		err_lacks 'retrying in'
		kill -TERM "$later_pid"
		wait_later
	done
}
