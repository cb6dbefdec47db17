#!/usr/bin/env bats
# The simulator's faults: which requests they mean, and what happens to them.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

# post NAME: asks for a store.
post()
{
	api POST "$account/stores" "{\"name\":\"$1\"}"
}

# made: the names of the stores that there are.
made()
{
	sim_world '[.accounts[0].stores[].name] | join(" ")'
}

# statuses METHOD PATH COUNT: what so many requests get.
statuses()
{
	local all=() i
	for ((i = 0; i < $3; i++)); do
		api "$1" "$2" "${4-}"
		all+=("$http")
	done
	echo "${all[*]}"
}

# twice PATH BODY: the same POST twice over one connection; prints both statuses.
twice()
{
	curl -sS --max-time 60 -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -d "$2" \
		-o /dev/null -w '%{http_code} ' "$sim_url$1" \
		-o /dev/null -w '%{http_code} ' "$sim_url$1"
}

# ---- which requests -------------------------------------------------------------------------

@test "all, by default" {
	start_sim
	sim_faults '[{"kind":"status","status":503}]'
	[ "$(statuses GET "$account/stores" 3)" = "503 503 503" ]
	[ "$(sim_stats '.faults[0] | "\(.kind) \(.seen) \(.applied)"')" = "status 3 3" ]
	[ "$(sim_stats .faults_applied)" = 3 ]
}

@test "a status alone needs no kind, an object no array" {
	start_sim
	sim_faults '{"status":502,"times":1}'
	[ "$(statuses GET "$account/stores" 2)" = "502 200" ]
}

@test "by method" {
	start_sim
	sim_faults '{"method":"POST","status":500}'
	[ "$(statuses GET "$account/stores" 2)" = "200 200" ]
	post x
	fails 500 1000 'Internal Server Error'
	[ "$(sim_stats '.faults[0].seen')" = 1 ]
}

@test "by path: a prefix" {
	start_sim
	sim_faults '{"path":"/accounts/acc_1/secrets_store/stores","status":500}'
	[ "$(statuses GET "$account/stores?page=1" 1)" = 500 ]
	[ "$(statuses GET "$account/stores/x" 1)" = 500 ]
	[ "$(statuses GET "$account/quota" 1)" = 200 ]
}

@test "by path: a glob, with or without the base" {
	start_sim
	local pattern
	for pattern in '/accounts/*/stores' '/client/v4/accounts/acc_?/secrets_store/stores'; do
		sim_faults "{\"path\":\"$pattern\",\"status\":500}"
		[ "$(statuses GET "$account/stores?page=1" 1)" = 500 ]
		[ "$(statuses GET "$account/stores/x" 1)" = 404 ]
		control DELETE faults
	done
}

@test "by account" {
	start_sim
	sim_faults '{"account":"acc_2","status":500}'
	[ "$(statuses GET "$account/stores" 1)" = 200 ]
	[ "$(statuses GET /accounts/acc_2/secrets_store/quota 1)" = 500 ]
	[ "$(statuses GET /user/tokens/verify 1)" = 200 ]
}

@test "the Nth only, from the Nth on, the first N, some in the middle" {
	start_sim
	sim_faults '{"status":500,"nth":3}'
	[ "$(statuses GET "$account/stores" 5)" = "200 200 500 200 200" ]
	control DELETE faults
	sim_faults '{"status":500,"after":2}'
	[ "$(statuses GET "$account/stores" 4)" = "200 200 500 500" ]
	control DELETE faults
	sim_faults '{"status":500,"times":2}'
	[ "$(statuses GET "$account/stores" 4)" = "500 500 200 200" ]
	control DELETE faults
	sim_faults '{"status":500,"after":1,"times":2}'
	[ "$(statuses GET "$account/stores" 5)" = "200 500 500 200 200" ]
}

@test "the first that applies wins; each counts for itself" {
	start_sim
	sim_faults '[{"status":500,"nth":2},{"status":503,"nth":2},{"status":504,"after":2}]'
	[ "$(statuses GET "$account/stores" 4)" = "200 500 504 504" ]
	[ "$(sim_stats '[.faults[] | "\(.seen)/\(.applied)"] | join(" ")')" = "4/1 4/0 4/2" ]
}

@test "only requests that reuse a connection" {
	start_sim
	sim_faults '{"status":500,"reused":true}'
	[ "$(twice "$account/stores" '{"name":"x"}')" = "200 500 " ]
	[ "$(twice "$account/stores" '{"name":"x"}')" = "200 500 " ]
}

@test "faults are taken back, and what happened stays counted" {
	start_sim
	sim_faults '{"status":500}'
	[ "$(statuses GET "$account/stores" 2)" = "500 500" ]
	control DELETE faults
	[ "$(statuses GET "$account/stores" 2)" = "200 200" ]
	[ "$(sim_stats '"\(.faults | length) \(.faults_applied)"')" = "0 2" ]
}

@test "faults from a file" {
	echo '[{"status":520,"nth":1}]' >"$BATS_TEST_TMPDIR/faults"
	start_sim --faults "$BATS_TEST_TMPDIR/faults"
	[ "$(statuses GET "$account/stores" 2)" = "520 200" ]
}

@test "faults that are wrong are refused, all of them" {
	start_sim
	local text
	for text in '' '1' '[1]' '{}' '{"kind":"flood"}' '{"status":99}' '{"status":"500"}' \
		'{"status":500,"nth":-1}' '{"status":500,"body":"xml"}' '{"status":500,"verb":"GET"}' \
		'{"kind":"redirect"}' '{"kind":"delay"}' '{"kind":"raw_body","headers":{"X":1}}' \
		'{"kind":"raw_body","file":"/nowhere/x"}' '[{"status":500},{"kind":"flood"}]'; do
		run control POST faults "$text"
		[ "$status" -eq 22 ]
		[[ $output == *'"ok":false'* ]]
	done
	[ "$(sim_stats '.faults | length')" = 0 ]
	echo '{"kind":"flood"}' >"$BATS_TEST_TMPDIR/faults"
	run --separate-stderr timeout 20 "$cfsim" --faults "$BATS_TEST_TMPDIR/faults"
	[ "$status" -eq 1 ]
	[[ $stderr == *kind* ]]
}

@test "the control routes meet no fault" {
	start_sim
	sim_faults '{"kind":"reset_before"}'
	[ "$(sim_stats .requests)" = 0 ]
	run control GET nothing
	[ "$status" -eq 22 ]
}

# ---- what happens ---------------------------------------------------------------------------

@test "status: the work is not done" {
	start_sim
	sim_faults '{"status":429,"code":971,"message":"Please wait","retry_after":"3","times":1}'
	post x
	fails 429 971 'Please wait'
	[ "$(header retry-after)" = 3 ]
	[[ $(header cf-ray) =~ -SIM$ ]]
	[ "$(sim_stats '.accounts | length')" = 0 ]
}

@test "status with an HTML, an empty and a null body" {
	start_sim
	sim_faults '[{"status":503,"body":"html","nth":1},{"status":504,"body":"empty","nth":2},
		{"status":429,"body":"null","retry_after":"Wed, 21 Oct 2026 07:28:00 GMT","nth":3}]'
	api GET "$account/stores"
	[ "$http" = 503 ]
	[[ $(header content-type) == text/html* ]]
	grep -q '<html>' "$answer"
	api GET "$account/stores"
	[ "$http" = 504 ]
	[ ! -s "$answer" ]
	api GET "$account/stores"
	[ "$http" = 429 ]
	[ "$(cat "$answer")" = null ]
	[ "$(header retry-after)" = "Wed, 21 Oct 2026 07:28:00 GMT" ]
}

@test "status_after: the work is done" {
	start_sim
	sim_faults '{"kind":"status_after","status":500,"times":1}'
	post x
	fails 500 1000 'Internal Server Error'
	[ "$(made)" = x ]
}

@test "raw_body: anything" {
	start_sim
	printf 'a\0b' >"$BATS_TEST_TMPDIR/bytes"
	sim_faults "[{\"kind\":\"raw_body\",\"nth\":1,\"text\":\"{\\\"result\\\":5}\"},
		{\"kind\":\"raw_body_after\",\"nth\":2,\"status\":201,\"text\":\"hi\",
			\"content_type\":\"text/plain\",\"headers\":{\"X-One\":\"1\",\"cf-mitigated\":\"challenge\"}},
		{\"kind\":\"raw_body\",\"nth\":3,\"file\":\"$BATS_TEST_TMPDIR/bytes\"}]"
	post x
	[ "$http $(cat "$answer")" = '200 {"result":5}' ]
	[ "$(header content-type)" = application/json ]
	post y
	[ "$http $(cat "$answer")" = '201 hi' ]
	[ "$(header content-type) $(header x-one) $(header cf-mitigated)" = 'text/plain 1 challenge' ]
	post z
	cmp "$answer" "$BATS_TEST_TMPDIR/bytes"
	[ "$(made)" = y ]
}

@test "html: the work is done, the answer is a page" {
	start_sim
	sim_faults '{"kind":"html"}'
	post x
	[ "$http" = 200 ]
	[[ $(header content-type) == text/html* ]]
	grep -q '<html>' "$answer"
	[ "$(made)" = x ]
}

@test "truncated_json: whole HTTP, half of the JSON" {
	start_sim
	sim_faults '{"kind":"truncated_json"}'
	post x
	[ "$http" = 200 ]
	[ "$(wc -c <"$answer")" = "$(header content-length)" ]
	run jq . "$answer"
	[ "$status" -ne 0 ]
	[ "$(made)" = x ]
}

@test "gzip" {
	start_sim
	sim_faults '{"kind":"gzip"}'
	post x
	[ "$(header content-encoding)" = gzip ]
	gzip -dc <"$answer" >"$answer.plain"
	jq -e '.result.name == "x"' "$answer.plain"
	api POST "$account/stores" '{"name":"y"}' --compressed
	answer_is '.result | is_store'
	jq -nc '{accounts: [{id: "acc_1", stores: [range(1000) | {name: "\("s" * 500)\(.)"}]}]}' \
		>"$BATS_TEST_TMPDIR/seed"
	stop_sim
	start_sim --seed "$BATS_TEST_TMPDIR/seed"
	sim_faults '{"kind":"gzip"}' # more than one block of 65,535 bytes
	api GET "$account/stores?per_page=100" '' --compressed
	answer_is '.result | length == 100'
	(($(wc -c <"$answer") > 65535))
	sim_faults '{"kind":"gzip"}'
}

@test "redirect" {
	start_sim
	local status
	for status in 301 302 307 308; do
		sim_faults "{\"kind\":\"redirect\",\"status\":$status,\"location\":\"file:///etc/passwd\"}"
		post x
		[ "$http" = "$status" ]
		[ "$(header location)" = file:///etc/passwd ]
		control DELETE faults
	done
	sim_faults '{"kind":"redirect","location":"http://127.0.0.2/"}'
	post x
	[ "$http" = 302 ]
	[ "$(sim_stats '.accounts | length')" = 0 ]
}

@test "the connection is reset: early, before the work, after it" {
	start_sim
	sim_faults '[{"kind":"reset_early","nth":1},{"kind":"reset_before","nth":2},
		{"kind":"reset_after","nth":3}]'
	api_breaks 56 POST "$account/stores" '{"name":"x"}'
	api_breaks 56 POST "$account/stores" '{"name":"y"}'
	[ "$(sim_stats '.accounts | length')" = 0 ]
	api_breaks 56 POST "$account/stores" '{"name":"z"}'
	[ "$(made)" = z ]
	[ "$(sim_stats .faults_applied)" = 3 ]
}

@test "the connection is closed: before the work, after it" {
	start_sim
	sim_faults '[{"kind":"close_before","nth":1},{"kind":"close_after","nth":2}]'
	api_breaks 52 POST "$account/stores" '{"name":"x"}'
	[ "$(sim_stats '.accounts | length')" = 0 ]
	api_breaks 52 POST "$account/stores" '{"name":"y"}'
	[ "$(made)" = y ]
}

@test "close_idle: a kept connection ends when it is used again" {
	start_sim
	sim_faults '{"kind":"close_idle","times":1}'
	# curl sends the second POST again, over a new connection.
	[ "$(twice "$account/stores" '{"name":"x"}')" = "200 200 " ]
	[ "$(made)" = "x x" ]
	[ "$(sim_stats '"\(.requests) \(.faults_applied)"')" = "3 1" ]
}

@test "close_idle_after: so a careless client makes a double" {
	start_sim
	sim_faults '{"kind":"close_idle_after","times":1}'
	[ "$(twice "$account/stores" '{"name":"x"}')" = "200 200 " ]
	[ "$(made)" = "x x x" ]
}

@test "cut_short: less than Content-Length says" {
	start_sim
	sim_faults '{"kind":"cut_short"}'
	api_breaks 18 POST "$account/stores" '{"name":"x"}'
	(($(wc -c <"$answer") < $(header content-length)))
	[ "$(made)" = x ]
}

@test "too_long: more than Content-Length says" {
	start_sim
	sim_faults '{"kind":"too_long"}'
	exec {raw}<>"/dev/tcp/127.0.0.1/${sim_root##*:}"
	printf 'GET /client/v4%s/stores HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer cfsim-token\r\n\r\n' \
		"$account" >&"$raw"
	cat <&"$raw" >"$BATS_TEST_TMPDIR/raw"
	exec {raw}>&-
	local length body
	length=$(sed -n 's/^Content-Length: \([0-9]*\)\r$/\1/p' "$BATS_TEST_TMPDIR/raw")
	[[ $length =~ ^[0-9]+$ ]] # there is one
	body=$(sed '1,/^\r$/d' "$BATS_TEST_TMPDIR/raw")
	jq -e .success <<<"$body"
	((${#body} > length))
	post x
	[ "$(made)" = x ]
}

@test "garbage: bytes that are no HTTP" {
	start_sim
	sim_faults '{"kind":"garbage"}'
	api_breaks 1 POST "$account/stores" '{"name":"x"}'
	[ "$(sim_stats '.accounts | length')" = 0 ]
}

stores_are_made() { [ "$(sim_stats '.accounts.acc_1.stores')" = "$1" ]; }

@test "no_answer: the work is done, others go on, and the end comes all the same" {
	start_sim
	sim_faults '{"kind":"no_answer","nth":1}'
	curl -sS -H "Authorization: Bearer cfsim-token" -d '{"name":"x"}' \
		"$sim_url$account/stores" >/dev/null 2>&1 3>&- &
	local waiting=$!
	wait_until stores_are_made 1
	post y
	[ "$(made)" = "x y" ]
	kill -0 "$waiting"
	stop_sim
	local status=0
	wait "$waiting" || status=$?
	[ "$status" -eq 52 ]
}

@test "no_answer for a time, then closed" {
	start_sim
	sim_faults '{"kind":"no_answer","ms":50,"nth":1}'
	api_breaks 52 POST "$account/stores" '{"name":"x"}'
	[ "$(made)" = x ]
}

has_no_connection_left()
{
	local pid=$1 sockets
	sockets=$(find "/proc/$pid/fd" -lname 'socket:*' | wc -l)
	[ "$sockets" -le 1 ]
}

@test "no_answer for a client that gave up keeps no connection" {
	start_sim
	sim_faults '{"kind":"no_answer"}'
	api_breaks 28 POST "$account/stores" '{"name":"x"}' --max-time 0.3
	wait_until has_no_connection_left "$sim_pid"
}

@test "slow_drip: all of it comes" {
	start_sim
	sim_faults '{"kind":"slow_drip","ms":1}'
	post x
	succeeds 200 '.result | is_store'
	[ "$(wc -c <"$answer")" = "$(header content-length)" ]
}

@test "slow_drip under way does not keep it from ending" {
	start_sim
	sim_faults '{"kind":"slow_drip","ms":600000}'
	curl -sS -H "Authorization: Bearer cfsim-token" -d '{"name":"x"}' \
		"$sim_url$account/stores" >/dev/null 2>&1 3>&- &
	local waiting=$!
	wait_until stores_are_made 1
	stop_sim
	wait "$waiting" || true
}

@test "delay, and --latency for all" {
	start_sim --latency 20
	post x
	succeeds 200 '.result | is_store'
	sim_faults '{"kind":"delay","ms":30}'
	post y
	succeeds 200 '.result | is_store'
	[ "$(twice "$account/stores" '{"name":"z"}')" = "200 200 " ]
	[ "$(made)" = "x y z z" ]
}

@test "many late answers at once" {
	start_sim --latency 50
	local i urls=()
	for ((i = 0; i < 50; i++)); do
		urls+=(-o /dev/null "$sim_url$account/stores")
	done
	curl -sS -Z --parallel-max 50 --parallel-immediate -H "Authorization: Bearer cfsim-token" \
		-d '{"name":"x"}' "${urls[@]}"
	stores_are_made 50
}

@test "faults over HTTPS" {
	local dir=$BATS_TEST_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=cfsim -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl"
	start_sim --tls-cert "$dir/cert.pem" --tls-key "$dir/key.pem"
	sim_ca=$dir/cert.pem
	sim_faults '[{"kind":"cut_short","nth":1},{"kind":"slow_drip","ms":1,"nth":2},
		{"kind":"close_after","nth":3},{"kind":"no_answer","ms":20,"nth":4},
		{"kind":"too_long","nth":5},{"kind":"garbage","nth":6}]'
	api_breaks 18 POST "$account/stores" '{"name":"a"}'
	post b
	succeeds 200 '.result | is_store'
	local name
	for name in c d; do
		run api POST "$account/stores" "{\"name\":\"$name\"}"
		[ "$status" -ne 0 ]
	done
	post e
	[ "$http" = 200 ]
	(($(wc -c <"$answer") == $(header content-length)))
	run api POST "$account/stores" '{"name":"f"}'
	[ "$status" -ne 0 ]
	[ "$(made)" = "a b c d e" ]
}
