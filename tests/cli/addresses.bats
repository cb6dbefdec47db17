#!/usr/bin/env bats
# Addresses as people type them: of the only account, the alias may be left out.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	export ONE=1 TWO=2
}
teardown() { stop_all; }

# of_one: a manifest of one account with two stores, one of them with a secret.
of_one()
{
	cat >cfprov.yaml <<-'END'
		account_id: acc_1
		stores:
		  - name: ai
		    secrets: [{name: KEY, value: {env: ONE}}]
		  - name: web
	END
}

# of_two: two accounts with a store of one name.
of_two()
{
	cat >cfprov.yaml <<-'END'
		accounts: {prod: {account_id: acc_1}, dev: {account_id: acc_2}}
		stores:
		  - name: ai
		    secrets: [{name: KEY, value: {env: ONE}}]
	END
}

@test "fault C11: the only account: each command takes STORE and STORE/SECRET" {
	of_one
	good plan -target=ai/KEY
	out_has '+ default/ai/KEY' 'Plan: 2 to add'
	good plan -target=ai
	out_has 'Plan: 2 to add'
	good plan -exclude=web
	out_has 'Plan: 2 to add'
	good plan -exclude='w*'
	out_has 'Plan: 2 to add'
	good apply -auto-approve
	good plan -replace=ai/KEY
	out_has 'default/ai/KEY' 'Plan: 1 to add, 0 to change, 1 to destroy.'
	good state show ai
	out_has default/ai
	good state show ai/KEY
	out_has default/ai/KEY
	good state list ai
	out_is 'default/ai
default/ai/KEY
'
	good state list 'a*/K*' web
	out_is 'default/ai/KEY
default/web
'
	good output ai
	[ "$output" = "$(jq '.accounts.acc_1.stores.ai.id' "$state")" ]
	good output -format=wrangler ai/KEY
	[ "$(jq -r '.secrets_store_secrets[].secret_name' out)" = KEY ]
	good state rm web ai/KEY
	out_is 'Removed default/ai/KEY
Removed default/web
'
	good import web acc_1/web
	out_has 'Imported default/web'
	good import ai/KEY acc_1/ai/KEY
	out_has 'Imported default/ai/KEY'
	good plan -out=p -target=web
	good apply p
}

@test "several accounts: the alias is needed, and the error says which addresses there are" {
	of_two
	local command
	bad plan -target=ai
	err_has '-target=ai: no match' 'did you mean dev/ai or prod/ai?'
	bad import ai acc_1/ai
	err_has 'invalid address `ai`' 'did you mean dev/ai or prod/ai?'
	good apply -auto-approve
	for command in 'state show' 'state list' 'state rm' output 'output -format=wrangler'; do
		# shellcheck disable=SC2086 # words
		bad $command ai
		err_has 'no object in the state matches `ai`; did you mean dev/ai or prod/ai?'
		# shellcheck disable=SC2086 # words
		bad $command ai/KEY
		err_has 'did you mean dev/ai/KEY or prod/ai/KEY?'
	done
	# -account leaves one.
	good plan -account=prod -target=ai -replace=ai/KEY
	out_has prod/ai/KEY
}

@test "fault C11: misspelled: one address like it is named, and only if there is one" {
	of_one
	good apply -auto-approve
	bad state show default/wbe
	err_has 'matches `default/wbe`; did you mean default/web?'
	bad state show ai/KYE
	err_has 'matches `ai/KYE`; did you mean default/ai/KEY?'
	bad state show prod/web
	err_has 'matches `prod/web`; did you mean default/web?'
	bad state show nothing
	err_has 'matches `nothing`' 'Run `cfprov state list`'
	err_lacks 'did you mean'
	bad import ai/KYE acc_1/ai/KEY
	err_has 'default/ai/KYE is not declared in cfprov.yaml; did you mean default/ai/KEY?'
	bad import default/ai/KEY/x acc_1/ai/KEY
	err_has 'expected ALIAS/STORE or ALIAS/STORE/SECRET'
	bad import default acc_1/ai
	err_has 'expected ALIAS/STORE'
}

@test "an account called like its store: the alias comes first, and the error says so" {
	cat >cfprov.yaml <<-'END'
		accounts: {ai: {account_id: acc_1}}
		stores:
		  - name: ai
		    secrets: [{name: KEY, value: {env: ONE}}]
	END
	good apply -auto-approve
	bad state show ai/KEY
	err_has 'did you mean ai/ai/KEY (`ai` is an account)?'
	good state show ai/ai/KEY
	good state list ai
	[ "$(wc -l <out)" = 2 ]
}

@test "an account that was renamed by the manifest is one account" {
	cat >cfprov.yaml <<-'END'
		accounts: {old: {account_id: acc_1}}
		stores: [ai, web]
	END
	good apply -auto-approve
	cat >cfprov.yaml <<-'END'
		accounts: {new: {account_id: acc_1}}
		moved: [{from: old, to: new}]
		stores: [ai, web]
	END
	good plan -replace=ai
	out_has new/ai 'Plan: 1 to add, 0 to change, 1 to destroy.'
	# The state does not know that yet, nor do commands that ask only it.
	good state show ai
	out_has old/ai
}
