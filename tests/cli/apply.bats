#!/usr/bin/env bats
# Applying: what is made, what is said, what is recorded.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

same=$'No changes. Your infrastructure matches the configuration.\n'

# ---- what it says ---------------------------------------------------------------------------

@test "the product on stdout, to the byte; the talk on stderr" {
	acc=$account
	start_logged
	manifest b a
	good apply -auto-approve -parallelism=1
	out_is 'cfprov will perform the following actions (+ create):

Account default (a85e105f4ecef8ad9ca31a8372d0c353):

  + default/a
  + default/b

Plan: 2 to add, 0 to change, 0 to destroy.

Apply complete! Resources: 2 added, 0 changed, 0 destroyed.
'
	err_is "default/a: created (id $(live | sed -n 's/^a //p'))
default/b: created (id $(live | sed -n 's/^b //p'))
"
	agree 2
	tidy
}

@test "a second apply does nothing, asks nothing, writes nothing" {
	acc=$account
	start_logged
	manifest a b
	good apply -auto-approve
	cp "$state" before
	good apply
	out_is "$same
Apply complete! Resources: 0 added, 0 changed, 0 destroyed.
"
	err_is ''
	good apply -input=false
	cmp "$state" before
	[ "$(posts)" = 2 ]
	[ ! -e "$backup" ]
	tidy
}

@test "only what is missing is made" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest a b c d
	good apply -auto-approve
	out_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	[ "$(posts a)" = 1 ]
	[ "$(posts)" = 4 ]
	agree 4
}

# ---- consent --------------------------------------------------------------------------------

@test "-input=false without -auto-approve never asks and does nothing" {
	start_logged
	manifest a
	bad apply -input=false
	err_has '-auto-approve'
	err_lacks "Only 'yes'"
	[ "$(posts)" = 0 ]
	tidy
}

# answering TEXT: apply, with that as its input.
answering()
{
	status=0
	printf '%s' "$1" | "$cfprov" apply >out 2>err || status=$?
	told apply
}

@test "fault C9: only the word yes is consent, and a piped answer ends the line" {
	start_logged
	manifest a
	local answer
	for answer in '' $'\n' $'no\n' $'y\n' $'YES\n' $'Yes\n' $'yes \n' $' yes\n' $'yes please\n' \
		$'yesyes\n' $'\nyes\n' "$(printf 'yes%.0s' {1..1000})"$'\nyes\n' $'true\n' $'yes\r\n'; do
		answering "$answer"
		[ "$status" = 1 ]
		out_has 'Plan: 1 to add'
		[[ $output != *complete* ]]
		err_has "Only 'yes' will be accepted:"
		grep -qx 'Apply cancelled. No changes were made.' err
	done
	[ "$(posts)" = 0 ]
	[ ! -e "$state" ]
	tidy
	answering $'yes\nno\n'
	[ "$status" = 0 ]
	out_has 'Apply complete! Resources: 1 added'
	agree 1
}

# ---- the state ------------------------------------------------------------------------------

@test "state, backup, serial and lineage" {
	start_logged
	umask 000
	manifest a
	good apply -auto-approve
	[ "$(mode_of "$state")" = 600 ]
	[ "$(serial)" = 1 ]
	[ ! -e "$backup" ]
	local lineage
	lineage=$(jq -r .lineage "$state")
	[[ $lineage =~ ^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$ ]]
	[ "$(jq -r .version "$state")" = 1 ]
	[ "cfprov $(jq -r .cfprov_version "$state")" = "$("$cfprov" version | head -n 1)" ]
	cp "$state" first
	manifest a b
	good apply -auto-approve
	cmp "$backup" first
	[ "$(mode_of "$backup")" = 600 ]
	[ "$(mode_of "$state")" = 600 ]
	[ "$(serial)" = 2 ]
	[ "$(jq -r .lineage "$state")" = "$lineage" ]
	tidy
	# Another state has another lineage.
	good apply -auto-approve -adopt -state=other.json
	[ "$(jq -r .lineage other.json)" != "$lineage" ]
}

@test "the state is JSON with sorted names, two spaces and a final newline" {
	start_logged
	manifest z a m_1 A b.c
	good apply -auto-approve
	jq --indent 2 . "$state" | cmp - "$state"
	[ "$(jq -r '.accounts.acc_1.stores | keys_unsorted | join(" ")' "$state")" = 'A a b.c m_1 z' ]
	[ "$(jq -r 'keys_unsorted | join(" ")' "$state")" = \
		'version cfprov_version serial lineage accounts' ]
	jq -e '.accounts.acc_1.stores.a | .id and .created and .modified and .origin' "$state"
}

@test "during an apply the journal has the intents before the first request, with mode 0600" {
	umask 000
	start_logged
	manifest a b
	sim_faults '{"method":"POST","kind":"no_answer"}'
	later "$cfprov" apply -auto-approve
	sim_has_posts() { (($(posts) >= 2)); }
	wait_until sim_has_posts
	[ "$(mode_of "$journal")" = 600 ]
	[ "$(mode_of "$lock")" = 600 ]
	[ "$(head -n1 "$journal" | cut -d' ' -f2- | jq -c '[.intents[].store]')" = '["a","b"]' ]
	[ ! -e "$state" ]
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults
	good apply -auto-approve
	err_has 'The last apply was interrupted. Its recorded results are now in the state.'
	agree 2
	tidy
}

# ---- failures -------------------------------------------------------------------------------

@test "one failing store does not stop the others; the end lists what failed and why" {
	start_logged
	manifest_of 30
	# The 7th and the 20th that are asked for; which names they have is seen in the log.
	sim_faults '[{"method":"POST","status":400,"code":1007,"message":"bad_store","nth":7},
		{"method":"POST","status":400,"code":1007,"message":"bad_store","nth":20}]'
	prov apply -auto-approve
	[ "$status" = 1 ]
	[[ $output != *complete* ]]
	local failed
	failed=$(jq -r 'select(.fault and .method == "POST") | "default/\(.body.name)"' "$sim_log")
	[ "$(wc -w <<<"$failed")" = 2 ]
	# shellcheck disable=SC2086 # words
	err_has $failed 'bad_store' 1007 'HTTP 400' cf-ray '28 added' '2 failed'
	# The list stands at the end, behind the progress, and the reason only once there.
	[ "$(sed -n '/^Error:/,$p' err | grep -c bad_store)" = 1 ]
	[ "$(sed -n '/^Error:/,$p' err | grep -c '^  default/')" = 2 ]
	[ "$(posts)" = 30 ]
	agree 28
	tidy
	control DELETE faults
	good apply -auto-approve
	out_has 'Plan: 2 to add, 0 to change, 0 to destroy.' 'Resources: 2 added'
	agree 30
}

@test "different reasons are listed apart" {
	start_logged
	manifest a b c
	sim_faults '[{"method":"POST","status":400,"code":1007,"message":"first_reason","nth":1},
		{"method":"POST","status":400,"code":1008,"message":"second_reason","nth":2}]'
	prov apply -auto-approve
	[ "$status" = 1 ]
	[ "$(grep -c '^Error:' err)" = 2 ]
	err_has first_reason second_reason '1 added' '2 failed'
	agree 1
}

@test "all fail: exit 1, and no state is made up" {
	start_logged
	manifest a b c
	sim_faults '{"method":"POST","status":400,"code":1007,"message":"no"}'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has '0 added' '3 failed'
	[ "$(posts)" = 3 ]
	tidy
	[ ! -e "$state" ] || agree 0
}

@test "the failure of one account leaves the others" {
	start_logged
	cat >cfprov.yaml <<-end
		accounts:
		  one: {account_id: acc_1}
		  two: {account_id: acc_2}
		stores: [x, y]
	end
	sim_faults '{"method":"POST","account":"acc_2","status":403,"code":10000,
		"message":"Authentication error"}'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has two/x two/y 'Authentication error' 10000 'Secrets Store, Edit'
	agree 2 acc_1
	[ "$(live acc_2 | wc -l)" = 0 ]
}

# ---- much -----------------------------------------------------------------------------------

@test "names as long and as odd as the manifest allows" {
	start_logged
	local long
	long=$(printf 'n%.0s' {1..255})
	manifest "$long" a.b _ '"no"' '"1e3"' '"0o17"' '"null"' '"-"' '"..."' x-.-_
	good apply -auto-approve
	agree 10
	good plan
	out_is "$same"
}

@test "1,000 stores in four accounts" {
	start_logged
	{
		printf 'accounts:\n'
		printf '  a%s: {account_id: acc_%s}\n' 1 1 2 2 3 3 4 4
		printf 'stores:\n'
		printf -- '  - s%s\n' {1..250}
	} >cfprov.yaml
	good apply -auto-approve -parallelism=50
	out_has 'Resources: 1000 added'
	agree 250 acc_1
	agree 250 acc_4
	[ "$(posts)" = 1000 ]
	[ "$(grep -c ': created (id ' err)" = 1000 ]
	good plan
	out_is "$same"
}
