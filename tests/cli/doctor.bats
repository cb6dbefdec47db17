#!/usr/bin/env bats
# doctor: what is wrong with credentials, accounts and state, and what to do.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	acc=$account
	start_logged
	manifest a b
}
teardown() { stop_all; }

# well_formed: each finding is a line, and what is not ok says what to do.
well_formed()
{
	awk '
		/^(ok  |warn|fail)  [^ ]/ { if (due) exit 1; due = !/^ok/; next }
		/^      [^ ]/ { if (!due) exit 1; due = 0; next }
		{ exit 1 }
		END { if (due) exit 1 }' out
}

# sound ARGUMENT...: it ends with 0; sick: with 1, and says why on stdout.
sound()
{
	prov doctor "$@"
	((status == 0)) && well_formed && ! grep -q ^fail out
}

sick()
{
	prov doctor "$@"
	((status == 1)) && well_formed && grep -q ^fail out
}

@test "all is well" {
	sound
	out_has 'ok    state: cfprov.state.json does not exist yet'
	good apply -auto-approve
	: >"$sim_log"
	sound
	grep -v 'ok    landlock: ' out >rest
	mv rest out
	out_is "ok    state: cfprov.state.json has serial 1 and 2 objects
ok    state: not locked
ok    default: the user token is active
ok    default: Secrets Store can be read and probably written (2 stores)
ok    default: 0 of 100 secrets used; store limit unknown
ok    default: 1199 requests left in the next 300s
ok    default: state matches this account (2 objects)
"
	err_is ''
	# Whether it may write shows in the refusal to change what can't exist.
	[ "$(requests '.method != "GET"')" = 1 ]
	[ "$(requests '.method == "PATCH" and .status == 404')" = 1 ]
	tidy
}

@test "a token that may only read: a warning; and where it can't be told, that is said" {
	local fault='{"method":"PATCH","kind":"status","status":403,"code":10000,"message":"Authentication error"}'
	sim_faults "$fault"
	prov doctor
	[ "$status" = 0 ]
	out_has 'ok    default: Secrets Store can be read (0 stores)' \
		"warn  default: Secrets Store can't be written: plan works, but apply does not" \
		'Grant the token the permission Account > Secrets Store > Edit.'
	control DELETE faults >/dev/null
	sim_faults '{"method":"PATCH","kind":"status","status":400,"code":1001,"message":"odd"}'
	sound
	out_has 'write access is unknown'
}

@test "an account's own token is asked for at the account, and the lists go on" {
	stop_sim
	start_logged --token cfat_0123456789
	export CLOUDFLARE_API_TOKEN=cfat_0123456789
	sound
	out_has "ok    default: the account token is active" 'can be read and probably written (0 stores)'
}

# ends_on TIME: the token does, says the simulator from now on.
ends_on()
{
	control DELETE faults >/dev/null
	sim_faults "{\"path\":\"/user/tokens/verify\",\"kind\":\"raw_body\",\"text\":\"{\\\"success\\\":true,\\\"result\\\":{\\\"status\\\":\\\"active\\\",\\\"expires_on\\\":\\\"$1\\\"}}\"}"
}

@test "a token that ends within seven days" {
	local when
	when=$(date -u -d '+6 days' +%FT%TZ)
	ends_on "$when"
	sound
	out_has "warn  default: the user token is active and expires at $when
      Extend it in the Cloudflare dashboard"
	err_has '0 problems, 1 warning.'
	when=$(date -u -d '+8 days' +%FT%TZ)
	ends_on "$when"
	sound
	out_has "ok    default: the user token is active and expires at $when"
	err_is ''
}

@test "email and key: not verified, but tried" {
	stop_sim
	start_logged --email me@example.com --key 0123456789abcdef
	unset CLOUDFLARE_API_TOKEN
	export CLOUDFLARE_EMAIL=me@example.com CLOUDFLARE_API_KEY=0123456789abcdef
	sound
	out_has 'ok    default: using an email address and API key'
	[ "$(requests '.path | test("verify")')" = 0 ]
	CLOUDFLARE_API_KEY=ffff
	sick
	out_has "fail  default: Secrets Store can't be read"
}

@test "a token that is not valid" {
	export CLOUDFLARE_API_TOKEN=nobody-knows-it
	sick
	out_has "fail  default: the token could not be verified: " '(HTTP 401, code ' \
		"fail  default: Secrets Store can't be read"
	err_has '2 problems, 0 warnings.'
}

@test "no credentials: said of each account, and the state is looked at all the same" {
	printf '%s\n' 'accounts:' '  prod: {account_id: a85e105f4ecef8ad9ca31a8372d0c353, api_token: {env: PROD_TOKEN}}' \
		'  dev: {account_id: acc_2}' 'stores: [x]' >cfprov.yaml
	sick
	out_has 'fail  prod: ' PROD_TOKEN 'ok    dev: Secrets Store can be read' \
		'ok    prod: state has no objects of this account'
	unset CLOUDFLARE_API_TOKEN
	sick
	out_has 'fail  dev: '
	sick -account=prod
	[[ $output != *dev:* ]]
}

@test "a token that does not reach one of the accounts" {
	stop_sim
	start_logged --token cfsim-token@a85e105f4ecef8ad9ca31a8372d0c353
	printf '%s\n' 'accounts:' '  prod: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}' '  dev: {account_id: acc_2}' \
		'stores: [x]' >cfprov.yaml
	sick
	out_has 'ok    prod: Secrets Store can be read' "ok    dev: the user token is active" \
		"fail  dev: Secrets Store can't be read: " '(HTTP 403, ' permission
}

@test "nobody answers" {
	CLOUDFLARE_BASE_URL=http://127.0.0.1:9
	sick
	out_has "fail  default: Secrets Store can't be read" 'Check the network'
	CLOUDFLARE_BASE_URL=http://example.com
	sick
	out_has 'ok    state: ' 'fail  accounts: '
	err_has 'plain http'
}

@test "no manifest: CLOUDFLARE_ACCOUNT_ID or -account-id; a bad one is said" {
	rm cfprov.yaml
	sick
	out_has 'ok    state: ' 'fail  accounts: '
	sound -account-id=acc_3
	export CLOUDFLARE_ACCOUNT_ID=acc_4
	sound
	echo 'stores: 1' >cfprov.yaml
	sick
	err_has 'cfprov.yaml:1'
}

@test "-account-id: no manifest gives an alias, so that the state's own is no mistake" {
	printf 'accounts: {a1: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}, a2: {account_id: acc_2}}\nstores: [x]\n' >cfprov.yaml
	good apply -auto-approve
	sound -account-id=a85e105f4ecef8ad9ca31a8372d0c353
	out_has 'ok    a1: Secrets Store can be read' 'ok    a1: state matches this account (1 object)'
	sound -account-id=a85e105f4ecef8ad9ca31a8372d0c353 -account-id=acc_3
	out_has 'ok    a1: state matches this account' 'ok    acc_3: state has no objects of this account'
	sound -account-id=a85e105f4ecef8ad9ca31a8372d0c353 -account-id=acc_2 -account=a2
	[[ $output != *a1:* ]]
	# Without a manifest CLOUDFLARE_ACCOUNT_ID gives none either.
	mv cfprov.yaml away.yaml
	CLOUDFLARE_ACCOUNT_ID=acc_2 sound
	out_has 'ok    a2: state matches this account'
	sed -i 's/"a1"/"default"/' "$state"
	sound -account-id=acc_3
	out_has 'ok    acc_3: state has no objects of this account'
	sed -i 's/"default"/"\\u001b[2J"/' "$state"
	sick -account-id=a85e105f4ecef8ad9ca31a8372d0c353
	harmless out
	out_has 'this account `\x1b[2J`'
	# With a manifest that gives it, another alias is one.
	printf 'account_id: acc_2\nstores: [x]\n' >cfprov.yaml
	sick
	out_has 'cfprov state mv a2 default'
}

@test "the quota and the rate budget, when little is left" {
	stop_sim
	seed_of 1
	jq '.accounts[0].stores[0].secrets = [range(9) | {name: "S\(.)", value: "x", scopes: ["workers"]}]' \
		seed.json >seed2.json
	start_logged --seed seed2.json --max-secrets 10 --rate-limit 50/60
	sound
	out_has 'warn  default: 9 of 10 secrets used' 'ask Cloudflare for a higher quota' \
		'requests left in the next' 'cfprov slows down by itself'
	grep -q '^warn  default: 4[0-9] requests' out
}

@test "the quota can't be read" {
	sim_faults '{"path":"/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/quota","status":403,"code":10000}'
	sound
	out_has 'warn  default: quota unknown: ' '(HTTP 403, ' 'Secrets Store can be read'
}

@test "answers that make no sense" {
	sim_faults '{"path":"/user/tokens/verify","kind":"raw_body","text":"{\"success\":true,\"result\":{\"status\":\"exp\\u001b[2Jired\",\"expires_on\":\"\\u0007\"}}"}'
	sick
	out_has "fail  default: the user token is exp\\x1b[2Jired"
	harmless out
	control DELETE faults >/dev/null
	sim_faults '[{"path":"/user/tokens/verify","kind":"raw_body","text":"{\"success\":true,\"result\":[]}"},
		{"path":"/accounts/a85e105f4ecef8ad9ca31a8372d0c353/secrets_store/quota","kind":"raw_body","text":"{\"success\":true,\"result\":{\"secrets\":{\"quota\":1e99,\"usage\":-1}}}"}]'
	sound
	out_has "warn  default: the token works, but could not be verified" 'warn  default: quota unknown'
}

@test "the state: unreadable, of another account, cut off, open to others" {
	good apply -auto-approve
	cp "$state" before
	local mode
	for mode in g+w 666; do
		chmod "$mode" "$state"
		sound
		out_has 'warn  state: users other than its owner can write cfprov.state.json' \
			"Run \`chmod go-w cfprov.state.json\`."
	done
	sick -state=nowhere/state.json
	out_has "fail  state: the directory of nowhere/state.json is not writable, so apply can't run" -state.
	sed 's/"a85e105f4ecef8ad9ca31a8372d0c353"/"acc_9"/' before >"$state"
	sick
	out_has 'fail  default: account `default`: its id is acc_9 in the state'
	jq '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.alias = "old"' before >"$state"
	sick
	out_has 'cfprov state mv old default'
	jq '.accounts.a85e105f4ecef8ad9ca31a8372d0c353.stores.a = {unresolved: true}' before >"$state"
	sound
	out_has 'warn  default: it is unknown whether 1 object was created'
	head -c 100 before >"$state"
	sick
	out_has 'fail  state: cfprov.state.json: ' 'ok    default: Secrets Store can be read'
	printf 'garbage\n' >"$state"
	sick
	harmless out
	mkdir -p folder
	sick -state=folder
}

@test "a journal that was left; a lock that is held" {
	local head
	good apply -auto-approve
	head="{\"cfprov_journal\":1,\"lineage\":\"$(jq -r .lineage "$state")\",\"serial\":1,\"accounts\":{\"default\":\"a85e105f4ecef8ad9ca31a8372d0c353\"},\"intents\":[{\"account\":\"default\",\"store\":\"new\",\"if_unknown\":{\"unresolved\":true}}]}"
	printf '%s %s\n' "$(printf %s "$head" | b2sum -l 128 | cut -c1-16)" "$head" >"$journal"
	cp "$journal" before
	sound
	out_has 'warn  state: an apply was interrupted' 'Run `cfprov apply` to record' \
		'warn  default: it is unknown whether 1 object was created' 'run `cfprov apply`, which looks for them by name'
	cmp before "$journal"
	exec 8<>"$lock"
	python3 -c 'import fcntl, struct
fcntl.fcntl(8, 37, struct.pack("hhqqixxxx", fcntl.F_WRLCK, 0, 0, 0, 0))'
	sound
	out_has 'warn  state: locked by' 'Wait until it ends.'
	[[ $output != *'left a journal'* ]] # a running apply has one
	[ -e "$lock" ]
	exec 8>&-
	sound
	out_has 'ok    state: not locked'
}

@test "a token that accounts share is verified once, and told once" {
	printf 'accounts:\n  a: {account_id: a85e105f4ecef8ad9ca31a8372d0c353}\n  b: {account_id: acc_2}\n  c: {account_id: acc_3, api_token: {env: OTHER}}\nstores: [x]\n' >cfprov.yaml
	OTHER=$CLOUDFLARE_API_TOKEN good doctor
	# Also where it comes from another variable: it is the same token, with one budget.
	[[ $(requests '.path | test("tokens/verify")') == 1 ]]
	[[ $(grep -c "the user token is active" out) == 1 ]]
	[[ $(grep -c 'left in the next' out) == 1 ]]
	[[ $(grep -c 'Secrets Store can be read' out) == 3 ]]
	out_has "ok    a: the user token"
}

@test "fault A16: a page that is not the API's blames no token" {
	sim_faults '{"kind":"raw_body","status":403,"content_type":"text/html","text":"<title>Proxy</title>"}'
	prov doctor
	[ "$status" = 1 ]
	out_has "fail  default: can't check the token and Secrets Store: unexpected response" \
		"The response did not come from Cloudflare's API. Check CLOUDFLARE_BASE_URL, the proxy and the network."
	[[ $output != *'active and not expired'* && $output != *'has the permission'* ]]
}
