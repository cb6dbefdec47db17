#!/usr/bin/env bats
# Only some: -target, -exclude, -replace.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
}
teardown() { stop_all; }

same='No changes. Your infrastructure matches the configuration.'

# id_of NAME: the id of a store that is recorded.
id_of()
{
	recorded | sed -n "s/^$1 //p"
}

# have_stores NAME...: these stores are made, by an apply, and the log begins anew.
have_stores()
{
	manifest "$@"
	good apply -auto-approve
	: >"$sim_log"
}

# two_accounts NAME...: a manifest with these stores in acc_1 (one) and acc_2 (two).
two_accounts()
{
	printf 'accounts:\n  one: {account_id: acc_1}\n  two: {account_id: acc_2}\nstores:\n'
	printf '  - %s\n' "$@"
} >cfprov.yaml

# names [ACCOUNT]: the names that live, in one line.
names()
{
	live "$@" | cut -d' ' -f1 | paste -sd' '
}

@test "-target makes only that; the rest comes with the next apply" {
	manifest a b c
	good plan -target=default/b
	out_has '+ default/b' 'Plan: 1 to add'
	[[ $output != *default/a* ]]
	good apply -auto-approve -target=default/b
	[ "$(names)" = b ]
	good apply -auto-approve -target default/a --target=default/b
	[ "$(names)" = 'a b' ]
	good apply -auto-approve
	agree 3
}

@test "-target destroys only that" {
	have_stores a b c
	manifest a
	good apply -auto-approve -allow-store-destroy -target=default/b
	out_has '1 destroyed.'
	[ "$(names)" = 'a c' ]
	agree 2
	good plan
	out_has '- default/c'
}

@test "destroy -target and destroy -exclude" {
	have_stores a b c
	good destroy -auto-approve -allow-store-destroy -target=default/b
	out_has 'Destroy complete! Resources: 1 destroyed.'
	[ "$(names)" = 'a c' ]
	good destroy -auto-approve -allow-store-destroy '-exclude=*/c'
	[ "$(names)" = c ]
	agree 1
}

@test "patterns: a star matches within a part, an alias is all of its account" {
	two_accounts a1 a2 b1
	good apply -auto-approve '-target=*/a?' -exclude=two/a2
	[ "$(names acc_1)" = 'a1 a2' ]
	[ "$(names acc_2)" = a1 ]
	good apply -auto-approve -target=two
	[ "$(names acc_1)" = 'a1 a2' ]
	[ "$(names acc_2)" = 'a1 a2 b1' ]
	good plan '-exclude=*'
	out_has "$same"
	good plan '-exclude=*/b[0-9]'
	out_has "$same"
}

@test "a pattern that matches nothing is an error, before anything is done" {
	have_stores a b
	manifest a b c
	local option
	for option in -target=default/x -target=defualt '-target=*/x' -target=default/a/b -target=/ \
		-exclude=default/x -replace=default/x '-replace=*/*/*' "-target=${esc}[31mx"; do
		bad apply -auto-approve -allow-store-destroy "$option"
		err_has 'no match in the manifest or the state'
		harmless err
	done
	for option in -target= -exclude= -replace=; do
		bad plan "$option"
	done
	# One that matches does not excuse another.
	bad apply -auto-approve -target=default/c -target=default/x
	err_has -target=default/x
	err_lacks -target=default/c
	[ "$(requests '.method != "GET"')" = 0 ]
	tidy
}

@test "what is not wanted is not looked into, nor told, nor refused" {
	have_stores a b
	jq '.accounts.acc_1.stores.b.prevent_destroy = true' "$state" >changed && mv changed "$state"
	api DELETE "/accounts/acc_1/secrets_store/stores/$(id_of a)"
	manifest a c
	good plan -target=default/c
	[[ $output != *Changed* && $output == *'Plan: 1 to add, 0 to change, 0 to destroy.'* ]]
	good apply -auto-approve -target=default/c
	[ "$(names)" = 'b c' ]
	bad plan
	err_has 'default/b: the plan would destroy it'
}

@test "-replace destroys and makes again: another id, two requests" {
	have_stores a b
	local before
	before=$(id_of a)
	good plan -replace=default/a
	out_has '-/+ default/a' 'replacement requested with -replace' 'Plan: 1 to add, 0 to change, 1 to destroy.'
	err_has 'apply will fail' -allow-store-destroy
	bad apply -auto-approve -replace=default/a
	[ "$(id_of a)" = "$before" ]
	good apply -auto-approve -allow-store-destroy -replace=default/a
	out_has 'Apply complete! Resources: 1 added, 0 changed, 1 destroyed.'
	err_has 'default/a: replaced (id '
	[ "$(id_of a)" != "$before" ]
	[ "$(requests '.method != "GET"')" = 2 ]
	agree 2
	tidy
	good plan
	out_has "$same"
}

@test "-replace where there is room for one store only" {
	stop_sim
	start_logged --max-stores 1
	have_stores a
	good apply -auto-approve -allow-store-destroy -replace=default/a
	agree 1
	[ "$(posts)" = 1 ]
}

@test "-replace of what holds strangers is refused without -force" {
	have_stores a
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of a)/secrets" \
		'[{"name":"KEY","value":"v","scopes":["workers"]}]'
	bad apply -auto-approve -allow-store-destroy -replace=default/a
	err_has default/a/KEY -force
	good apply -auto-approve -allow-store-destroy -replace=default/a -force
	agree 1
	[ "$(sim_world '[.accounts[].stores[].secrets[]?] | length')" = 0 ]
}

@test "-replace whose DELETE fails leaves the store as it was" {
	have_stores a b
	local before
	before=$(id_of a)
	sim_faults '{"method":"DELETE","status":403,"code":10000,"message":"Authentication error"}'
	prov apply -auto-approve -allow-store-destroy -replace=default/a
	[ "$status" = 1 ]
	err_has '0 added, 0 changed, 0 destroyed, 1 failed'
	[ "$(posts)" = 0 ]
	[ "$(id_of a)" = "$before" ]
	agree 2
}

@test "-replace whose POST fails: the state knows that the old one is gone" {
	have_stores a b
	sim_faults '{"method":"POST","status":400,"code":1007,"message":"bad_store"}'
	prov apply -auto-approve -allow-store-destroy -replace=default/a
	[ "$status" = 1 ]
	err_has default/a bad_store
	agree 1
	tidy
	control DELETE faults >/dev/null
	good plan
	out_has '+ default/a' 'Plan: 1 to add'
	[[ $output != *Changed* ]]
	good apply -auto-approve
	agree 2
}

@test "-replace whose answers are lost: destroyed once, made once" {
	local fault
	for fault in '"method":"DELETE","kind":"reset_after"' '"method":"POST","kind":"reset_after"' \
		'"method":"DELETE","kind":"close_after"' '"method":"POST","kind":"close_after"' \
		'"method":"POST","kind":"status_after","status":502,"body":"html"' \
		'"method":"DELETE","kind":"status_after","status":502,"body":"html"' \
		'"method":"POST","kind":"reset_before"' '"method":"DELETE","kind":"reset_before"'; do
		have_stores a b
		sim_faults "{\"nth\":1,$fault}"
		echo "with $fault" >&2
		good apply -auto-approve -allow-store-destroy -replace=default/a
		out_has 'Apply complete! Resources: 1 added, 0 changed, 1 destroyed.'
		agree 2
		tidy
		control POST reset >/dev/null
		rm -f "$state" "$backup"
	done
}

@test "-replace of many, and together with what comes and goes" {
	manifest_of 20
	good apply -auto-approve
	live >before.txt
	manifest $(seq -f 's%04.0f' 15) new
	good apply -auto-approve -allow-store-destroy -force '-replace=default/s000?'
	out_has 'Apply complete! Resources: 10 added, 0 changed, 14 destroyed.'
	agree 16
	[ "$(live | comm -12 - before.txt | wc -l)" = 6 ]
}

@test "-replace of what is gone or new makes it, of what is not ours adopts it" {
	have_stores a
	api DELETE "/accounts/acc_1/secrets_store/stores/$(id_of a)"
	api POST /accounts/acc_1/secrets_store/stores '{"name":"foreign"}'
	manifest a new foreign
	: >"$sim_log"
	good apply -auto-approve -adopt '-replace=*/*'
	out_has 'Apply complete! Resources: 1 imported, 2 added, 0 changed, 0 destroyed.'
	[ "$(requests '.method == "DELETE"')" = 0 ]
	agree 3
}

@test "target, exclude and replace together" {
	have_stores a b c d
	good apply -auto-approve -allow-store-destroy '-replace=*/*' -target=default/a \
		'-target=*/b' -exclude=default/b
	out_has '1 added, 0 changed, 1 destroyed.'
	agree 4
}

@test "many patterns" {
	manifest_of 300
	# shellcheck disable=SC2046 # words
	good apply -auto-approve -parallelism=50 $(seq -f '-target=default/s%04.0f' 1 2 299)
	agree 150
	# shellcheck disable=SC2046 # words
	good apply -auto-approve -parallelism=50 $(seq -f '-exclude=default/s%04.0f' 4 2 300)
	agree 151
}
