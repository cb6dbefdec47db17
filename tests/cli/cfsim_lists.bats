#!/usr/bin/env bats
# How the simulator's lists may differ from what a client expects: forms of dates, pages that
# shift, are shorter than asked for or repeat, totals that are missing or wrong.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

# make_stores NAME...: sets $store to the last one's path.
make_stores()
{
	local name
	for name; do
		make_store "$name"
	done
}

# listed PATH: the names on the page.
listed()
{
	api GET "$1"
	answer_get '[.result[].name] | join(" ")'
}

# dates FILTER: the forms of both dates there, each digit as 0.
dates()
{
	answer_get "$1 | [.created, .modified][] | gsub(\"[0-9]\"; \"0\")" | sort -u
}

@test "fault A4: dates of reads have another precision than those of creates" {
	local micro=0000-00-00T00:00:00.000000Z form wanted
	for form in micro milli seconds offset; do
		case $form in
		micro) wanted=$micro ;;
		milli) wanted=0000-00-00T00:00:00.000Z ;;
		seconds) wanted=0000-00-00T00:00:00Z ;;
		offset) wanted=0000-00-00T00:00:00.000000+00:00 ;;
		esac
		start_sim "--dates=$form"
		make_stores a
		[ "$(dates .result)" = "$micro" ]
		make_secret s
		[ "$(dates '.result[0]')" = "$micro" ]
		api PATCH "$secret" '{"comment":"c"}'
		[ "$(dates .result)" = "$micro" ]
		local path
		for path in "$store" "$secret"; do
			api GET "$path"
			[ "$(dates .result)" = "$wanted" ]
		done
		for path in "$account/stores" "$store/secrets"; do
			api GET "$path"
			[ "$(dates '.result[0]')" = "$wanted" ]
		done
		stop_sim
	done
}

@test "fault A4: dates of creates in another form; those of a seed may be any text" {
	echo '{"accounts":[{"id":"acc_1","stores":[{"name":"a","created":"2026-01-02T03:04:05Z",
		"modified":"soon"}]}]}' >"$BATS_TEST_TMPDIR/seed"
	start_sim --dates milli --create-dates seconds --seed "$BATS_TEST_TMPDIR/seed"
	api GET "$account/stores"
	answer_is '.result[0] | .created == "2026-01-02T03:04:05Z" and .modified == "soon"'
	make_stores b
	[ "$(dates .result)" = 0000-00-00T00:00:00Z ]
	run --separate-stderr timeout 20 "$cfsim" --dates=iso
	[ "$status" -eq 1 ]
	[[ $stderr == "cfsim: --dates must be micro, milli, seconds or offset"* ]]
}

@test "a secret that becomes active keeps its modified, or gets a later one" {
	local choice
	for choice in keep bump; do
		start_sim --pending 600000 --answer "activation=$choice"
		make_stores a
		make_secret s
		api GET "$secret"
		answer_is '.result | .status == "pending" and .modified == .created'
		control POST later
		api GET "$secret"
		answer_is '.result.status == "active"'
		if [[ $choice == bump ]]; then
			answer_is '.result | .modified > .created'
		else
			answer_is '.result | .modified == .created'
		fi
		stop_sim
	done
}

@test "becoming active is a change that lists may show late" {
	start_sim --pending 600000 --list-lag-change 600000 --answer activation=bump
	make_stores a
	make_secret s
	make_secret t
	control POST later
	api GET "$store/secrets"
	answer_is '[.result[].status] == ["pending", "pending"]'
	api GET "$secret"
	answer_is '.result.status == "active"'
	api DELETE "$secret"
	make_secret gone
	api DELETE "$secret"
	control POST later
	control POST lag '{"change":0}'
	api GET "$store/secrets"
	answer_is '[.result[].status] == ["active"]'
}

@test "fault A26: somebody deletes an object between two pages" {
	start_sim
	make_stores a b c d
	sim_faults '{"kind":"then_delete","name":"b","method":"GET","nth":1}'
	[ "$(listed "$account/stores?per_page=2")" = "a b" ]
	[ "$(listed "$account/stores?per_page=2&page=2")" = d ]
	answer_is '.result_info.total_count == 3'
	sim_faults '{"kind":"then_delete","times":1}'
	[ "$(listed "$account/stores")" = "a c d" ]
	[ "$(listed "$account/stores")" = "c d" ]
	local name
	for name in x y z; do
		make_secret "$name"
	done
	sim_faults '{"kind":"then_delete","path":"/accounts/*/secrets","name":"y","times":1}'
	[ "$(listed "$store/secrets")" = "x y z" ]
	[ "$(listed "$store/secrets")" = "x z" ]
	sim_faults '{"kind":"then_delete","name":"nobody","times":1}'
	[ "$(listed "$store/secrets")" = "x z" ]
	[ "$(listed "$account/stores")" = "c d" ]
}

@test "fault A26: somebody creates an object between two pages" {
	start_sim
	make_stores b c
	sim_faults '{"kind":"then_create","name":"a","method":"GET","nth":1}'
	[ "$(listed "$account/stores?per_page=1&order=name")" = b ]
	[ "$(listed "$account/stores?per_page=1&order=name&page=2")" = b ]
	sim_faults '{"kind":"then_create","name":"s","times":1}'
	[ -z "$(listed "$store/secrets")" ]
	[ "$(listed "$store/secrets")" = s ]
	run control POST faults '{"kind":"then_create"}'
	[ "$status" -eq 22 ]
}

@test "fault A27: pages have fewer items than asked for" {
	start_sim --max-per-page 2
	make_stores a b c
	[ "$(listed "$account/stores?per_page=100")" = "a b" ]
	answer_is '.result_info | .per_page == 2 and .total_count == 3 and .total_pages == 2'
	[ "$(listed "$account/stores?per_page=1&page=2")" = b ]
	run --separate-stderr timeout 20 "$cfsim" --max-per-page=0
	[ "$status" -eq 1 ]
}

@test "fault A27: there are no totals, or wrong ones" {
	start_sim --answer total-count=absent --answer total-pages=absent
	make_stores a b c
	api GET "$account/stores?per_page=2"
	answer_is '.result_info | keys == ["count", "page", "per_page"]'
	stop_sim
	start_sim
	make_stores a b c
	sim_faults '[{"kind":"list","total_count":2,"total_pages":1,"nth":1},
		{"kind":"list","total_count":7,"nth":2}]'
	[ "$(listed "$account/stores?per_page=2")" = "a b" ]
	answer_is '.result_info | .total_count == 2 and .total_pages == 1'
	[ "$(listed "$account/stores?per_page=2&page=2")" = c ]
	answer_is '.result_info | .total_count == 7 and .total_pages == 2'
}

@test "fault A27: a page repeats" {
	start_sim
	make_stores a b c
	sim_faults '{"kind":"list","page":1}'
	[ "$(listed "$account/stores?per_page=2")" = "a b" ]
	[ "$(listed "$account/stores?per_page=2&page=2")" = "a b" ]
	answer_is '.result_info.page == 1'
}
