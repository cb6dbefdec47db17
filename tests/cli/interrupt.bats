#!/usr/bin/env bats
# Signals: what is under way is waited for, what was made is recorded, and the next run goes on.
# both builds: signals

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# sent NUMBER METHOD: has the simulator got so many requests?
sent()
{
	(($(sim_stats ".operations.$2") >= $1))
}

# from_terminal COMMAND...: with SIGINT as it is for a program that is started at a prompt; the
# shell lets what it starts in the background ignore it.
from_terminal()
{
	exec env --default-signal=INT,TERM,HUP "$@"
}

# is_stopping: has it said that it heard the first signal?
is_stopping()
{
	grep -q '^Interrupt received' later.err
}

@test "a signal during planning: exit 1, nothing done" {
	start_logged
	manifest_of 3
	local signal
	for signal in INT TERM HUP; do
		control DELETE faults
		sim_faults '{"method":"GET","kind":"no_answer"}'
		: >"$sim_log"
		local before
		before=$(sim_stats .operations.stores_list)
		later from_terminal "$cfprov" apply -auto-approve
		wait_until sent $((before + 1)) stores_list
		kill -$signal "$later_pid"
		wait_later
		[ "$status" = 1 ]
		grep -qi interrupt later.err
		[ ! -e "$state" ]
		tidy
	done
	[ "$(sim_stats .operations.stores_create)" = 0 ]
}

@test "a signal at the question: exit 1, nothing done" {
	start_logged
	manifest_of 3
	mkfifo answer
	local signal
	for signal in INT TERM; do
		later from_terminal sh -c 'exec "$0" apply <answer' "$cfprov"
		exec 7>answer
		asked() { grep -q "Only 'yes'" later.err; }
		wait_until asked
		kill -$signal "$later_pid"
		wait_later
		exec 7>&-
		[ "$status" = 1 ]
		grep -q 'No changes were made' later.err
		[ ! -e "$state" ]
		tidy
	done
	[ "$(posts)" = 0 ]
}

@test "a signal during apply: what is under way is waited for, the state written, exit 1" {
	start_logged
	manifest_of 30
	local signal
	for signal in INT TERM HUP; do
		control DELETE faults
		sim_faults '{"method":"POST","kind":"delay","ms":600,"after":4}'
		local before
		before=$(live | wc -l)
		later from_terminal "$cfprov" apply -auto-approve -parallelism=4
		wait_until sent $((before + 5)) stores_create
		kill -$signal "$later_pid"
		wait_later
		[ "$status" = 1 ]
		is_stopping
		grep -qE '^Interrupted: [1-9][0-9]* added, 0 changed, 0 destroyed, [1-9][0-9]* not started' \
			later.err
		grep -q complete later.out && return 1
		(($(live | wc -l) > before && $(live | wc -l) < 30))
		agree "$(live | wc -l)"
		tidy
	done
	control DELETE faults
	good apply -auto-approve
	agree 30
	[ "$(posts)" = 30 ]
}

@test "a second signal leaves at once, and the next apply finishes without a question of its own" {
	start_logged
	manifest_of 12
	sim_faults '{"method":"POST","kind":"no_answer","after":4}'
	later from_terminal "$cfprov" apply -auto-approve -parallelism=4
	wait_until sent 8 stores_create
	kill -INT "$later_pid"
	wait_until is_stopping
	kill -INT "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q complete later.out && return 1
	[ -s "$journal" ]
	[ ! -e "$lock" ]
	# What the summary says is true: these are made, of those nobody knows.
	grep -qE '^Interrupted: 4 added.*4 (unknown|under way).*4 not started' later.err
	grep -qF 'Progress is recorded. Run `cfprov apply` again to resume.' later.err
	control DELETE faults
	good apply -auto-approve -input=false
	[ "$(grep -c 'found (id .*), created by an interrupted apply' err)" = 4 ]
	agree 12
	[ "$(posts)" = 12 ]
	[ "$(jq -r '.accounts.acc_1.stores[].origin' "$state" | sort -u)" = created ]
	tidy
}

@test "what was not sent yet is not in doubt, and an interrupt sends nothing" {
	start_logged --list-lag-create 20000
	printf 'account_id: acc_1\nstores:\n  - {name: keys, secrets: [{name: A, value: {env: A}}]}\n' >cfprov.yaml
	export A=value-a
	good apply -auto-approve
	cp "$state" before
	# The list does not have A yet: it is read again before the store is destroyed.
	later from_terminal "$cfprov" destroy -auto-approve -patience=20s
	wait_until grep -q 'Waiting for Cloudflare to confirm default/keys' later.err
	kill -INT "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -qF 'default/keys: failed: interrupted before it was sent' later.err
	grep -qF '1 failed, 1 not started' later.err
	[ "$(requests '.method == "DELETE"')" = 0 ]
	diff before "$state"
	[ ! -e "$journal" ]
}

@test "a second signal when all are under way is no success" {
	start_logged
	manifest_of 3
	sim_faults '{"method":"POST","kind":"no_answer"}'
	later from_terminal "$cfprov" apply -auto-approve
	wait_until sent 3 stores_create
	kill -TERM "$later_pid"
	wait_until is_stopping
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q complete later.out && return 1
	control DELETE faults
	good apply -auto-approve
	agree 3
	[ "$(posts)" = 3 ]
}

@test "Ctrl-C on a terminal during apply" {
	start_logged
	manifest_of 20
	sim_faults '{"method":"POST","kind":"delay","ms":500,"after":4}'
	status=0
	# Where the tests are run in the background, SIGINT may be ignored.
	"$top/tests/cli/screen.py" --wait created --send '\x03' -- env --default-signal=INT \
		"$cfprov" apply -auto-approve -parallelism=4 >screen || status=$?
	cat screen >&2
	((status != 98)) || skip 'there are no pseudo-terminals here'
	[ "$status" = 1 ]
	grep -q '^Interrupt received' screen
	grep -q '^Interrupted: ' screen
	run ! grep -qE 'done, .*in progress' screen
	agree "$(live | wc -l)"
	tidy
	control DELETE faults
	good apply -auto-approve
	agree 20
}

@test "SIGINT that the parent ignores stays ignored" {
	start_logged
	manifest_of 6
	sim_faults '{"method":"POST","kind":"delay","ms":400,"nth":1}'
	later env --ignore-signal=INT,HUP "$cfprov" apply -auto-approve -parallelism=1
	wait_until sent 1 stores_create
	kill -INT "$later_pid"
	kill -HUP "$later_pid"
	wait_later
	[ "$status" = 0 ]
	agree 6
}

@test "a signal while it waits for the lock" {
	start_logged
	manifest_of 2
	mkfifo answer
	"$cfprov" apply <answer >first.out 2>first.err 3>&- &
	local first=$!
	exec 7>answer
	asked() { grep -q "Only 'yes'" first.err; }
	wait_until asked
	later from_terminal "$cfprov" apply -auto-approve -lock-timeout=60s
	waiting() { grep -q 'Waiting for the lock' later.err; }
	wait_until waiting
	kill -INT "$later_pid"
	wait_later
	[ "$status" = 1 ]
	[ "$(posts)" = 0 ]
	echo yes >&7
	exec 7>&-
	wait "$first"
	agree 2
	tidy
}

# reads_fifo, catches: what is started later has this file open; it is cfprov by now, no longer the
# shell that becomes it, and has begun to catch SIGINT.
reads_fifo()
{
	[ -n "$(find "/proc/$later_pid/fd" -lname '*/fifo')" ]
}
catches()
{
	[ "/proc/$later_pid/exe" -ef "$cfprov" ] &&
		((0x$(sed -n 's/^SigCgt:\s*//p' "/proc/$later_pid/status") & 2))
}

# stopped INPUT ARGUMENT...: by SIGINT, while it waits for somebody who writes into the fifo.
stopped()
{
	later from_terminal sh -c 'exec 0<"$1"; shift; exec "$0" "$@"' "$cfprov" "$@" 7>&-
	wait_until reads_fifo
	wait_until catches
	kill -INT "$later_pid"
	wait_later
	[ "$status" = 1 ]
	[ "$(grep -ci interrupted later.err)" = 1 ]
	[ ! -e "$state" ]
}

@test "a signal while it waits for who writes a value, a token or a manifest" {
	start_logged
	mkfifo fifo
	# One error, whatever else is to be read.
	printf '%s\n' 'account_id: acc_1' 'stores:' '  - name: a' '    secrets:' \
		'      - {name: A, value: {file: fifo}}' '      - {name: B, value: {file: other}}' \
		>cfprov.yaml
	stopped /dev/null plan
	grep -q 'Error: default/a/A: interrupted while reading fifo' later.err
	sed -i 's/file: fifo/dotenv: fifo, key: K/' cfprov.yaml
	stopped /dev/null apply -auto-approve
	exec 7<>fifo # else the shell would wait, too
	sed -i 's/dotenv: fifo, key: K/stdin: true/' cfprov.yaml
	stopped fifo plan
	stopped fifo plan -f -
	grep -q 'Error: interrupted while reading standard input' later.err
	exec 7>&-
	printf '%s\n' 'accounts:' '  p: {account_id: acc_1, api_token: {file: fifo}}' \
		'  q: {account_id: acc_2, api_token: {file: other}}' 'stores: [a]' >cfprov.yaml
	stopped /dev/null plan
}

@test "a pipe that nobody reads" {
	start_logged
	manifest_of 20
	local statuses
	set +e
	"$cfprov" apply -auto-approve 2>err | true
	statuses=${PIPESTATUS[0]}
	set -e
	# The plan is small: whether the pipe was still open when it was written, nobody knows.
	[[ $statuses == [01] ]]
	agree 20
	tidy
	# Here it is closed for certain.
	status=0
	python3 - "$cfprov" <<-'end' || status=$?
		import os, subprocess, sys
		reading, writing = os.pipe()
		os.close(reading)
		sys.exit(subprocess.call([sys.argv[1], "plan"], stdout=writing))
	end
	[ "$status" = 1 ]
}
