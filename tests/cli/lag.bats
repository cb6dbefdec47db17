#!/usr/bin/env bats
# Lists that lag, or lie once: what the state knows by its id is asked for by that before it counts
# as gone.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

stores='/client/v4/accounts/acc_1/secrets_store/stores'
nothing='{"success":true,"errors":[],"messages":[],"result":[],
	"result_info":{"count":0,"page":1,"per_page":100,"total_count":0,"total_pages":1}}'

# empty_once [PATH]: the next list is empty.
empty_once()
{
	sim_faults "$(jq -n --arg path "${1-$stores}" --arg text "$nothing" \
		'{method: "GET", path: $path, times: 1, kind: "raw_body", text: $text}')"
}

# lag JSON: how long writes take to show from now on.
lag()
{
	control POST lag "$1" >/dev/null
}

# by_id: how many objects were asked for by their ids.
by_id()
{
	requests '.method == "GET" and (.path | test("/stores/[^/?]+(/secrets/[^/?]+)?$"))'
}

# listed: how many pages were asked for.
listed()
{
	requests '.method == "GET" and (.path | test("/(stores|secrets)$"))'
}

# A store with secrets, applied.
one_store()
{
	printf 'account_id: acc_1\nstores:\n  - name: keys\n    secrets:\n' >cfprov.yaml
	printf '      - {name: %s, value: {env: V}}\n' "$@" >>cfprov.yaml
	export V=value
	good apply -auto-approve
	: >"$sim_log"
}

waits() { grep -q 'Waiting for Cloudflare to confirm' later.err; }

# ---- one list that is empty -----------------------------------------------------------------

@test "fault A1: apply after a list that lagged makes nothing twice" {
	start_logged
	manifest a b
	good apply -auto-approve
	: >"$sim_log"
	empty_once
	good apply -auto-approve
	out_has 'No changes.'
	[ "$(posts)" = 0 ]
	[ "$(listed)" = 1 ]
	[ "$(by_id)" = 2 ]
	agree 2
}

@test "fault A1: destroy after a list that lagged leaves no orphan" {
	start_logged
	manifest a b
	good apply -auto-approve
	empty_once
	good destroy -auto-approve -allow-store-destroy -force
	out_has 'Destroy complete! Resources: 2 destroyed'
	[ -z "$(live)" ]
	[ -z "$(recorded)" ]
}

@test "fault A1: refresh after a list that lagged forgets nothing" {
	start_logged
	manifest a b
	good apply -auto-approve
	cp "$state" before.json
	empty_once
	good refresh
	cmp before.json "$state"
}

@test "fault A1: the list of a store's secrets that lagged" {
	start_logged
	one_store A B
	empty_once "$stores/*/secrets"
	good apply -auto-approve
	out_has 'No changes.'
	[ "$(posts)" = 0 ]
	[ "$(by_id)" = 2 ]
	empty_once "$stores/*/secrets"
	good destroy -auto-approve -allow-store-destroy -force
	out_has 'Destroy complete! Resources: 3 destroyed'
	[ -z "$(live)" ]
}

@test "fault A1: a list that lags while somebody thinks about the question" {
	start_logged
	manifest a
	good apply -auto-approve
	manifest a b
	asking apply
	empty_once
	answer yes
	[ "$status" = 0 ]
	agree 2
	manifest b
	asking apply -allow-store-destroy -force
	empty_once
	answer yes
	[ "$status" = 0 ]
	agree 1
}

@test "fault A1: a saved plan after a list that lagged" {
	start_logged
	one_store A
	V=other good plan -out=plan
	empty_once
	V=other good apply plan
	out_has '1 changed'
}

# only ID: the next list of stores has just a store "a" with this id.
only()
{
	sim_faults "$(jq -n --arg path "$stores" --arg text "$(jq -c --arg id "$1" \
		'.result = [{$id, name: "a"}] | .result_info |= (.count = 1 | .total_count = 1)' \
		<<<"$nothing")" '{method: "GET", path: $path, times: 1, kind: "raw_body", text: $text}')"
}

@test "fault A1: another one of that name is listed: both exist, and that is said" {
	start_logged
	manifest a
	good apply -auto-approve
	local id other
	id=$(recorded | cut -d' ' -f2)
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	other=$(answer_get .result.id)
	only "$other"
	bad apply -auto-approve
	err_has 'default/a: 2 stores have this name' "$other" "$id"
	# One that is listed and gone is none.
	only 0123
	good plan
	out_has 'No changes.'
}

@test "fault A1: a list that still shows what was replaced: only one is left" {
	start_logged --list-lag-delete 600000
	one_store A
	good apply -auto-approve -replace=default/keys -allow-store-destroy -force
	[ "$(live | wc -l)" = 1 ]
	: >"$sim_log"
	good plan
	out_has 'No changes.'
	[ "$(by_id)" = 2 ]
}

# ---- what is gone ---------------------------------------------------------------------------

@test "fault A1: what is gone is asked for twice, and then made again" {
	start_logged
	manifest a b
	good apply -auto-approve
	api DELETE "/accounts/acc_1/secrets_store/stores/$(recorded | sed -n 's/^a //p')"
	: >"$sim_log"
	good plan
	out_has 'Plan: 1 to add'
	[ "$(listed)" = 1 ]
	[ "$(by_id)" = 2 ]
	good apply -auto-approve
	agree 2
}

@test "fault A1: what was in a store that is gone is not asked for" {
	start_logged
	one_store A B C
	api DELETE "/accounts/acc_1/secrets_store/stores/$(recorded | cut -d' ' -f2)?force=true"
	: >"$sim_log"
	good plan
	out_has 'Plan: 4 to add'
	[ "$(by_id)" = 2 ]
}

@test "fault A1: nothing is asked for by id when nothing is missing" {
	start_logged
	one_store A B
	good plan
	[ "$(requests)" = 2 ]
}

@test "-refresh=false asks for nothing by id" {
	start_logged
	manifest a
	good apply -auto-approve
	api DELETE "/accounts/acc_1/secrets_store/stores/$(recorded | cut -d' ' -f2)"
	: >"$sim_log"
	good plan -refresh=false
	out_has 'No changes.'
	[ "$(requests)" = 0 ]
}

@test "an object that can't be asked for by id: its account can't be read" {
	start_logged
	manifest a
	good apply -auto-approve
	local answer
	for answer in '"status":403,"code":10000,"message":"Authentication error"' \
		'"status":404,"body":"html"' '"status":400,"code":7003,"message":"Could not route"'; do
		control DELETE faults
		sim_faults "$(jq -n --arg path "$stores" --arg text "$nothing" \
			'[{method: "GET", path: $path, times: 1, kind: "raw_body", text: $text}]' |
			jq -c ". + [{method: \"GET\", path: \"$stores/*\", $answer}]")"
		bad apply -auto-approve
		echo "with $answer" >&2
		err_has 'account `default`' HTTP
	done
	[ "$(posts)" = 1 ]
	agree 1
}

# ---- many -----------------------------------------------------------------------------------

@test "fault A1: a list that lacks more than a hundred is read once more" {
	start_logged
	manifest_of 120
	good apply -auto-approve
	: >"$sim_log"
	empty_once
	good plan
	out_has 'No changes.'
	[ "$(by_id)" = 0 ]
	[ "$(listed)" = 3 ]
}

@test "fault A1: more than a hundred that two lists lack are believed gone" {
	start_logged
	manifest_of 120
	good apply -auto-approve
	control POST reset >/dev/null
	: >"$sim_log"
	good plan
	out_has 'Plan: 120 to add'
	[ "$(by_id)" = 0 ]
	[ "$(listed)" = 2 ]
}

@test "fault A1: two lists that agree are not believed while our own writes are young" {
	start_logged --list-lag 600000
	manifest_of 120
	good apply -auto-approve
	later "$cfprov" plan -patience=10m
	wait_until waits
	grep -q 'default/s0001 and 119 more (up to ' later.err
	lag '{"create":0}'
	wait_later
	[ "$status" = 0 ]
	grep -q 'No changes.' later.out
	[ "$(by_id)" = 0 ]
}

# ---- lists and reads that lag ---------------------------------------------------------------

@test "fault A1: while lists lag, nothing is made twice, forgotten or orphaned" {
	start_logged --list-lag 600000
	one_store A B
	good apply -auto-approve
	out_has 'No changes.'
	good refresh
	printf 'account_id: acc_1\nstores: [keys, more]\n' >cfprov.yaml
	good apply -auto-approve -force
	out_has '1 added' '2 destroyed'
	agree 2
	good destroy -auto-approve -allow-store-destroy -force
	[ -z "$(live)" ]
}

@test "fault A1: when reads by id lag, too, what was just written is waited for" {
	start_logged --list-lag 600000 --read-lag 600000
	one_store A
	later "$cfprov" apply -auto-approve -patience=10m
	wait_until waits
	[ "$(grep -c 'Waiting for Cloudflare to confirm' later.err)" = 1 ]
	grep -q 'default/keys (up to ' later.err
	lag '{"create":0,"read":0}'
	wait_later
	[ "$status" = 0 ]
	grep -q 'No changes.' later.out
	[ "$(posts)" = 0 ]
}

@test "Ctrl-C stops the waiting" {
	start_logged --list-lag 600000 --read-lag 600000
	manifest a
	good apply -auto-approve
	later "$cfprov" apply -auto-approve -patience=10m
	wait_until waits
	kill -TERM "$later_pid"
	wait_later
	[ "$status" = 1 ]
	grep -q 'interrupted before any changes were made' later.err
	[ "$(posts)" = 1 ]
	tidy
}

@test "-json tells of the waiting, and so does the log" {
	start_logged --list-lag 600000 --read-lag 600000
	manifest a
	good apply -auto-approve
	json_waits() { grep -q 'Waiting for Cloudflare to confirm' later.out; }
	CFPROV_LOG=info CFPROV_LOG_PATH=log later "$cfprov" plan -json -patience=10m
	wait_until json_waits
	lag '{"create":0,"read":0}'
	wait_later
	[ "$status" = 0 ]
	jq -es 'any(.type == "log" and ."@level" == "info" and
		(."@message" | test("Waiting for Cloudflare to confirm default/a .up to ")))' later.out
	grep -q 'waiting for Cloudflare to confirm: default/a; waiting' log
}

# ---- what we destroyed ourselves ------------------------------------------------------------

# interrupted METHOD [ARGUMENT...]: an apply that is killed when its request of this method, which
# will be carried out much later, has arrived.
interrupted()
{
	local method=$1 before
	before=$(requests ".method == \"$1\"")
	shift
	arrived() { (($(requests ".method == \"$method\"") > before)); }
	sim_faults "{\"method\":\"$method\",\"kind\":\"late\",\"after_ms\":600000,\"answer\":\"never\"}"
	later "$cfprov" apply -auto-approve -allow-store-destroy -force "$@"
	wait_until arrived
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults >/dev/null
}

# resumed: the next run waits until what was to be done later is done.
resumed()
{
	later "$cfprov" apply -auto-approve -patience=20s
	wait_until waits
	control POST later >/dev/null
	wait_later
	[ "$status" = 0 ]
	agree 1
	good plan
	out_is $'No changes. Your infrastructure matches the configuration.\n'
}

@test "fault A1: a store goes with the secrets that its list does not show yet" {
	start_logged --list-lag-create 600000
	one_store A B
	good destroy -auto-approve -allow-store-destroy -force
	out_has 'Destroy complete! Resources: 3 destroyed'
	[ -z "$(live)" ]
	[ -z "$(recorded)" ]
}

@test "fault A1: without -force, a list has to show what goes with its store first" {
	start_logged --list-lag-create 600000
	one_store A B
	bad destroy -auto-approve -allow-store-destroy -max-delete-percent=100
	err_has store_not_empty
	[ "$(live | wc -l)" = 1 ]
	lag '{"create":0}'
	good destroy -auto-approve -allow-store-destroy -max-delete-percent=100
	[ -z "$(live)" ]
	[ -z "$(recorded)" ]
}

@test "fault A1: a list that still shows what was destroyed: it is not adopted" {
	start_logged --list-lag-delete 600000
	one_store A
	good destroy -auto-approve -allow-store-destroy -force
	good apply -auto-approve -adopt
	out_has '2 added, 0 changed, 0 destroyed'
	good apply -auto-approve -destroy -target=default/keys/A
	good apply -auto-approve -adopt
	out_has '1 added, 0 changed, 0 destroyed'
	good destroy -auto-approve -allow-store-destroy -force
	good plan -out=plan
	out_has 'Plan: 2 to add, 0 to change, 0 to destroy.'
	good apply plan
	out_has '2 added, 0 changed, 0 destroyed'
	good plan
	out_has 'No changes.'
}

@test "fault A1: hundreds that a list still shows are not adopted, nor said to be there twice" {
	export CFPROV_KEY=0123456789abcdef0123456789abcdef CFPROV_PATIENCE=6s
	start_logged --list-lag-delete 4000 --max-secrets 0
	local i names=()
	for ((i = 0; i < 101; i++)); do names+=("S$i"); done
	one_store "${names[@]}"
	good apply -auto-approve
	good apply -auto-approve -destroy -target='default/keys/*'
	good apply -auto-approve -adopt
	out_has '101 added, 0 changed, 0 destroyed'
	good apply -auto-approve -force -replace='default/keys/*'
	: >"$sim_log"
	good plan
	out_has 'No changes.'
	[ "$(by_id)" = 0 ]
}

@test "a first run asks for nothing by id before it adopts" {
	seed_of 3
	start_logged --seed seed.json
	manifest_of 3
	good apply -auto-approve -adopt
	[ "$(by_id)" = 0 ]
	agree 3
}

@test "fault A1: lists and reads by id that still show what was replaced: both are waited for" {
	seed_of 1
	start_logged --seed seed.json
	manifest_of 1
	good apply -auto-approve -adopt
	lag '{"delete":600000,"read":600000}'
	good apply -auto-approve -replace=default/s0001 -allow-store-destroy -force
	later "$cfprov" plan -patience=20s
	wait_until waits
	lag '{"delete":0,"read":0}'
	wait_later
	[ "$status" = 0 ]
	grep -q 'No changes.' later.out
	agree 1
}

@test "fault A25: the DELETE of a killed replacement is carried out late: it is waited for" {
	start_logged
	manifest a
	good apply -auto-approve
	interrupted DELETE -replace=default/a
	resumed
	[ "$(posts)" = 2 ]
}

@test "fault A25: the DELETE of a killed destroy is carried out late: who wants the store waits for it" {
	start_logged
	one_store A
	interrupted DELETE -destroy
	resumed
	# The same if no list shows it yet.
	lag '{"create":600000}'
	interrupted DELETE -destroy
	later "$cfprov" apply -auto-approve -patience=20s
	wait_until waits
	lag '{"create":0}'
	control POST later >/dev/null
	wait_later
	[ "$status" = 0 ]
	agree 1
	# Who does not want it destroys it again, and does not wait.
	interrupted DELETE -destroy
	good destroy -auto-approve -allow-store-destroy -force -patience=10m
	err_lacks Waiting
	[ -z "$(live)" ]
}

@test "fault A25: the POST of a killed replacement is carried out late, and the old one still listed" {
	start_logged --list-lag-delete 600000
	manifest a
	good apply -auto-approve
	interrupted POST -replace=default/a
	resumed
	[ "$(posts)" = 2 ]
}

@test "fault A25: a POST after a destroy is carried out late, and the old one still listed" {
	start_logged --list-lag-delete 600000
	manifest a
	good apply -auto-approve
	good destroy -auto-approve -allow-store-destroy
	interrupted POST
	resumed
	[ "$(posts)" = 2 ]
}

# ---- import ---------------------------------------------------------------------------------

@test "fault A1: import by id of what the list does not show yet" {
	start_logged --list-lag 600000
	manifest a
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	local id
	id=$(answer_get .result.id)
	good import default/a "acc_1/$id"
	agree 1
	# By its name it can't be found so.
	good state rm default/a
	bad import default/a acc_1/a
	err_has 'no store of the account `default` has the id or the name `a`'
}

@test "fault A1: import by id of a secret that the list does not show yet" {
	start_logged --list-lag 600000
	printf 'account_id: acc_1\nstores: [keys]\n' >cfprov.yaml
	good apply -auto-approve
	local store
	store=$(recorded | cut -d' ' -f2)
	printf 'account_id: acc_1\nstores: [{name: keys, secrets: [{name: A, value: {env: V}}]}]\n' \
		>cfprov.yaml
	api POST "/accounts/acc_1/secrets_store/stores/$store/secrets" \
		'[{"name":"A","value":"v","scopes":["workers"]}]'
	good import default/keys/A "acc_1/$store/$(answer_get .result[0].id)"
	: >"$sim_log"
	bad import default/keys/A acc_1/keys/0123
	[ "$(requests)" = 0 ]
}

@test "fault A5: our own update of a secret whose value somebody else wrote is no drift" {
	start_logged
	one_store A
	sed -i 's/{name: A, /{name: A, on_drift: ignore, /' cfprov.yaml
	local id
	id=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.A.id)"' "$state")
	api PATCH "${stores#/client/v4}/$id" '{"value":"theirs"}'
	[[ $http == 200 ]]
	lag '{"change":600000}'
	sed -i 's/{name: A, /{name: A, comment: ours, /' cfprov.yaml
	good apply -auto-approve
	out_has '1 changed'
	good plan -detailed-exitcode
	out_has 'No changes.'
	lag '{"change":0}'
	good plan -detailed-exitcode
	out_has 'No changes.'
}
