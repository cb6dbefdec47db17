#!/usr/bin/env bats
# Lists and reads of the simulator that lag behind its writes. No test waits for a lag to pass:
# it is minutes long ("not there yet") or set to 0 ("there now").

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

# lag JSON: changes how long writes take to show.
lag()
{
	control POST lag "$1" >/dev/null
}

# listed PATH: total_count, then the names on the page.
listed()
{
	api GET "$1"
	answer_get '"\(.result_info.total_count): \([.result[].name] | join(" "))"'
}

@test "fault A24: lists lag for all writes, or for one kind of them" {
	start_sim --list-lag 600000
	make_store a
	[ "$(listed "$account/stores")" = "0: " ]
	lag '{"create":0}'
	[ "$(listed "$account/stores")" = "1: a" ]
	api DELETE "$store"
	[ "$(listed "$account/stores")" = "1: a" ]
	lag '{"delete":0}'
	[ "$(listed "$account/stores")" = "0: " ]
	[ "$(sim_stats .lists_lagged)" = 2 ]

	stop_sim
	start_sim --list-lag-create 600000
	make_store a
	[ "$(listed "$account/stores")" = "0: " ]
	lag '{"create":0}'
	api DELETE "$store"
	[ "$(listed "$account/stores")" = "0: " ]

	stop_sim
	start_sim --list-lag-delete=600000
	make_store a
	[ "$(listed "$account/stores")" = "1: a" ]
	api DELETE "$store"
	[ "$(listed "$account/stores")" = "1: a" ]
}

@test "fault A24: while lists lag, reads by id and the checks of names are current" {
	start_sim --list-lag 600000 --max-stores 1 --store-names unique
	make_store a
	api GET "$store"
	succeeds 200 '.result.name == "a"'
	api POST "$account/stores" '{"name":"a"}'
	fails 400 1003 maximum_stores_exceeded
	make_secret s
	[ "$(listed "$store/secrets")" = "0: " ]
	[ "$(sim_stats .lists_lagged)" = 1 ]
	api GET "$secret"
	succeeds 200 '.result.name == "s"'
	api POST "$store/secrets" '[{"name":"s","value":"v","scopes":["workers"]}]'
	[ "$http" = 400 ]
	api DELETE "$store"
	[ "$http" = 409 ]
	api DELETE "$secret"
	api GET "$secret"
	fails 404 1001 secret_not_found
	api DELETE "$store"
	succeeds 200 '.result == null'
}

@test "fault A24: a list shows a changed secret as it was" {
	start_sim --list-lag-change 600000
	make_store a
	make_secret s
	local comment modified
	for comment in one two; do
		api PATCH "$secret" "{\"comment\":\"$comment\"}"
		modified=$(answer_get .result.modified)
	done
	api GET "$store/secrets"
	answer_is '.result[0] | has("comment") | not'
	answer_is '.result[0].modified == .result[0].created'
	api GET "$secret"
	answer_is '.result.comment == "two"'
	lag '{"change":0}'
	api GET "$store/secrets"
	answer_is ".result[0] | .comment == \"two\" and .modified == \"$modified\""
}

@test "fault A24: reads by id lag, too: not there yet, as it was, still there" {
	start_sim --read-lag 600000
	make_store a
	[ "$(listed "$account/stores")" = "1: a" ]
	api GET "$store"
	fails 404 1001 store_not_found
	lag '{"read":0}'
	make_secret s
	lag '{"read":600000}' # what was read once stays
	api PATCH "$secret" '{"comment":"new"}'
	answer_is '.result.comment == "new"'
	api GET "$secret"
	succeeds 200 '.result | has("comment") | not'
	api GET "$store/secrets"
	answer_is '.result[0].comment == "new"'
	api DELETE "$secret"
	api GET "$secret"
	succeeds 200 '.result | has("comment") | not'
	api DELETE "$secret"
	fails 404 1001 secret_not_found
	[ "$(listed "$store/secrets")" = "0: " ]
	api DELETE "$store"
	api GET "$store"
	succeeds 200 '.result.name == "a"'
	lag '{"read":0}'
	api GET "$store"
	fails 404 1001 store_not_found
}

@test "a lagging list has its own order, pages and counts" {
	start_sim
	local name
	for name in d c b a; do
		make_store "$name"
	done
	lag '{"create":600000,"delete":600000}'
	make_store e
	for name in c a; do
		api GET "$account/stores"
		api DELETE "$account/stores/$(answer_get ".result[] | select(.name == \"$name\") | .id")"
	done
	[ "$(listed "$account/stores?per_page=3")" = "4: d c b" ]
	[ "$(listed "$account/stores?per_page=3&page=2")" = "4: a" ]
	[ "$(listed "$account/stores?per_page=3&order=name")" = "4: a b c" ]
	[ "$(listed "$account/stores?per_page=3&order=name&direction=desc&page=2")" = "4: a" ]
	lag '{"create":0,"delete":0}'
	[ "$(listed "$account/stores?order=name")" = "3: b d e" ]
	[ "$(listed "$account/stores")" = "3: d b e" ]
}

@test "secrets that are gone stand in a lagging list where they were, found by search" {
	start_sim --list-lag-delete 600000
	make_store a
	local name
	for name in one two three; do
		make_secret "$name"
		[ "$name" != two ] || api DELETE "$secret"
	done
	[ "$(listed "$store/secrets")" = "3: one two three" ]
	[ "$(listed "$store/secrets?search=tw")" = "3: two" ]
	make_secret two
	[ "$(listed "$store/secrets?search=tw")" = "4: two two" ]
	[ "$(sim_world '[.accounts[0].stores[0].secrets[].name] | join(" ")')" = "one three two" ]
}

@test "what was there when a lag was set keeps showing; a seed shows at once; reset keeps the lag" {
	echo '{"accounts":[{"id":"acc_1","stores":[{"name":"seed"}]}]}' >"$BATS_TEST_TMPDIR/seed"
	start_sim --list-lag 600000 --read-lag 600000 --seed "$BATS_TEST_TMPDIR/seed"
	[ "$(listed "$account/stores")" = "1: seed" ]
	make_store new
	[ "$(listed "$account/stores")" = "1: seed" ]
	lag '{"create":0}'
	[ "$(listed "$account/stores")" = "2: seed new" ]
	control POST reset
	make_store other
	[ "$(listed "$account/stores")" = "0: " ]
}

@test "a lag that is wrong is refused, and nothing of it is set" {
	start_sim --list-lag 600000
	local text
	for text in '' '1' '[]' '{"create":0,"delete":-1}' '{"create":0,"lists":1}' \
		'{"create":0,"read":"1"}' '{"create":0,"read":86400001}'; do
		run control POST lag "$text"
		[ "$status" -eq 22 ]
		[[ $output == *'"ok":false'* ]]
	done
	make_store a
	[ "$(listed "$account/stores")" = "0: " ]
	run --separate-stderr timeout 20 "$cfsim" --list-lag=soon
	[ "$status" -eq 1 ]
	[[ $stderr == "cfsim: --list-lag must be a whole number"* ]]
}
