#!/usr/bin/env bats
# output: ids for other tools.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  prod-eu: {account_id: acc_2}' \
		'stores: [b, a]' >cfprov.yaml
	good apply -auto-approve
	: >"$sim_log"
}
teardown() { stop_all; }

id_of()
{
	live "$1" | awk -v name="$2" '$1 == name {print $2}'
}

@test "a line for each, sorted as text" {
	good output
	out_is "prod-eu/a = \"$(id_of acc_2 a)\"
prod-eu/b = \"$(id_of acc_2 b)\"
prod/a = \"$(id_of acc_1 a)\"
prod/b = \"$(id_of acc_1 b)\"
"
	err_is ''
	[ "$(requests)" = 0 ]
}

@test "-json: Terraform's form, sorted" {
	good output -json
	[ "$(jq -c keys_unsorted out)" = '["prod-eu/a","prod-eu/b","prod/a","prod/b"]' ]
	[ "$(jq -c '."prod/a"' out)" = "{\"sensitive\":false,\"type\":\"string\",\"value\":\"$(id_of acc_1 a)\"}" ]
	jq --indent 2 . out | cmp - out
}

@test "one address: quoted, as JSON, raw without a line break" {
	local id
	id=$(id_of acc_1 a)
	good output prod/a
	out_is "\"$id\"
"
	good output -json prod/a
	out_is "\"$id\"
"
	good output -raw prod/a
	out_is "$id"
	[ "$("$cfprov" output -raw prod/a)" = "$id" ]
}

@test "an unknown address is an error, also as JSON" {
	local args
	for args in nope prod/c "prod/*" "-json nope" "-raw nope" "-raw prod"; do
		# shellcheck disable=SC2086 # words
		bad output $args
		err_has 'nothing in the state has the address'
	done
	bad output "${esc}[31mx"
	harmless err
	bad output -raw
	bad output -raw -json prod/a
	bad output prod/a prod/b
}

@test "an empty state: nothing on stdout, {} as JSON" {
	rm "$state"
	good output
	out_is ''
	err_has 'nothing to put out'
	good output -json
	out_is '{}
'
	bad output prod/a
}

@test "an id that is not known yet" {
	jq '.accounts.acc_1.stores.a = {unresolved: true}' "$state" >new
	cp new "$state"
	good output
	out_has 'prod/a = (not known yet'
	good output -json
	[ "$(jq '."prod/a".value' out)" = null ]
	good output -json prod/a
	out_is 'null
'
	bad output -raw prod/a
	out_is ''
}
