#!/usr/bin/env bats
# Lists that change while they are read, or say something else than they show.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

stores='/client/v4/accounts/acc_1/secrets_store/stores'

# page NUMBER: that page of the stores, as the simulator has it.
page()
{
	api GET "/accounts/acc_1/secrets_store/stores?page=$1&per_page=100&order=created&direction=asc"
	cat "$answer"
}

# answers FAULT... <BODY: the requests that match are answered with this body.
answers()
{
	jq -c --argjson fault "$1" '$fault + {method: "GET", kind: "raw_body", text: tojson}'
}

@test "fault A26: somebody deletes between two pages: what moved up is neither made again nor forgotten" {
	seed_of 150
	start_logged --seed seed.json
	manifest_of 150
	good apply -auto-approve -adopt
	# Page 1 as it was before, page 2 as it is after s0005 was deleted; s0101 is on neither.
	page 1 >page1.json
	api DELETE "/accounts/acc_1/secrets_store/stores/$(recorded | sed -n 's/^s0005 //p')"
	sim_faults "[$(answers '{"nth": 1}' <page1.json)]"
	: >"$sim_log"
	good plan
	out_has 'Plan: 1 to add' '+ default/s0005'
	[ "$(requests '.path | test("/stores$")')" = 5 ]
	[ "$(requests '.path | test("/stores/")')" = 2 ] # s0005, twice
}

@test "fault A26: the same without totals: what is on neither page is asked for by its id" {
	seed_of 150
	start_logged --seed seed.json
	manifest_of 150
	good apply -auto-approve -adopt
	page 1 | jq -c 'del(.result_info.total_count)' >page1.json
	page 2 | jq -c 'del(.result[0], .result_info.total_count)' >page2.json
	sim_faults "[$(answers '{"nth": 1}' <page1.json), $(answers '{"nth": 2}' <page2.json)]"
	: >"$sim_log"
	good plan
	out_has 'No changes.'
	[ "$(requests '.path | test("/stores$")')" = 2 ]
	[ "$(requests '.path | test("/stores/")')" = 1 ]
}

@test "fault A7: a count above what is listed ends no command" {
	seed_of 3
	start_logged --seed seed.json
	manifest_of 3
	page 1 | jq -c '.result_info.total_count = 4' >page1.json
	jq -c '.result = [] | .result_info.page = 2' page1.json >page2.json
	sim_faults "[$(answers '{"nth": 2}' <page2.json), $(answers '{"nth": 4}' <page2.json),
		$(answers '{}' <page1.json)]"
	good plan -adopt
	out_has 'Plan: 3 to import, 0 to add'
}

@test "fault A27: a server that gives 50 a page and no totals hides nothing" {
	seed_of 120
	start_logged --seed seed.json
	manifest_of 120
	local from info faults
	for info in null '{"per_page": 50}'; do
		faults=
		{ page 1 && page 2; } | jq -cs '.[0].result += .[1].result | .[0]' >all.json
		for from in 0 50 100; do
			faults+=,$(jq -c --argjson from "$from" --argjson info "$info" \
				'.result |= .[$from:$from + 50] | .result_info = $info' all.json |
				answers "{\"nth\": $((from / 50 + 1))}")
		done
		control DELETE faults
		sim_faults "[${faults#,}]"
		: >"$sim_log"
		good plan -adopt
		out_has 'Plan: 120 to import, 0 to add'
		[ "$(requests)" = 3 ]
	done
}

@test "fault A13: a list of another account is an error that names both" {
	seed_of 1
	start_logged --seed seed.json
	manifest s0001
	good apply -auto-approve -adopt
	page 1 | jq -c '.result[0].account_id = "acc_2"' >other.json
	sim_faults "$(answers '{}' <other.json)"
	bad plan
	err_has 'account `default`' "store $(recorded | cut -d' ' -f2)" \
		'is in the account acc_2, not in acc_1'
}

@test "fault A13: what is asked for by id is another account's, or another object" {
	seed_of 1
	start_logged --seed seed.json
	manifest s0001
	good apply -auto-approve -adopt
	local id change
	id=$(recorded | cut -d' ' -f2)
	page 1 | jq -c '.result = [] | .result_info.total_count = 0' >empty.json
	for change in '.account_id = "acc_2"' '.id = "0123"'; do
		page 1 | jq -c ".result = (.result[0] | $change) | del(.result_info)" >one.json
		control DELETE faults
		sim_faults "[$(answers '{"times": 1}' <empty.json),
			$(answers "{\"path\": \"$stores/*\"}" <one.json)]"
		bad plan
		err_has 'account `default`' "$id"
		control DELETE faults
	done
	err_has "was asked for the store $id, but returned 0123"
}

# ---- one id twice ---------------------------------------------------------------------------

@test "one id with two names: read again, then an error" {
	seed_of 2
	start_logged --seed seed.json
	manifest_of 2
	page 1 | jq -c '.result[1].id = .result[0].id' >twice.json
	sim_faults "$(answers '{"nth": 1}' <twice.json)"
	good plan -adopt
	out_has 'Plan: 2 to import, 0 to add'
	control DELETE faults
	sim_faults "$(answers '{}' <twice.json)"
	bad plan -adopt
	err_has "Cloudflare's list has the same id for two stores"
}

@test "one secret in two stores: read again, then an error" {
	start_logged
	printf 'account_id: acc_1\nstores:\n' >cfprov.yaml
	local store
	for store in a b; do
		printf '  - {name: %s, secrets: [{name: S, value: {env: V}}]}\n' $store
	done >>cfprov.yaml
	export V=v
	good apply -auto-approve
	api GET "/accounts/acc_1/secrets_store/stores/$(recorded | sed -n 's/^a //p')/secrets?per_page=100"
	jq -c 'del(.result[].store_id)' "$answer" >same.json
	: >"$sim_log"
	sim_faults "$(answers "{\"path\": \"$stores/*/secrets\", \"times\": 2}" <same.json)"
	good plan
	out_has 'No changes.'
	[ "$(requests)" = 5 ]
	control DELETE faults
	sim_faults "$(answers "{\"path\": \"$stores/*/secrets\"}" <same.json)"
	bad plan
	err_has "the same id for secrets in two stores"
}
