#!/usr/bin/env bats
# Habits from Terraform: flags that are given everywhere, and what is said at the end.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

@test "-input, -lock, -lock-timeout and -refresh are taken wherever they may be given" {
	start_logged
	manifest a b
	good plan -input=false -lock=false -lock-timeout=30s -refresh=true
	good apply -input=false -auto-approve -lock=true -lock-timeout=0s
	good plan -refresh=false -lock=true -out=p
	good refresh -input=false -lock-timeout=1s
	good import -h -input=false
	good destroy -refresh=false -input=false -auto-approve -allow-store-destroy
	agree 0
	bad refresh -refresh=false
	err_has '-refresh is an option of '
}

@test "plan waits for no lock" {
	start_logged
	manifest a
	sim_faults '{"method":"POST","kind":"delay","ms":3000}'
	later "$cfprov" apply -auto-approve
	wait_until test -e "$lock"
	good plan -lock=true
	kill -KILL "$later_pid"
	wait_later
}

@test "what is said where nothing is to do, or not all was looked at" {
	start_logged
	manifest a b
	good destroy -auto-approve
	out_is $'No changes. No objects need to be destroyed.\n\nDestroy complete! Resources: 0 destroyed.\n'
	good plan -destroy -json
	jq -se 'any(.[]; .type == "change_summary"
		and ."@message" == "No changes. No objects need to be destroyed.")' out
	good apply -auto-approve
	good plan -target=default/a
	out_is $'No changes. Your infrastructure matches the configuration.\n'
	err_has 'Warning: -target or -exclude is set, so the plan may be incomplete'
	good plan -json -exclude=default/a
	jq -se 'any(.[]; .type == "diagnostic" and .diagnostic.severity == "warning"
		and .diagnostic.summary == "-target or -exclude is set, so the plan may be incomplete")' out
}

# one_lost: two accounts, one without a token.
one_lost()
{
	printf 'accounts:\n  good: {account_id: acc_1}\n  lost: {account_id: acc_2, api_token: {env: NO_SUCH_TOKEN}}\nstores: [a]\n' \
		>cfprov.yaml
}

@test "accounts that can't be read: nothing is called complete, or matching" {
	start_logged
	one_lost
	prov apply -auto-approve
	((status == 1))
	[[ $output != *complete!* ]]
	err_has 'Apply incomplete: 1 added, 0 changed, 0 destroyed; account `lost` could not be read and is not included. Completed'
	prov plan
	((status == 1))
	out_is $'No changes in the accounts that could be read.\n'
	prov plan -json
	((status == 1))
	jq -se 'any(.[]; .type == "change_summary" and ."@message" == "No changes in the accounts that could be read.")' out
	jq -se 'any(.[]; .type == "diagnostic" and .diagnostic.summary ==
		"partial plan: account `lost` could not be read and is not included")' out
	prov plan -format=markdown
	out_has 'Partial plan: 1 account could not be read and is not included: `lost`.'
	out_has '**No changes in the accounts that could be read.**'
	prov apply -auto-approve -json
	jq -se 'all(.[]; ."@message" | contains("complete!") | not)' out
	prov destroy -auto-approve
	((status == 1))
	err_has 'Destroy incomplete: 0 added, 0 changed, 1 destroyed; account `lost` could not'
}

@test "a plan that leaves accounts out is not saved, but one for the others is" {
	start_logged
	one_lost
	bad plan -out=p
	err_has 'the plan was not saved' '-account=ALIAS'
	good plan -out=p -account=good
	CLOUDFLARE_API_TOKEN=wrong-token bad apply p
	err_has 'cfprov plan -out=FILE -account=ALIAS' || err_lacks 'whole'
	good apply p
	agree 1
	bad plan -account=good -target=lost/a
	err_has '-target=lost/a: no match'
}

@test "-account against -target: nothing can match, and that is an error" {
	start_logged
	printf 'accounts: {one: {account_id: acc_1}, two: {account_id: acc_2}}\nstores: [a, b]\n' >cfprov.yaml
	good apply -auto-approve
	bad plan -account=one -target=two/a
	err_has '-target=two/a: no match in the selected accounts' 'in an account that -account excludes'
	bad plan -account=one -replace=two/a
	good plan -account=one -exclude=two/a
	good plan -account=one '-target=*/a'
}

@test "each account without a token is named, with a line between" {
	acc=$account
	start_logged
	printf 'accounts: {p: {account_id: a85e105f4ecef8ad9ca31a8372d0c353, api_token: {env: T3}}, q: {account_id: 0123456789abcdef0123456789abcdef, api_token: {env: T4}}}\nstores: [a]\n' \
		>cfprov.yaml
	bad plan
	err_is 'Error: no credentials for account `p`: the environment variable T3 is not set
  cfprov.yaml:1:73

Error: no credentials for account `q`: the environment variable T4 is not set
  cfprov.yaml:1:146
'
}

@test "-var that nothing asks for: did you mean another?" {
	printf 'account_id: "${ENV:-dev}"\nstores: [a]\n' >cfprov.yaml
	bad plan -var ENVV=prod
	err_has '-var ENVV: the manifest does not use ${ENVV}; did you mean ENV?'
	bad validate -var REGION=eu
	err_has '-var REGION: the manifest does not use ${REGION}'
	err_lacks 'did you mean'
}

@test "fault C8: a misspelled -var is told beside any other error" {
	local line
	# Not set, an unknown key, a wrong type, YAML that ends too early, a key in which it is not read.
	for line in '' 'store: []' 'stores: 3' 'stores: [' 'other: "${REGION}"'; do
		printf 'account_id: "${ACCOUNT}"\nstores: []\n%s\n' "$line" >cfprov.yaml
		bad validate -var=ACOUNT=3 -var=REGION=eu
		err_has 'Error: -var ACOUNT: the manifest does not use ${ACOUNT}; did you mean ACCOUNT?'
		[ "$(grep -c '^Error: ' err)" -ge 2 ]
		if [[ $line == *REGION* ]]; then
			err_lacks '-var REGION'
		else
			err_has 'Error: -var REGION: the manifest does not use ${REGION}'
		fi
	done
	# What could not be read may ask for it.
	rm cfprov.yaml
	bad validate -var=ACOUNT=3
	err_lacks '-var'
	mkfifo cfprov.yaml
	bad validate -var=ACOUNT=3
	err_lacks '-var'
}

@test "second words, and their help" {
	bad state replace-provider a b
	err_has 'unknown command `state replace-provider`' 'are list, show, rm, mv, pull, push, history, rollback, gc, migrate, repair and sign'
	bad state
	err_has '`state` needs a subcommand'
	good help state
	out_is 'Usage: cfprov state COMMAND [OPTIONS] [ARGUMENTS]

Commands:
  state list      list the addresses of managed objects
  state show      show one recorded object
  state rm        stop managing objects without deleting them
  state mv        rename an account alias in the state
  state pull      print the state as JSON
  state push      replace the state
  state history   list the states that an object store has kept
  state rollback  return to the contents of an older state
  state gc        remove old states from an object store
  state migrate   move the state to the place that the manifest names
  state repair    find the newest state where an object store has lost track of
                  it
  state sign      accept a state that was not written with the key

Run `cfprov state COMMAND -help` for the options of a command.
'
	good help state rm
	printf 'account_id: a1\nstores: []\n' >cfprov.yaml
	bad validate
	err_has 'run `cfprov destroy` with the previous manifest' 'cfprov state rm ADDRESS'
}
