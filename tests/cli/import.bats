#!/usr/bin/env bats
# import: what lives comes into the state, if the manifest declares it.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  dev: {account_id: acc_2}' \
		'stores:' '  - keys' '  - {name: other, accounts: [prod]}' >cfprov.yaml
	id=$(make_store acc_1 keys)
	: >"$sim_log"
}
teardown() { stop_all; }

# make_store ACCOUNT NAME-AS-JSON-TEXT: gives the id.
make_store()
{
	api POST "/accounts/$1/secrets_store/stores" "{\"name\":\"$2\"}"
	answer_get .result.id
}

# unrecorded: nothing came of it.
unrecorded()
{
	[[ ! -e $state ]] && tidy
}

@test "by ids and by names in their place" {
	local account store
	for account in acc_1 prod; do
		for store in "$id" keys; do
			rm -f "$state"
			good import prod/keys "$account/$store"
			out_is "Imported prod/keys (id $id). cfprov now manages it.
"
			[ "$(recorded)" = "keys $id" ]
			[ "$(jq -r .accounts.acc_1.stores.keys.origin "$state")" = adopted ]
			[ "$(serial)" = 1 ]
			tidy
		done
	done
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(gets)" = 4 ] # one list each, of that account only
	good plan
	out_has 'Plan: 2 to add, 0 to change'
}

@test "policies of the manifest are recorded" {
	sed -i 's/- keys/- {name: keys, prevent_destroy: true}/' cfprov.yaml
	"$cfprov" validate 2>err || skip 'the manifest has no prevent_destroy yet'
	good import prod/keys prod/keys
	[ "$(jq .accounts.acc_1.stores.keys.prevent_destroy "$state")" = true ]
}

@test "what is not declared is refused, with the lines to add" {
	bad import prod/new "acc_1/$id"
	err_has 'prod/new is not declared in cfprov.yaml'
	grep -qx '      - name: new' err
	grep -qx '        accounts: \[prod\]' err
	bad import prod/null acc_1/x
	grep -qx '      - name: "null"' err
	bad import dev/other acc_2/x
	[ "$(requests)" = 0 ]
	manifest a
	bad import default/new acc_1/x
	[ "$(grep -c accounts: err)" = 0 ]
}

@test "addresses and ids that are none" {
	local address
	for address in keys prod prod/ /keys prod/keys/ prod/keys/A/B '' 'prod//keys' "${esc}[2J/x"; do
		bad import "$address" "acc_1/$id"
		harmless err
	done
	for address in 'prod/*' 'prod/a b' 'pr*d/keys' prod/.. 'prod/keys/A.B' 'prod/keys/*'; do
		bad import "$address" "acc_1/$id"
		err_has "Error: invalid address \`$address\`: " "is not a valid "
		err_lacks '- name:'
	done
	bad import 'prod/a b' "acc_1/$id"
	err_has "\`a b\` is not a valid name of a store: "
	bad import nope/keys "acc_1/$id"
	err_has 'no account `nope`'
	for address in "$id" acc_1 acc_1/ "/$id" '' acc_1/a/b "$esc/x" "acc_2/$id" "dev/$id" 'pro/keys'; do
		bad import prod/keys "$address"
		harmless err
	done
	err_has 'in the account `prod` (acc_1)'
	bad import prod/keys
	err_has 'missing argument' 'ACCOUNT/STORE'
	bad import
	[ "$(requests)" = 0 ]
	unrecorded
}

@test "what does not live; what there is instead is said, fit to be shown" {
	make_store acc_1 '\u001b[2J\u0007' >/dev/null
	bad import prod/keys acc_1/00000000000000000000000000000000
	err_has 'has the id or the name' "keys ($id)"
	bad import prod/keys prod/nope
	harmless err
	bad import dev/keys dev/keys
	err_has 'None exist'
	unrecorded
}

@test "another name than the address says" {
	bad import prod/other "acc_1/$id"
	err_has "the name of the store $id is \`keys\`" "can't rename"
	make_store acc_1 'k\u001b[31m' >/dev/null
	bad import prod/other "acc_1/$(answer_get .result.id)"
	harmless err
	unrecorded
}

@test "two of one name: an id decides which" {
	local second
	second=$(make_store acc_1 keys)
	bad import prod/keys prod/keys
	err_has '2 stores have this name' "$id" "$second"
	unrecorded
	good import prod/keys "prod/$second"
	[ "$(recorded)" = "keys $second" ]
}

@test "what is recorded already, here or elsewhere" {
	good import prod/keys "acc_1/$id"
	cp "$state" before
	bad import prod/keys "acc_1/$id"
	err_has 'already in the state' 'cfprov state rm prod/keys'
	jq '.accounts.acc_1.stores = {renamed: .accounts.acc_1.stores.keys}' before >"$state"
	bad import prod/keys "acc_1/$id"
	err_has 'already in the state, as prod/renamed'
}

@test "a state that means other accounts" {
	good import prod/keys prod/keys
	sed 's/"acc_1"/"acc_9"/' "$state" >new
	cp "$state" before
	cp new "$state"
	bad import prod/other prod/other
	err_has 'account `prod`: its id is acc_9 in the state'
	jq '.accounts.acc_1.alias = "old"' before >"$state"
	bad import prod/other prod/other
	err_has 'cfprov state mv old prod'
	[ "$(jq -r '.accounts.acc_1.alias' "$state")" = old ]
}

@test "an unresolved one is settled by an import" {
	good import prod/keys prod/keys
	jq '.accounts.acc_1.stores.keys = {unresolved: true}' "$state" >new
	cp new "$state"
	good import prod/keys prod/keys
	[ "$(recorded)" = "keys $id" ]
}

@test "a list of many pages; a list that fails" {
	stop_sim
	seed_of 250
	start_logged --seed seed.json
	manifest s0249
	good import default/s0249 acc_1/s0249
	[ "$(gets)" = 3 ]
	rm "$state"
	sim_faults '{"method":"GET","kind":"html","status":403,"nth":3}'
	bad import default/s0249 acc_1/s0249
	unrecorded
}

# ---- secrets --------------------------------------------------------------------------------

# make_secret STORE-ID NAME: gives the id.
make_secret()
{
	api POST "/accounts/acc_1/secrets_store/stores/$1/secrets" \
		"[{\"name\":\"$2\",\"value\":\"theirs\",\"scopes\":[\"workers\",\"dex\"],\"comment\":\"c\"}]"
	answer_get '.result[0].id'
}

# with_secret: the store `keys` is imported, and has a secret A that the manifest declares.
with_secret()
{
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' 'stores:' '  - name: keys' \
		'    secrets:' '      - {name: A, value: {env: VALUE}, scopes: [dex, workers], comment: c}' \
		>cfprov.yaml
	export VALUE=ours
	secret=$(make_secret "$id" A)
	good import prod/keys prod/keys
	: >"$sim_log"
}

recorded_secret()
{
	jq -c ".accounts.acc_1.stores.keys.secrets.A | [.id, .status, .scopes, .comment, .version, .fingerprint, .origin]" "$state"
}

@test "a secret, by ids and by names in their place; its value is then written once" {
	with_secret
	cp "$state" before
	local address
	for address in "acc_1/$id/$secret" prod/keys/A "acc_1/keys/$secret" "prod/$id/A"; do
		cp before "$state"
		good import prod/keys/A "$address"
		out_is "Imported prod/keys/A (id $secret). cfprov now manages it.
"
		err_has 'The next apply writes its value' 'update: if_absent'
		[ "$(recorded_secret)" = "[\"$secret\",\"active\",[\"dex\",\"workers\"],\"c\",null,null,\"adopted\"]" ]
	done
	[ "$(requests '.method != "GET"')" = 0 ]
	good plan
	out_has 'Plan: 0 to add, 1 to change, 0 to destroy.'
	good apply -auto-approve
	[ "$(requests '.method == "PATCH"')" = 1 ]
	[ "$(sim_world '.accounts[].stores[].secrets[].value_bytes')" = 4 ]
	: >"$sim_log"
	good apply -auto-approve
	[ "$(requests '.method != "GET"')" = 0 ]
	tidy
}

@test "a secret with update: if_absent, or one that is generated, keeps its value" {
	with_secret
	cp cfprov.yaml written.yaml
	local kept
	for kept in '{env: NOT_SET}, update: if_absent' '{generate: {bytes: 8}}'; do
		sed "s/value: {env: VALUE}/value: $kept/" written.yaml >cfprov.yaml
		good import prod/keys/A prod/keys/A
		err_lacks 'next apply'
		good plan -detailed-exitcode
		good apply -auto-approve
		[ "$(requests '.method != "GET"')" = 0 ]
		good state rm prod/keys/A
	done
}

@test "a secret's store comes first" {
	with_secret
	rm "$state"
	: >"$sim_log"
	bad import prod/keys/A prod/keys/A
	err_has 'its store prod/keys is not in the state' 'cfprov import prod/keys prod/keys'
	[ "$(requests)" = 0 ]
	unrecorded
	good import prod/keys prod/keys
	jq '.accounts.acc_1.stores.keys.id = "0"' "$state" >new
	cp new "$state"
	bad import prod/keys/A prod/keys/A
	err_has 'does not exist under the id in the state'
	[ "$(jq '.accounts.acc_1.stores.keys.secrets' "$state")" = null ]
}

@test "secrets that are not meant" {
	with_secret
	make_secret "$id" OTHER >/dev/null
	local other
	other=$(answer_get '.result[0].id')
	: >"$sim_log"
	for address in prod/keys prod/keys/ prod/keys/A/B /keys/A 'prod//A' "$secret"; do
		bad import prod/keys/A "$address"
		err_has 'expected ACCOUNT/STORE/SECRET'
	done
	bad import prod/keys/A dev/keys/A
	err_has 'in the account `prod` (acc_1)'
	bad import prod/keys/A prod/other/A
	err_has "the id names another store: the id of prod/keys is $id"
	bad import prod/keys/B prod/keys/B
	err_has 'prod/keys/B is not declared' 'Add under `secrets` of its store, for example:'
	grep -qx '          - name: B' err
	grep -qx '            value: {env: B}' err
	bad import prod/new/B-C prod/new/B-C
	grep -qx '      - name: new' err
	grep -qx '            value: {env: B_C}' err
	[ "$(requests)" = 0 ]
	bad import prod/keys/A prod/keys/NOPE
	err_has 'no secret in prod/keys has the id or the name `NOPE`' "A ($secret), OTHER ($other)"
	bad import prod/keys/A "prod/keys/$other"
	err_has "the name of the secret $other is \`OTHER\`, not \`A\`" 'rename it with `moved`'
	good import prod/keys/A prod/keys/A
	bad import prod/keys/A prod/keys/A
	err_has 'prod/keys/A: already in the state'
}

@test "fault A21: the variable that is suggested is valid, free, and means nothing else" {
	printf '%s\n' 'account_id: acc_1' 'stores:' '  - name: keys' '    secrets:' \
		'      - {name: A, value: {env: B}}' >cfprov.yaml
	local suggested
	for suggested in 1a_b=_1A_B PATH=SECRET_PATH b=KEYS_B api-key=API_KEY; do
		bad import "default/keys/${suggested%=*}" "default/keys/${suggested%=*}"
		grep -qx "            value: {env: ${suggested#*=}}" err
	done
}
