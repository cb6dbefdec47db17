#!/usr/bin/env bats
# Who modified a secret outside of cfprov, by the account's audit log, and what follows from that.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

# Two secrets, applied; A's comment is then changed by hand.
setup()
{
	set_up_cfprov
	start_logged --audit-log on
	cat >cfprov.yaml <<-END
		account_id: a85e105f4ecef8ad9ca31a8372d0c353
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {env: V}, comment: ours}
		      - {name: B, value: {env: V}}
	END
	export V=value
	good apply -auto-approve
	V=value good apply -auto-approve
	ours=$(recorded_of modified)
	by_hand '{"comment":"theirs"}'
}
teardown() { stop_all; }

recorded_of()
{
	jq -r ".accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys.secrets.A.$1" "$state"
}

# by_hand BODY: somebody changes A in the dashboard.
by_hand()
{
	local store
	store=$(jq -r .accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys.id "$state")
	api PATCH "/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/stores/$store/secrets/$(recorded_of id)" "$1" \
		-H 'X-Cfsim-Actor: mallory@example.com'
	[ "$http" = 200 ]
	: >"$sim_log"
}

# long_ago TIME: by the state, our own write was then.
long_ago()
{
	jq '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.keys.secrets.A.modified = "'"$1"'"' "$state" >new
	mv new "$state"
	ours=$1
}

live_of()
{
	sim_world ".accounts[].stores[].secrets[] | select(.name == \"A\") | .$1"
}

# entry TIME TOUCHED [ACTOR]: an entry of the log, an update of A.
entry()
{
	jq -n --arg time "$1" --argjson touched "$2" --arg id "$(recorded_of id)" \
		--argjson actor "${3-null}" '{id: $time, account: {id: "a85e105f4ecef8ad9ca31a8372d0c353", name: "A"},
		action: {description: "Update", result: "success", time: $time, type: "update"},
		actor: ($actor // {type: "user", context: "dash", email: "eve@example.com"}),
		raw: {method: "PATCH", status_code: 200},
		resource: {id: $id, product: "secrets_store", type: "secret",
			request: {value_modified: $touched}}}'
}

# the_log ENTRY...: what the account's log says.
the_log()
{
	printf '%s\n' "$@" | jq -s '{success: true, errors: [], messages: [], result: .,
		result_info: {count: length, cursor: "x"}} | tostring
		| {method: "GET", path: "/client/v4/accounts/*/logs/audit*", kind: "raw_body",
			text: .}' >fault
	sim_faults "$(<fault)"
}

# An hour ago, as cfsim writes dates.
an_hour_ago()
{
	date -u -d '1 hour ago' +%FT%T.123456Z
}

log_requests()
{
	requests '.path | contains("/logs/audit")'
}

@test "fault A14: plan and apply with a log that the simulator keeps" {
	good plan
	out_has 'value     modified by a user in the dashboard at ' '(value not changed)'
	[[ $output != *'(sensitive)'* ]]
	screen -- plan
	grep -q 'modified by mallory@example.com at ' screen
	good apply -auto-approve
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 0 ]
	by_hand '{"value":"theirs"}'
	good plan
	out_has 'modified by a user in the dashboard at ' '(value changed)' 'value     (sensitive) from env V, '
	good apply -auto-approve
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 1 ]
	# Entries that come late: nothing is known, and the value is written again.
	control POST lag '{"audit":600000}' >/dev/null
	by_hand '{"comment":"theirs"}'
	good plan
	out_has 'may have changed: comment changed outside of cfprov'
}

@test "fault A14: a comment changed outside leaves a value alone that the log says was kept" {
	long_ago "$(an_hour_ago)"
	the_log "$(entry "$(live_of modified)" false)" "$(entry "$ours" true)"
	good plan
	out_has 'modified by a user in the dashboard at ' '(value not changed)'
	[[ $output != *'(sensitive)'* && $output != *eve@example.com* ]]
	good apply -auto-approve
	[ "$(requests '.method == "PATCH"')" = 1 ]
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 0 ]
	[ "$(live_of comment)" = ours ]
	: >"$sim_log"
	good plan -detailed-exitcode
	[ "$(log_requests)" = 0 ]
}

@test "fault A14: what was only modified is learned, and not asked about again" {
	long_ago "$(an_hour_ago)"
	by_hand '{"comment":"ours"}'
	the_log "$(entry "$(live_of modified)" false)" "$(entry "$ours" true)"
	good apply -auto-approve
	out_has 'No changes.'
	[ "$(recorded_of modified)" = "$(live_of modified)" ]
	[ "$(log_requests)" = 1 ]
	good plan -detailed-exitcode
	[ "$(log_requests)" = 1 ]
}

@test "fault A14: a value that the log says was changed is written, and who changed it is told" {
	long_ago "$(an_hour_ago)"
	the_log "$(entry "$(live_of modified)" true '{"type":"account","token_name":"rotate"}')" \
		"$(entry "$ours" true)"
	good plan
	out_has 'modified by token rotate at ' '(value changed)'
	good apply -auto-approve
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 1 ]
}

@test "fault A14: in any doubt the value is written again" {
	long_ago "$(an_hour_ago)"
	# Our own write is not in the log; the last change is not; nothing is.
	local logs=("$(entry "$(live_of modified)" false)" "$(entry "$ours" true)" '') log
	for log in "${logs[@]}"; do
		the_log "$log"
		good plan
		out_has 'value     (sensitive) from env V, '
		out_has 'may have changed'
		control DELETE faults >/dev/null
	done
	good apply -auto-approve
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 1 ]
}

@test "fault A14: without a log, or leave to read it, all is as before, and programs are told" {
	local fault audit='"method":"GET","path":"/client/v4/accounts/*/logs/audit*"'
	for fault in '"kind":"status","status":403,"code":10000,"message":"Authentication error"' \
		'"kind":"status","status":404,"code":7000,"message":"No route for that URI"' \
		'"kind":"status","status":503,"code":1000,"message":"no"' '"kind":"status","status":429,"retry_after":"300"' \
		'"kind":"raw_body","text":"<html>"' \
		'"kind":"raw_body","text":"{\"success\":true,\"result\":{\"a\":1}}"'; do
		sim_faults "{$audit,$fault}"
		: >"$sim_log"
		good plan
		out_has 'may have changed: comment changed outside of cfprov'
		[[ $errors != *audit* ]]
		[ "$(log_requests)" = 1 ]
		good plan -json
		jq -es 'any(.type == "log" and (.["@message"]
			| startswith("the audit log of account `default` is not available: ")))' out
		CFPROV_LOG=info good plan
		err_has 'the audit log of account `default` is not available: '
		control DELETE faults >/dev/null
	done
	sim_faults "{$audit,\"kind\":\"status\",\"status\":403}"
	good apply -auto-approve
	[ "$(requests '.method == "PATCH" and (.body | has("value"))')" = 1 ]
}

@test "fault A14: a person's address is for terminals and for -json" {
	long_ago "$(an_hour_ago)"
	the_log "$(entry "$(live_of modified)" true)" "$(entry "$ours" true)"
	screen -- plan
	[[ $(tr -s '\n ' ' ' <screen) == *'modified by eve@example.com at '* ]]
	good plan -json
	jq -es 'map(select(.type == "resource_drift")) | .[0].change.modified
		| .email == "eve@example.com" and .by == "a user in the dashboard"
		and .value == "changed"' out
	good plan -out=saved
	[[ $output != *eve@* ]]
	run ! grep -q eve@ saved
	cp out first
	good show saved
	cmp out first
	good plan -format=markdown
	out_has 'a user in the dashboard'
	[[ $output != *eve@* ]]
	good plan -format=html
	out_has 'a user in the dashboard'
	[[ $output != *eve@* ]]
	good plan -format=json
	jq -e '.resource_drift[].modified.by == "a user in the dashboard"' out
	[[ $output != *eve@* ]]
	good apply -auto-approve saved
}

@test "fault A14: the log is asked once for each secret of ours that was modified, and no more" {
	: >"$sim_log"
	good plan
	[ "$(log_requests)" = 1 ]
	local id
	id=$(recorded_of id)
	[ "$(requests ".query | contains(\"resource_id=$id&limit=100\")")" = 1 ]
	# on_drift: ignore has no question.
	sed -i 's/comment: ours/on_drift: ignore/' cfprov.yaml
	: >"$sim_log"
	good plan
	[ "$(log_requests)" = 0 ]
	: >"$sim_log"
	good destroy -auto-approve -allow-store-destroy -force
	[ "$(log_requests)" = 0 ]
}
