#!/usr/bin/env bats
# What was sent and not answered: it may be done late, and lists may not show it yet. Nothing is
# made twice, nothing is forgotten, and what can't be known is said and left for the next run.
#
# Work that comes late is some hundred milliseconds late where a run is to wait for it. Where a run
# is not to see it, it is minutes late, and done when the control route says so.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154,SC2317
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

lag() { control POST lag "$1" >/dev/null; }
work_is_done() { control POST later >/dev/null; }

# secret_manifest NAME...: the store s with these secrets, whose values come from the environment.
secret_manifest()
{
	manifest s
	sed -i 's/- s/- name: s\n    secrets:/' cfprov.yaml
	printf '      - {name: %s, value: {env: VALUE}}\n' "$@" >>cfprov.yaml
	export VALUE=value CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
}

# count_live KIND: how many stores, or secrets, there are.
stores_live() { sim_world '[.accounts[].stores[]] | length'; }
secrets_live() { sim_world '[.accounts[].stores[].secrets[]] | length'; }

unresolved()
{
	jq '[.. | objects | select(.unresolved)] | length' "$state"
}

# clean: nothing is left to do, and nobody is blamed.
clean()
{
	good plan -detailed-exitcode
	out_is $'No changes. Your infrastructure matches the configuration.\n'
	tidy
}

# ---- one run --------------------------------------------------------------------------------

@test "fault A25: a create that is carried out late is found, not sent again" {
	local answer
	for answer in '' ',"answer":"reset"' ',"answer":"close"'; do
		start_logged
		manifest a b c
		sim_faults "{\"method\":\"POST\",\"nth\":2,\"kind\":\"late\",\"after_ms\":700$answer}"
		good apply -auto-approve -patience=20s
		out_has 'Apply complete! Resources: 3 added, 0 changed, 0 destroyed.'
		err_has 'Waiting for Cloudflare to confirm default/'
		[ "$(posts)" = 3 ]
		agree 3
		clean
		stop_sim
		rm -f "$state"
	done
}

@test "fault A25: the same for a batch of secrets, and for a rename" {
	start_logged
	secret_manifest A B C
	sim_faults '{"method":"POST","path":"*/secrets","kind":"late","after_ms":700,"times":1}'
	good apply -auto-approve -patience=20s
	out_has 'Apply complete! Resources: 4 added, 0 changed, 0 destroyed.'
	[ "$(secrets_live) $(posts)" = '3 2' ]
	clean
	sed -i 's/name: C/name: D/' cfprov.yaml
	echo 'moved: [{from: default/s/C, to: default/s/D}]' >>cfprov.yaml
	sim_faults '{"method":"POST","path":"*/duplicate","kind":"late","after_ms":700,"times":1}'
	good apply -auto-approve -patience=20s
	[ "$(secrets_live) $(posts)" = '3 3' ]
	clean
}

@test "fault A29: a create that the API itself answered with 5xx, 408 or 425 may still be carried out" {
	local code
	for code in 500 503 504 408 425; do
		start_logged --list-lag-create 300
		manifest a b
		sim_faults "$(jq -n --argjson status $code '{method: "POST", nth: 2, kind: "late",
			after_ms: 700, $status, body: "json", code: 7010, message: "busy"}')"
		good apply -auto-approve -patience=20s
		echo "with $code" >&2
		out_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
		[ "$(posts)" = 2 ]
		agree 2
		clean
		stop_sim
		rm -f "$state"
	done
}

@test "fault A29: the same for a batch of secrets, a rename and a DELETE" {
	start_logged
	secret_manifest A B C
	busy() { jq -n --arg method "$1" --arg path "$2" '{$method, $path, kind: "late", after_ms: 700,
		times: 4, status: 500, body: "json", code: 7010, message: "busy"}'; }
	sim_faults "$(busy POST '*/secrets')"
	good apply -auto-approve -patience=20s
	[ "$(secrets_live) $(posts)" = '3 2' ]
	clean
	sed -i 's/name: C/name: D/' cfprov.yaml
	echo 'moved: [{from: default/s/C, to: default/s/D}]' >>cfprov.yaml
	control DELETE faults >/dev/null
	sim_faults "[$(busy POST '*/duplicate'), $(busy DELETE '*')]"
	good apply -auto-approve -patience=20s
	[ "$(secrets_live) $(posts)" = '3 3' ]
	clean
}

@test "fault A3: a batch whose names exist after our own unanswered POST is ours, however late it shows" {
	start_logged
	secret_manifest A B
	good apply -auto-approve -exclude='default/s/*'
	lag '{"create":2500}'
	sim_faults '{"method":"POST","path":"*/secrets","nth":1,"kind":"reset_after"}'
	good apply -auto-approve -patience=1500ms
	out_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	err_lacks 'omebody'
	[ "$(posts) $(secrets_live)" = '3 2' ]
	lag '{"create":0}'
	clean
}

@test "fault A2: what was not carried out is sent again once the patience is over, and only once" {
	start_logged
	manifest a b
	sim_faults '{"method":"POST","nth":1,"kind":"reset_before"}'
	good apply -auto-approve -patience=1s
	[ "$(posts)" = 3 ]
	agree 2
	clean
	manifest a b c
	sim_faults '{"method":"POST","kind":"reset_before"}'
	bad apply -auto-approve -patience=1s
	err_has 'default/c'
	[ "$(posts)" = 5 ]
	[ "$(unresolved)" = 0 ]
	control DELETE faults >/dev/null
	good apply -auto-approve
	agree 3
	clean
}

@test "fault A2: lists that lag hide what was made: it is not made again" {
	start_logged --list-lag-create 800
	manifest a b c
	sim_faults '{"method":"POST","kind":"reset_after"}'
	good apply -auto-approve -patience=20s
	out_has 'Apply complete! Resources: 3 added, 0 changed, 0 destroyed.'
	[ "$(posts)" = 3 ]
	agree 3
	clean
}

@test "fault A2: after a success nothing is sent again; what has not appeared stays open" {
	local text
	for text in '' '{}' '{\"success\":true,\"errors\":[],\"messages\":[],\"result\":null}' \
		'{\"success\":true,\"errors\":[],\"messages\":[],\"result\":{\"name\":\"a\"}}' \
		'{\"success\":tr'; do
		start_logged --list-lag-create 600000
		manifest a
		sim_faults "{\"method\":\"POST\",\"kind\":\"raw_body_after\",\"text\":\"$text\"}"
		bad apply -auto-approve -patience=1s
		err_has 'default/a'
		err_has 'accepted the request'
		[ "$(posts) $(stores_live) $(unresolved)" = '1 1 1' ]
		lag '{"create":0}'
		good apply -auto-approve
		[ "$(posts)" = 1 ]
		agree 1
		clean
		stop_sim
		rm -f "$state"
	done
}

@test "fault A2: the same for secrets" {
	start_logged --list-lag-create 600000
	secret_manifest A B
	lag '{"create":0}'
	good apply -auto-approve -target=default/s -exclude='default/s/*'
	lag '{"create":600000}'
	sim_faults '{"method":"POST","kind":"raw_body_after",
		"text":"{\"success\":true,\"errors\":[],\"messages\":[],\"result\":[]}"}'
	bad apply -auto-approve -patience=1s
	[ "$(posts) $(secrets_live) $(unresolved)" = '2 2 2' ]
	lag '{"create":0}'
	good apply -auto-approve
	[ "$(posts) $(secrets_live)" = '2 2' ]
	clean
}

@test "fault A3: a name that exists after our own unanswered POST is ours" {
	start_logged
	secret_manifest A
	good apply -auto-approve -exclude='default/s/*'
	lag '{"create":2500}'
	sim_faults '{"method":"POST","path":"*/secrets","nth":1,"kind":"reset_after"}'
	good apply -auto-approve -patience=1500ms
	out_has 'Apply complete! Resources: 1 added, 0 changed, 0 destroyed.'
	err_lacks 'omebody'
	# The store, the secret, and once more what the list did not show.
	[ "$(posts) $(secrets_live)" = '3 1' ]
	lag '{"create":0}'
	clean
}

@test "fault A3: the same for a store where names are unique, and for a rename that names nothing" {
	start_logged --answer store-names=unique --answer error-details=absent
	lag '{"create":2500}'
	secret_manifest A
	sim_faults '{"method":"POST","nth":1,"kind":"reset_after"}'
	good apply -auto-approve -patience=1500ms
	out_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	[ "$(posts) $(stores_live)" = '3 1' ]
	sed -i 's/name: A/name: B/' cfprov.yaml
	echo 'moved: [{from: default/s/A, to: default/s/B}]' >>cfprov.yaml
	sim_faults '{"method":"POST","path":"*/duplicate","nth":1,"kind":"reset_after"}'
	good apply -auto-approve -patience=1500ms
	[ "$(posts) $(secrets_live)" = '5 1' ]
	lag '{"create":0}'
	clean
}

@test "fault A1: the old name of a rename, deleted and not seen, is not gone outside of cfprov" {
	start_logged
	secret_manifest A
	good apply -auto-approve
	sed -i 's/name: A/name: B/' cfprov.yaml
	echo 'moved: [{from: default/s/A, to: default/s/B}]' >>cfprov.yaml
	sim_faults '{"method":"DELETE","kind":"cut_short"}'
	later "$cfprov" apply -auto-approve
	is_deleted() { [ "$(secrets_live) $(posts)" = '1 3' ] && grep -q retrying later.err; }
	wait_until is_deleted
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	control DELETE faults >/dev/null
	sed -i /moved/d cfprov.yaml
	good apply -auto-approve
	out_has 'No changes.'
	[ "$(grep -c outside out)" = 0 ]
	clean
}

@test "fault A28: an answer with the id of another object is looked up, never recorded" {
	start_logged
	manifest a
	good apply -auto-approve
	local id
	id=$(jq -r '.accounts.acc_1.stores.a.id' "$state")
	manifest a b
	sim_faults "$(jq -n --arg id "$id" '{method: "POST", kind: "raw_body_after", times: 1,
		text: ({success: true, errors: [], messages: [], result: {$id, name: "b"}} | tojson)}')"
	good apply -auto-approve
	[ "$(posts)" = 2 ]
	agree 2
	clean
}

@test "fault A28: what a list still shows of a replaced object is not the new one, whichever it is" {
	start_logged --list-lag-delete 600000
	secret_manifest A B C
	good apply -auto-approve
	local old
	old=$(jq -r '.accounts.acc_1.stores.s.secrets.C.id' "$state")
	lag '{"create":700}'
	sim_faults '{"method":"POST","kind":"reset_after"}'
	good apply -auto-approve -replace=default/s/C -patience=20s
	[ "$(jq -r '.accounts.acc_1.stores.s.secrets.C.id' "$state")" != "$old" ]
	[ "$(posts) $(secrets_live)" = '3 3' ]
	clean
}

@test "fault A13: a create that is answered for another account is looked up" {
	start_logged
	manifest a
	sim_faults "$(jq -n '{method: "POST", kind: "raw_body_after", times: 1,
		text: ({success: true, errors: [], messages: [],
			result: {id: ("f" * 32), name: "a", account_id: ("e" * 32)}} | tojson)}')"
	good apply -auto-approve
	[ "$(posts)" = 1 ]
	agree 1
	clean
}

@test "fault A13: what is answered for a secret of another store is looked up" {
	start_logged
	secret_manifest A
	good apply -auto-approve
	secret_manifest A B
	sed -i 's/name: A,/name: A, comment: new,/' cfprov.yaml
	local method result
	for method in POST PATCH; do
		result=$(jq -n --arg m "$method" '{id: ("f" * 32), store_id: ("e" * 32),
			name: (if $m == "POST" then "B" else "A" end)}
			| if $m == "POST" then [.] else . end')
		sim_faults "$(jq -n --arg m "$method" --argjson result "$result" '{method: $m,
			kind: "raw_body_after", times: 1, text: ({success: true, $result} | tojson)}')"
	done
	good apply -auto-approve
	[ "$(secrets_live)" = 2 ]
	run ! grep -q ffffffff "$state"
	clean
}

@test "fault A13: an answer about another object does not say what became of a DELETE" {
	start_logged
	manifest a b
	good apply -auto-approve
	local id
	id=$(jq -r '.accounts.acc_1.stores.a.id' "$state")
	manifest b
	sim_faults "$(jq -n --arg path "*/stores/$id" '[{method: "DELETE", kind: "reset_after", times: 20},
		{method: "GET", $path, kind: "raw_body",
			text: ({success: true, errors: [], messages: [],
				result: {id: ("f" * 32), name: "a"}} | tojson)}]')"
	bad apply -auto-approve -force -allow-store-destroy
	err_has 'it is unknown whether it was destroyed'
	control DELETE faults >/dev/null
	good apply -auto-approve -force -allow-store-destroy
	agree 1
	clean
}

@test "fault A6: a DELETE whose answers are lost is asked for by id" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest b
	sim_faults '{"method":"DELETE","kind":"reset_after","times":20}'
	good apply -auto-approve -force -allow-store-destroy
	out_has 'Apply complete! Resources: 0 added, 0 changed, 1 destroyed.'
	err_lacks 'to show default/a' # which is to disappear
	agree 1
	control DELETE faults >/dev/null
	# A replacement goes on.
	sim_faults '{"method":"DELETE","kind":"reset_after","times":20}'
	good apply -auto-approve -force -allow-store-destroy -replace=default/b
	out_has 'Apply complete! Resources: 1 added, 0 changed, 1 destroyed.'
	agree 1
	clean
}

@test "fault A6: a DELETE that is carried out late is waited for; one that is not has failed" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest b
	sim_faults '{"method":"DELETE","kind":"reset_before","times":20}'
	bad apply -auto-approve -force -allow-store-destroy -patience=1s
	err_has 'default/a'
	[ "$(stores_live)" = 2 ]
	control DELETE faults >/dev/null
	sim_faults '[{"method":"DELETE","kind":"late","after_ms":900,"answer":"reset","times":4}]'
	good apply -auto-approve -force -allow-store-destroy -patience=20s
	agree 1
	clean
}

@test "other actions go on while something is looked for" {
	start_logged
	manifest_of 30
	sim_faults '{"method":"POST","nth":1,"kind":"late","after_ms":2500}'
	good apply -auto-approve -parallelism=1 -patience=20s
	agree 30
	# The list that looked for the first came after the other POSTs had begun.
	[ "$(jq -r .method "$sim_log" | sed -n 3p)" = POST ]
	clean
}

# ---- the next run ---------------------------------------------------------------------------

# kill_while_posting N: an apply that is killed once so many POSTs have arrived.
kill_while_posting()
{
	arrived() { (($(sim_stats .requests) >= $1)); }
	local before
	before=$(sim_stats .requests)
	later "$cfprov" apply -auto-approve
	wait_until arrived $((before + 1 + $1))
	kill -KILL "$later_pid"
	wait_later
}

@test "fault A25: what a killed run sent is found by the next one, however late it is done" {
	start_logged --write-latency 1500
	manifest_of 5
	kill_while_posting 5
	[ "$(stores_live)" = 0 ]
	good apply -auto-approve -patience=20s
	err_has 'Waiting for Cloudflare to confirm default/s0001 and 4 more'
	[ "$(posts)" = 5 ]
	agree 5
	clean
}

@test "fault A25: what was left open long ago is not waited for" {
	start_logged
	manifest a
	sim_faults '{"method":"POST","kind":"late","after_ms":600000,"answer":"never","times":1}'
	kill_while_posting 1
	# Folded into the state, it tells when.
	sim_faults '[{"method":"GET","kind":"status","status":403}]'
	bad apply -auto-approve
	control DELETE faults >/dev/null
	[ "$(unresolved)" = 1 ]
	jq '(.. | objects | select(.requested)).requested = 1700000000000' "$state" >old
	cp old "$state"
	good apply -auto-approve -patience=1h
	[ "$(posts)" = 2 ]
	agree 1
	clean
}

@test "fault A25: an interrupt ends the waiting, and leaves the rest to the next run" {
	start_logged
	manifest a b
	sim_faults '{"method":"POST","nth":1,"kind":"late","after_ms":600000}'
	later "$cfprov" apply -auto-approve -parallelism=1 -patience=10m
	waits() { grep -q 'Cloudflare to confirm default/' later.err; }
	wait_until waits
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q 'interrupted before Cloudflare confirmed it' later.err
	[ "$(unresolved)" = 1 ]
	work_is_done
	good apply -auto-approve -patience=10m
	[ "$(posts)" = 2 ]
	agree 2
	clean
}

@test "fault A25: what is answered after an interrupt, and open, is left to the next run at once" {
	start_logged
	manifest a b
	sim_faults '{"method":"POST","kind":"late","after_ms":600000,"ms":700,"times":2}'
	later "$cfprov" apply -auto-approve -patience=10m
	both_posted() { [ "$(posts)" = 2 ]; }
	wait_until both_posted
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	[ "$(grep -c 'Waiting for Cloudflare' later.err)" = 0 ]
	[ "$(grep -c 'failed: interrupted before Cloudflare confirmed it' later.err)" = 2 ]
	[ "$(unresolved)" = 2 ]
	work_is_done
	good apply -auto-approve
	[ "$(posts)" = 2 ]
	agree 2
	clean
}

@test "an interrupt ends the waiting for what an earlier run left open" {
	start_logged
	manifest a
	sim_faults '{"method":"POST","nth":1,"kind":"late","after_ms":600000,"answer":"never"}'
	kill_while_posting 1
	later "$cfprov" plan -patience=10m
	waits() { grep -q 'Cloudflare to confirm default/a' later.err; }
	wait_until waits
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q interrupted later.err
}

@test "fault A25: a saved plan is not carried out while what a killed run sent can't be looked for" {
	start_logged
	manifest a
	sim_faults '{"method":"POST","kind":"late","after_ms":600000,"answer":"never","times":1}'
	kill_while_posting 1
	good plan -out=saved -patience=0s
	out_has '+ default/a'
	sim_faults '{"method":"GET","after":1,"kind":"status","status":403}'
	bad apply -patience=10m saved
	[ "$(posts)" = 1 ]
	control DELETE faults >/dev/null
	later "$cfprov" apply -patience=10m saved
	waits() { grep -q 'Cloudflare to confirm default/a' later.err; }
	wait_until waits
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	[ "$(posts)" = 1 ]
	! grep 'changed since the plan was made' err later.err || false
	work_is_done
	good apply -auto-approve
	[ "$(posts)" = 1 ]
	agree 1
	clean
}

@test "nothing is missing: no request more than before" {
	start_logged
	manifest_of 10
	good apply -auto-approve
	[ "$(sim_stats .requests)" = 11 ]
	good plan
	[ "$(sim_stats .requests)" = 12 ]
}

@test "what an interrupted run left in one account is looked for while others are left out" {
	start_logged
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  stag: {account_id: acc_2}' \
		'stores: [keys]' >cfprov.yaml
	good apply -auto-approve
	jq --argjson now "$(date +%s%3N)" \
		'.accounts.acc_2.stores.new = {unresolved: true, requested: $now}' "$state" >changed
	cp changed "$state"
	good plan -account=stag -patience=2s
	err_has 'stag/new'
}

@test "a patience that is over before the last look has ended names what is looked for" {
	echo '[{"kind":"late","method":"POST","answer":"close","after_ms":600000}]' >faults
	start_logged --faults faults
	manifest a
	bad apply -auto-approve -patience=50ms
	err_has 'default/a'
	[ "$(stores_live)" = 0 ]
}
