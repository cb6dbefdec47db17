#!/usr/bin/env bats
# Planning: what it says, what it asks Cloudflare for, and that it changes nothing.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

same=$'No changes. Your infrastructure matches the configuration.\n'

# ---- what it says ---------------------------------------------------------------------------

@test "creates, to the byte" {
	acc=$account
	start_logged
	manifest b a c
	good plan
	out_is 'cfprov will perform the following actions (+ create):

Account default (a85e105f4ecef8ad9ca31a8372d0c353):

  + default/a
  + default/b
  + default/c

Plan: 3 to add, 0 to change, 0 to destroy.
'
	err_is ''
}

@test "a plan changes nothing, here or there" {
	start_logged
	manifest a b
	cp cfprov.yaml before
	good plan
	[ "$(posts)" = 0 ]
	[ "$(ls -A)" = $'before\ncfprov.yaml\nerr\nout' ]
	cmp cfprov.yaml before
	good apply -auto-approve
	cp "$state" before
	echo '  - c' >>cfprov.yaml
	good plan
	out_has 'Plan: 1 to add, 0 to change, 0 to destroy.'
	cmp "$state" before
	[ "$(posts)" = 2 ]
	tidy
}

# two_accounts STORE...: of two accounts; the first has every store, the second only `a`.
two_accounts()
{
	printf 'accounts: {prod: {account_id: acc_1}, staging: {account_id: acc_2}}\nstores:\n  - a\n'
	printf '  - {name: %s, accounts: [prod]}\n' "$@"
} >cfprov.yaml

@test "a hundred changes and more: first each account, then what destroys, then the rest" {
	start_logged
	two_accounts old1 old2
	good apply -auto-approve
	# shellcheck disable=SC2046 # words
	two_accounts $(seq -f 'n%03.0f' 97)
	good plan
	[[ $output != *'Account prod:'* && $output != *These* ]]
	out_has $'\n\nAccount prod (acc_1):\n\n  + prod/n001\n'
	# shellcheck disable=SC2046 # words
	two_accounts $(seq -f 'n%03.0f' 98)
	sed -i 's/  - a/  - b/' cfprov.yaml
	good plan
	[ "$(head -n 15 out)" = 'cfprov will perform the following actions (+ create, - destroy):

  prod (acc_1): 99 to add, 3 to destroy
  staging (acc_2): 1 to add, 1 to destroy

These will be destroyed:

  - prod/a
      because it is not in the manifest
  - prod/old1
      because it is not in the manifest
  - prod/old2
      because it is not in the manifest
  - staging/a
      because it is not in the manifest' ]
	[ "$(sed -n '16,21p' out)" = $'\nAccount prod:\n\n  + prod/b\n  + prod/n001\n  + prod/n002' ]
	[ "$(tail -n 6 out)" = $'\nAccount staging:\n\n  + staging/b\n\nPlan: 100 to add, 0 to change, 4 to destroy.' ]
	[ "$(grep -c '^  [-+] ' out)" = 104 ]
	[ "$(grep -c 'acc_1' out)" = 1 ]
}

@test "-summary: only the accounts, what destroys, and the counts" {
	start_logged
	two_accounts old
	good apply -auto-approve -summary
	out_is 'cfprov will perform the following actions (+ create):

  prod (acc_1): 2 to add
  staging (acc_2): 1 to add

Plan: 3 to add, 0 to change, 0 to destroy.

Apply complete! Resources: 3 added, 0 changed, 0 destroyed.
'
	two_accounts new
	local summary='cfprov will perform the following actions (+ create, - destroy):

  prod (acc_1): 1 to add, 1 to destroy

These will be destroyed:

  - prod/old
      because it is not in the manifest

Plan: 1 to add, 0 to change, 1 to destroy.
'
	good plan -summary -out=saved
	out_is "$summary"
	good show -summary saved
	out_is "$summary"
	bad destroy -summary -input=false
	out_has $'\n  prod (acc_1): 2 to destroy\n  staging (acc_2): 1 to destroy\n' '  - staging/a'
	good plan -summary -target=staging
	out_is $'No changes. Your infrastructure matches the configuration.\n'
	good refresh -summary
	local option
	for option in -json -format=json -format=markdown; do
		prov plan -summary $option
		[ "$status" = 1 ]
		has "$output$errors" '-summary requires -format=human'
	done
	bad show -summary
	err_has '-summary requires a saved plan'
}

@test "nothing to do, to the byte" {
	acc=$account
	start_logged
	manifest a b
	good apply -auto-approve
	good plan
	out_is "$same"
	err_is ''
}

@test "the same plan, byte for byte, each time" {
	start_logged
	manifest_of 50
	good plan
	cp out first
	good plan
	cmp out first
}

@test "-detailed-exitcode: 2 for changes, 0 for none, 1 for errors" {
	start_logged
	manifest a
	prov plan -detailed-exitcode
	[ "$status" = 2 ]
	[[ $errors != *Error:* ]]
	out_has 'Plan: 1 to add'
	good plan -detailed-exitcode=false
	good apply -auto-approve
	good plan -detailed-exitcode
	out_is "$same"
	sim_faults '{"method":"GET","status":404}'
	bad plan -detailed-exitcode
}

@test "a store that is gone is made again, and the plan says why" {
	start_logged
	manifest a b
	good apply -auto-approve
	local gone
	gone=$(live | sed -n 's/^b //p')
	api DELETE "/accounts/acc_1/secrets_store/stores/$gone"
	good plan
	out_has 'Plan: 1 to add, 0 to change, 0 to destroy.' '+ default/b'
	[[ $output != *default/a* ]]
	out_has "deleted outside of cfprov (was $gone)"
	good apply -auto-approve
	out_has 'Apply complete! Resources: 1 added, 0 changed, 0 destroyed.'
	agree 2
	[ "$(recorded | sed -n 's/^b //p')" != "$gone" ]
	[ "$(serial)" = 2 ]
	good plan
	out_is "$same"
}

@test "a store that was made anew outside is not taken over silently" {
	start_logged
	manifest a
	good apply -auto-approve
	local old new
	old=$(live | cut -d' ' -f2)
	api DELETE "/accounts/acc_1/secrets_store/stores/$old"
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	new=$(answer_get .result.id)
	good plan
	out_has 'Plan: 1 to import, 0 to add' "$new" "$old"
	bad apply -auto-approve
	[ "$(recorded)" = "a $old" ]
	good apply -auto-approve -adopt
	[ "$(recorded)" = "a $new" ]
	agree 1
}

@test "two live stores of one name: an error with both ids and the place; nothing is done" {
	start_logged
	api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
	local first second
	first=$(answer_get .result.id)
	api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
	second=$(answer_get .result.id)
	manifest a twin
	local command
	for command in plan "apply -auto-approve" "apply -auto-approve -adopt"; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has "$first" "$second" default/twin cfprov.yaml:4:5
	done
	[ "$(live | grep -c '^a ')" = 0 ]
	[ ! -e "$state" ]
}

@test "two live stores of one name that the manifest does not name are nobody's business" {
	start_logged
	api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
	api POST /accounts/acc_1/secrets_store/stores '{"name":"twin"}'
	manifest a
	good apply -auto-approve
	[ "$(recorded | wc -l)" = 1 ]
}

@test "names that differ in case only are two stores" {
	start_logged
	manifest Key key KEY
	good apply -auto-approve
	out_has 'Resources: 3 added'
	agree 3
}

# ---- what it asks for -----------------------------------------------------------------------

# lists COUNT [ACCOUNT]: so many requests, all of them lists of stores with full pages.
lists()
{
	[ "$(requests "$2")" = "$1" ]
	[ "$(requests "($2) and .method == \"GET\" and (.path | endswith(\"/stores\")) and
		(.query | contains(\"per_page=100\"))")" = "$1" ]
}

@test "exactly as many list requests as there are pages, and no GET per store" {
	local pair
	for pair in 0:1 1:1 99:1 100:1 101:2 250:3 1000:10; do
		local stores=${pair%:*} pages=${pair#*:}
		seed_of "$stores"
		start_logged --seed seed.json
		manifest_of "$((stores > 0 ? stores : 1))"
		prov plan -adopt
		[ "$status" = 0 ]
		lists "$pages" true
		stop_sim
	done
}

@test "1,000 stores: the second plan takes exactly ten requests" {
	start_logged
	manifest_of 1000
	good apply -auto-approve
	out_has 'Apply complete! Resources: 1000 added, 0 changed, 0 destroyed.'
	[ "$(posts)" = 1000 ]
	[ "$(gets)" = 1 ]
	good plan
	out_is "$same"
	[ "$(gets)" = 11 ]
	agree 1000
}

@test "an answer without total_pages: page after page until one is not full" {
	local pair
	for pair in 0:1 99:1 100:2 250:3; do
		local stores=${pair%:*} pages=${pair#*:}
		seed_of "$stores"
		start_logged --seed seed.json --answer total-pages=absent
		manifest_of "$((stores > 0 ? stores : 1))"
		good plan -adopt
		((stores == 0)) || out_has "Plan: $stores to import, 0 to add"
		lists "$pages" true
		stop_sim
	done
}

@test "several accounts, each with its own lists" {
	seed_of 150
	start_logged --seed seed.json
	cat >cfprov.yaml <<-end
		accounts:
		  one: {account_id: acc_1}
		  two: {account_id: acc_2}
		  three: {account_id: acc_3}
		stores: [s0001, s0150, new]
	end
	good plan -adopt
	out_has 'Plan: 2 to import, 7 to add, 0 to change, 0 to destroy.'
	lists 2 '.account == "acc_1"'
	lists 1 '.account == "acc_2"'
	lists 1 '.account == "acc_3"'
	[ "$(requests)" = 4 ]
	good apply -adopt -auto-approve
	out_has 'Apply complete! Resources: 2 imported, 7 added, 0 changed, 0 destroyed.'
	agree 3 acc_2
	agree 3 acc_3
	good plan
	out_is "$same"
}

@test "the lists of the accounts are under way at the same time" {
	start_logged --latency 300
	{
		echo accounts:
		for i in 1 2 3 4 5 6 7 8; do echo "  a$i: {account_id: acc_$i}"; done
		echo 'stores: [x]'
	} >cfprov.yaml
	good plan -parallelism 8
	[ "$(gets)" = 8 ]
	# On connections of their own, for none waited for another's answer; except for the first,
	# since libcurl must know whether its connection can be shared.
	[ "$(jq -s 'map(.connection) | unique | length' "$sim_log")" -ge 7 ]
}

@test "-parallelism=1 uses one connection" {
	start_logged
	manifest_of 20
	good apply -auto-approve -parallelism=1
	[ "$(jq -s 'map(.connection) | unique | length' "$sim_log")" = 1 ]
	agree 20
}

@test "-account picks, and may be given again or hold a *" {
	acc=$account
	start_logged
	cat >cfprov.yaml <<-end
		accounts:
		  prod: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}
		  prod-eu: {account_id: 353c0d2738a13ac9da8fece4f501e589}
		  staging: {account_id: 0123456789abcdef0123456789abcdef}
		stores: [x]
	end
	good plan -account=prod
	out_has 'Plan: 1 to add' '+ prod/x'
	[ "$(requests '.account != "a85e105f4ecef8ad9ca31a8372d0c353"')" = 0 ]
	good plan -account='prod*'
	out_has 'Plan: 2 to add'
	good plan -account staging -account=prod
	out_has 'Plan: 2 to add' '+ staging/x'
	bad plan -account=nobody
	err_has '-account=nobody matches no account'
	bad plan -account=prod -account=nobody
	good apply -auto-approve -account=prod
	good apply -auto-approve -account=staging
	good state list
	out_is $'prod/x\nstaging/x\n'
	good plan
	out_has 'Plan: 1 to add' '+ prod-eu/x'
	# What belongs to accounts that were not picked is no loose end.
	good plan -account=prod
	out_is "$same"
	err_is ''
}

@test "a manifest that gives an alias another account, or an account another alias, is refused" {
	start_logged
	manifest a
	good apply -auto-approve
	cp "$state" before
	sed -i s/acc_1/acc_2/ cfprov.yaml
	bad plan
	err_has acc_1 acc_2 default
	bad apply -auto-approve
	cat >cfprov.yaml <<-end
		accounts:
		  other: {account_id: acc_1}
		stores: [a]
	end
	bad plan
	err_has 'account `other`: the state calls this account `default` (id acc_1)'
	bad apply -auto-approve -adopt
	cmp "$state" before
	[ "$(posts)" = 1 ]
}

@test "CLOUDFLARE_ACCOUNT_ID, if the manifest names no account" {
	start_logged
	echo 'stores: [a]' >cfprov.yaml
	bad validate
	err_has 'no account is set' CLOUDFLARE_ACCOUNT_ID
	export CLOUDFLARE_ACCOUNT_ID=acc_7
	good apply -auto-approve
	agree 1 acc_7
	export CLOUDFLARE_ACCOUNT_ID=
	bad validate
	# The manifest's own is stronger.
	manifest b
	CLOUDFLARE_ACCOUNT_ID=acc_9 good plan -state=other.json
	[ "$(requests '.account == "acc_9"')" = 0 ]
}

@test "an account id from the environment is checked like one in the manifest" {
	start_logged
	echo 'stores: [a]' >cfprov.yaml
	local id
	for id in ../../user 'a b' a/b 'a?x=1' 'a%2Fb' $'a\r\nX: y' "$(printf 'a%.0s' {1..33})" .. .; do
		CLOUDFLARE_ACCOUNT_ID=$id bad plan
		err_has CLOUDFLARE_ACCOUNT_ID
		harmless err
	done
	[ "$(requests)" = 0 ]
	[ "$(sim_stats .unrouted)" = 0 ]
}
