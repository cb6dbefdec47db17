#!/usr/bin/env bats
# Many accounts: one that fails does not stop the others, and nothing of it is touched.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

same='No changes. Your infrastructure matches the configuration.'

# three NAME...: a manifest with these stores in three accounts, each with a token of its own.
three()
{
	local alias
	echo 'accounts:'
	for alias in one two three; do
		echo "  $alias: {account_id: acc_$alias, api_token: {env: TOKEN_$alias}}"
	done
	echo 'stores:'
	printf '  - %s\n' "$@"
} >cfprov.yaml

# start_three: a simulator in which each token is good for its own account.
start_three()
{
	start_logged --token token-one@acc_one --token token-two@acc_two \
		--token token-three@acc_three
	unset CLOUDFLARE_API_TOKEN
	export TOKEN_one=token-one TOKEN_two=token-two TOKEN_three=token-three
}

# agree_in COUNT ALIAS...
agree_in()
{
	local count=$1 alias
	shift
	for alias in "$@"; do
		agree "$count" "acc_$alias"
	done
}

@test "a summary for each account, and one for all" {
	start_three
	three a b
	good apply -auto-approve -target=one -target=two/a
	agree_in 2 one
	agree_in 1 two
	api_auth=(-H 'Authorization: Bearer token-three')
	api POST /accounts/acc_three/secrets_store/stores '{"name":"b"}'
	three b c
	good plan
	out_has '
  one: 1 to add, 1 to destroy
  three: 1 to import, 1 to add
  two: 2 to add, 1 to destroy

Plan: 1 to import, 4 to add, 0 to change, 2 to destroy.'
	# An account with nothing to do is not told of; one account needs no summary of its own.
	good plan -target=one -target=two
	[[ $output != *three* ]]
	good plan -target=one
	[[ $output != *'  one: '* ]]
	out_has 'Plan: 1 to add, 0 to change, 1 to destroy.'
}

@test "one account with a bad token: the others are planned and applied, exit 1" {
	start_three
	three a
	good apply -auto-approve
	TOKEN_two=wrong-token
	three b
	prov plan
	[ "$status" = 1 ]
	err_has 'account `two`' 401
	[ "$(grep -c '^Error:' err)" = 1 ]
	out_has '+ one/b' '- one/a' '+ three/b' 'Plan: 2 to add, 0 to change, 2 to destroy.'
	[[ $output != *two* ]]
	prov plan -detailed-exitcode
	[ "$status" = 1 ]
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has 'account `two`'
	agree_in 1 one three
	[ "$(live acc_one | cut -d' ' -f1)" = b ]
	# What is recorded in it stays so, and lives.
	[ "$(recorded acc_two | cut -d' ' -f1)" = a ]
	agree_in 1 two
	tidy
	TOKEN_two=token-two
	good apply -auto-approve -allow-store-destroy
	out_has '1 added, 0 changed, 1 destroyed.'
	agree_in 1 one two three
	good plan
	out_has "$same"
}

@test "with an account left out, the exit status is 1 also if the others have nothing to do" {
	start_three
	three a
	good apply -auto-approve
	TOKEN_two=wrong-token
	prov plan
	[ "$status" = 1 ]
	err_has 'account `two`'
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has 'account `two`'
	agree_in 1 one two three
}

@test "403, 500, an odd answer or no token: only that account is left out" {
	local fault
	start_three
	three a
	for fault in '"status":403,"code":10000,"message":"Authentication error"' \
		'"status":404,"code":7003,"message":"Could not route to /accounts/acc_two"' \
		'"status":500,"retry_after":"0"' \
		'"kind":"raw_body","text":"{\"success\":true,\"result\":7}"'; do
		sim_faults "{\"account\":\"acc_two\",$fault}"
		echo "with $fault" >&2
		prov apply -auto-approve
		[ "$status" = 1 ]
		err_has 'account `two`'
		agree_in 1 one three
		[ "$(live acc_two)" = '' ]
		[ "$(requests '.method == "POST" and .account == "acc_two"')" = 0 ]
		tidy
		control POST reset >/dev/null
		rm -f "$state" "$backup"
	done
	unset TOKEN_two
	prov apply -auto-approve
	[ "$status" = 1 ]
	err_has TOKEN_two
	agree_in 1 one three
	[ "$(live acc_two)" = '' ]
}

@test "all accounts fail: one error each, or one for all that fail alike, and nothing is done" {
	start_three
	three a
	good apply -auto-approve
	cp "$state" before
	TOKEN_one=bad-one TOKEN_two=bad-two TOKEN_three=bad-three
	three b
	bad apply -auto-approve -allow-store-destroy
	cmp "$state" before
	bad plan
	bad refresh
	bad destroy -auto-approve -allow-store-destroy -force
	cmp "$state" before
	tidy
}

@test "an account that can't be read is not destroyed, nor refreshed away" {
	start_three
	three a b
	good apply -auto-approve
	sim_faults '{"account":"acc_two","method":"GET","status":403,"code":10000,
		"message":"Authentication error"}'
	prov refresh
	[ "$status" = 1 ]
	err_has 'Refresh incomplete: the state has 0 updates; account `two` could not be read'
	agree_in 2 two
	prov destroy -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has 'account `two`'
	[ "$(live acc_one)$(live acc_three)" = '' ]
	agree_in 2 two
	[ "$(requests '.method == "DELETE" and .account == "acc_two"')" = 0 ]
	control DELETE faults >/dev/null
	good destroy -auto-approve -allow-store-destroy
	out_has 'Destroy complete! Resources: 2 destroyed.'
}

@test "destroys that fail in one account leave the others" {
	start_three
	three a b
	good apply -auto-approve
	three a
	sim_faults '{"account":"acc_two","method":"DELETE","status":403,"code":10000,
		"message":"Authentication error"}'
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has two/b '2 destroyed, 1 failed'
	agree_in 1 one three
	agree_in 2 two
	control DELETE faults >/dev/null
	good apply -auto-approve -allow-store-destroy
	agree_in 1 one two three
}

@test "an account whose stores can't be looked into: nothing in it is destroyed, and the others go on" {
	start_three
	three a b
	good apply -auto-approve
	three a
	sim_faults '{"account":"acc_two","path":"*/secrets","status":403,"code":10000,
		"message":"Authentication error"}'
	prov apply -auto-approve -allow-store-destroy
	[ "$status" = 1 ]
	err_has "can't list secrets" 'account `two`'
	agree_in 1 one three
	agree_in 2 two
	[ "$(requests '.method == "DELETE" and .account == "acc_two"')" = 0 ]
	tidy
}

@test "-target in an account that can't be read is not called mistyped" {
	start_three
	three a
	TOKEN_two=wrong-token
	prov plan -target=two/a
	[ "$status" = 1 ]
	err_has 'account `two`'
	err_lacks 'no match'
	prov plan -target=two/a -target=one
	[ "$status" = 1 ]
	err_lacks 'no match'
	out_has '+ one/a' 'Plan: 1 to add'
}

@test "-account: the others are not read, planned or touched" {
	start_three
	three a
	good apply -auto-approve
	: >"$sim_log"
	three b
	good apply -auto-approve -allow-store-destroy -account=two
	[ "$(requests '.account != "acc_two"')" = 0 ]
	[ "$(live acc_two | cut -d' ' -f1)" = b ]
	[ "$(live acc_one | cut -d' ' -f1)" = a ]
	agree_in 1 one two three
	good destroy -auto-approve -allow-store-destroy '-account=t*'
	[ "$(live acc_two)$(live acc_three)" = '' ]
	agree_in 1 one
}

@test "one token for all accounts that turns bad: no storm of requests" {
	start_logged
	{
		echo 'accounts:'
		seq 200 | sed 's/.*/  a&: {account_id: acc_&}/'
		echo 'stores: [x]'
	} >cfprov.yaml
	CLOUDFLARE_API_TOKEN=wrong-token bad plan
	[ "$(grep -c '^Error:' err)" = 1 ]
	err_has 'and 199 more'
	(($(requests) <= 20))
}

# thousand NAME...: a manifest with these stores in each of 1,000 accounts.
thousand()
{
	echo 'accounts:'
	seq 1000 | sed 's/.*/  a&: {account_id: acc_&}/'
	echo 'stores:'
	printf '  - %s\n' "$@"
} >cfprov.yaml

@test "1,000 accounts with 10 stores each: planned, applied, changed; each request once" {
	start_logged
	thousand s{0..9}
	good plan -parallelism=100
	out_has 'Plan: 10000 to add, 0 to change, 0 to destroy.'
	[ "$(requests)" = 1000 ]
	: >"$sim_log"
	good apply -auto-approve -parallelism=100
	out_has 'Resources: 10000 added'
	[ "$(posts)" = 10000 ]
	[ "$(requests)" = 11000 ]
	: >"$sim_log"
	good plan -parallelism=100
	out_has "$same"
	[ "$(requests)" = 1000 ]
	good plan -refresh=false
	[ "$(requests)" = 1000 ]
	# One store less, one more, one again, in each.
	thousand s{1..10}
	: >"$sim_log"
	good apply -auto-approve -allow-store-destroy '-replace=*/s5' -parallelism=100
	out_has 'Resources: 2000 added, 0 changed, 2000 destroyed.'
	# A list for each account, a look into each of the 2,000 stores that go, and what is done.
	[ "$(requests '.method == "DELETE"')" = 2000 ]
	[ "$(posts)" = 2000 ]
	[ "$(gets)" = 3000 ]
	agree 10 acc_1
	agree 10 acc_1000
	[ "$(jq '[.accounts[].stores | length] | add' "$state")" = 10000 ]
	tidy
}

# operations: how many requests of each kind were answered.
operations()
{
	sim_stats '[.operations | to_entries[] | select(.value > 0) | "\(.key) \(.value)"] | sort | join(", ")'
}

@test "20 accounts with a store and 20 secrets each: each request once" {
	start_sim
	{
		echo 'accounts:'
		seq 20 | sed 's/.*/  a&: {account_id: acc_&}/'
		printf 'stores:\n  - name: shop\n    secrets:\n'
		seq 20 | sed 's/.*/      - {name: S&, value: {env: VALUE}}/'
	} >cfprov.yaml
	# Without a key, each fingerprint is deliberately slow.
	export VALUE=value CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	good apply -auto-approve
	out_has 'Resources: 420 added'
	[ "$(operations)" = 'quota 20, secrets_create 20, stores_create 20, stores_list 20' ]
	good plan
	out_has "$same"
	[ "$(operations)" = 'quota 20, secrets_create 20, secrets_list 20, stores_create 20, stores_list 40' ]
}

# dropped: two accounts have stores; the manifest has one of them, and no token leads to the other.
dropped()
{
	start_logged
	printf 'accounts: {prod: {account_id: acc_1}, stage: {account_id: acc_2}}\nstores: [a, b]\n' \
		>cfprov.yaml
	good apply -auto-approve
	printf 'accounts: {prod: {account_id: acc_1}}\nstores: [a, b]\n%s\n' "${1-}" >cfprov.yaml
}

@test "an account that is gone from the manifest is forgotten, if that says so" {
	dropped
	bad plan
	err_has 'account `stage`: not in the manifest, but the state has objects in it' 'removed: [{from: stage, destroy: false}]'
	prov doctor
	((status == 1))
	out_has 'fail  manifest: account `stage`: not in the manifest'
	good doctor -account=prod
	echo 'removed: [{from: stage}]' >>cfprov.yaml
	bad validate
	err_has 'unknown account `stage`' 'only forgotten. Set `destroy: false`.'
	sed -i 's/from: stage/&, destroy: false/' cfprov.yaml
	good doctor
	local before
	before=$(requests '.path | test("acc_2")')
	good plan -out=p
	out_has '. stage/a' 'Plan: 0 to add, 0 to change, 0 to destroy, 2 to forget.'
	good show -json p
	jq -e '[.resource_changes[] | select(.change.actions == ["forget"]) | .address]
		== ["stage/a", "stage/b"]' out
	good apply p
	good state list
	out_is $'prod/a\nprod/b\n'
	good plan -detailed-exitcode
	[[ $(requests '.path | test("acc_2")') == "$before" && $(live acc_2 | wc -l) == 2 ]]
}

@test "a dropped account is forgotten without a saved plan, too, and by destroy" {
	dropped 'removed: [{from: stage/a, destroy: false}, {from: stage/b, destroy: false}]'
	good apply -auto-approve
	good state list
	out_is $'prod/a\nprod/b\n'
	stop_sim
	dropped 'removed: [{from: stage, destroy: false}]'
	good destroy -auto-approve -allow-store-destroy
	out_has 'Destroy complete! Resources: 2 destroyed, 2 forgotten.'
	good state list
	out_is ''
	[[ $(live acc_2 | wc -l) == 2 ]]
}

@test "a mistyped \`removed\` is told" {
	start_logged
	manifest keys payments
	good apply -auto-approve
	manifest keys
	echo 'removed: [{from: default/paymnets, destroy: false}]' >>cfprov.yaml
	good plan
	err_has 'Warning: removed: default/paymnets is not in the state; did you mean default/payments?'
	good plan -json
	jq -se 'any(.[]; .type == "diagnostic" and .diagnostic.severity == "warning"
		and (.diagnostic.summary | test("did you mean default/payments")))' out
	manifest keys
	echo 'removed: [{from: defualt/payments, destroy: false}]' >>cfprov.yaml
	bad plan
	err_has 'removed: unknown account `defualt`; did you mean `default`?' cfprov.yaml:4
}

@test "an alias under which nothing is recorded may come to mean another account" {
	start_logged
	printf 'account_id: acc_1\nstores: [a]\n' >cfprov.yaml
	good apply -auto-approve
	printf 'account_id: acc_2\nstores: [a]\n' >cfprov.yaml
	bad plan
	err_has 'account `default`: its id is acc_1 in the state and acc_2 in the manifest'
	good state rm default
	good apply -auto-approve
	jq -e '.accounts | keys == ["acc_2"] and .acc_2.stores.a.id' "$state"
	good plan
	out_has "$same"
}
