#!/usr/bin/env bats
# The program with its state at a server that speaks Terraform's http protocol: GitLab's rules.
# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

setup()
{
	set_up_cfprov
	unset "${!AWS_@}" "${!TF_HTTP_@}" "${!CFPROV_HTTP_@}"
	start_logged
	start_http
	path=${gitlab#"$http_url"}
	export TF_HTTP_ADDRESS=$gitlab TF_HTTP_LOCK_ADDRESS=$gitlab/lock TF_HTTP_LOCK_METHOD=POST
	export TF_HTTP_UNLOCK_METHOD=DELETE TF_HTTP_USERNAME=ci TF_HTTP_PASSWORD=token
	export VALUE=hush-hush-hush
	machine one
	manifest a b
}

teardown()
{
	stop_servers
	stop_all
}

# machine NAME: from now on, commands run on another machine.
machine()
{
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/$1
}

# manifest NAME...: cfprov.yaml with a store that has these secrets
manifest()
{
	printf 'account_id: %s\nstate: {backend: http}\nstores:\n  - name: s\n    secrets:\n' "$account" >cfprov.yaml
	printf '      - {name: %s, value: {env: VALUE}}\n' "$@" >>cfprov.yaml
}

# kept FILTER: what jq makes of what the server keeps
kept()
{
	http_kept "$path" "$1"
}

# lock_requests: how the requests to the lock were answered
lock_requests()
{
	awk '$2 ~ "/lock$" { printf "%s%s %s", sep, $1, $3; sep = ", " }' "$BATS_TEST_TMPDIR/http/log"
}

@test "http: one machine applies, another sees it and goes on" {
	good apply -auto-approve
	[ "$(kept '.state | fromjson | .serial')" = 1 ]
	[ "$(kept .lock)" = null ]
	# locked, the fence before the first request to Cloudflare, released
	[ "$(lock_requests)" = "POST 200, POST 409, DELETE 200" ]
	[ ! -e cfprov.state.json ]
	find "$XDG_STATE_HOME" -name '*.journal' | grep . && false

	machine two
	good plan -detailed-exitcode
	good state list
	[ "$(cat out)" = "$(printf 'default/s\ndefault/s/a\ndefault/s/b')" ]
	manifest a b c
	good apply -auto-approve
	[ "$(kept '.serials | @csv')" = 1,2 ]
	machine one
	good plan -detailed-exitcode
	grep -r hush "$BATS_TEST_TMPDIR/http/log" "$XDG_STATE_HOME" && false
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b","c"' ]
}

@test "http: a state that is locked is not changed, and whoever holds it is named" {
	info='{"ID": "12345678-1111-4111-8111-111111111111", "Operation": "apply", "Info": "", "Who": "ann@laptop", "Version": "1", "Created": "2026-11-30T10:00:00Z", "Path": ""}'
	http_ask -k "$http_url/_test/lock?path=$path" -d "$info"
	bad apply -auto-approve
	err_has "the state $gitlab is locked by ci"
	err_has 12345678-1111-4111-8111-111111111111
	[ "$(requests)" = 0 ]
	[ "$(kept .state)" = null ]
}

@test "http: kill -9 in mid-run: the same machine resumes its lock and finishes" {
	sim_faults '{"method": "POST", "nth": 2, "kind": "no_answer"}'
	later "$cfprov" apply -auto-approve
	second() { (($(posts) == 2)); }
	wait_until second
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	held=$(kept .lock.ID)
	[ "$held" != null ]

	machine two
	bad apply -auto-approve
	err_has "$held"
	machine one
	good apply -auto-approve
	[ "$(kept .lock)" = null ]
	good plan -detailed-exitcode
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b"' ]
}

@test "http: every other answer of the server is lost: an apply is an apply" {
	python_server proxy faulty_proxy.py "$http_url" --drop 2
	export TF_HTTP_ADDRESS=$server_url$path TF_HTTP_LOCK_ADDRESS=$server_url$path/lock
	good apply -auto-approve
	[ "$(kept '.serials | @csv')" = 1 ]
	[ "$(kept .lock)" = null ]
	machine two
	good plan -detailed-exitcode
}

@test "http: the server is gone when the state is to be written: the journal keeps it, and the next run brings it" {
	good apply -auto-approve
	manifest a b c
	http_fault '{"method": "POST", "do": 403, "count": 9}'
	bad apply -auto-approve
	err_has "can't write the state at $gitlab: HTTP 403" "stays locked" force-unlock \
		'and then `cfprov apply -adopt`'
	[ "$(kept '.serials | @csv')" = 1 ]
	find "$XDG_STATE_HOME" -name '*.journal' | grep .
	sent=$(posts)
	http_ask -k -X POST "$http_url/_test/faultless"
	good apply -auto-approve
	[ "$(kept '.serials | @csv')" = 1,2 ]
	[ "$(kept .lock)" = null ]
	[ "$(posts)" = "$sent" ]
	good plan -detailed-exitcode
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"a","b","c"' ]
}

@test "http: another machine breaks the lock, and is told how to find what the killed run created" {
	good apply -auto-approve
	manifest a b c
	http_fault '{"method": "POST", "do": 403, "count": 9}'
	bad apply -auto-approve
	http_ask -k -X POST "$http_url/_test/faultless"
	machine two
	good force-unlock -force "$(kept .lock.ID)"
	err_has "The state $gitlab is unlocked. If that run was on this machine" \
		'run `cfprov apply -adopt`, which takes over the objects that it created'
	bad apply -auto-approve
	err_has 'already exist'
	good apply -auto-approve -adopt
	good plan -detailed-exitcode
}

@test "http: the lock was broken before the state is written, or before it is released: nothing is left to unlock" {
	http_fault '{"method": "POST", "do": 409}'
	bad apply -auto-approve
	err_has "the lock of the state at $gitlab was broken by somebody else"
	err_lacks force-unlock "stays locked"
	good apply -auto-approve
	manifest a b c
	http_fault '{"method": "DELETE", "lock": true, "do": 409}'
	good apply -auto-approve
	err_has "the lock of the state at $gitlab was broken by somebody else"
	err_lacks force-unlock "stays locked"
}

@test "http: the query alone tells two states apart: an account, a state, and saved plans" {
	good plan -out=plan
	TF_HTTP_ADDRESS="$gitlab?acc=1" bad apply plan
	err_has "the plan was made for the state $gitlab, but the state is $gitlab#"
	err_lacks "acc="
	unset "${!TF_HTTP_@}"
	# shellcheck disable=SC2016 # not the shell's
	printf 'state: {backend: http, address: "%s", lock_address: "%s"}\naccounts:\n' \
		"$http_url/plain/s?acc="{'${ACCOUNT_ID}','${ACCOUNT_ID}'} >cfprov.yaml
	printf '  team%d: {account_id: acc_%d}\n' 1 1 2 2 >>cfprov.yaml
	echo 'stores: [keys]' >>cfprov.yaml
	good plan -out=plan
	good apply plan
	for word in acc_1 acc_2; do
		[ "$(http_kept "/plain/s%3Facc=$word" '.state | fromjson | .serial')" = 1 ]
	done
	good plan -detailed-exitcode
	printf 'state: {backend: http, address: "%s", lock_address: "%s"}\naccounts:\n' \
		"$http_url/plain/s?acc="{'${ACCOUNT_ID}','${ACCOUNT_ID}'} >cfprov.yaml
	printf '  team%d: {account_id: acc_%d}\n' 1 1 2 2 3 3 >>cfprov.yaml
	# Serials of different states are not added up.
	prov doctor
	out_has "$http_url/plain/s (team1) has serial 1 and 1 object" \
		"$http_url/plain/s (team2) has serial 1 and 1 object" \
		"$http_url/plain/s (team3) does not exist yet"
}

@test "http: doctor asks the server" {
	good doctor
	out_has "the server can be reached"
	TF_HTTP_PASSWORD=wrong-wrong prov doctor
	[ "$status" = 1 ]
	out_has "fail  state: can't read the state at $gitlab: HTTP 401"
	[ "$(grep -c 'HTTP 401' out)" = 1 ]
	run ! grep -F "the server can be reached" out
}

@test "http: errors name what to do" {
	TF_HTTP_PASSWORD=wrong-wrong bad plan
	err_has "Error: can't read the state at $gitlab: HTTP 401: 401 Unauthorized" "GitLab takes a token"
	err_lacks wrong-wrong
	TF_HTTP_ADDRESS=$http_url/page TF_HTTP_LOCK_ADDRESS=$http_url/page bad plan
	err_has "the server answered with a web page (HTTP 200)" "Check the address."
	TF_HTTP_USERNAME=reader bad apply -auto-approve
	err_has "can't lock the state at $gitlab: HTTP 403: 403 Forbidden" Maintainer
	[ "$(requests)" = 0 ]
}
