#!/usr/bin/env bats
# The standard input: a value, a manifest, or an answer, and never two of them.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	printf '%s\n' 'account_id: acc_1' 'stores:' '  - name: keys' '    secrets:' \
		'      - {name: A, value: {stdin: true, json: /a}}' \
		'      - {name: B, value: {stdin: true, json: /b}}' >cfprov.yaml
}
teardown() { stop_all; }

value='{"a": "hush-a", "b": "hush-b"}'

# fed TEXT ARGUMENT...: runs it with this on its standard input.
fed()
{
	status=0
	printf '%s\n' "$1" | {
		shift
		"$cfprov" "$@" >out 2>err
	} || status=$?
	told "${@:2}"
}

writes()
{
	requests '.method != "GET"'
}

@test "with a value on the standard input nobody is asked" {
	local input
	for input in "$value" yes; do
		fed "$input" apply
		failed_well
		err_has 'the value of default/keys/A comes from the standard input' \
			'cfprov.yaml:5' 'Pass -auto-approve, or save a plan'
		err_lacks 'Do you' 'keys/B'
	done
	[ "$(writes)" = 0 ]
	tidy
}

@test "nothing is read before that: what stands there is left for others" {
	printf '%s\n' "$value" >input
	{
		! "$cfprov" apply >out 2>err
		cat >left
	} <input
	cmp input left
}

@test "with -auto-approve, with a saved plan, and to look at, it is read" {
	fed "$value" plan -out=plan
	[ "$status" = 0 ]
	fed "$value" apply plan
	[ "$status" = 0 ]
	out_has '3 added'
	fed "$value" apply -auto-approve
	[ "$status" = 0 ]
	out_has '0 added, 0 changed'
	fed "${value/hush-b/more}" apply -auto-approve
	out_has '0 added, 1 changed'
	[ "$(sim_world '[.accounts[].stores[].secrets[].value_bytes] | join(" ")')" = '6 4' ]
}

@test "where the value is not read, a question may be asked" {
	fed "$value" apply -auto-approve
	sed -i 's/json: \/.}/&, update: if_absent/; s/- name: keys/- more\n  - name: keys/' cfprov.yaml
	fed yes apply
	[ "$status" = 0 ]
	err_has 'Do you'
	out_has '1 added'
	fed yes destroy
	err_has 'Do you really want to destroy these'
	[ "$status" = 0 ]
}

@test "-input=false says what it always says" {
	fed "$value" apply -input=false
	failed_well
	err_has '-input=false disables prompts'
}

@test "with a manifest on the standard input nobody is asked, either" {
	printf '%s\n' 'account_id: acc_1' 'stores: [a]' >m
	local command
	for command in apply destroy 'apply -destroy'; do
		# shellcheck disable=SC2086 # words
		fed "$(<m)" $command -f -
		failed_well
		err_has 'the manifest comes from the standard input'
	done
	[ "$(requests)" = 0 ]
	fed "$(<m)" apply -f - -auto-approve
	[ "$status" = 0 ]
	fed "$(<m)" plan -f - -detailed-exitcode
	[ "$status" = 0 ]
	fed "$(<m)" refresh -f -
	[ "$status" = 0 ]
}
