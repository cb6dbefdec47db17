#!/usr/bin/env bats
# Credentials: which are taken, where they go, and that they are shown nowhere.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

token=Canary-0123456789abcdefghijklmnop.token

# ---- which ----------------------------------------------------------------------------------

@test "none at all: one error that says what to set, and nothing is sent" {
	start_logged
	manifest a
	unset CLOUDFLARE_API_TOKEN
	bad plan
	err_has CLOUDFLARE_API_TOKEN CLOUDFLARE_EMAIL 'Secrets Store'
	[ "$(grep -c Error: err)" = 1 ]
	bad apply -auto-approve
	[ "$(requests)" = 0 ]
	tidy
}

@test "fault B4: a token that can't be one is refused before anything is sent, and not shown" {
	start_logged
	manifest a
	local long bad_token what
	long=$(printf 'Canary%.0s' {1..20000})
	while IFS='|' read -r what bad_token; do
		# shellcheck disable=SC2059 # the table has escapes
		bad_token=$(printf "$bad_token."); bad_token=${bad_token%.}
		CLOUDFLARE_API_TOKEN=$bad_token bad plan
		err_has CLOUDFLARE_API_TOKEN "$what"
		[[ $errors != *Canary* ]]
		harmless err
	done <<-'end'
		empty|
		a line break|Canary\n
		a line break|Canary\nX-Evil: 1
		a line break|Canary\r\nX-Evil: 1
		a line break|\rCanary
		a space|Canary one
		a space| Canary
		a quote at position 1|"Canary"
		a quote at position 1|'Canary'
		looks like a reference or a ciphertext, not a token|op://x/Canary
		a space|Canary\t
		not ASCII|Canary\303\251
		not ASCII|\377Canary
		control|Canary\033[31m
		control|Canary\177
	end
	CLOUDFLARE_API_TOKEN=$long bad plan
	err_has CLOUDFLARE_API_TOKEN '120000 bytes'
	[[ $errors != *CanaryCanary* ]]
	[ "$(requests)" = 0 ]
	[ "$(sim_stats .unrouted)" = 0 ]
}

@test "a token of 10 MB from a file is refused, and not shown" {
	start_logged
	printf '%s\n' 'accounts:' '  a: {account_id: acc_1, api_token: {file: token}}' 'stores: [s]' >cfprov.yaml
	head -c 10M /dev/zero | tr '\0' C >token
	bad plan
	err_has 'account `a`: file token is too long for a token: 10485760 bytes' cfprov.yaml:2:37
	err_lacks CCCC
	[ "$(requests)" = 0 ]
}

@test "fault A16: a global key in the token's place, or a token in the key's, is told before any request" {
	start_logged
	manifest a
	CLOUDFLARE_API_TOKEN=cfk_Canary0123456789 bad plan
	err_has 'CLOUDFLARE_API_TOKEN is a global API key, not a token' CLOUDFLARE_API_KEY CLOUDFLARE_EMAIL
	err_lacks Canary
	printf '%s\n' 'accounts:' '  a: {account_id: acc_1, api_token: {env: A_TOKEN}}' 'stores: [s]' >cfprov.yaml
	A_TOKEN=cfk_Canary0123456789 bad plan
	err_has 'A_TOKEN is a global API key' cfprov.yaml:2
	err_lacks Canary
	manifest a
	unset CLOUDFLARE_API_TOKEN
	CLOUDFLARE_EMAIL=a@b.c CLOUDFLARE_API_KEY=cfut_Canary0123456789 bad plan
	err_has 'CLOUDFLARE_API_KEY is an API token, not a global key' CLOUDFLARE_API_TOKEN
	err_lacks Canary
	[ "$(requests)" = 0 ]
}

@test "email and key" {
	start_logged --email me@example.com --key 0123456789abcdef0123456789abcdef
	manifest a
	unset CLOUDFLARE_API_TOKEN
	export CLOUDFLARE_EMAIL=me@example.com CLOUDFLARE_API_KEY=0123456789abcdef0123456789abcdef
	good apply -auto-approve
	agree 1
	CLOUDFLARE_API_KEY=fffffffffffffffffffffffffffffff0 bad plan
	err_has CLOUDFLARE_API_KEY
	CLOUDFLARE_API_KEY=$'a\nb' bad plan
	err_has CLOUDFLARE_API_KEY 'a line break'
	CLOUDFLARE_EMAIL='me @example.com' bad plan
	err_has CLOUDFLARE_EMAIL 'a space'
	(unset CLOUDFLARE_EMAIL && bad plan && err_has CLOUDFLARE_EMAIL)
	(unset CLOUDFLARE_API_KEY && bad plan && err_has CLOUDFLARE_API_KEY)
	run ! grep -rqF "$CLOUDFLARE_API_KEY" .
}

@test "a token is stronger than email and key" {
	start_logged --token "$token"
	manifest a
	export CLOUDFLARE_API_TOKEN=$token CLOUDFLARE_EMAIL=x@y.z CLOUDFLARE_API_KEY=wrong
	good plan
}

@test "each account with its own token, and only with that" {
	start_logged --token tok-one-111@acc_1 --token tok-two-222@acc_2 --token tok-all-333@acc_3
	cat >cfprov.yaml <<-end
		accounts:
		  one: {account_id: acc_1, api_token: {env: ONE_TOKEN}}
		  two: {account_id: acc_2, api_token: {env: TWO_TOKEN}}
		  three: {account_id: acc_3}
		stores: [x, y]
	end
	export ONE_TOKEN=tok-one-111 TWO_TOKEN=tok-two-222 CLOUDFLARE_API_TOKEN=tok-all-333
	good apply -auto-approve
	agree 2 acc_1
	agree 2 acc_2
	agree 2 acc_3
	run ! grep -rqE 'tok-(one|two|all)' .
	# Exchanged, they fail for these two accounts and nothing else.
	echo '  # touched' >>cfprov.yaml
	ONE_TOKEN=tok-two-222 TWO_TOKEN=tok-one-111 bad plan
	# Each error names the account, and where its token is read from.
	err_has 'account `one`' cfprov.yaml:2: 'account `two`' cfprov.yaml:3:
	err_lacks 'account `three`'
	ONE_TOKEN='' bad plan
	err_has ONE_TOKEN empty
	(unset TWO_TOKEN && bad plan && err_has 'TWO_TOKEN is not set' cfprov.yaml:3)
	# Who is not picked needs no token.
	(unset TWO_TOKEN && good plan -account=one)
}

# ---- refused --------------------------------------------------------------------------------

@test "a bad token: one clear error with Cloudflare's code and what to do, one request" {
	start_logged --token the-right-one
	manifest_of 20
	export CLOUDFLARE_API_TOKEN=$token
	local command
	for command in plan "apply -auto-approve"; do
		: >"$sim_log"
		# shellcheck disable=SC2086 # words
		bad $command
		[ "$(requests)" = 1 ]
		[ "$(grep -c Error: err)" = 1 ]
		[[ $errors =~ HTTP\ 40[013] ]]
		err_has code 'Check that the token'
	done
	tidy
	[ ! -e "$state" ]
}

@test "a bad token for many accounts: at most one request for each" {
	start_logged --token the-right-one
	{
		echo accounts:
		for i in {1..30}; do echo "  a$i: {account_id: acc_$i}"; done
		echo 'stores: [x]'
	} >cfprov.yaml
	CLOUDFLARE_API_TOKEN=$token bad plan
	[ "$(requests)" -le 30 ]
	[ "$(jq -s 'map(.account) | length == (unique | length)' "$sim_log")" = true ]
}

@test "401 midway: what was made is recorded, and the rest is not tried in vain" {
	start_logged
	manifest_of 100
	sim_faults '{"method":"POST","after":20,"status":401,"code":1000,
		"message":"Invalid API Token"}'
	prov apply -auto-approve -parallelism=5
	[ "$status" = 1 ]
	err_has '20 added' '80 failed' 'Invalid API Token'
	[ "$(posts)" -le 25 ]
	agree 20
	tidy
	control DELETE faults
	good apply -auto-approve
	agree 100
}

@test "403 midway: what was made is recorded" {
	start_logged
	manifest_of 30
	sim_faults '{"method":"POST","after":10,"status":403,"code":10000,
		"message":"Authentication error"}'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has '10 added' '20 failed' 'Authentication error'
	[ "$(posts)" -le 30 ]
	agree 10
}

# ---- shown nowhere --------------------------------------------------------------------------

# nowhere: in no file of this test's folder, nor in a core file beside it.
nowhere()
{
	! grep -rqaF "$token" . "$sim_log" || {
		grep -rlaF "$token" . "$sim_log" >&2
		return 1
	}
}

@test "the token is nowhere, after a success and after each failure" {
	start_logged --token "$token"
	export CLOUDFLARE_API_TOKEN=$token
	manifest_of 12
	good apply -auto-approve
	manifest_of 14
	good apply -auto-approve
	good show
	nowhere
	local fault
	for fault in '{"method":"POST","status":400,"code":1,"message":"no"}' \
		'{"method":"POST","kind":"reset_after"}' '{"method":"POST","kind":"html","status":500}' \
		'{"method":"POST","kind":"garbage"}' '{"method":"POST","kind":"cut_short"}' \
		'{"method":"GET","status":401,"code":1000,"message":"Invalid API Token"}' \
		'{"method":"GET","status":302,"kind":"redirect","location":"http://127.0.0.1:1/"}'; do
		control DELETE faults
		sim_faults "$fault"
		sed -i '/- x/d' cfprov.yaml
		echo "  - x$RANDOM" >>cfprov.yaml
		prov apply -auto-approve
		nowhere
	done
	CLOUDFLARE_BASE_URL=http://192.0.2.1 bad plan
	nowhere
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt prov plan
	nowhere
}

@test "the token is not in the journal, the lock or the command line of a running apply" {
	start_logged --token "$token"
	export CLOUDFLARE_API_TOKEN=$token
	manifest_of 5
	sim_faults '{"method":"POST","after":3,"kind":"no_answer"}'
	later "$cfprov" apply -auto-approve
	under_way() { [[ -s $journal && -s $lock ]] && (($(posts) >= 5)); }
	wait_until under_way
	nowhere
	tr '\0' '\n' <"/proc/$later_pid/cmdline" >cmdline
	grep -q -e -auto-approve cmdline
	run ! grep -qF "$token" cmdline
	kill -KILL "$later_pid"
	wait_later
	nowhere
}

@test "a token that the server echoes is not shown" {
	start_logged --token "$token"
	export CLOUDFLARE_API_TOKEN=$token
	manifest a
	local text escaped=${token/C/\\u0043}
	for text in "bad token $token." "{\"token\":\"$token\"}" "$token" "$token$token" "$escaped"; do
		control DELETE faults
		sim_faults "$(jq -n --arg text "$text" '{status: 400, code: 7, message: $text}')"
		CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt bad plan
		err_has 'code 7, ' '(sensitive value)'
		control DELETE faults
		sim_faults "$(jq -n --arg text "$text" \
			'{method: "POST", kind: "raw_body", status: 500, text: $text}')"
		CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt bad apply -auto-approve -parallelism=1
		err_has '(sensitive value)'
		rm -f "$state"*
	done
	err_lacks u0043anary
	control DELETE faults
	sim_faults "{\"kind\":\"raw_body\",\"status\":400,\"text\":\"\",\"headers\":{\"cf-ray\":\"x $token\"}}"
	CFPROV_LOG=trace CFPROV_LOG_PATH=log.txt bad plan
	err_has ', cf-ray x (sensitive value))'
	nowhere
}

@test "a token too short to be marked withholds what the server says" {
	start_logged --token abc --email a@b.c --key abc
	manifest a
	sim_faults '{"status":400,"code":7,"message":"not the abc"}'
	CLOUDFLARE_API_TOKEN=abc bad plan
	err_has '(hidden because it may contain a sensitive value) (HTTP 400, code 7, cf-ray '
	err_lacks 'not the'
	unset CLOUDFLARE_API_TOKEN
	CLOUDFLARE_EMAIL=a@b.c CLOUDFLARE_API_KEY=abc bad plan
	err_lacks 'not the'
	control DELETE faults
	sim_faults '{"status":400,"code":7,"message":"who is a@b.c?"}'
	CLOUDFLARE_EMAIL=a@b.c CLOUDFLARE_API_KEY=abc bad plan
	err_has 'who is (sensitive value)?'
}

@test "a token in the manifest is refused, and not shown" {
	local manifest
	for manifest in "api_token: $token" "api_token: {value: $token}" "api_token: [$token]" \
		"api_token: {env: {$token: x}}"; do
		printf 'accounts:\n  a: {account_id: acc_1, %s}\nstores: [x]\n' "$manifest" >cfprov.yaml
		bad validate
		err_has cfprov.yaml:2
		if grep -qF "$token" err; then
			echo "shown: $manifest" >&2
			return 1
		fi
	done
}

@test "no flag takes a token" {
	manifest a
	bad plan -token=x
	err_has 'unknown option'
	bad plan -api-token=x
	err_has 'unknown option'
}

# ---- which one it was -----------------------------------------------------------------------

@test "fault C6: an error about credentials names where they come from" {
	start_logged
	cat >cfprov.yaml <<-end
		accounts:
		  prod: {account_id: $account}
		  staging: {account_id: ${account/a/b}, api_token: {env: STAGING_TOKEN}}
		stores: [a]
	end
	STAGING_TOKEN=wrong bad plan
	err_has "account \`staging\`" 'The token comes from the environment variable STAGING_TOKEN (cfprov.yaml:3).'
	err_lacks CLOUDFLARE_API_TOKEN
	STAGING_TOKEN=wrong prov doctor
	out_has 'The token comes from the environment variable STAGING_TOKEN (cfprov.yaml:3).'
	echo wrong >token
	sed -i 's/{env: STAGING_TOKEN}/{file: token}/' cfprov.yaml
	bad plan
	err_has 'The token comes from the file token (cfprov.yaml:3).'
	CLOUDFLARE_API_TOKEN=wrong bad plan -account=prod
	err_has 'The token comes from the environment variable CLOUDFLARE_API_TOKEN.'
	unset CLOUDFLARE_API_TOKEN
	CLOUDFLARE_EMAIL=me@example.com CLOUDFLARE_API_KEY=0123456789 bad plan -account=prod
	err_has 'The key comes from the environment variable CLOUDFLARE_API_KEY.'
	# Some credentials are refused for a single object only.
	export CLOUDFLARE_API_TOKEN=cfsim-token
	sim_faults '{"method":"POST","status":403,"code":10000,"message":"Authentication error"}'
	bad apply -auto-approve -account=prod
	err_has 'prod/a: Authentication error' 'The token comes from the environment variable CLOUDFLARE_API_TOKEN.'
}
