#!/usr/bin/env bats
# What leaves the manifest: destroyed with a reason and under a guard, once and no more.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

same=$'No changes. Your infrastructure matches the configuration.\n'

# deletes [NAME-OF-STORE's ID]: how many DELETEs of stores the simulator saw.
deletes()
{
	requests ".method == \"DELETE\"${1+ and (.path | endswith(\"/$1\"))}"
}

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

# add_secret STORE NAME: a secret that cfprov knows nothing of.
add_secret()
{
	api POST "/accounts/$acc/secrets_store/stores/$(id_of "$1")/secrets" \
		"[{\"name\":\"$2\",\"value\":\"v\",\"scopes\":[\"workers\"]}]"
	[[ $http == 200 ]]
}

# answering TEXT ARGUMENT...: with that as its input.
answering()
{
	local text=$1
	shift
	status=0
	printf '%s' "$text" | "$cfprov" "$@" >out 2>err || status=$?
	told "$@"
}

# ---- the plan -------------------------------------------------------------------------------

@test "plan says what goes and why, and what apply will refuse; it changes nothing" {
	start_logged
	have_stores a b c
	local id
	id=$(id_of b)
	manifest a c
	cp "$state" before
	good plan
	out_is 'cfprov will perform the following actions (- destroy):

Account default (acc_1):

  - default/b
      because it is not in the manifest

Plan: 0 to add, 0 to change, 1 to destroy.
'
	err_has 'apply will fail' 'default/b' '-allow-store-destroy'
	prov plan -detailed-exitcode
	[ "$status" = 2 ]
	cmp "$state" before
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(live | grep -c "$id")" = 1 ]
}

# ---- leave ----------------------------------------------------------------------------------

@test "apply destroys a store only with -allow-store-destroy, whatever else is agreed to" {
	start_logged
	have_stores a b
	manifest a
	local args
	for args in -auto-approve '-auto-approve -force' '-auto-approve -max-deletes=5' \
		'-auto-approve -input=false' '-auto-approve -allow-store-destroy=false'; do
		# shellcheck disable=SC2086 # words
		bad apply $args
		err_has 'refusing to destroy the store default/b' '-allow-store-destroy'
	done
	# Refused before it is asked.
	answering $'yes\n' apply
	[ "$status" = 1 ]
	err_lacks "Only 'yes'"
	[ "$(deletes)" = 0 ]
	agree 2
	tidy
	good apply -auto-approve -allow-store-destroy
	out_has 'Apply complete! Resources: 0 added, 0 changed, 1 destroyed.'
	err_has 'default/b: destroyed (id '
	err_lacks '(null)'
	[ "$(deletes)" = 1 ]
	agree 1
	good plan
	out_is "$same"
}

@test "with leave it still asks, and no is no" {
	start_logged
	have_stores a b
	manifest a
	answering $'no\n' apply -allow-store-destroy
	[ "$status" = 1 ]
	bad apply -allow-store-destroy -input=false
	err_has 'approval required, but -input=false' '-auto-approve'
	bad destroy -input=false
	err_has 'approval required, but -input=false' '-auto-approve'
	[ "$(deletes)" = 0 ]
	answering $'yes\n' apply -allow-store-destroy
	[ "$status" = 0 ]
	[ "$(deletes)" = 1 ]
	agree 1
	tidy
}

# ---- strangers ------------------------------------------------------------------------------

@test "a store with secrets that cfprov does not manage: named, and refused without -force" {
	start_logged
	have_stores a b
	add_secret b DB_PASSWORD
	add_secret b API_KEY
	add_secret a OTHER
	manifest a
	good plan
	out_has 'also destroys, not managed by cfprov: default/b/API_KEY and default/b/DB_PASSWORD'
	[[ $output != *OTHER* ]]
	err_has 'apply will fail' default/b/API_KEY default/b/DB_PASSWORD -force
	err_lacks OTHER
	bad apply -auto-approve -allow-store-destroy
	err_has 'default/b: contains secrets that cfprov does not manage: default/b/API_KEY and default/b/DB_PASSWORD' \
		'-force'
	[ "$(deletes)" = 0 ]
	agree 2
	good apply -auto-approve -allow-store-destroy -force
	out_has '1 destroyed.'
	[ "$(requests '.method == "DELETE" and .query == "force=true"')" = 1 ]
	agree 1
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | join(" ")')" = OTHER ]
}

@test "-force without strangers does not ask Cloudflare for force" {
	start_logged
	have_stores a b
	manifest a
	good apply -auto-approve -allow-store-destroy -force
	[ "$(requests '.method == "DELETE" and .query == ""')" = 1 ]
	[ "$(deletes)" = 1 ]
}

@test "many secrets, on several pages: all are seen, ten are named" {
	jq -n '{accounts: [{id: "acc_1", stores: [{name: "b", secrets: [range(250) |
		{name: "S\(.)", value: "x", scopes: ["workers"]}]}]}]}' >seed.json
	start_logged --seed seed.json --max-secrets 0
	manifest '{name: b, adopt: true}' a
	good apply -auto-approve
	manifest a
	bad apply -auto-approve -allow-store-destroy
	err_has 'and 240 more'
	[ "$(deletes)" = 0 ]
	# One list of the account, then the pages of the one store that goes.
	: >"$sim_log"
	good plan
	[ "$(requests '.path | endswith("/secrets")')" = 3 ]
	[ "$(gets)" = 4 ]
}

@test "only stores that go are looked into" {
	start_logged
	manifest_of 50
	good apply -auto-approve
	manifest_of 48
	: >"$sim_log"
	good plan
	[ "$(requests '.path | endswith("/secrets")')" = 2 ]
	manifest_of 50
	: >"$sim_log"
	good plan
	[ "$(gets)" = 1 ]
}

@test "a secret that comes while the question stands: nothing is done" {
	start_logged
	have_stores a b
	manifest a
	asking apply -allow-store-destroy
	add_secret b LATE
	answer yes
	[ "$status" = 1 ]
	err_has 'default/b: changed since the plan was made: it now contains an unmanaged secret' 'No changes were made.'
	[ "$(deletes)" = 0 ]
	agree 2
	tidy
}

@test "a store that comes while the question stands is not made twice" {
	start_logged
	have_stores a
	manifest a b
	asking apply
	api POST /accounts/acc_1/secrets_store/stores '{"name":"b"}'
	[[ $http == 200 ]]
	answer yes
	[ "$status" = 1 ]
	err_has 'default/b: changed since the plan was made: it already exists' 'Run `cfprov plan` again.'
	[ "$(sim_world '.accounts[].stores[].name' | grep -c '^b$')" = 1 ]
	tidy
}

@test "a secret that came after the last look: 409, a failure that is not tried again" {
	start_logged
	have_stores a b
	manifest a
	asking apply -allow-store-destroy -refresh=false # with that there is no look after the answer
	add_secret b LATE
	answer yes
	[ "$status" = 1 ]
	err_has store_not_empty '409' '0 destroyed, 1 failed'
	[ "$(deletes)" = 1 ]
	agree 2
	tidy
	bad apply -auto-approve -allow-store-destroy
	err_has default/b/LATE
	[ "$(deletes)" = 1 ]
}

@test "store_not_empty in all of its codes is never tried again" {
	local code
	for code in 1003 1001 1004; do
		start_logged
		have_stores a b
		manifest a
		sim_faults "{\"method\":\"DELETE\",\"status\":409,\"code\":$code,
			\"message\":\"store_not_empty\"}"
		prov apply -auto-approve -allow-store-destroy
		[ "$status" = 1 ]
		err_has store_not_empty '1 failed'
		[ "$(deletes)" = 1 ]
		agree 2
		stop_sim
		rm -f "$state" "$backup"
	done
}

@test "what can't be looked into is not destroyed" {
	start_logged
	have_stores a b
	manifest a
	sim_faults '{"method":"GET","path":"/accounts/*/secrets_store/stores/*/secrets","status":403,
		"code":10000,"message":"Authentication error"}'
	bad apply -auto-approve -allow-store-destroy -force
	err_has "can't list secrets" 'Authentication error'
	[ "$(deletes)" = 0 ]
	agree 2
	tidy
}

# ---- too many -------------------------------------------------------------------------------

@test "more than 30 % of ten or more is refused, exactly 30 % is not" {
	start_logged
	manifest_of 10
	good apply -auto-approve
	manifest_of 6
	bad apply -auto-approve -allow-store-destroy
	err_has 'refusing to destroy 4 of 10 managed objects (limit: 30%)' -force -max-delete-percent
	good plan
	err_has 'apply will fail' '4 of 10'
	bad apply -auto-approve -allow-store-destroy -max-delete-percent=39
	[ "$(deletes)" = 0 ]
	manifest_of 7
	good apply -auto-approve -allow-store-destroy
	[ "$(deletes)" = 3 ]
	# Seven are few.
	manifest s0001
	good apply -auto-approve -allow-store-destroy
	[ "$(deletes)" = 9 ]
	agree 1
}

@test "-max-deletes and -max-delete-percent, met and passed by one" {
	start_logged
	manifest_of 10
	good apply -auto-approve
	manifest_of 5
	local args
	for args in -max-deletes=4 '-max-deletes=0 -max-delete-percent=100' '-max-deletes=5' \
		-max-delete-percent=49; do
		# shellcheck disable=SC2086 # words
		bad apply -auto-approve -allow-store-destroy $args
	done
	for args in -max-deletes=-1 -max-deletes=x -max-deletes= -max-delete-percent=101 \
		-max-delete-percent=30% -max-delete-percent=1e1; do
		bad apply -auto-approve -allow-store-destroy "$args"
		err_has "expected a number"
	done
	[ "$(deletes)" = 0 ]
	good apply -auto-approve -allow-store-destroy -max-deletes=5 -max-delete-percent=50
	[ "$(deletes)" = 5 ]
	agree 5
}

@test "-force lifts numbers, not leave" {
	start_logged
	manifest_of 20
	good apply -auto-approve
	manifest s0001
	bad apply -auto-approve -force
	good apply -auto-approve -force -allow-store-destroy -max-deletes=1
	[ "$(deletes)" = 19 ]
	agree 1
}

# ---- gone already ---------------------------------------------------------------------------

@test "what is gone already leaves the state without a request" {
	start_logged
	have_stores a b
	api DELETE "/accounts/acc_1/secrets_store/stores/$(id_of b)"
	: >"$sim_log"
	manifest a
	good plan
	out_has 'Changed outside of cfprov:' 'default/b has been deleted (was ' 'No changes.'
	good apply
	out_has 'Apply complete! Resources: 0 added, 0 changed, 0 destroyed.'
	[ "$(deletes)" = 0 ]
	agree 1
	good plan
	out_is "$same"
}

@test "gone between plan and DELETE: 404 counts as destroyed" {
	start_logged
	have_stores a b
	manifest a
	sim_faults '{"method":"DELETE","kind":"status_after","status":404,"code":1001,
		"message":"store_not_found"}'
	good apply -auto-approve -allow-store-destroy
	out_has 'Apply complete! Resources: 0 added, 0 changed, 1 destroyed.'
	[ "$(deletes)" = 1 ]
	agree 1
}

@test "a 404 that is about something else is a failure" {
	start_logged
	have_stores a b
	manifest a
	sim_faults '{"method":"DELETE","status":404,"code":7003,
		"message":"Could not route to /accounts/acc_1, perhaps your object identifier is invalid?"}'
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has '1 failed' 7003
	agree 2
}

@test "gone between the list and the look inside: nothing is left to destroy" {
	start_logged
	have_stores a b
	manifest a
	# The list still has it, and then nobody finds it.
	sim_faults '[{"method":"GET","path":"/accounts/*/secrets_store/stores/*/secrets","status":404,
		"code":1001,"message":"store_not_found"},
		{"method":"DELETE","kind":"status_after","status":404,"code":1001,
		"message":"store_not_found"}]'
	good apply -auto-approve -allow-store-destroy
	out_has '1 destroyed.'
	agree 1
}

# ---- answers that are lost ------------------------------------------------------------------

@test "a DELETE whose answer is lost or wrong ends well, and each store goes once" {
	local fault
	for fault in '"kind":"reset_after"' '"kind":"close_after"' '"kind":"cut_short"' \
		'"kind":"truncated_json"' '"kind":"html"' '"kind":"gzip"' \
		'"kind":"status_after","status":500' '"kind":"status_after","status":502,"body":"html"' \
		'"kind":"status_after","status":504,"body":"empty"' \
		'"kind":"reset_before"' '"kind":"close_before"' '"kind":"garbage"' \
		'"kind":"status","status":500' '"kind":"status","status":503,"retry_after":"0"' \
		'"kind":"status","status":429,"retry_after":"0"'; do
		start_logged
		have_stores a b c d
		manifest a
		sim_faults "{\"method\":\"DELETE\",\"nth\":2,$fault}"
		good apply -auto-approve -allow-store-destroy -parallelism=1
		echo "with $fault" >&2
		out_has 'Apply complete! Resources: 0 added, 0 changed, 3 destroyed.'
		[ "$(sim_stats .faults_applied)" = 1 ]
		agree 1
		tidy
		control DELETE faults >/dev/null
		good plan
		out_is "$same"
		stop_sim
		rm -f "$state" "$backup"
	done
}

@test "a kept-alive connection is closed on reuse, before or after the DELETE was done" {
	local kind
	for kind in close_idle close_idle_after; do
		start_logged
		manifest_of 30
		good apply -auto-approve
		manifest s0001
		sim_faults "{\"method\":\"DELETE\",\"kind\":\"$kind\",\"after\":3,\"times\":4}"
		good apply -auto-approve -allow-store-destroy -force -parallelism=2
		out_has '29 destroyed.'
		(($(sim_stats .faults_applied) >= 2))
		agree 1
		stop_sim
		rm -f "$state" "$backup"
	done
}

@test "a DELETE that never works fails, is bounded, and the state keeps the store" {
	start_logged
	have_stores a b c
	manifest a
	sim_faults "{\"method\":\"DELETE\",\"path\":\"*/$(id_of b)\",\"status\":500,\"retry_after\":\"0\"}"
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has default/b '1 destroyed, 1 failed'
	(($(deletes "$(id_of b)") <= 4))
	agree 2
	tidy
	control DELETE faults >/dev/null
	good apply -auto-approve -allow-store-destroy
	agree 1
}

# ---- destroy --------------------------------------------------------------------------------

@test "destroy: all that is managed, the summary to the byte" {
	start_logged
	have_stores a b c
	api POST /accounts/acc_1/secrets_store/stores '{"name":"foreign"}'
	good destroy -auto-approve -allow-store-destroy
	out_is 'cfprov will perform the following actions (- destroy):

Account default (acc_1):

  - default/a
  - default/b
  - default/c

Plan: 0 to add, 0 to change, 3 to destroy.

Destroy complete! Resources: 3 destroyed.
'
	err_lacks '(null)'
	[ "$(live | cut -d' ' -f1)" = foreign ]
	[ "$(recorded)" = '' ]
	tidy
	# Again: nothing.
	good destroy -auto-approve
	out_has 'Destroy complete! Resources: 0 destroyed.'
	[ "$(deletes)" = 3 ]
	# And from the start.
	good apply -auto-approve
	out_has '3 added'
	diff <(live | grep -v '^foreign ') <(recorded)
}

@test "fault C10: destroy asks once, in words of its own: stores and their number need no leave" {
	start_logged
	manifest_of 12
	good apply -auto-approve
	: >"$sim_log"
	bad destroy -input=false
	err_has 'approval required' -auto-approve
	local question="Do you really want to destroy these 12 objects? This cannot be undone. Only 'yes' will be accepted: "
	answering $'no\n' destroy
	[ "$status" = 1 ]
	err_has "$question"
	err_has 'Destroy cancelled. No changes were made.'
	answering $'no\n' apply -destroy
	[ "$status" = 1 ]
	err_has "$question"
	answering $'no\n' destroy -target=default/s0001
	err_has "Do you really want to destroy this object? This cannot be undone. Only 'yes'"
	good plan -destroy -out=saved
	err_lacks 'apply will fail'
	# What was asked for is still held to.
	bad destroy -auto-approve -max-deletes=11
	err_has 12 -max-deletes
	bad destroy -auto-approve -max-delete-percent=99
	err_has '12 of 12 managed objects (limit: 99%)'
	bad apply -destroy -auto-approve -max-deletes=11
	[ "$(deletes)" = 0 ]
	good apply saved
	out_has 'Destroy complete! Resources: 12 destroyed.'
	manifest_of 12
	good apply -auto-approve
	answering $'yes\n' destroy
	[ "$status" = 0 ]
	out_has 'Destroy complete! Resources: 12 destroyed.'
	[ "$(live)" = '' ]
}

@test "fault C10: destroy needs -force for what cfprov does not manage, and nothing else" {
	start_logged
	manifest_of 12
	good apply -auto-approve
	add_secret s0003 KEY
	: >"$sim_log"
	bad destroy -auto-approve
	err_has default/s0003/KEY -force
	err_lacks -allow-store-destroy -max-delete-percent
	good plan -destroy
	err_has 'apply will fail' default/s0003/KEY -force
	err_lacks -allow-store-destroy -max-delete-percent
	[ "$(deletes)" = 0 ]
	good destroy -auto-approve -force
	out_has 'Destroy complete! Resources: 12 destroyed.'
	[ "$(live)" = '' ]
}

@test "fault C10: what an apply would destroy by surprise still needs leave" {
	start_logged
	manifest_of 12
	good apply -auto-approve
	manifest s0001
	: >"$sim_log"
	bad apply -auto-approve
	err_has -allow-store-destroy '11 of 12 managed objects (limit: 30%)'
	good plan
	err_has 'apply will fail' -allow-store-destroy
	[ "$(deletes)" = 0 ]
}

@test "plan -destroy and apply -destroy are the same thing" {
	start_logged
	have_stores a b
	good plan -destroy
	out_has 'Plan: 0 to add, 0 to change, 2 to destroy.'
	good apply -destroy -auto-approve
	out_has 'Destroy complete! Resources: 2 destroyed.'
	[ "$(live)" = '' ]
}

@test "destroy without a state touches nothing that lives" {
	start_logged
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	manifest '{name: a, adopt: true}'
	good destroy -auto-approve -allow-store-destroy -force
	out_has 'Destroy complete! Resources: 0 destroyed.'
	[ "$(deletes)" = 0 ]
	[ "$(live | wc -l)" = 1 ]
}

@test "an empty manifest is an error, never a wish to have nothing" {
	start_logged
	have_stores a b
	local text
	for text in '' '# nothing' 'account_id: acc_1' $'account_id: acc_1\nstores: []' \
		$'account_id: acc_1\nstores:' 'null' '---'; do
		printf '%s\n' "$text" >cfprov.yaml
		bad apply -auto-approve -allow-store-destroy -force
		bad destroy -auto-approve -allow-store-destroy -force
	done
	[ "$(requests)" = 0 ]
	rm cfprov.yaml
	bad apply -auto-approve -allow-store-destroy -force
	[ "$(live | wc -l)" = 2 ]
}

# ---- going and coming -----------------------------------------------------------------------

@test "room for one store: a store that changes its name goes before the new one comes" {
	start_logged --max-stores 1
	have_stores old
	manifest a_new
	good apply -auto-approve -allow-store-destroy
	out_has 'Plan: 1 to add, 0 to change, 1 to destroy.' \
		'Apply complete! Resources: 1 added, 0 changed, 1 destroyed.'
	[ "$(live | cut -d' ' -f1)" = a_new ]
	agree 1
	[ "$(requests '.method != "GET"')" = 2 ]
	tidy
}

@test "room for one store: if the old one does not go, the new one fails and says why" {
	start_logged --max-stores 1
	have_stores old
	manifest a_new
	sim_faults '{"method":"DELETE","status":403,"code":10000,"message":"Authentication error"}'
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has default/old 'Authentication error' default/a_new maximum_stores_exceeded '2 failed'
	[ "$(live | cut -d' ' -f1)" = old ]
	agree 1
}

@test "all that goes ends before anything comes" {
	start_logged
	manifest_of 40
	good apply -auto-approve
	: >"$sim_log"
	manifest $(seq -f 'n%02.0f' 40)
	good apply -auto-approve -allow-store-destroy -force -parallelism=16
	[ "$(jq -r 'select(.method != "GET") | .method' "$sim_log" | uniq -c | tr -s ' \n' ' ')" = \
		' 40 DELETE 40 POST ' ]
	agree 40
}

@test "prevent_destroy that the state remembers refuses, also with -force" {
	start_logged
	have_stores a b
	jq '.accounts.acc_1.stores.b.prevent_destroy = true' "$state" >changed && mv changed "$state"
	manifest a
	bad apply -auto-approve -allow-store-destroy -force
	err_has 'default/b: the plan would destroy it, but prevent_destroy is set'
	bad plan
	[ "$(deletes)" = 0 ]
	[ "$(live | wc -l)" = 2 ]
}

@test "on_remove: forget that the state remembers leaves the store alive, without leave" {
	acc=$account
	start_logged
	have_stores a b
	add_secret b KEY
	: >"$sim_log"
	jq '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.b.on_remove = "forget"' "$state" >changed && mv changed "$state"
	manifest a
	good plan
	out_has '  . default/b' 'Plan: 0 to add, 0 to change, 0 to destroy, 1 to forget.'
	err_is ''
	good apply -auto-approve
	err_has 'default/b: forgotten'
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(live | wc -l)" = 2 ]
	[ "$(recorded | wc -l)" = 1 ]
	good plan
	out_is "$same"
}

@test "an account that the manifest dropped is an error, not a wish" {
	start_logged
	printf 'accounts:\n  one: {account_id: acc_1}\n  two: {account_id: acc_2}\nstores: [a]\n' >cfprov.yaml
	good apply -auto-approve
	printf 'accounts:\n  one: {account_id: acc_1}\nstores: [a]\n' >cfprov.yaml
	bad apply -auto-approve -allow-store-destroy -force
	err_has 'account `two`: not in the manifest'
	bad destroy -auto-approve -allow-store-destroy -force
	[ "$(deletes)" = 0 ]
	good plan -account=one
	out_is "$same"
}
