#!/usr/bin/env bats
# The simulator's audit log.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

log=/accounts/acc_1/logs/audit

# audit [QUERY]: all entries, the oldest first.
audit()
{
	api GET "$log?since=2020-01-01&before=2100-01-01T00:00:00Z&direction=asc${1+&$1}"
}

# audited FILTER: a text from each of them, on one line.
audited()
{
	audit
	answer_get "[.result[] | $1] | join(\" \")"
}

@test "a token for the Secrets Store only may not read the audit log" {
	start_sim
	audit
	fails 403 10000 'Authentication error'
	run --separate-stderr timeout 20 "$cfsim" --audit-log=maybe
	[ "$status" -eq 1 ]
	[[ $stderr == "cfsim: --audit-log must be on or off"* ]]
}

@test "each write of a store or a secret is an entry" {
	start_sim --audit-log on
	make_store shop
	make_secret s
	local id=${secret##*/}
	api PATCH "$secret" '{"comment":"c"}'
	api PATCH "$secret" '{"value":"hush2"}'
	api POST "$secret/duplicate" '{"name":"t","scopes":["dex"]}'
	local other
	other=$(answer_get .result.id)
	api DELETE "$secret"
	api DELETE "$store/secrets" "{\"ids\":[\"$other\"]}"
	api DELETE "$store"
	api GET "$account/stores"
	api POST "$account/stores" '{"name":""}'
	[ "$(audited '.resource.type + ":" + .action.type')" = "store:create secret:create \
secret:update secret:update secret:create secret:delete secret:delete store:delete" ]
	answer_is '.result_info == {"count": 8, "cursor": ""}'
	answer_is '[.result[].id] | unique | length == 8'
	answer_is '.result | all(.action.result == "success" and .account.id == "acc_1"
		and .resource.product == "secrets_store" and .resource.scope == "accounts")'
	answer_is '.result | map(.action.time) | . == sort'
	answer_is '.result[0].resource | .response.name == "shop" and .response.id == .id'
	answer_is ".result[1].resource | .id == \"$id\" and .request.scopes == [\"workers\"]"
	answer_is '[.result[] | .resource | has("request") and ([.. | objects |
		select(.value_modified)] | length == 1)] == [false, false, false, true, false, false, false, false]'
	answer_is ".result[4].resource | .id == \"$other\" and .request.duplicated_from_id == \"$id\""
	answer_is '.result[3].raw | .method == "PATCH" and .status_code == 200'
	run grep hush "$answer"
	[ "$status" -eq 1 ]
}

@test "who wrote it: a user's token, an account's, the global key, somebody else" {
	start_sim --audit-log on --token cfsim-token --token cfat_owned --email me@example.com --key k0
	make_store a
	CLOUDFLARE_API_TOKEN=cfat_owned make_store b
	api_auth=(-H 'X-Auth-Email: me@example.com' -H 'X-Auth-Key: k0')
	make_store c
	unset api_auth
	api POST "$account/stores" '{"name":"d"}' -H 'X-Cfsim-Actor: eve@example.com'
	sim_faults '{"kind":"then_create","name":"e","times":1}'
	api GET "$account/stores"
	[ "$(audited '.actor | "\(.type)/\(.context)/\(.email // "-")"')" = \
		"user/api_token/me@example.com account/api_token/- user/api_key/me@example.com \
user/dash/eve@example.com user/dash/somebody@example.com" ]
	answer_is '[.result[].actor | has("token_id") and has("token_name")] ==
		[true, true, false, false, false]'
	answer_is '.result[0].actor.id == .result[2].actor.id'
	local id
	id=$(answer_get '.result[0].actor.token_id')
	run grep cfat_ "$answer"
	[ "$status" -eq 1 ]
	api GET /user/tokens/verify
	answer_is ".result.id == \"$id\""
}

@test "by resource, by time, in pages" {
	start_sim --audit-log on
	local i
	for ((i = 0; i < 5; i++)); do
		make_store "s$i"
	done
	api POST /accounts/acc_2/secrets_store/stores '{"name":"other"}'
	audit "resource_id=${store##*/}"
	answer_is '[.result[].resource.response.name] == ["s4"]'
	audit
	local third
	third=$(answer_get '.result[2].action.time')
	api GET "$log?since=$third&before=2100-01-01"
	answer_is '[.result[].resource.response.name] == ["s4", "s3", "s2"]'
	api GET "$log?since=2020-01-01&before=${third%Z}%2B00:00"
	answer_is '[.result[].resource.response.name] == ["s1", "s0"]'

	local direction cursor names
	for direction in asc desc; do
		cursor='' names=
		while true; do
			api GET "$log?since=2020-01-01&before=2100-01-01&limit=2&direction=$direction&cursor=$cursor"
			names+=$(answer_get '[.result[].resource.response.name] | join("")'),
			cursor=$(answer_get .result_info.cursor)
			[[ -n $cursor ]] || break
			[[ $direction == asc ]] || make_store "new$cursor" # shifts nothing
		done
		[[ $direction == desc ]] || [ "$names" = "s0s1,s2s3,s4," ]
		[[ $direction == asc ]] || [ "$names" = "s4s3,s2s1,s0," ]
	done
}

@test "a query that is wrong is refused" {
	start_sim --audit-log on
	local query all='since=2020-01-01&before=2100-01-01'
	for query in '' 'since=2020-01-01' 'before=2100-01-01' 'since=2020-13-01&before=2100-01-01' \
		'since=soon&before=2100-01-01' 'since=2020-01-01T00:00:00&before=2100-01-01' \
		"$all&limit=0" "$all&limit=1001" "$all&cursor=1" "$all&cursor=x" "$all&direction=up"; do
		api GET "$log?$query"
		[ "$http" = 400 ]
		answer_is '.errors[0].message | startswith("invalid_query_parameter")'
	done
}

@test "entries that come late" {
	start_sim --audit-log on --audit-delay 600000
	make_store a
	[ -z "$(audited .action.type)" ]
	control POST lag '{"audit":0}'
	[ "$(audited .action.type)" = create ]
	control POST reset
	[ -z "$(audited .action.type)" ]
}

@test "late work is in the log when it is done" {
	start_sim --audit-log on
	sim_faults '{"kind":"late","after_ms":600000,"times":1}'
	api POST "$account/stores" '{"name":"a"}' -H 'X-Cfsim-Actor: eve@example.com'
	[ -z "$(audited .action.type)" ]
	control POST later
	[ "$(audited '.action.type + ":" + .actor.email')" = create:eve@example.com ]
}
