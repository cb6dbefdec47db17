#!/usr/bin/env bats
# The backend `http`, against a server with GitLab's rules and against simple ones. Most of it is
# tried by hand, with tests/tools/backend; the last tests use the program.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2089,SC2090,SC2154
bats_require_minimum_version 1.5.0
load ../cli/helper
load state

setup()
{
	export KIND=http XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine
	one=11111111-1111-4111-8111-111111111111
	two=22222222-2222-4222-8222-222222222222
}

teardown()
{
	stop_servers
}

# at_gitlab: the state is GitLab's.
at_gitlab()
{
	start_http "$@"
	export ADDRESS=$gitlab LOCK_ADDRESS=$gitlab/lock LOCK_METHOD=POST UNLOCK_METHOD=DELETE
	export USERNAME=ci PASSWORD=token
	path=${gitlab#"$http_url"}
}

# at PATH: the state is at a simple server, with locks.
at()
{
	start_http
	path=$1
	export ADDRESS=$http_url$path LOCK_ADDRESS=$http_url$path
}

# said TEXT: one of the lines of the last run has it.
said()
{
	[[ $output == *"$1"* ]] || {
		echo "not said: $1" >&2
		return 1
	}
}

# requests: methods and statuses of the requests, in a row
requests()
{
	awk '{ printf "%s%s %s", sep, $1, $3; sep = ", " }' "$BATS_TEST_TMPDIR/http/log"
}

@test "a run at GitLab: lock, read, write twice, release" {
	at_gitlab
	run -0 backend read
	[ "$output" = "no state" ]
	run -0 backend check lock $one read ours append '{"serial": 1}' ours append '{"serial": 2}' release
	[ "$output" = "locked $one
no state
ours
written
ours
written
released" ]
	[ "$(http_kept "$path" '.serials | @csv')" = 1,2 ]
	[ "$(http_kept "$path" .lock)" = null ]
	run -0 backend read
	[ "$output" = 'state {"serial": 2}' ]
}

@test "what a run costs: each write is a look and a write" {
	at_gitlab
	run -0 backend lock $one read append '{"serial": 1}' release count
	said "requests 5"
	[ "$(requests)" = "POST 200, GET 204, GET 204, POST 200, DELETE 200" ]
}

@test "whoever holds the lock is named, and nothing is written" {
	at_gitlab
	backend lock $one
	run -1 backend lock $two
	said "busy: "
	said "\"ID\": \"$one\""
	said "error 2: the state at $ADDRESS is locked"
	# GitLab refuses the lock's own ID, too; for us it is the answer.
	run -0 backend lock $one append '{"serial": 1}' release
	[ "$output" = "locked $one
written
released" ]
}

@test "a lock that was broken: the fence and the write say so, nothing is overwritten" {
	at_gitlab
	for word in ours 'append {"serial":1}'; do
		tool_starts lock $one wait "${word%% *}" ${word#"${word%% *}"}
		[ "$line" = "locked $one" ]
		backend unlock $one
		backend lock $two
		tool_goes_on
		[ "$status" = 1 ]
		said "error 3: the lock of the state at $ADDRESS was broken by somebody else"
		[ "$(http_kept "$path" .lock.ID)" = $two ]
		backend unlock $two
	done
	[ "$(http_kept "$path" '.state')" = null ]
}

@test "somebody else's write is seen before ours, and not overwritten" {
	at /none/main
	unset LOCK_ADDRESS
	run -0 backend check
	said "warning: the state at $ADDRESS is not locked, because lock_address is not set"
	tool_starts read wait append mine
	backend append theirs
	tool_goes_on
	[ "$status" = 1 ]
	said "error 3: another run has written the state at $ADDRESS meanwhile"
	[ "$(http_kept $path .state)" = theirs ]
}

@test "GitLab takes each serial once: whoever is second hears of the conflict" {
	at_gitlab
	backend append '{"serial": 1}'
	run -1 backend append '{"serial": 1, "by": "another"}'
	said "Version has already been taken"
	[ "$(http_kept "$path" .state)" = '{"serial": 1}' ]
}

@test "the answer to LOCK is lost: the same ID again is ours" {
	for server in at_gitlab 'at /plain/main'; do
		$server
		http_fault "{\"method\": \"${LOCK_METHOD-LOCK}\", \"lock\": true, \"do\": \"drop\"}"
		run -0 backend lock $one append '{"serial": 1}' release
		said "locked $one
written
released"
		[ "$(http_kept "$path" .lock)" = null ]
		stop_servers
		rm -r "$BATS_TEST_TMPDIR/http"
		unset LOCK_METHOD UNLOCK_METHOD
	done
}

@test "the answer to LOCK is lost, and the server does not say who holds it: perhaps we" {
	at /mute/main
	http_fault '{"method": "LOCK", "lock": true, "do": "drop"}'
	run -1 backend lock $one
	said "error 2: the state at $ADDRESS is locked, perhaps by a request of ours whose answer was lost"
	run -0 backend unlock $one lock $two
	[ "${lines[1]}" = "locked $two" ]
}

@test "the answer to a write is lost, or is a 500 after the work: it was written once" {
	at_gitlab
	http_fault '{"method": "POST", "do": "drop"}'
	run -0 --separate-stderr backend lock $one append '{"serial": 1}' release
	[ "${lines[1]}" = written ]
	http_fault '{"method": "POST", "do": 500}'
	run -0 --separate-stderr backend lock $one append '{"serial": 2}' release
	[ "${lines[1]}" = written ]
	[ "$(http_kept "$path" '.serials | @csv')" = 1,2 ]
}

@test "a write that did not happen is repeated" {
	at_gitlab
	http_fault '{"method": "POST", "do": 503, "count": 2}'
	http_fault '{"method": "POST", "do": "reset"}'
	run -0 backend read append '{"serial": 1}'
	[ "$(http_kept "$path" '.serials | @csv')" = 1 ]
	[ "$(requests)" = "GET 404, GET 404, POST 503, GET 404, POST 503, GET 404, POST reset, GET 404, POST 200" ]
}

@test "the answer to UNLOCK is lost: released is released" {
	at_gitlab
	http_fault '{"method": "DELETE", "lock": true, "do": "drop"}'
	run -0 --separate-stderr backend lock $one release
	[ "${lines[1]}" = released ]
	# Without that, a refusal means that somebody broke it.
	tool_starts lock $one wait release
	backend unlock $one
	tool_goes_on
	[ "$status" = 1 ]
	said "was broken by somebody else"
}

@test "the answer to UNLOCK is lost, and somebody else locks: that lock stays" {
	for word in 'lock $one release' 'unlock $one'; do
		at /plain/main
		[[ $word == lock* ]] || backend lock $one
		http_fault '{"method": "UNLOCK", "lock": true, "do": "drop", "then": {"lock": {"ID": "22222222-2222-4222-8222-222222222222"}}}'
		run -0 --separate-stderr backend ${word/\$one/$one}
		[[ ${lines[-1]} == released || ${lines[-1]} == unlocked ]]
		[ "$(http_kept $path .lock.ID)" = $two ]
		stop_servers
		rm -r "$BATS_TEST_TMPDIR/http"
	done
	# Where nobody says who holds it, nothing more is unlocked.
	at /mute/main
	http_fault '{"method": "UNLOCK", "lock": true, "do": "drop", "then": {"lock": {"ID": "22222222-2222-4222-8222-222222222222"}}}'
	run -1 backend lock $one release
	said "it is unknown whether the state at $ADDRESS was unlocked"
	[ "$(http_kept $path .lock.ID)" = $two ]
}

@test "the answer to a write is lost, and somebody else writes: that state stays" {
	at /plain/main
	for fault in '"drop"' 500; do
		http_fault "{\"method\": \"POST\", \"do\": $fault, \"then\": {\"state\": \"${fault//\"/} by others\"}}"
		run -1 backend read append mine
		said "error 3: another run has written the state at $ADDRESS meanwhile"
		[ "$(http_kept $path .state)" = "${fault//\"/} by others" ]
	done
	# It is not repeated without a look, either.
	http_fault '{"method": "POST", "do": 503, "then": {"state": "others"}}'
	run -1 backend read append mine
	[ "$(http_kept $path .state)" = others ]
}

@test "every third answer is lost after the work: all runs succeed, and each wrote once" {
	at_gitlab
	python_server proxy faulty_proxy.py "$http_url" --drop 3
	export ADDRESS=$server_url$path LOCK_ADDRESS=$server_url$path/lock
	for i in {1..6}; do
		run -0 --separate-stderr backend lock "0000000$i-1111-4111-8111-111111111111" read append "{\"serial\": $i}" release
		[ "${lines[-1]}" = released ]
	done
	[ "$(http_kept "$path" '.serials | @csv')" = 1,2,3,4,5,6 ]
	[ "$(http_kept "$path" .lock)" = null ]
	(($(wc -c <"$BATS_TEST_TMPDIR/proxy/dropped") > 10))
}

@test "kill -9 leaves the lock: the same machine resumes it, another breaks it by its ID" {
	at_gitlab
	tool_starts lock $one wait release
	kill -KILL "$tool_pid"
	wait "$tool_pid" || [ $? = 137 ]
	exec 7<&- 8>&-
	[ "$(http_kept "$path" .lock.ID)" = $one ]
	run -1 backend lock $two
	run -0 backend lock $one release
	backend lock $one
	run -1 backend unlock $two
	said "another: "
	said "error 1: the state at $ADDRESS is locked under another ID"
	[ "$(http_kept "$path" .lock.ID)" = $one ]
	run -0 backend unlock $one
	[ "$output" = unlocked ]
	[ "$(http_kept "$path" .lock)" = null ]
	run -1 backend unlock $one
	said "error 1: the state at $ADDRESS is not locked"
	[ "$(http_kept "$path" .lock)" = null ]
}

@test "kill -9 at every request, before and after the work: the next run resumes" {
	at_gitlab
	serial=0
	for fault in hang stall; do
		for request in 'POST true' 'GET false' 'POST false' 'DELETE true'; do
			read -r method about_lock <<<"$request"
			http_fault "{\"method\": \"$method\", \"lock\": $about_lock, \"do\": \"$fault\"}"
			: >"$BATS_TEST_TMPDIR/http/log"
			"$build/tests/tools/backend" lock $one read append "{\"serial\": $((serial + 1))}" release >/dev/null 3>&- &
			pid=$!
			wait_until grep -q "^$method .*$fault" "$BATS_TEST_TMPDIR/http/log"
			kill -KILL "$pid"
			wait "$pid" || [ $? = 137 ]
			serial=$(http_kept "$path" '.serials | length')
			echo "$fault $request: $serial" >&2
			run -0 backend lock $one read append "{\"serial\": $((serial + 1))}" release
			[ "${lines[-1]}" = released ]
			serial=$((serial + 1))
			[ "$(http_kept "$path" '(.serials | . == [range(1; length + 1)]), .serials[-1], .lock' | tr '\n' ' ')" = "true $serial null " ]
		done
	done
	# Of eight runs that were killed, three had written: at UNLOCK, and after the write.
	[ "$serial" = 11 ]
}

@test "a server that unlocks whatever the ID says does not break another's lock" {
	at /plain/main
	backend lock $one
	run -1 backend unlock $two
	said "another: "
	[ "$(http_kept $path .lock.ID)" = $one ]
	run -0 backend unlock $one
	[ "$(http_kept $path .lock)" = null ]
}

@test "history needs a log" {
	at_gitlab
	for words in history 'old 1' 'keep 1'; do
		run -1 backend $words
		[ "$output" = "error 0: the backend \`http\` has no history
hint: That needs an object store (\`backend: s3\`), such as Cloudflare R2. \`cfprov state migrate\` moves the state there." ]
	done
	[ ! -e "$BATS_TEST_TMPDIR/http/log" ]
}

# refused TEXT...: the last run failed and said all of these.
refused()
{
	[ "$status" = 1 ]
	for text in "$@"; do
		said "$text"
	done
	[[ $output != *token* || $output == *"takes a token"* ]]
}

@test "errors: who we are" {
	at_gitlab
	PASSWORD=wrong run backend read
	refused "can't read the state at $ADDRESS: HTTP 401: 401 Unauthorized" \
		"hint: The server rejects the user name or the password."
	unset USERNAME PASSWORD
	run backend lock $one
	refused "can't lock the state at $ADDRESS: HTTP 401" \
		"hint: Set TF_HTTP_USERNAME and TF_HTTP_PASSWORD."
	export USERNAME=reader PASSWORD=token
	run backend lock $one
	refused "can't lock the state at $ADDRESS: HTTP 403: 403 Forbidden" "Maintainer"
	run backend append '{"serial": 1}'
	refused "can't write the state at $ADDRESS: HTTP 403"
}

@test "errors: where we are" {
	at_gitlab
	ADDRESS=$http_url/api/v4/projects/2/terraform/state/main run backend read
	refused "can't read the state at $http_url/api/v4/projects/2/terraform/state/main: HTTP 404: 404 Project Not Found" \
		"GitLab hides projects from others"
	ADDRESS=$http_url/page run backend read
	refused "can't read the state at $http_url/page: the server answered with a web page (HTTP 200)" \
		"Check the address."
	ADDRESS=$http_url/page run backend append x
	refused "can't read the state at $http_url/page: the server answered with a web page (HTTP 200)"
	ADDRESS=$http_url/moved run backend read
	refused "the server redirects to another address (HTTP 302)" "Name the new one, if you trust it."
	[ "$(grep -c moved "$BATS_TEST_TMPDIR/http/log")" = 1 ]
	ADDRESS=$http_url/wall run backend read
	refused "the server answered with a web page (HTTP 403)"
	ADDRESS=$http_url/nothing run backend read
	refused "the server answered with a web page (HTTP 404)"
	# A file server without locks says it with a page.
	LOCK_ADDRESS='' ADDRESS=$http_url/nothing run -0 env -u LOCK_ADDRESS "$build/tests/tools/backend" read
	[ "$output" = "no state" ]
	unset LOCK_METHOD
	run backend lock $one
	[ "$status" = 0 ]
	ADDRESS=$http_url/none/x LOCK_ADDRESS=$http_url/none/x run backend lock $one
	refused "can't lock the state at $http_url/none/x: HTTP 405" "does not know the method LOCK" \
		"GitLab has POST, POST and DELETE."
}

@test "errors: the server is in trouble, or is not there" {
	at_gitlab
	http_fault '{"method": "GET", "do": 503, "count": 1}'
	run -0 backend read
	kill -KILL "$(head -n 1 "$BATS_TEST_TMPDIR/servers")"
	run backend read
	refused "can't read the state at $ADDRESS: " "retry after "
	# For 10 s, after waits that double from a quarter of a second, less a quarter of each at most.
	(($(grep -c 'retry after ' <<<"$output") <= 5))
}

@test "TLS: the certificate is checked" {
	dir=$BATS_TEST_TMPDIR
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 \
		-subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 \
		-keyout "$dir/key.pem" -out "$dir/cert.pem" 2>"$dir/openssl"
	at_gitlab "$dir/cert.pem" "$dir/key.pem"
	run backend read
	refused "can't read the state at $ADDRESS: "
	[ ! -s "$dir/http/log" ]
	SSL_CERT_FILE=$dir/cert.pem run -0 backend lock $one read append '{"serial": 1}' release
	[ "$(http_kept "$path" .state)" = '{"serial": 1}' ]
}
