#!/usr/bin/env bats
# The key where the state is at a server: what it can read, and what it can't slip in.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

key=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff

setup()
{
	set_up_cfprov
	unset "${!AWS_@}" "${!TF_HTTP_@}" "${!CFPROV_HTTP_@}"
	start_sim
	start_http
	address=$gitlab
	lock="lock_address: $gitlab/lock, lock_method: POST, unlock_method: DELETE,"
	export TF_HTTP_ADDRESS=$address TF_HTTP_USERNAME=ci TF_HTTP_PASSWORD=token VALUE=hush-hush-hush CFPROV_KEY=$key
	machine one
}

teardown()
{
	stop_servers
	stop_all
}

machine()
{
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/$1
}

# manifest ENCRYPT NAME...: cfprov.yaml with a store that has these secrets
manifest()
{
	cat >cfprov.yaml <<-END
		account_id: $account
		state: {backend: http, address: $address, $lock encrypt: $1}
		stores:
		  - name: payments
		    secrets:
	END
	shift
	printf '      - {name: %s, value: {env: VALUE}}\n' "$@" >>cfprov.yaml
}

# put FILE: in the place of the state, by whoever has the server
put()
{
	http_ask -u ci:token -H 'Content-Type: application/json' --data-binary @"$1" "$address" >/dev/null
	[ "$http" = 200 ]
}

@test "http: an encrypted state, and the machine that has the key" {
	manifest true SECRET_A SECRET_B
	good apply -auto-approve
	http_kept "${address#"$http_url"}" .state >state
	jq -e '.serial == 1 and (keys == ["lineage", "sealed", "serial", "version"])' state
	! grep -F -e SECRET -e payments -e "$account" -e blake2b state || false
	machine two
	good plan
	out_has 'No changes.'
	manifest true SECRET_A SECRET_B SECRET_C
	good apply -auto-approve
	machine one
	good plan
	out_has 'No changes.'
	CFPROV_KEY=ff${key#00} bad plan
	err_has 'the state was encrypted with a different key'
	unset CFPROV_KEY
	bad plan
	bad state list
	err_has 'is encrypted, and no key is set'
}

@test "http: a server can't slip in another state, nor an old one unseen" {
	address=$http_url/plain/main lock= # GitLab takes each serial once
	manifest false SECRET_A
	good apply -auto-approve
	http_kept "${address#"$http_url"}" .state | head -c -1 >first
	manifest false SECRET_A SECRET_B
	good apply -auto-approve
	http_kept "${address#"$http_url"}" .state | head -c -1 >second
	sed 's/SECRET_B/SECRET_X/' second >forged
	put forged
	bad plan
	err_has 'the state was modified after it was signed'
	jq 'del(.signature)' second >forged
	put forged
	bad plan
	err_has 'the state is not signed, although a key is set'
	put first
	bad apply -auto-approve
	err_has 'the state is older than one that this machine has seen (serial 1, but it was 2)'
	good state sign -auto-approve
	out_has 'is older than one that this machine has seen, which had serial 2'
	[ "$(http_kept "${address#"$http_url"}" '.state | fromjson | .serial')" = 3 ]
	good apply -auto-approve -adopt
	[ "$(sim_world '[.accounts[].stores[].secrets[].name] | @csv')" = '"SECRET_A","SECRET_B"' ]
}
