#!/usr/bin/env bats
# Taking over stores that live already: never silently.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	acc=$account
	start_logged
	api POST /accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores '{"name":"default_secrets_store"}'
	id=$(answer_get .result.id)
	manifest default_secrets_store fresh
	: >"$sim_log"
}
teardown() { stop_all; }

@test "the plan counts it apart and says on stderr what it takes" {
	good plan
	out_is "cfprov will perform the following actions (+ create, = adopt):

Account default (a85e105f4ecef8ad9ca31a8372d0c353):

  = default/default_secrets_store (id $id)
  + default/fresh

Plan: 1 to import, 1 to add, 0 to change, 0 to destroy.
"
	err_is 'default/default_secrets_store already exists and will be adopted. To adopt without a prompt, pass -adopt or set `adopt: true`.
'
	prov plan -detailed-exitcode
	[ "$status" = 2 ]
}

@test "fault C12: the note about adoptions is short, however many and long they are" {
	local name names=()
	for name in {1..15}; do
		names+=("$(printf 'a-store-with-a-very-long-name-%02d' "$name")")
		api POST "/accounts/$acc/secrets_store/stores" "{\"name\":\"${names[-1]}\"}"
	done
	manifest "${names[@]}"
	good plan
	err_has ' and 12 more already exist and will be adopted. To adopt without a prompt,'
	[ "$(wc -c <err)" -le 260 ]
	bad apply -auto-approve
	err_has ' and 12 more already exist, and the adoption is not approved' 'No changes were made.'
	[ "$(grep -c adopt err)" = 2 ]
}

@test "without consent, apply without a question does nothing at all" {
	local args
	for args in -auto-approve "-auto-approve -input=false" "-auto-approve -adopt=false"; do
		# shellcheck disable=SC2086 # words
		bad apply $args
		err_has 'adopt'
	done
	[ "$(posts)" = 0 ]
	[ ! -e "$state" ]
	tidy
}

@test "-adopt is consent" {
	good apply -auto-approve -adopt
	out_has 'Plan: 1 to import, 1 to add, 0 to change, 0 to destroy.'
	out_has 'Apply complete! Resources: 1 imported, 1 added, 0 changed, 0 destroyed.'
	err_has "default/default_secrets_store: adopted (id $id)" 'default/fresh: created (id '
	err_lacks 'already exists'
	[ "$(posts default_secrets_store)" = 0 ]
	agree 2
	[ "$(jq -r '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores | map_values(.origin) | tojson' "$state")" = \
		'{"default_secrets_store":"adopted","fresh":"created"}' ]
	good show
	out_has 'origin    adopted'
	good plan
	out_has 'No changes.'
	err_is ''
}

@test "adopt: true in the manifest is consent, for that store" {
	manifest '{name: default_secrets_store, adopt: true}' fresh
	good apply -auto-approve
	out_has 'Resources: 1 imported, 1 added'
	agree 2
}

@test "adopt: true on another store is not" {
	manifest default_secrets_store '{name: fresh, adopt: true}'
	bad apply -auto-approve
	[ "$(posts)" = 0 ]
	manifest '{name: default_secrets_store, adopt: false}' fresh
	bad apply -auto-approve
	[ "$(posts)" = 0 ]
}

@test "adopt: true where nothing lives creates" {
	manifest '{name: fresh, adopt: true}'
	good apply -auto-approve
	out_has 'Resources: 1 added, 0 changed'
}

@test "a person who says yes to the plan has agreed" {
	status=0
	echo yes | "$cfprov" apply >out 2>err || status=$?
	told apply
	[ "$status" = 0 ]
	out_has 'Resources: 1 imported, 1 added'
	agree 2
}

@test "only adoptions: no request changes anything" {
	manifest default_secrets_store
	good apply -auto-approve -adopt
	out_has 'Apply complete! Resources: 1 imported, 0 added, 0 changed, 0 destroyed.'
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(recorded)" = "default_secrets_store $id" ]
	[ "$(serial)" = 1 ]
	tidy
}

@test "an account that may hold one store: the error says to adopt" {
	stop_sim
	start_logged --max-stores 1
	api POST /accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores '{"name":"default_secrets_store"}'
	: >"$sim_log"
	manifest fresh
	bad apply -auto-approve
	err_has maximum_stores_exceeded 'default/fresh' adopt
	[ "$(posts)" = 1 ]
	[ "$(live | wc -l)" = 1 ]
}
