#!/usr/bin/env bats
# -wait: after an apply, until the secrets are active.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	secrets A B
}
teardown() { stop_all; }

# secrets NAME...: cfprov.yaml with a store `keys` that has these.
secrets()
{
	echo 'account_id: acc_1'
	echo 'stores:'
	echo '  - name: keys'
	echo '    secrets:'
	printf '      - {name: %s, value: {env: VALUE}}\n' "$@"
} >cfprov.yaml
export VALUE=a-value-that-nobody-shows

# statuses: those of the state, by name.
statuses()
{
	jq -r '.accounts.acc_1.stores.keys.secrets | to_entries[] | "\(.key) \(.value.status)"' \
		"$state" | tr '\n' ' '
}

lists()
{
	requests '.method == "GET" and (.path | endswith("/secrets"))'
}

writes()
{
	requests '.method != "GET"'
}

@test "it ends when all are active, and the state knows" {
	start_logged --pending 300
	good apply -auto-approve -wait
	err_has 'Waiting for 2 secrets to become active'
	out_has 'Apply complete! Resources: 3 added, 0 changed, 0 destroyed.'
	[ "$(statuses)" = 'A active B active ' ]
	[ ! -e "$backup" ]
	[ "$(lists)" = 1 ]
	tidy
	: >"$sim_log"
	good plan -detailed-exitcode
	[ "$(writes)" = 0 ]
}

@test "without -wait nobody waits, and pending is no drift and no error" {
	start_logged --pending forever
	good apply -auto-approve
	err_lacks Waiting
	[ "$(statuses)" = 'A pending B pending ' ]
	[ "$(lists)" = 0 ]
	good plan -detailed-exitcode
	out_has 'No changes.'
}

@test "where all are active already nothing is asked" {
	start_logged
	good apply -auto-approve -wait
	err_lacks Waiting
	[ "$(lists)" = 0 ]
}

@test "time is over: exit 1, who is not active, and nothing is repeated" {
	start_logged --pending forever
	bad apply -auto-approve -wait -wait-timeout=10ms
	err_has '2 secrets are not active after 0.1s: default/keys/A (pending) and default/keys/B (pending)' \
		'All changes were made and are recorded.' \
		'Apply incomplete: 3 added, 0 changed, 0 destroyed, 2 not active. Completed changes are'
	[ "$(statuses)" = 'A pending B pending ' ]
	[ "$(lists)" = 1 ]
	tidy
	: >"$sim_log"
	good plan -detailed-exitcode
	good apply -auto-approve
	[ "$(writes)" = 0 ]
	# One store has one list, however many secrets; and an apply of nothing waits, too.
	: >"$sim_log"
	bad apply -auto-approve -wait -wait-timeout=0s
	[ "$(lists)" = 2 ]
	[ "$(writes)" = 0 ]
}

@test "only what the plan is about is waited for" {
	start_logged --pending forever
	good apply -auto-approve
	bad apply -auto-approve -wait -wait-timeout=0s -target=default/keys/B
	err_has '1 secret is not active' 'default/keys/B (pending)'
	err_lacks 'keys/A'
}

@test "what was not all done is not waited for" {
	start_logged --pending forever
	good apply -auto-approve
	secrets A B C
	sim_faults '{"method":"POST","path":"/client/v4/accounts/acc_1/secrets_store/stores/*","kind":"status","status":400,"code":1001,"message":"invalid_json_body"}'
	bad apply -auto-approve -wait
	err_has 'Apply incomplete: 0 added' '1 failed'
	err_lacks Waiting
}

@test "many stores: one list for each" {
	start_logged --pending forever
	local name
	{
		echo 'account_id: acc_1'
		echo 'stores:'
		for name in a b c; do
			printf '  - {name: %s, secrets: [{name: X, value: {env: VALUE}}, {name: Y, value: {env: VALUE}}]}\n' $name
		done
	} >cfprov.yaml
	bad apply -auto-approve -wait -wait-timeout=0s
	err_has '6 secrets are not active'
	[ "$(lists)" = 3 ]
}

@test "a secret that is not listed any more is waited for, and said" {
	start_logged --pending forever
	good apply -auto-approve
	sim_faults '{"method":"GET","path":"/client/v4/accounts/acc_1/secrets_store/stores/*/secrets","after":1,"kind":"raw_body","text":"{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[]}"}'
	bad apply -auto-approve -wait -wait-timeout=0s
	err_has 'default/keys/A (not listed)'
}

@test "a list that can't be read: exit 1, the state is kept" {
	start_logged --pending forever
	sim_faults '{"method":"GET","path":"/client/v4/accounts/acc_1/secrets_store/stores/*/secrets","kind":"status","status":403,"code":10000,"message":"Authentication error"}'
	bad apply -auto-approve -wait
	err_has "default/keys: can't check whether its secrets are active" 'Authentication error' \
		'2 not active'
	[ "$(statuses)" = 'A pending B pending ' ]
	tidy
}

is_waiting()
{
	grep -q '^Waiting' later.err
}

@test "Ctrl-C while it waits: exit 1, the state is kept" {
	start_logged --pending forever
	local signal
	for signal in INT TERM; do
		rm -f later.err # of the signal before
		later env --default-signal=INT,TERM "$cfprov" apply -auto-approve -wait
		wait_until is_waiting
		kill -$signal "$later_pid"
		wait_later
		[ "$status" = 1 ]
		grep -q 'interrupted while waiting: 2 secrets are not active yet' later.err
		grep -q '^Interrupted: ' later.err
		[ "$(statuses)" = 'A pending B pending ' ]
		tidy
	done
	[ "$(writes)" = 2 ]
}

# is_asked: has the simulator got a list, which it does not answer?
is_asked()
{
	(($(sim_stats .operations.secrets_list) >= 1))
}

@test "Ctrl-C in the middle of a list" {
	start_logged --pending forever
	sim_faults '{"method":"GET","path":"/client/v4/accounts/acc_1/secrets_store/stores/*/secrets","kind":"no_answer"}'
	later env --default-signal=INT,TERM "$cfprov" apply -auto-approve -wait -wait-timeout=10ms
	wait_until is_waiting
	wait_until is_asked
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q 'Error: interrupted while waiting: ' later.err
	tidy
}

@test "the stream: a log line, a diagnostic, no summary of an end that was not reached" {
	start_logged --pending forever
	prov apply -auto-approve -json -wait -wait-timeout=0s
	[ "$status" = 1 ]
	err_is ''
	jq -es 'any(.[]; .type == "log" and (."@message" | startswith("Waiting for 2 secrets")))' out
	jq -es 'any(.[]; .type == "diagnostic" and (.diagnostic.summary | contains("not active")))' out
	jq -es '[.[] | select(.type == "change_summary" and .changes.operation == "apply")] == []' out
}

@test "a saved plan waits as well" {
	start_logged --pending 100
	good plan -out=plan
	good apply -wait plan
	err_has 'Waiting for 2 secrets'
	[ "$(statuses)" = 'A active B active ' ]
}

@test "the backup is the state before the apply, not the one before the waiting" {
	start_logged --pending 100
	good apply -auto-approve
	secrets A B C
	cp "$state" before
	good apply -auto-approve -wait
	[ "$(jq -c '.serial' "$backup")" = "$(jq -c .serial before)" ]
}

@test "the options: with apply only, the timeout with -wait only" {
	bad plan -wait
	bad refresh -wait
	bad apply -wait-timeout=5s
	err_has '-wait-timeout requires -wait'
	bad apply -wait -wait-timeout=soon
	err_has 'a duration such as 30s'
	good help apply
	out_has '-wait' '-wait-timeout'
}
