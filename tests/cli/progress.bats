#!/usr/bin/env bats
# What a pipe gets while it waits: what was shown before anything is sent, and signs of life.

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

# sent OPERATION: has the simulator got such a request?
sent()
{
	(($(sim_stats ".operations.$1") > 0))
}

@test "fault C1: the plan is in the log before the first change is sent" {
	start_logged
	manifest_of 2
	sim_faults '{"method":"POST","kind":"no_answer"}'
	later sh -c '"$0" apply -auto-approve 2>&1 & echo $! >pid; wait' "$cfprov"
	wait_until sent stores_create
	kill -KILL "$(<pid)"
	wait_later
	grep -qF 'Plan: 2 to add, 0 to change, 0 to destroy.' later.out
}

@test "fault C1: and before the question" {
	start_logged
	manifest_of 2
	asking apply
	grep -qF 'Plan: 2 to add, 0 to change, 0 to destroy.' out
	answer no
}

@test "fault C2: reading that takes a second is said, and again after ten" {
	start_logged
	printf 'accounts: {prod: {account_id: %s}}\nstores: [a]\n' "$account" >cfprov.yaml
	sim_faults '{"method":"GET","kind":"delay","ms":10500,"nth":1}'
	good plan
	[ "$(grep -c '^Reading account prod\.\.\.$' err)" = 1 ]
	[ "$(grep -cE '^Still reading\.\.\. \[1[0-9]s elapsed\]$' err)" = 1 ]
	# What is quick is not worth a word.
	good plan
	[ ! -s err ]
}

@test "fault C2: several accounts are counted" {
	start_logged
	printf 'accounts: {a: {account_id: %s}, b: {account_id: %s}}\nstores: [a]\n' "$account" \
		"${account/a/b}" >cfprov.yaml
	sim_faults '{"method":"GET","kind":"delay","ms":2500,"times":2}'
	good plan
	err_has 'Reading 2 accounts...'
}

@test "fault C2: a slow change is said each ten seconds; of many, how many" {
	start_logged
	manifest_of 2
	sim_faults '{"method":"POST","kind":"delay","ms":12500,"nth":1}'
	good apply -auto-approve
	[ "$(grep -cE '^default/s000[12]: still creating\.\.\. \[1[0-9]s elapsed\]$' err)" = 1 ]
	err_has ': created after 12s (id '
	control DELETE faults
	manifest_of 14
	sim_faults '{"method":"POST","kind":"delay","ms":12500,"times":12}'
	good apply -auto-approve -parallelism=12
	err_lacks 'still creating'
	[ "$(grep -cE '^Still working\.\.\. 1[0-2] in progress, [0-9]* of 12 done \[1[0-9]s elapsed\]$' err)" = 1 ]
}

@test "fault C2: waiting for secrets to become active moves" {
	start_logged --pending 10500
	echo "{account_id: $account, stores: [{name: keys, secrets: [{name: A, value: {env: A}}]}]}" >cfprov.yaml
	A=some-value good apply -auto-approve -wait
	[ "$(grep -c '^Waiting for 1 secret to become active\.\.\. (up to 1m)$' err)" = 1 ]
	grep -qE '^Still waiting for 1 secret to become active\.\.\. \[1[0-9]s of 1m\]$' err
}

@test "fault C2: signs of life are lines of the stream, too" {
	start_logged
	manifest_of 1
	sim_faults '{"method":"GET","kind":"delay","ms":2500,"nth":1}'
	good plan -json
	jq -es 'any(.type == "log" and ."@message" == "Reading account default...")' out
}

# ---- one reason, one line -------------------------------------------------------------------

@test "fault C12: a server that is not there is said once, whatever asks it" {
	printf 'accounts: {a: {account_id: %s}, b: {account_id: %s}}\nstores: [a]\n' "$account" \
		"${account/a/b}" >cfprov.yaml
	local command
	for command in doctor plan; do
		CLOUDFLARE_API_TOKEN=some-token CLOUDFLARE_BASE_URL=http://127.0.0.1:1/client/v4 prov $command
		[ "$(grep -c '; retrying in ' err)" = 1 ]
		grep -q '^Failed to connect to 127.0.0.1 port 1: .*; retrying in 0' err
	done
}

@test "fault C12: so is the rate limit, however many requests meet it" {
	start_logged
	manifest_of 8
	sim_faults '{"method":"POST","status":429,"retry_after":"1","times":16}'
	good apply -auto-approve -parallelism=8
	[ "$(grep -c 'retrying in' err)" = 1 ]
	err_has 'Rate limited (HTTP 429); retrying in '
}

# ---- layout ---------------------------------------------------------------------------------

@test "a blank line separates diagnostics, the plan, progress and the summary" {
	start_logged
	manifest_of 2
	acc=acc_1 # of which it warns
	manifest_of 2
	status=0
	"$cfprov" apply -auto-approve >all 2>&1 || status=$?
	[ "$status" = 0 ]
	cat all >&2
	sed -E 's/ \(id [0-9a-f]+\)//; s/^(Warning: `acc_1`) .*/\1 .../
		/^cfprov will/,/^Plan/{/^Plan/!d}' all >seen
	diff - seen <<-'end'
		Warning: `acc_1` ...
		  cfprov.yaml:1:13
		    1 | account_id: acc_1
		      |             ^

		Plan: 2 to add, 0 to change, 0 to destroy.

		default/s0001: created
		default/s0002: created

		Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
	end
	# Each stream for itself neither begins nor ends with one.
	rm -f "$state"
	good plan
	[[ -n $(head -n1 out) && -n $(head -n1 err) ]]
	[[ -n $(tail -n1 out) && -n $(tail -n1 err) ]]
}

@test "errors follow each other with a blank line, and name what failed first" {
	start_logged
	manifest_of 4
	sim_faults '[{"method":"POST","nth":1,"status":400,"code":1,"message":"no"},
		{"method":"POST","nth":2,"status":400,"code":1,"message":"no"},
		{"method":"POST","nth":3,"status":400,"code":2,"message":"never"}]'
	bad apply -auto-approve -parallelism=1
	sed -E 's/, cf-ray [^)]*//; s/cf-ray [^)]*/cf-ray X/; s/ \(id [0-9a-f]+\)//' err >seen
	diff - seen <<-'end'
		default/s0001: failed: no (HTTP 400, code 1)
		default/s0002: failed: no (HTTP 400, code 1)
		default/s0003: failed: never (HTTP 400, code 2)
		default/s0004: created

		Error: default/s0003: never (HTTP 400, code 2)

		Error: default/s0001 and 1 more: no (HTTP 400, code 1)
		  default/s0001 (cf-ray X)
		  default/s0002 (cf-ray X)

		Apply incomplete: 1 added, 0 changed, 0 destroyed, 3 failed. Completed changes are saved in the state.
	end
}
