#!/usr/bin/env bats
# What changed outside: told, and learned by the state.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

same='No changes. Your infrastructure matches the configuration.'
learned='No changes. The state matches Cloudflare.'

# Four stores are recorded; one is gone, one was made anew.
setup()
{
	set_up_cfprov
	start_logged
	manifest anew gone kept more
	good apply -auto-approve
	cp "$state" recorded.before
	gone=$(id_of gone)
	anew=$(id_of anew)
	api DELETE "$stores/$gone"
	api DELETE "$stores/$anew"
	api POST "$stores" '{"name":"anew"}'
	now=$(answer_get .result.id)
	: >"$sim_log"
}
teardown() { stop_all; }

stores=/accounts/acc_1/secrets_store/stores

# id_of NAME: the id of a store that is recorded.
id_of()
{
	recorded | sed -n "s/^$1 //p"
}

# writes: how many requests could have changed something.
writes()
{
	requests '.method != "GET"'
}

@test "fault C12: plan tells drift once, with the change that it is the reason for" {
	good plan
	out_is "cfprov will perform the following actions (+ create, = adopt):

Account default (acc_1):

  = default/anew (id $now)
      recreated outside of cfprov (was $anew)
  + default/gone
      deleted outside of cfprov (was $gone)

Plan: 1 to import, 1 to add, 0 to change, 0 to destroy.
"
	cmp "$state" recorded.before
}

@test "fault C12: plan -refresh-only tells once what the state would learn, and changes nothing" {
	good plan -refresh-only
	out_is "The state will be updated:

  default/anew has been recreated (was $anew, now $now)
  default/gone has been deleted (was $gone)
"
	good plan -refresh-only -summary
	out_is "  default (acc_1): 2 updates of the state
"
	cmp "$state" recorded.before
	[ "$(writes)" = 0 ]
	tidy
	prov plan -refresh-only -detailed-exitcode
	[ "$status" = 2 ]
	good refresh
	prov plan -refresh-only -detailed-exitcode
	[ "$status" = 0 ]
}

@test "fault C9: refresh learns without a question: then the plan is what is left to do" {
	good refresh
	out_has 'Refresh complete! 2 objects updated in the state.'
	[[ $output != *Apply* ]]
	[ "$(writes)" = 0 ]
	[ "$(recorded | cut -d' ' -f1 | paste -sd' ')" = 'kept more' ]
	cmp "$backup" recorded.before
	[ "$(serial)" = 2 ]
	tidy
	good plan
	[[ $output != *'Changed outside'* ]]
	out_has 'Plan: 1 to import, 1 to add, 0 to change, 0 to destroy.'
	good refresh
	out_is "$learned

Refresh complete! 0 objects updated in the state.
"
	[ "$(serial)" = 2 ]
	good apply -auto-approve -adopt
	agree 4
}

@test "apply -refresh-only asks, and only yes is consent" {
	local answer
	for answer in '' $'no\n' $'y\n'; do
		status=0
		printf '%s' "$answer" | "$cfprov" apply -refresh-only >out 2>err || status=$?
		told apply -refresh-only
		[ "$status" = 1 ]
		err_has "Do you want to update the state to match Cloudflare? Only 'yes' will be accepted:"
		grep -qx 'Apply cancelled. No changes were made.' err
		cmp "$state" recorded.before
	done
	bad apply -refresh-only -input=false
	cmp "$state" recorded.before
	status=0
	echo yes | "$cfprov" apply -refresh-only >out 2>err || status=$?
	told apply -refresh-only
	[ "$status" = 0 ]
	[ "$(recorded | wc -l)" = 2 ]
	[ "$(writes)" = 0 ]
	tidy
}

@test "apply -refresh-only -auto-approve does not ask; with nothing to learn nobody asks" {
	good apply -refresh-only -auto-approve
	out_has 'Apply complete! Resources: 0 added, 0 changed, 0 destroyed.'
	[ "$(recorded | wc -l)" = 2 ]
	good apply -refresh-only
	out_has "$learned"
	err_lacks "Only 'yes'"
	[ "$(writes)" = 0 ]
}

@test "refresh needs no leave to lose what is gone, however much it is" {
	manifest_of 30
	good apply -auto-approve -adopt -allow-store-destroy -force
	control POST reset >/dev/null
	: >"$sim_log"
	good refresh
	[ "$(recorded)" = '' ]
	[ "$(writes)" = 0 ]
	tidy
}

@test "modified outside: learned by the next apply, without a question or a request" {
	good apply -auto-approve -adopt
	jq '.accounts.acc_1.stores.kept.modified = "2020-01-01T00:00:00Z"' "$state" >changed
	mv changed "$state"
	: >"$sim_log"
	good plan -refresh-only
	out_has 'The state will be updated:' 'default/kept was modified'
	prov plan -detailed-exitcode
	[ "$status" = 0 ]
	out_has "$same"
	local before
	before=$(serial)
	good apply
	err_lacks "Only 'yes'"
	[ "$(serial)" = $((before + 1)) ]
	[ "$(jq -r .accounts.acc_1.stores.kept.modified "$state")" != 2020-01-01T00:00:00Z ]
	[ "$(writes)" = 0 ]
	good apply
	[ "$(serial)" = $((before + 1)) ]
}

@test "drift of what is not desired any more: out of the state, and what lives there stays" {
	manifest kept more
	good plan
	out_has "default/anew has been recreated (was $anew, now $now)" "default/gone has been deleted (was $gone)" "$same"
	good apply
	[ "$(writes)" = 0 ]
	[ "$(recorded | wc -l)" = 2 ]
	[ "$(live | wc -l)" = 3 ]
	good plan
	out_is "$same
"
}

@test "-refresh=false makes no request when all is recorded" {
	good apply -auto-approve -adopt
	: >"$sim_log"
	good plan -refresh=false
	out_is "$same
"
	good apply -refresh=false
	[ "$(requests)" = 0 ]
	# Not even to see what a list would show.
	api DELETE "$stores/$(id_of kept)"
	: >"$sim_log"
	good plan -refresh=false
	out_is "$same
"
	[ "$(requests)" = 0 ]
}

@test "-refresh=false still looks where something is not recorded" {
	good apply -auto-approve -adopt
	manifest anew gone kept more new
	: >"$sim_log"
	good plan -refresh=false
	out_has '+ default/new' 'Plan: 1 to add'
	[ "$(gets)" = 1 ]
	good apply -refresh=false -auto-approve
	agree 5
	# What lives already by that name is still not made twice.
	api POST "$stores" '{"name":"another"}'
	manifest anew gone kept more new another
	bad apply -refresh=false -auto-approve
	err_has default/another
	[ "$(posts another)" = 1 ]
}

@test "-refresh=false of a store that is gone, and goes: destroyed counts" {
	good apply -auto-approve -adopt
	api DELETE "$stores/$(id_of kept)"
	manifest anew gone more
	: >"$sim_log"
	good apply -refresh=false -auto-approve -allow-store-destroy
	out_has '1 destroyed.'
	agree 3
}

@test "-refresh=false still looks into what it destroys" {
	good apply -auto-approve -adopt
	api POST "$stores/$(id_of kept)/secrets" '[{"name":"KEY","value":"v","scopes":["workers"]}]'
	manifest anew gone more
	bad apply -refresh=false -auto-approve -allow-store-destroy
	err_has default/kept/KEY
	[ "$(live | wc -l)" = 4 ]
}

@test "options that exclude each other" {
	local args
	for args in 'plan -destroy -refresh-only' 'apply -destroy -refresh-only' \
		'plan -refresh-only -refresh=false' 'plan -refresh-only -replace=default/kept' \
		'plan -destroy -replace=default/kept' 'apply -destroy -replace=default/kept' \
		'plan -refresh-only -adopt' 'apply -refresh-only -adopt' 'plan -destroy -adopt'; do
		# shellcheck disable=SC2086 # words
		bad $args
		err_has " can't be combined"
	done
	bad plan -destroy -replace=default/kept
	err_has "-destroy and -replace can't be combined"
	bad plan -refresh-only -adopt
	err_has "-refresh-only and -adopt can't be combined"
	[ "$(requests)" = 0 ]
	cmp "$state" recorded.before
}

@test "refresh takes the lock; plan -refresh-only does not need it" {
	sim_faults '{"method":"GET","kind":"no_answer"}'
	later "$cfprov" refresh
	sim_has_gets() { (($(gets) >= 1)); }
	wait_until sim_has_gets
	control DELETE faults >/dev/null
	bad refresh
	err_has lock
	prov plan -refresh-only
	[ "$status" = 0 ]
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	cmp "$state" recorded.before
}

@test "a list that fails teaches the state nothing" {
	local fault
	for fault in '"status":500' '"status":403,"code":10000,"message":"Authentication error"' \
		'"kind":"raw_body","text":"{\"success\":true,\"result\":null}"' '"kind":"html"' \
		'"kind":"truncated_json"' \
		'"kind":"raw_body","text":"{\"success\":true,\"result\":[],\"result_info\":{\"total_count\":3}}"'; do
		sim_faults "{\"method\":\"GET\",\"retry_after\":\"0\",$fault}"
		CFPROV_REQUEST_TIMEOUT=5 bad refresh
		cmp "$state" recorded.before
		control DELETE faults >/dev/null
	done
	tidy
}
