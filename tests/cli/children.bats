#!/usr/bin/env bats
# What a command that is run for a value sees of cfprov's secrets.
# both builds: what another process sees of this one

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# secret SOURCE...: cfprov.yaml with a secret for each source, S1, S2, ...
secret()
{
	local i=0 source
	printf 'account_id: %s\nstores:\n  - name: a\n    secrets:\n' "$account" >cfprov.yaml
	for source in "$@"; do
		i=$((i + 1))
		printf '      - {name: S%d, value: %s}\n' $i "$source" >>cfprov.yaml
	done
}

@test "not even root finds a credential in cfprov's environment" {
	[ "$(id -u)" = 0 ] || skip "needs root"
	start_logged
	export DB_A=hush-before DB_B=hush-after CFPROV_KEY=hush-key-0123456789abcdef0123456789abcdef
	export CLOUDFLARE_API_KEY=hush-api-key PLAIN=plain
	local token=$CLOUDFLARE_API_TOKEN
	cat >look <<-'END'
		#!/bin/sh
		tr '\0' '\n' <"/proc/$PPID/environ" >>seen
		echo "value of $1"
	END
	chmod +x look
	secret '{env: DB_A}' '{command: [./look, 1]}' '{env: DB_B}' '{command: [./look, 2]}' \
		'{command: [sh, -c, "printf %s $DB_B", x], env: [DB_B]}'
	good apply -auto-approve
	grep -q PLAIN=plain seen || skip "root may not read it here"
	[ "$(grep -c PLAIN= seen)" = 2 ]
	run ! grep -E "hush-|$token" seen
	# All were read and sent all the same, also after the first command had run.
	good plan
	out_has 'No changes.'
	DB_B=hush-other good plan
	out_has S3
}

@test "a variable that only the policy names for a token is held back from commands" {
	start_logged
	mkdir owner
	export PROD_TOKEN=hush-prod STAGE_1_TOKEN=hush-stage KEY_OF_STATE=hush-key OTHER=other DB_A=a
	printf 'accounts: {%s: {api_token: {env: [CLOUDFLARE_API_TOKEN, PROD_TOKEN, "STAGE_*", "*"]}}}
state: {paths: [../%s], key: {env: [KEY_OF_STATE]}}
values: {env: [DB_A], commands: [[sh, -c, "**"]]}\n' "$account" "$state" >owner/policy.yaml
	secret '{command: [sh, -c, "env >seen; echo x"]}'
	good plan -policy=owner/policy.yaml
	run ! grep hush- seen
	grep -q OTHER=other seen
	grep -q PATH= seen
	good plan
	grep -q hush-prod seen
}
