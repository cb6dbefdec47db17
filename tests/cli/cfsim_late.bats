#!/usr/bin/env bats
# Work that the simulator does after nobody waits for it any longer: writes that take long, and the
# fault "late". No test waits for a time: what is to be late is minutes late and is done when the
# control route says so, or a test polls until it is done.

# Each test is a subshell, and helper.bash sets and reads more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfsim

teardown() { stop_sim; }

# made: the names of the stores that there are; kept: those of the first one's secrets.
made()
{
	sim_world '[.accounts[0].stores[]?.name] | join(" ")'
}

kept()
{
	sim_world '[.accounts[0].stores[0].secrets[].name] | join(" ")'
}

made_is() { [[ $(made) == "$1" ]]; }

arrived() { [[ $(sim_stats .requests) == "$1" ]]; }

# late [MEMBERS]: the next write is done in ten minutes.
late()
{
	sim_faults "[{\"kind\":\"late\",\"after_ms\":600000,\"times\":1${1-}}]"
}

# ---- latency --------------------------------------------------------------------------------

@test "fault A25: a write that takes long is not done before its time, and lists answer at once" {
	start_sim --write-latency 600000
	curl -sS -m 600 -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -d '{"name":"x"}' \
		"$sim_url$account/stores" >/dev/null 2>&1 3>&- &
	local client=$!
	wait_until arrived 1
	[ -z "$(made)" ]
	api GET "$account/stores"
	succeeds 200 '.result == []'
	kill -KILL "$client"
	wait "$client" || true
	[ -z "$(made)" ]
}

@test "fault A25: a write is done though its client was killed or closed the connection" {
	start_sim --write-latency 1000
	curl -sS -m 600 -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" -d '{"name":"x"}' \
		"$sim_url$account/stores" >/dev/null 2>&1 3>&- &
	local client=$!
	wait_until arrived 1
	kill -KILL "$client"
	wait "$client" || true
	wait_until made_is x
	api_breaks 28 POST "$account/stores" '{"name":"y"}' -m 0.1
	wait_until made_is "x y"
}

@test "latency comes before the work of reads, too" {
	start_sim --latency 50
	make_store x
	succeeds 200 '.result.name == "x"'
	api GET "$account/stores"
	answer_is '.result[0].name == "x"'
}

# ---- the fault "late" -----------------------------------------------------------------------

@test "fault A25: answered now, done later: a page of the edge, unless the fault says otherwise" {
	start_sim
	late
	make_store a || true
	[ "$http" = 504 ]
	[[ $(header content-type) == text/html* ]]
	[ -z "$(made)" ]
	[ "$(sim_stats '.later | "\(.waiting) \(.done)"')" = "1 0" ]
	control POST later
	[ "$(made)" = a ]
	[ "$(sim_stats '.later | "\(.waiting) \(.done)"')" = "0 1" ]
	late ',"status":503,"body":"json","code":7010,"message":"busy"'
	api POST "$account/stores" '{"name":"b"}'
	fails 503 7010 busy
	late ',"answer":"status","status":524,"body":"empty"'
	api POST "$account/stores" '{"name":"c"}'
	[ "$http" = 524 ]
	[ ! -s "$answer" ]
	control POST later
	[ "$(made)" = "a b c" ]
}

@test "fault A25: reset, closed or never answered, and done later" {
	start_sim
	late ',"answer":"reset"'
	api_breaks 56 POST "$account/stores" '{"name":"a"}'
	late ',"answer":"close"'
	api_breaks 52 POST "$account/stores" '{"name":"b"}'
	late ',"answer":"never"'
	api_breaks 28 POST "$account/stores" '{"name":"c"}' -m 0.2
	late ',"answer":"never","ms":10'
	api_breaks 52 POST "$account/stores" '{"name":"d"}'
	[ -z "$(made)" ]
	control POST later
	[ "$(made)" = "a b c d" ]
}

@test "fault A25: it is done by itself when its time has come" {
	start_sim
	sim_faults '{"kind":"late","after_ms":300,"method":"POST","nth":2}'
	local name
	for name in a b c; do
		api POST "$account/stores" "{\"name\":\"$name\"}"
	done
	wait_until made_is "a c b"
	sim_faults '{"kind":"late","after_ms":0}'
	api POST "$account/stores" '{"name":"d"}'
	wait_until made_is "a c b d"
}

@test "fault A25: every kind of write may be late" {
	start_sim
	make_store a
	make_secret s
	late
	api POST "$store/secrets" '[{"name":"t","value":"v","scopes":["workers"]},
		{"name":"u","value":"v","scopes":["workers"]}]'
	late
	api PATCH "$secret" '{"comment":"late"}'
	late
	api POST "$secret/duplicate" '{"name":"w","scopes":["workers"]}'
	[ "$(kept)" = s ]
	control POST later
	[ "$(kept)" = "s t u w" ]
	[ "$(sim_world '.accounts[0].stores[0].secrets[0].comment')" = late ]
	late
	api DELETE "$secret"
	[ "$http" = 504 ]
	late
	api DELETE "$store/secrets" "{\"ids\":[$(sim_world '.accounts[0].stores[0].secrets[1].id | tojson')]}"
	[ "$(kept)" = "s t u w" ]
	control POST later
	[ "$(kept)" = "u w" ]
	late
	api DELETE "$store?force=true"
	[ "$(made)" = a ]
	control POST later
	[ -z "$(made)" ]
}

@test "fault A25: what is late meets the world and the checks of then" {
	start_sim --store-names unique
	late
	api POST "$account/stores" '{"name":"a"}'
	make_store a
	control POST later
	[ "$(made)" = a ]
	make_secret s
	late
	api PATCH "$secret" '{"comment":"late"}'
	api DELETE "$secret"
	control POST later
	[ -z "$(kept)" ]
}

@test "what is late and wrong does nothing; a reset drops what waits" {
	start_sim
	local body
	for body in '{"name":""}' '[]' 'x' ''; do
		late
		api POST "$account/stores" "$body"
	done
	late
	CLOUDFLARE_API_TOKEN=nobody api POST "$account/stores" '{"name":"a"}'
	late
	api PUT "$account/nowhere" '{}'
	control POST later
	[ -z "$(made)" ]
	late
	api POST "$account/stores" '{"name":"a"}'
	control POST reset
	control POST later
	[ -z "$(made)" ]
}

@test "a fault \"late\" that is wrong is refused" {
	start_sim
	local text
	for text in '{"kind":"late"}' '{"kind":"late","after_ms":-1}' \
		'{"kind":"late","after_ms":1,"answer":"maybe"}'; do
		run control POST faults "$text"
		[ "$status" -eq 22 ]
		[[ $output == *'"ok":false'* ]]
	done
}
