#!/usr/bin/env bats
# Canaries: a token and a value that must be found nowhere, in no file, output, log or argument,
# and not in the program's memory when it ends. Here what goes well and what is cut off, and that
# the search would find something.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load canary

setup() { set_up_canaries; }
teardown()
{
	[[ -z ${proxy-} ]] || kill "$proxy"
	stop_all
}

# ---- the search itself ------------------------------------------------------------------------

# plant: a program whose memory has, when it ends, what it reads from its standard input.
plant()
{
	env -u CANARY_TOKEN -u CANARY_VALUE -u CFPROV_KEY python3 "$top/tests/canary/search.py" "$canaries" "$report" run \
		bash -c 'IFS= read -r -d "" kept || :'
}

# same FORM: standard input is found in memory and in a file, as this form of this secret.
same()
{
	cat >planted
	: >"$report"
	plant <planted
	python3 "$top/tests/canary/search.py" "$canaries" "$report" files planted
	echo "--- $1" >&2
	cat "$report" >&2
	grep -q "^found $1 in .*planted" "$report"
	grep "^found $1 in " "$report" | grep -qv planted
}

@test "the search finds each form, in memory and in files" {
	cd "$BATS_TEST_TMPDIR"
	same 'token raw' <"$canaries/token"
	same 'value raw' <"$canaries/value"
	hexed() { python3 -c 'import sys; print(sys.stdin.buffer.read().hex())'; }
	hexed <"$canaries/value" | same 'value hex'
	hexed <"$canaries/value" | tr a-f A-F | same 'value HEX'
	local before
	for before in '' x xy; do
		{
			printf %s "$before"
			cat "$canaries/value"
			echo behind
		} | base64 -w 0 >coded
		same "value base64+${#before}" <coded
		tr +/ -_ <coded | same "value base64\(url\)\?+${#before}"
	done
	jq -Rs . <"$canaries/value" | same 'value json'
	jq -aRs . <"$canaries/value" | same 'value json-ascii'
	jq -Rs . <"$canaries/value" | sed 's,/,\\/,' | same 'value json-slashes'
	# A part is enough: others may have written over the rest.
	tail -c +9 "$canaries/token" | head -c 20 | same 'token raw'
}

@test "the search finds nothing where nothing is" {
	cd "$BATS_TEST_TMPDIR"
	mkdir empty
	letters 40 >empty/other
	plant <empty/other
	python3 "$top/tests/canary/search.py" "$canaries" "$report" files empty
	[ "$(grep -c ^searched "$report")" = 2 ]
	run ! grep ^found "$report"
}

# leaks WHAT: something is found of a cfprov that leaves out this wipe (see leaky.c) and of no other.
# With $fault, the server answers every POST with that.
leaks()
{
	local without
	echo "--- without the wipe of: $1" >&2
	for without in '' "$1" "$1" "$1"; do # what was freed may be written over by chance
		begin
		[[ -z ${fault-} ]] || sim_faults "{\"method\":\"POST\",$fault}"
		LEAVES_OUT=$without program=$build/tests/canary/leaky searched apply -auto-approve
		[[ $status == $((${#fault} > 0)) ]]
		if [[ ! $without ]]; then
			clean 1
		else
			clean 1 || break
		fi
	done
	run ! clean 1
	grep -q '^found token raw in \[heap\]' "$report"
	[[ $kind == stores ]] || grep -q '^found value [a-z]* in \[heap\]' "$report"
}

@test "the search finds what a cfprov with one wipe less leaves behind" {
	have openssl
	certificate
	sim --tls-cert "$SSL_CERT_FILE" --tls-key "$BATS_TEST_TMPDIR/key.pem"
	for kind in "${kinds[@]}"; do
		leaks memory
		leaks libcurl
		begin
		CLOUDFLARE_API_TOKEN=$CANARY_TOKEN searched apply -auto-approve -state="$CANARY_TOKEN"
		grep -q '^found token raw in \[stack\]' "$report"
		grep -q '^found token raw in cmdline' "$report"
		run ! clean 1
		grep -q '^found token raw in the name of ' "$report"
	done
}

@test "the search finds what the libraries leave of an answer with the token" {
	have openssl
	certificate
	sim --tls-cert "$SSL_CERT_FILE" --tls-key "$BATS_TEST_TMPDIR/key.pem"
	kind=stores
	fault="\"status\":400,\"code\":1001,\"message\":$(jq -n 'env.CANARY_TOKEN')"
	leaks cjson
	leaks openssl
}

@test "the search finds what HTTP/2 leaves without its wipe" {
	have node openssl
	certificate
	sim
	http2
	for kind in "${kinds[@]}"; do
		leaks nghttp2
	done
}

# ---- what goes well -----------------------------------------------------------------------------

# journey: all that can be done. The account is empty before and after.
journey()
{
	for kind in "${kinds[@]}"; do
		begin
		export CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log
		local arguments runs=0
		while read -r arguments; do
			[[ $arguments != edit ]] || {
				"changed_$kind"
				continue
			}
			# shellcheck disable=SC2086 # words
			searched $arguments
			[ "$status" = 0 ]
			runs=$((runs + 1))
		done <<-END
			validate
			plan
			plan -json
			apply -auto-approve
			plan -format=json
			plan -format=html
			edit
			plan -out=saved -format=markdown
			show saved
			show -json saved
			apply -allow-store-destroy saved
			apply -auto-approve -json
			refresh
			output
			state pull
			show
			export
			doctor
			destroy -auto-approve -allow-store-destroy
		END
		unset CFPROV_LOG CFPROV_LOG_PATH
		grep -q 'trace POST /' trace.log
		clean "$runs"
	done
}

@test "nothing is left of what goes well" {
	sim
	journey
}

@test "nothing is left of what goes well over TLS" {
	have openssl
	certificate
	sim --tls-cert "$SSL_CERT_FILE" --tls-key "$BATS_TEST_TMPDIR/key.pem"
	journey
}

@test "nothing is left of what goes well over HTTP/2" {
	have node openssl
	certificate
	sim
	http2
	journey
}

@test "nothing is left where the stack is small" {
	sim
	for kind in "${kinds[@]}"; do
		begin
		ulimit -S -s 128
		searched plan
		[ "$status" = 0 ]
		clean 1
	done
}

# ---- what is cut off ----------------------------------------------------------------------------

@test "nothing is left when nobody answers in time" {
	sim
	for kind in "${kinds[@]}"; do
		begin
		sim_faults '{"method":"POST","kind":"no_answer"}'
		CFPROV_REQUEST_TIMEOUT=1 searched apply -auto-approve
		sim_faults '{"kind":"no_answer"}'
		CFPROV_REQUEST_TIMEOUT=1 failing plan
		CLOUDFLARE_BASE_URL=http://127.0.0.1:1 failing doctor
		clean 3
	done
}

some_posts()
{
	(($(posts) >= 1))
}

@test "nothing is left in the files of an apply that is killed, nor of the recovery" {
	sim
	for kind in "${kinds[@]}"; do
		begin
		sim_faults '{"method":"POST","after":1,"kind":"no_answer"}'
		CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log later "$cfprov" apply -auto-approve
		wait_until some_posts
		kill -KILL "$later_pid"
		wait_later 2>/dev/null
		[ -s "$journal" ]
		clean 0
		: >"$report"
		control DELETE faults >/dev/null
		searched apply -auto-approve
		[ "$status" = 0 ]
		clean 1
	done
}

@test "nothing is left of changes and renames that are killed, nor of the recovery" {
	sim
	kind=secrets
	local method
	for method in PATCH POST DELETE; do
		begin
		searched apply -auto-approve
		[ "$status" = 0 ]
		changed_secrets
		sim_faults "{\"method\":\"$method\",\"kind\":\"no_answer\"}"
		CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log later "$cfprov" apply -auto-approve
		sent() { (($(requests ".method == \"$method\"") >= 1)); }
		: >"$sim_log"
		wait_until sent
		kill -KILL "$later_pid"
		wait_later 2>/dev/null
		[ -s "$journal" ]
		clean 1
		: >"$report"
		control DELETE faults >/dev/null
		searched apply -auto-approve
		[ "$status" = 0 ]
		clean 1
	done
}

@test "nothing is left of an apply that is interrupted" {
	sim
	for kind in "${kinds[@]}"; do
		begin
		sim_faults '{"method":"POST","kind":"delay","ms":1500}'
		later python3 "$top/tests/canary/search.py" "$canaries" "$report" run \
			"$cfprov" apply -auto-approve -parallelism=1
		wait_until some_posts
		kill -TERM "$later_pid" # which it hands on
		wait_later
		[ "$status" = 1 ]
		grep -q Interrupted later.err
		clean 1
	done
}

# ---- from outside -------------------------------------------------------------------------------

@test "another process of the same user can't look in" {
	local user=() other readable=0
	sim
	if [ "$(id -u)" = 0 ]; then
		have setpriv
		user=(setpriv --reuid 65534 --regid 65534 --clear-groups)
		"${user[@]}" test -x "$cfprov" || skip 'other users can not reach the program'
	fi
	cd /
	sim_faults '{"kind":"no_answer"}'
	"${user[@]}" sleep 60 3>&- &
	other=$!
	"${user[@]}" "$cfprov" doctor -account-id acc_1 >/dev/null 2>&1 3>&- &
	later_pid=$!
	asked() { (($(gets) >= 1)); }
	wait_until asked
	"${user[@]}" head -c 1 "/proc/$other/environ" >/dev/null && readable=1
	kill "$other"
	((readable))
	run ! "${user[@]}" head -c 1 "/proc/$later_pid/environ"
	run ! "${user[@]}" head -c 1 "/proc/$later_pid/maps"
	[ "$(awk '/core file size/ { print $5, $6 }' "/proc/$later_pid/limits")" = '0 0' ]
}
