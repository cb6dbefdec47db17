#!/usr/bin/env bats
# Dates are moments: however Cloudflare writes one, it is the same; and an older one is a list that
# lags.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

data=$BATS_TEST_TMPDIR/data.json

# Two secrets, applied; cfsim keeps them in a file.
setup()
{
	set_up_cfprov
	start_logged --data "$data"
	keys 'comment: one'
	V=value good apply -auto-approve
	# Secrets become active in the meantime.
	V=value good apply -auto-approve
}
teardown() { stop_all; }

# keys FIELD: a store with the secrets A and B.
keys()
{
	cat >cfprov.yaml <<-END
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {env: V}, $1}
		      - {name: B, value: {env: V}, $1}
	END
}

# rewrite_data FILTER: what jq makes of the world is what cfsim starts again with.
rewrite_data()
{
	stop_sim
	jq "$1" "$data" >"$data.new"
	mv "$data.new" "$data"
	start_logged --data "$data"
}

# dates FILTER: all dates of the world are written otherwise.
dates()
{
	rewrite_data "walk(if type == \"object\" and has(\"modified\")
		then .modified |= ($1) | .created |= ($1) else . end)"
}

# is_clean [VALUE]: nothing is to be done, nothing is done, and the state stays as it is.
is_clean()
{
	local V=${1-value}
	export V
	cp "$state" before
	good plan -detailed-exitcode
	out_has 'No changes.'
	[[ $output$errors != *outside* ]]
	good apply -auto-approve
	[ "$(requests '.method != "GET"')" = 0 ]
	cmp "$state" before
}

@test "fault A4: lists with milliseconds are no reason to write a value" {
	dates 'sub("(?<a>[.][0-9]{3})[0-9]*Z$"; "\(.a)Z")'
	is_clean
}

@test "fault A4: lists without a fraction are no reason to write a value" {
	dates 'sub("[.][0-9]*Z$"; "Z")'
	is_clean
}

# lists_say SED: every list of secrets from now on is what sed makes of the one that there is.
lists_say()
{
	local store
	store=$(jq -r .accounts.acc_1.stores.keys.id "$state")
	api GET "/accounts/acc_1/secrets_store/stores/$store/secrets"
	sed -E "$1" "$answer" | jq -Rs '{method: "GET", path: "/client/v4/*/secrets", kind: "raw_body",
		text: .}' >fault
	[ "$(jq -r .text fault)" != "$(<"$answer")" ]
	sim_faults "$(<fault)"
	: >"$sim_log"
}

@test "fault A4: lists with an offset are no reason to write a value" {
	lists_say 's/Z"/+00:00"/g'
	is_clean
}

@test "fault A4: what is not a date is no reason to write a value" {
	lists_say 's/"(modified|created)":"[^"]*"/"\1":"yesterday"/g'
	is_clean
}

@test "fault A4: a saved plan fits a world whose dates have fewer digits" {
	keys 'comment: two'
	V=value good plan -out=saved
	dates 'sub("[.][0-9]*Z$"; "Z")'
	V=value good apply saved
	[ "$(sim_world '[.accounts[].stores[].secrets[].comment] | unique | .[]')" = two ]
}

@test "fault A5: our own update, which the list does not show yet, is no drift" {
	stop_sim
	cp "$data" old.json
	start_logged --data "$data"
	keys 'comment: two'
	V=other good apply -auto-approve
	stop_sim
	cp old.json "$data"
	start_logged --data "$data"
	is_clean other
	# -refresh-only learns nothing of it either.
	V=other good apply -refresh-only -auto-approve
	cmp "$state" before
}

@test "fault A5: nor is it while the list lags behind, and once it no longer does" {
	control POST lag '{"change":600000}' >/dev/null
	keys 'comment: two, scopes: [dex]'
	V=other good apply -auto-approve
	: >"$sim_log"
	is_clean other
	control POST lag '{"change":0}' >/dev/null
	is_clean other
	[ "$(sim_world '[.accounts[].stores[].secrets[].comment] | unique | .[]')" = two ]
}
