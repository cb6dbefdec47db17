#!/usr/bin/env bats
# The simulator's front: connections, ports, tokens, the routes by which a client finds its account,
# and what the edge before the API answers.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

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

@test "fault A24: --max-connections 0 could serve nobody" {
	run --separate-stderr timeout 20 "$cfsim" --max-connections 0
	[ "$status" -eq 1 ]
	[[ $stderr == *"--max-connections must be at least 1"* ]]
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

# ---- ports ----------------------------------------------------------------------------------

@test "fault A24: a port in use is an error that names it and says what to do" {
	start_sim
	local port
	port=$(<"$sim_dir/port")
	run --separate-stderr timeout 20 "$cfsim" --port "$port"
	[ "$status" -eq 1 ]
	[ -z "$output" ]
	[[ $stderr == *"port $port: it is already in use"*"--port 0 --port-file FILE"* ]]
}

@test "fault A24: a port file from an earlier run does not name a port that is not ours" {
	start_sim
	local file=$BATS_TEST_TMPDIR/old
	echo 1 >"$file"
	run --separate-stderr timeout 20 "$cfsim" --port "$(<"$sim_dir/port")" --port-file "$file"
	[ "$status" -eq 1 ]
	[ ! -e "$file" ]
	file=$sim_dir/port
	stop_sim
	[ ! -e "$file" ]
}

@test "fault A24: whatever starts cfsim lets it pick a port" {
	cd "$top"
	run grep -rnE 'cfsim"? --port' README.md examples tests --include='*.sh' --include='*.bash' \
		--include='*.md'
	[ "$status" -eq 0 ]
	local line
	for line in "${lines[@]}"; do
		[[ $line == *'--port 0 --port-file'* ]]
	done
}

@test "fault C4: README's second snippet works as pasted" {
	mkdir "$BATS_TEST_TMPDIR/tree"
	cd "$BATS_TEST_TMPDIR/tree"
	ln -s "$build" build
	ln -s "$top/examples" examples
	awk '/^## / { inside = /^## Try it/ } /^```/ { if (inside && !open) blocks++; open = !open; next }
		open && blocks == 2 && inside' "$top/README.md" >snippet
	[ -s snippet ]
	export TMPDIR=$BATS_TEST_TMPDIR
	echo yes >answers
	bash -euc '. ./snippet; kill $!; wait $!' <answers >out 2>err 3>&- || {
		cat out err >&2
		return 1
	}
	cat out err
	grep -q '^Apply complete! Resources: 3 added' out
}

# ---- tokens ---------------------------------------------------------------------------------

@test "fault A24: a read-only token reads, and its writes are refused" {
	start_sim --read-only-token reader@acc_1
	api POST "$account/stores" '{"name":"shop"}'
	succeeds 200 '.result | is_store'
	local store
	store=$account/stores/$(answer_get .result.id)
	as reader GET "$account/stores"
	succeeds 200 '.result | length == 1'
	as reader GET "$account/quota"
	succeeds 200 true
	as reader POST "$account/stores" '{"name":"x"}'
	fails 403 10000 'Authentication error'
	as reader DELETE "$store"
	fails 403 10000 'Authentication error'
	as reader POST "$store/secrets" '[]'
	fails 403 10000 'Authentication error'
	as reader GET /accounts/acc_2/secrets_store/stores
	fails 403 10000 'Authentication error'
	as reader GET /user/tokens/verify
	succeeds 200 '.result.status == "active"'
	[ "$(sim_stats '.accounts.acc_1.stores')" = 1 ]
}

tokens='[{"token":"off","status":"disabled"}, {"token":"old","expires_on":"2020-01-01T00:00:00Z"},
	{"token":"cfat_gone","status":"expired","accounts":["acc_1"]},
	{"token":"soon","not_before":"9999-01-01T00:00:00Z"},
	{"token":"later","expires_on":"9999-01-01T00:00:00Z","access":"read"},
	{"token":"blind","access":"none"}, {"token":"brief","expires_after":2}]'

@test "fault A24: disabled and expired tokens: verify says so, the rest is 401" {
	echo "$tokens" >"$BATS_TEST_TMPDIR/tokens"
	start_sim --tokens "$BATS_TEST_TMPDIR/tokens"
	local token
	for token in off:disabled old:expired soon:active; do
		as "${token%:*}" GET /user/tokens/verify
		succeeds 200 ".result.status == \"${token#*:}\" and (.result.id | is_id)"
		as "${token%:*}" GET "$account/stores"
		fails 401 10000 'Authentication error'
		as "${token%:*}" GET /accounts
		fails 401 10000 'Authentication error'
	done
	as old GET /user/tokens/verify
	answer_is '.result.expires_on == "2020-01-01T00:00:00Z"'
	as soon GET /user/tokens/verify
	answer_is '.result.not_before == "9999-01-01T00:00:00Z"'
	as cfat_gone GET /user/tokens/verify
	fails 401 1000 'Invalid API Token'
	as cfat_gone GET /accounts/acc_1/tokens/verify
	succeeds 200 '.result.status == "expired"'
	as later GET "$account/stores"
	succeeds 200 is_page
	as later POST "$account/stores" '{"name":"x"}'
	fails 403 10000 'Authentication error'
	as blind GET "$account/stores"
	fails 403 10000 'Authentication error'
	as blind GET /accounts
	succeeds 200 is_page
	api GET "$account/stores"
	succeeds 200 is_page
}

@test "fault A24: a token expires between two requests" {
	echo "$tokens" >"$BATS_TEST_TMPDIR/tokens"
	start_sim --tokens "$BATS_TEST_TMPDIR/tokens"
	as brief POST "$account/stores" '{"name":"x"}'
	succeeds 200 true
	as brief GET /user/tokens/verify
	succeeds 200 '.result.status == "active"'
	as brief POST "$account/stores" '{"name":"y"}'
	succeeds 200 true
	as brief POST "$account/stores" '{"name":"z"}'
	fails 401 10000 'Authentication error'
	as brief GET /user/tokens/verify
	succeeds 200 '.result.status == "expired"'
	control POST tokens '{"token":"brief"}'
	as brief GET "$account/stores"
	succeeds 200 '.result | length == 2'
	control POST tokens '[{"token":"brief","status":"disabled"}]'
	as brief GET "$account/stores"
	fails 401 10000 'Authentication error'
}

@test "fault A24: tokens that are wrong are refused, and not shown" {
	start_sim
	local text
	for text in '' '1' '[1]' '{}' '{"token":7}' '{"token":""}' \
		'{"token":"s3cr3t","access":"all"}' '{"token":"s3cr3t","status":"new"}' \
		'{"token":"s3cr3t","expires_on":"tomorrow"}' '{"token":"s3cr3t","expires_after":-1}' \
		'{"token":"s3cr3t","not_before":"2026-01-02T03:04:05+01:00"}' \
		'{"token":"s3cr3t","accounts":"x"}' '{"token":"s3cr3t","accounts":[1]}' \
		'[{"token":"s3cr3t","kind":"x"}]'; do
		run control POST tokens "$text"
		[ "$status" -eq 22 ]
		[[ $output == *'"ok":false'* && $output != *s3cr3t* ]]
	done
	echo '[{"token":"s3cr3t","access":1}]' >"$BATS_TEST_TMPDIR/tokens"
	run --separate-stderr timeout 20 "$cfsim" --tokens "$BATS_TEST_TMPDIR/tokens"
	[ "$status" -eq 1 ]
	[[ $stderr == *'token 1: invalid "access"'* && $stderr != *s3cr3t* ]]
}

# ---- routes ---------------------------------------------------------------------------------

@test "fault A24: /accounts, /memberships and /user lead a client to its account" {
	start_sim --account "$hex" --account c0c0 --token user --token one@$hex --token cfat_a@$hex
	as user GET /accounts
	succeeds 200 "is_page and [.result[].id] == [\"$hex\", \"c0c0\"]"
	answer_is '.result | all((.name | is_text) and .type == "standard")'
	as user GET "/accounts?per_page=1&page=2"
	succeeds 200 '[.result[].id] == ["c0c0"] and .result_info.total_pages == 2'
	as one GET /accounts
	succeeds 200 "[.result[].id] == [\"$hex\"]"
	as one GET /memberships
	succeeds 200 "[.result[].account.id] == [\"$hex\"] and .result[0].status == \"accepted\""
	answer_is '.result[0].id | is_id'
	as one GET "/accounts/$hex"
	succeeds 200 ".result.id == \"$hex\""
	as one GET /accounts/c0c0
	fails 403 10000 'Authentication error'
	as one GET /user
	succeeds 200 '.result | (.id | is_id) and (.email | is_text)'
	as cfat_a GET /accounts
	succeeds 200 "[.result[].id] == [\"$hex\"]"
	as cfat_a GET /memberships
	fails 403 9109 'Unauthorized to access requested resource'
	as cfat_a GET /user
	fails 403 9109 'Unauthorized to access requested resource'
	as nobody GET /accounts
	fails 401 10000 'Authentication error'
}

@test "fault A24: /accounts names what was seeded, else one account" {
	start_sim --answer account-ids=hex
	api GET /accounts
	succeeds 200 '.result | length == 1 and (.[0].id | is_id)'
	api GET "/accounts/$hex/secrets_store/stores"
	succeeds 200 is_page
	api GET /accounts
	succeeds 200 "[.result[].id] == [\"$hex\"]"
}

@test "fault A24: nothing is served outside /client/v4 but the control routes" {
	start_sim
	local path
	for path in / "$account/stores" /client/v3/accounts /client/v4x /client; do
		sim_url=$sim_root api GET "$path"
		[ "$http" = 404 ]
		[[ $(header content-type) == text/html* ]]
		[[ $(header cf-ray) =~ -SIM$ ]]
		grep -q '<title>404 Not Found</title>' "$answer"
		[ "$(header ratelimit)" = '' ]
	done
	sim_url=$sim_root api POST "$account/stores" '{"name":"x"}'
	[ "$http" = 404 ]
	[ "$(sim_stats '"\(.unrouted) \(.accounts | length)"')" = "6 0" ]
}

@test "fault A24: an account id that is not 32 hex digits is not routed: 7003" {
	start_sim --answer account-ids=hex
	local id
	for id in acme "${hex}0" "${hex%?}" "${hex%?}g"; do
		api GET "/accounts/$id/secrets_store/stores"
		fails 400 7003 "Could not route to /client/v4/accounts/$id/secrets_store/stores, perhaps your object identifier is invalid?"
	done
	api GET "/accounts/$hex/secrets_store/stores"
	succeeds 200 is_page
}

@test "fault A24: an account that no request could name is refused at the start" {
	echo '{"accounts":[{"id":"acme"}]}' >"$BATS_TEST_TMPDIR/seed"
	local option
	for option in --seed="$BATS_TEST_TMPDIR/seed" --account=acme; do
		run --separate-stderr timeout 20 "$cfsim" "$option"
		[ "$status" -eq 1 ]
		[[ $stderr == *'"acme" is not an account id'*account-ids=any* ]]
	done
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

# ---- rate -----------------------------------------------------------------------------------

@test "fault A24: several items of Ratelimit, in one line and in several" {
	start_sim
	sim_faults '[{"nth":1,"headers":{"Ratelimit":"\"burst\";r=90;t=1, \"default\";r=0;t=2",
		"ratelimit-policy":"\"burst\";q=100;w=60, \"default\";q=1200;w=300"}},
		{"nth":2,"headers":{"Ratelimit":["\"burst\";r=90;t=1","\"default\";r=0;t=2"]}}]'
	api GET "$account/stores"
	succeeds 200 is_page
	[ "$(header ratelimit)" = '"burst";r=90;t=1, "default";r=0;t=2' ]
	[ "$(header ratelimit-policy)" = '"burst";q=100;w=60, "default";q=1200;w=300' ]
	api GET "$account/stores"
	[ "$(header ratelimit)" = $'"burst";r=90;t=1\n"default";r=0;t=2' ]
	[ "$(header ratelimit-policy)" = '"default";q=1200;w=300' ]
	run control POST faults '{"headers":{"Ratelimit":["x",1]}}'
	[ "$status" -eq 22 ]
}

@test "fault A24: a used up budget is answered 429 with Retry-After as seconds, as a date, without" {
	local form
	for form in seconds date absent; do
		start_sim --rate-limit 1/1000 --answer "retry-after=$form"
		api GET "$account/stores"
		succeeds 200 is_page
		[ "$(header retry-after)" = '' ]
		api GET "$account/stores"
		fails 429 971 'Please wait and consider throttling your request speed'
		case $form in
		seconds) [[ $(header retry-after) =~ ^[0-9]+$ ]] ;;
		date)
			[[ $(header retry-after) =~ ^[A-Z][a-z]{2},\ [0-9]{2}\ [A-Z][a-z]{2}\ [0-9]{4}\ [0-9:]{8}\ GMT$ ]]
			(($(date -d "$(header retry-after)" +%s) > $(date +%s)))
			;;
		absent) [ "$(header retry-after)" = '' ] ;;
		esac
		stop_sim
	done
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
