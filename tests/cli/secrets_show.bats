#!/usr/bin/env bats
# What plans, applies and the state show of secrets, to people and to machines; and what they never
# show.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC1003,SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	export CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
}
teardown() { stop_all; }

# the_key, another_key: from now on, and the state is accepted as it is. Fingerprints are not.
the_key()
{
	export CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	good state sign -auto-approve
}

another_key()
{
	export CFPROV_KEY=fedcba9876543210fedcba9876543210fedcba9876543210fedcba9876543210
	good state sign -auto-approve
}

# keys SECRET...: cfprov.yaml with the store keys; a secret is its name, and what else belongs in
# its braces. Each has its value from the variable V_NAME, which is set if it was not.
keys()
{
	local line name
	{
		printf 'account_id: %s\nstores:\n  - name: keys\n    secrets:\n' "$acc"
		for line; do
			name=${line%%,*}
			[[ -v V_$name ]] || export "V_$name=hush-$name-7f3a"
			printf '      - {name: %s, value: {env: V_%s}}\n' "$line" "$name"
		done
	} >cfprov.yaml
}

# moved OLD NEW: cfprov.yaml says so, too.
moved()
{
	printf 'moved:\n  - {from: default/keys/%s, to: default/keys/%s}\n' "$@" >>cfprov.yaml
}

# id_of [NAME]: the recorded id of a secret, or of the store.
id_of()
{
	jq -r ".accounts.acc_1.stores.keys${1+.secrets.$1}.id" "$state"
}

# by_hand METHOD NAME [BODY]: somebody else does something to a secret.
by_hand()
{
	api "$1" "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets/$(id_of "$2")" "${3-}"
	[[ $http == 20? ]] || {
		echo "HTTP $http" >&2
		return 1
	}
}

# modified_of NAME: when Cloudflare says it was.
modified_of()
{
	sim_world ".accounts[].stores[].secrets[] | select(.name == \"$1\") | .modified"
}

# seconds_of NAME: the same, as people see it.
seconds_of()
{
	modified_of "$1" | sed 's/[.][0-9]*//'
}

# hushed FILE...: no value stands there and no fingerprint, nor a part of one.
hushed()
{
	local prints
	! grep -F hush "$@" >&2
	! grep -E 'blake2b|argon2|fingerprint[^s]|[0-9a-f]{33}' "$@" >&2
	[[ -e $state ]] || return 0
	prints=$(jq -r '.. | .fingerprint? // empty | split("$")[-1][:12]' "$state")
	[[ -z $prints ]] || ! grep -F "$prints" "$@" >&2
}

# ---- plans ------------------------------------------------------------------------------------

@test "what an update writes, and why, to the byte" {
	start_logged
	keys A 'B, scopes: [workers, ai_gateway], comment: old' C 'D, comment: gone'
	good apply -auto-approve
	export V_A=hush-other
	keys A 'B, scopes: [dex, workers], comment: new' 'C, version: 2, comment: made' D
	good plan
	out_is 'cfprov will perform the following actions (~ update):

Account default (acc_1):

  ~ default/keys/A
      value     (sensitive) from env V_A, changed at its source
  ~ default/keys/B
      scopes    ai_gateway, workers -> dex, workers
      comment   "old" -> "new"
  ~ default/keys/C
      value     (sensitive) from env V_C, version raised from 1 to 2
      comment   (none) -> "made"
  ~ default/keys/D
      comment   "gone" -> (none)

Plan: 0 to add, 4 to change, 0 to destroy.
'
	hushed out err
	good plan -out=saved
	cp out first
	good show saved
	cmp out first
}

# Each source leaves a mark when it is read.
@test "-values=none: no source is read and no command runs, new secrets say so" {
	acc=$account
	start_logged
	keys A 'B, comment: old' C D
	good apply -auto-approve
	unset V_A V_B V_C V_D
	cat >cfprov.yaml <<-end
		account_id: $acc
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {command: [touch, ran]}}
		      - {name: B, value: {env: V_B}, comment: new}
		      - {name: C, value: {file: none.txt}, version: 2}
		      - {name: D, value: {dotenv: none.env, key: X}}
		      - {name: NEW, value: {env: V_NEW}}
		      - {name: MADE, value: {generate: {bytes: 32}}}
		      - {name: PIPED, value: {stdin: true}}
	end
	bad plan
	rm ran
	good plan -values=none <&-
	out_is 'cfprov will perform the following actions (+ create, ~ update):

Account default (a85e105f4ecef8ad9ca31a8372d0c353):

  ~ default/keys/B
      comment   "old" -> "new"
  ~ default/keys/C
      value     (sensitive) from file none.txt, not read, version raised from 1 to 2
  + default/keys/MADE
      value     (sensitive) generated (32 bytes)
  + default/keys/NEW
      value     (sensitive) from env V_NEW, not read
  + default/keys/PIPED
      value     (sensitive) from standard input, not read

Values that were not compared (-values=none):

  default/keys/A from command `touch ran`
  default/keys/B from env V_B
  default/keys/D from none.env, key X

Plan: 3 to add, 2 to change, 0 to destroy.
'
	err_is 'The values of 3 secrets were not compared (-values=none): default/keys/A, default/keys/B and default/keys/D. An apply writes those that have changed.
'
	[[ ! -e ran ]]
	good plan -values=all -help
	good plan -values=none -json
	[[ $(jq -r 'select(.type == "log") | .["@message"]' out) == *'values of 3 secrets were not compared'* ]]
	[[ $(jq -c 'select(.type == "value_not_compared") | [.["@message"], .change.value_source]' out) == \
		'["default/keys/A: value not compared from command `touch ran`",{"command":["touch","ran"],"folder":"."}]
["default/keys/B: value not compared from env V_B",{"env":"V_B"}]
["default/keys/D: value not compared from none.env, key X",{"dotenv":"none.env","key":"X"}]' ]]
	good plan -values=none -format=json
	[[ $(jq -c '[.resource_changes[] | select(.not_compared) | .name]' out) == '["A","B","D"]' ]]
	[[ $(jq -c '[.resource_changes[] | .not_compared | select(.)] | unique' out) == '[["value"]]' ]]
	good plan -values=none -format=markdown
	out_has 'The values of 3 secrets were not compared (-values=none):' \
		'| `+` | `default/keys/NEW` | create | value from env V_NEW, not read |' \
		'<details><summary>3 not compared (-values=none)</summary>' \
		'| `?` | `default/keys/A` | not compared | value from command &#96;touch ran&#96; |' \
		'| `?` | `default/keys/D` | not compared | value from none&#46;env, key X |'
	good plan -values=none -format=markdown -max-bytes=1000
	out_has 'Left out, to fit into 1000 bytes: 3 not compared.'
	bad plan -values=none -out=saved
	err_is "Error: -values=none and -out can't be combined
  A saved plan needs every value, to notice if one changes before it is applied.
"
	bad plan -values=some
	err_has 'invalid value `some` for -values: expected none or all'
	bad apply -values=none
	[[ ! -e saved && ! -e ran ]]
}

@test "-values=none: one secret, none, and no changes" {
	acc=$account
	start_logged
	keys A
	good apply -auto-approve
	unset V_A
	good plan -values=none -detailed-exitcode
	out_is 'Values that were not compared (-values=none):

  default/keys/A from env V_A

No changes found, but values were not compared.
'
	err_is 'The value of a secret was not compared (-values=none): default/keys/A. An apply writes it if it has changed.
'
	good plan -values=none -destroy
	out_has 'Plan: 0 to add, 0 to change, 2 to destroy.'
	err_is ''
	good plan -values=none -refresh-only
	err_is ''
	keys 'A, update: if_absent'
	good plan -values=none
	out_is 'No changes. Your infrastructure matches the configuration.
'
}

# They may be needed to read the accounts and the state at all.
@test "-values=none: credentials and the fingerprint key are read" {
	start_logged
	keys A
	good apply -auto-approve
	cat >cfprov.yaml <<-'end'
		accounts:
		  default:
		    account_id: acc_1
		    api_token: {command: [sh, -c, 'touch token; echo cfsim-token']}
		state:
		  key: {command: [sh, -c, 'touch key; echo 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef']}
		stores:
		  - name: keys
		    secrets:
		      - {name: A, value: {env: V_A}}
	end
	unset CFPROV_KEY CLOUDFLARE_API_TOKEN V_A
	good plan -values=none
	[[ -e token && -e key ]]
	sed -i 's/echo 0123/echo 9999/' cfprov.yaml
	good state sign -auto-approve
	good plan -values=none
	err_has "can't be verified: default/keys/A"
	sed -i 's/; echo 9999/; exit 1; echo 9999/' cfprov.yaml
	bad plan -values=none
	err_has "can't read the key"
}

@test "fault C14: a plan says where each value comes from, with all arguments of commands" {
	start_logged
	cat >cfprov.yaml <<-'end'
		account_id: acc_1
		stores:
		  - name: keys
		    secrets:
		      - {name: COMMAND, value: {command: [pass, show, team/db path]}}
		      - {name: DOTENV, value: {dotenv: .dev.vars, key: X}}
		      - {name: ECHO, value: {command: [echo, "two\nlines", "it's", --password=aB3dE5gH7jK9mN1pQ3sT5vX7zA9cE1gI3kM5oQ7s, ""]}}
		      - {name: ENV, value: {env: V_ENV}}
		      - {name: FIELD, value: {file: some.json, json: /a/b}}
		      - {name: FILE, value: {file: some.txt}}
		      - {name: GENERATED, value: {generate: {bytes: 32}}}
		      - {name: ODD, value: {command: [sh, a=2, x]}}
		      - {name: STDIN, value: {stdin: true}}
		      - {name: TRUE, value: {command: [hostname]}}
	end
	mkdir bin
	printf '#!/bin/sh\necho hush-value\n' | tee bin/pass bin/sh bin/echo bin/hostname >/dev/null
	chmod +x bin/*
	echo X=hush-dotenv >.dev.vars
	echo '{"a": {"b": "hush-json"}}' >some.json
	echo hush-file >some.txt
	export V_ENV=hush-env
	PATH=$PWD/bin:$PATH "$cfprov" plan >out 2>err <<<hush-stdin
	told plan
	out_is 'cfprov will perform the following actions (+ create):

Account default (acc_1):

  + default/keys
  + default/keys/COMMAND
      value     (sensitive) from command `pass show '\''team/db path'\''`
  + default/keys/DOTENV
      value     (sensitive) from .dev.vars, key X
  + default/keys/ECHO
      value     (sensitive) from command `echo '\''two\x0alines'\'' '\''it'\''\'\'''\''s'\'' '\''--(hidden)'\'' '\'''\''`
  + default/keys/ENV
      value     (sensitive) from env V_ENV
  + default/keys/FIELD
      value     (sensitive) from file some.json, JSON /a/b
  + default/keys/FILE
      value     (sensitive) from file some.txt
  + default/keys/GENERATED
      value     (sensitive) generated (32 bytes)
  + default/keys/ODD
      value     (sensitive) from command `sh a=2 x`
  + default/keys/STDIN
      value     (sensitive) from standard input
  + default/keys/TRUE
      value     (sensitive) from command `hostname`

Plan: 11 to add, 0 to change, 0 to destroy.
'
	hushed out err
}

@test "creations, an adoption and a rename, to the byte" {
	start_logged
	keys OLD PAST
	good apply -auto-approve
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets" \
		'[{"name":"LIVES","value":"x","scopes":["dex"]},{"name":"ONCE","value":"x","scopes":["workers"]}]'
	local lives once
	lives=$(answer_get '.result[0].id') once=$(answer_get '.result[1].id')
	export V_NEW=$V_OLD
	keys LIVES 'MADE, scopes: [dex, access], comment: for us' NEW 'ONCE, update: if_absent' PLAIN
	moved OLD NEW
	good plan -adopt
	out_is "cfprov will perform the following actions (+ create, = adopt, ~ rename, - destroy):

Account default (acc_1):

  = default/keys/LIVES (id $lives)
      value     (sensitive) from env V_LIVES, replaces the existing value
      scopes    dex -> workers
  + default/keys/MADE
      value     (sensitive) from env V_MADE
      scopes    access, dex
      comment   \"for us\"
  ~ default/keys/NEW (was OLD)
      renamed by \"moved\" in the manifest
  = default/keys/ONCE (id $once)
  - default/keys/PAST
      because it is not in the manifest
  + default/keys/PLAIN
      value     (sensitive) from env V_PLAIN

Plan: 2 to import, 2 to add, 2 to change, 1 to destroy.
"
	export V_NEW=hush-another
	good plan -adopt -target=default/keys/NEW
	out_has '  ~ default/keys/NEW (was OLD)
      renamed by "moved" in the manifest; value: changed at its source
      value     (sensitive) from env V_NEW'
	hushed out err
}

@test "comments: what can't be seen is made visible, and what is long is cut where it is alike" {
	start_logged
	local like
	like=$(printf 'alike %.0s' {1..30})
	keys 'A, comment: plain' 'B, comment: plain' "C, comment: ${like}x" "D, comment: ${like}"
	good apply -auto-approve
	by_hand PATCH A '{"comment":"a\u001b[2J\n\u202eb"}'
	by_hand PATCH B '{"comment":"say \"hi\" -> \"ho\",  twice"}'
	keys 'A, comment: plain' 'B, comment: plain' "C, comment: ${like}y" 'D, comment: short'
	good plan
	harmless out
	out_has 'comment   "a\x1b[2J\x0a\u202eb" -> "plain"' \
		'comment   "say \"hi\" -> \"ho\", \x20twice" -> "plain"' \
		'comment   "...alike alike x" -> "...alike alike y"' \
		'comment   "alike alike ' '..." -> "short"'
	[ "$(awk 'length($0) > 160' out)" = '' ]
}

@test "what is generated is generated anew with a replacement, and that is said" {
	start_logged
	keys A
	echo '      - {name: G, value: {generate: {bytes: 20}}, comment: made}' >>cfprov.yaml
	good apply -auto-approve
	good plan -replace=default/keys/A -replace=default/keys/G
	out_has '  -/+ default/keys/A
      replacement requested with -replace
      value     (sensitive) from env V_A
  -/+ default/keys/G
      replacement requested with -replace
      value     (sensitive) generated (20 bytes)'
	good plan -replace=default/keys
	out_has '  -/+ default/keys/A (with its store)
      value     (sensitive) from env V_A
  -/+ default/keys/G (with its store)
      value     (sensitive) generated (20 bytes)'
}

@test "secrets that go with their store: marked, and many of them in one paragraph" {
	start_logged
	# shellcheck disable=SC2046 # words
	keys $(seq -f 'S%03.0f' 10)
	good apply -auto-approve
	manifest last
	good plan
	out_has '  - default/keys
      because it is not in the manifest
  - default/keys/S001 (with its store)
  - default/keys/S002 (with its store)'
	[ "$(grep -c 'with its store' out)" = 10 ]
	# shellcheck disable=SC2046 # words
	keys $(seq -f 'S%03.0f' 99)
	good apply -auto-approve
	manifest last
	good plan
	out_has '  - default/keys/* (99 secrets, with their store):
      S001, S002, ' ', S098, S099

Account default:

  + default/last

Plan: 1 to add, 0 to change, 100 to destroy.'
	[ "$(wc -l <out)" = 16 ]
	good plan -format=markdown
	[ "$(grep -c '^| `-`' out)" = 2 ]
	out_has '| `-` | `default/keys/*` | destroy | 99 secrets, with their store: S001, ' ', S099 |'
	screen -- plan
	[ "$(grep -oE '\bS[0-9]{3}\b' screen | sort -u | wc -l)" = 99 ]
	[ "$(wc -l <screen)" -lt 40 ]
	# One by one they are, where the store stays.
	keys S001
	good plan
	[ "$(grep -c '^  - default/keys/S' out)" = 98 ]
}

@test "what changed outside, to the byte, and what is left as it is" {
	start_logged
	keys A 'B, on_drift: warn' C D 'E, on_drift: ignore'
	good apply -auto-approve
	local name gone
	gone=$(id_of D)
	for name in A B E; do
		by_hand PATCH "$name" '{"value":"mallory"}'
	done
	by_hand PATCH C '{"scopes":["dex"],"comment":"by hand"}'
	local modified
	modified=$(seconds_of C)
	by_hand DELETE D
	keys A 'B, on_drift: warn' C 'E, on_drift: ignore'
	good plan
	out_is "Changed outside of cfprov:

  default/keys/B
      value     may have changed: modified outside of cfprov at $(seconds_of B); will not be overwritten
  default/keys/D has been deleted (was $gone)

cfprov will perform the following actions (~ update):

Account default (acc_1):

  ~ default/keys/A
      value     (sensitive) from env V_A, may have changed: modified outside of cfprov at $(seconds_of A)
  ~ default/keys/C
      value     (sensitive) from env V_C, may have changed: scopes and comment changed outside of cfprov
      scopes    dex -> workers
      comment   \"by hand\" -> (none)

Plan: 0 to add, 2 to change, 0 to destroy.
"
	good plan -out=saved
	cp out first
	good show saved
	cmp out first
	good apply -auto-approve
	good plan
	out_is "Changed outside of cfprov:

  default/keys/B
      value     may have changed: modified outside of cfprov at $(seconds_of B); will not be overwritten

No changes. Your infrastructure matches the configuration.
"
}

@test "a secret that is another one now" {
	start_logged
	keys A
	good apply -auto-approve
	local was
	was=$(id_of A)
	by_hand DELETE A
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets" \
		'[{"name":"A","value":"x","scopes":["workers"]}]'
	good plan
	keys B
	local now
	now=$(answer_get '.result[0].id')
	good plan
	out_has "default/keys/A has been recreated (was $was, now $now)"
}

@test "what is only refreshed: fields, and what became ready" {
	unset CFPROV_KEY
	start_logged --pending forever
	keys A B
	good apply -auto-approve
	good show
	[ "$(grep -c 'status    pending (not ready for use yet)' out)" = 2 ]
	by_hand PATCH A '{"scopes":["dex"]}'
	good plan -refresh-only
	out_has '  default/keys/A
      value     may have changed: modified outside of cfprov at '
	out_has '
      scopes    workers -> dex'
	good plan -refresh-only -format=markdown
	out_has '| `~` | `default/keys/A` | update state | value: may have changed: modified outside of cfprov at ' '; scopes: workers → dex |'
	jq '.accounts.acc_1.stores.keys.secrets |= map_values(.status = "odd\u001b")' "$state" >changed
	cp changed "$state"
	good plan -refresh-only
	out_has '  default/keys/B
      status    odd\x1b -> pending'
	harmless out
}

@test "values that nobody can verify: once, by name, and no more than a few" {
	acc=$account
	start_logged
	keys A
	good apply -auto-approve
	another_key
	good plan
	err_is 'Warning: The value of a secret can'"'"'t be verified: default/keys/A. Its fingerprint was made with a different key. Restore the key (CFPROV_KEY, or `state.key`), or raise `version` to write the value again.
'
	out_is 'No changes found, but not all values can be verified.
'
	the_key
	keys A B C D E
	good apply -auto-approve
	another_key
	good apply -auto-approve
	[ "$(grep -c 'verified' err)" = 1 ]
	err_has 'The values of 5 secrets' 'default/keys/A, default/keys/B, default/keys/C and 2 more.'
	keys A B C D 'E, fingerprint: none'
	good plan
	err_has 'The values of 4 secrets'
	good plan -json
	jq -es '[.[] | select(.type == "diagnostic" and ."@level" == "warn")] | length == 1' out
}

@test "values that nobody can verify, in what others read: Markdown, JSON, a saved plan" {
	start_logged
	keys A
	good apply -auto-approve
	keys A B
	good plan -format=json
	jq -e '.resource_changes | length == 3 and all(.[]; has("unverified") | not)' out
	another_key
	good plan -format=json -out=saved
	[ "$(change A '[.change.actions, .changes, .unverified]')" = '[["no-op"],null,["value"]]' ]
	[ "$(change B .unverified)" = null ]
	cp out first
	good show -json saved
	cmp out first
	good show saved
	err_has "The value of a secret can't be verified: default/keys/A."
	# Before the table, and so before what is folded.
	good plan -format=markdown
	[ "$(sed -n 3p out)" = 'The value of a secret can'"'"'t be verified: default/keys/A. Its fingerprint was made with a different key. Restore the key (CFPROV_KEY, or &#96;state&#46;key&#96;), or raise &#96;version&#96; to write the value again.' ]
	# Where room is short, what is to be done needs it more.
	local long
	long=$(printf 'A%.0s' {1..120})
	export "V_$long=hush"
	the_key
	keys "$long"
	good apply -auto-approve
	another_key
	keys "$long" B C D E F G
	good plan -format=markdown -max-bytes=512
	[ "$(sed -n 3p out)" = "The values of some secrets can't be verified." ]
	(($(wc -c <out) <= 512))
	out_has '| `+` | `default/keys/B` | create |'
}

# ---- on terminals -----------------------------------------------------------------------------

@test "nothing is wider than the terminal, and nothing is lost" {
	start_logged
	keys 'A, scopes: [workers, ai_gateway], comment: a comment with some words in it' B C OLD G
	good apply -auto-approve
	by_hand PATCH C '{"value":"mallory","comment":"changed by somebody"}'
	by_hand DELETE G
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets" \
		'[{"name":"LIVES","value":"x","scopes":["workers"]}]'
	export V_B=hush-other V_NEW=hush-new
	keys 'A, scopes: [dex, workers], comment: a comment with other words in it' B C NEW G LIVES \
		'M, scopes: [access, ai_gateway, dex, websearch, workers], comment: made of words'
	moved OLD NEW
	local columns
	for columns in 80 60 40; do
		screen --columns "$columns" -- plan
		[ "$status" = 0 ]
		screen_has '~ default/keys/B value (sensitive) from env V_B, changed at its source' \
			'scopes ai_gateway, workers -> dex, workers' \
			'"a comment with some words in it" -> "a comment with other words in it"' \
			'scopes access, ai_gateway, dex, websearch, workers' \
			'~ default/keys/NEW (was OLD) renamed by "moved" in the manifest' \
			'comment "changed by somebody" -> (none)'
		fits "$columns"
		awk '/^      (value|scopes|comment) / && substr($0, 17, 1) == " " { exit 1 }' screen
		hushed screen raw
	done
	grep -qF "${esc}[33m~${esc}[0m" raw
	screen --columns 60 -- apply -auto-approve -adopt
	screen_has 'default/keys/NEW: renamed from OLD (id' 'default/keys/LIVES: adopted and updated'
	fits 60
	screen --columns 40 -- destroy -auto-approve -allow-store-destroy -force
	screen_has '- default/keys/LIVES (with its store)' ': destroyed with its store (id'
	fits 40
	hushed screen raw
}

# ---- applies ----------------------------------------------------------------------------------

@test "an apply says what was done to each, and counts it" {
	start_logged
	keys A OLD
	good apply -auto-approve
	err_has "default/keys/A: created (id $(id_of A))"
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets" \
		'[{"name":"LIVES","value":"x","scopes":["workers"]},{"name":"ONCE","value":"x","scopes":["workers"]}]'
	keys 'A, comment: c' LIVES 'ONCE, update: if_absent' NEW
	moved OLD NEW
	local old
	old=$(id_of OLD)
	good apply -auto-approve -adopt
	err_has "default/keys/A: updated (id $(id_of A))" \
		"default/keys/LIVES: adopted and updated (id $(id_of LIVES))" \
		"default/keys/ONCE: adopted (id $(id_of ONCE))" \
		"default/keys/NEW: renamed from OLD (id $(id_of NEW))" \
		"default/keys/OLD: deleted, renamed to NEW (id $old)"
	[ "$(id_of NEW)" != "$old" ]
	out_has 'Apply complete! Resources: 2 imported, 0 added, 3 changed, 0 destroyed.'
	hushed out err
	good destroy -auto-approve -allow-store-destroy -force
	[ "$(grep -c 'destroyed with its store' err)" = 4 ]
	out_has 'Destroy complete! Resources: 5 destroyed.'
}

@test "each error of a batch names its secret, and one reason is told once" {
	start_logged
	keys A B C
	sim_faults '{"path":"*/secrets","method":"POST","status":400,"code":1001,"message":"no"}'
	bad apply -auto-approve
	[ "$(sed -n 's/^  \(default\/keys\/[ABC]\).*/\1/p' err | sort | tr '\n' ' ')" = \
		'default/keys/A default/keys/B default/keys/C ' ]
	[ "$(grep -c '^default/keys/[ABC]: failed: ' err)" = 3 ]
	hushed out err
	prov apply -auto-approve -json
	[ "$(jq -r 'select(.type == "diagnostic" and .diagnostic.address) | .diagnostic.address' out |
		sort | tr '\n' ' ')" = 'default/keys/A default/keys/B default/keys/C ' ]
	[ "$(jq -r 'select(.type == "apply_errored") | .hook.resource.addr' out | wc -l)" = 3 ]
	hushed out err
}

@test "what an apply that was killed has made is found, and said by name" {
	start_logged
	sim_faults '[{"kind":"delay","ms":600000,"method":"POST","path":"*/secrets","times":1}]'
	keys A
	later "$cfprov" apply -auto-approve
	wait_until grep -q '"secret":"A"' "$journal"
	wait_until test "$(requests '.path | endswith("/secrets")')" != never
	sleep_until_made() { [ "$(sim_world '[.accounts[].stores[].secrets[]?] | length')" = 1 ]; }
	wait_until sleep_until_made
	kill -KILL "$later_pid"
	wait_later
	[ "$status" = 137 ]
	good apply -auto-approve
	if [[ $errors == *'default/keys/A'* ]]; then
		err_has "default/keys/A: found (id $(id_of A)), created by an interrupted apply"
	fi
	good plan -detailed-exitcode
}

# ---- the state --------------------------------------------------------------------------------

@test "the state of a secret, for people and as JSON" {
	unset CFPROV_KEY
	start_logged
	keys A 'B, scopes: [workers, dex], comment: "a \"b\"", version: 3, prevent_destroy: true'
	good apply -auto-approve
	good show
	cp out all
	good state show default/keys/B
	out_is "default/keys/B
    account   acc_1
    id        $(id_of B)
    scopes    dex, workers
    comment   a \"b\"
    status    active
    version   3
    created   $(modified_of B)
    modified  $(modified_of B)
    origin    created by cfprov
    destroy   prevented
"
	has "$(cat all)" "$(tail -n +3 out)"
	hushed out err all
	good state show -json default/keys/B
	jq -e '.type == "secret" and .name == "B" and .store == "keys" and .version == 3 and
		.scopes == ["dex", "workers"] and .comment == "a \"b\"" and .status == "active" and
		(has("fingerprint") | not) and (has("value") | not)' out
	hushed out
	jq '.accounts.acc_1.stores.keys.secrets |= (del(.A.version) | .B.unsure = true)' "$state" >changed
	cp changed "$state"
	good state show default/keys/A
	out_has 'value     (not written by cfprov yet)'
	good state show default/keys/B
	out_has 'value     (unknown after an interrupted apply; the next one writes it again)'
}

@test "state list, rm, mv, pull and output with secrets" {
	unset CFPROV_KEY
	start_logged
	keys A B
	good apply -auto-approve
	good state list
	out_is $'default/keys\ndefault/keys/A\ndefault/keys/B\n'
	good state list 'default/keys/*'
	out_is $'default/keys/A\ndefault/keys/B\n'
	bad state mv default/keys/A default/keys/C
	err_has "can't rename default/keys/A to default/keys/C in the state only" '`moved` in the manifest'
	bad state mv default/keys/A default/other/A
	err_has "Cloudflare can't rename a store or move a secret to another store"
	good state pull
	cmp out "$state"
	good output -raw default/keys/A
	[ "$output" = "$(id_of A)" ]
	good state rm default/keys/B
	out_is $'Removed default/keys/B\n'
	good state list
	out_is $'default/keys\ndefault/keys/A\n'
	good state rm -dry-run default/keys
	out_is $'Would remove default/keys\nWould remove default/keys/A\n'
	good state mv default prod
	out_is $'Moved default/keys to prod/keys\nMoved default/keys/A to prod/keys/A\n'
	good state list
	out_is $'prod/keys\nprod/keys/A\n'
}

# ---- machines ---------------------------------------------------------------------------------

# a_life: secrets of each fate.
a_life()
{
	start_logged
	keys 'KEPT, comment: c' OLD LEFT GONE DRIFTED CHANGED
	good apply -auto-approve
	by_hand DELETE GONE
	by_hand PATCH DRIFTED '{"scopes":["dex"],"value":"x"}'
	api POST "/accounts/acc_1/secrets_store/stores/$(id_of)/secrets" \
		'[{"name":"LIVES","value":"x","scopes":["workers"]},{"name":"ONCE","value":"x","scopes":["workers"]}]'
	export V_CHANGED=hush-changed V_RENAMED=$V_OLD
	keys 'KEPT, comment: c' RENAMED 'GONE, scopes: [dex]' DRIFTED CHANGED LIVES \
		'ONCE, update: if_absent'
	moved OLD RENAMED
}

# change NAME FILTER: of the change of one secret.
change()
{
	jq -c ".resource_changes[] | select(.name == \"$1\") | $2" out
}

@test "a plan as JSON: actions, and both sides of each" {
	a_life
	good plan -format=json -adopt
	hushed out err
	cp out first
	[ "$(jq -r '.resource_changes[] | "\(.name) \(.change.actions | join(","))"' out |
		tr '\n' ' ')" = 'keys no-op CHANGED update DRIFTED update GONE create KEPT no-op LEFT delete LIVES update ONCE no-op RENAMED update ' ]
	jq -e '.resource_changes[1:] | all(.[]; .type == "cloudflare_secrets_store_secret" and
		.address == "default/keys/" + .name)' out
	# What may be sensitive is null and marked, on each side that there is.
	jq -e '[.resource_changes[1:][], .resource_drift[]] | all(.[].change;
		(.before == null or (.before.value == null and (.before | has("value")))) and
		(.after == null or (.after.value == null and (.after | has("value")))) and
		.before_sensitive == (if .before then {value: true} else false end) and
		.after_sensitive == (if .after then {value: true} else false end))' out
	[ "$(change CHANGED '[.reason, .changes, .change.after_unknown, .change.before.id == .change.after.id]')" = \
		'["changed at its source",["value"],{"modified":true},true]' ]
	[ "$(change CHANGED '.change | [.before.modified, .after.modified, .after.status]')" = \
		"[\"$(modified_of CHANGED)\",null,\"active\"]" ]
	[ "$(change DRIFTED '[.changes, .change.before.scopes, .change.after.scopes]')" = \
		'[["value","scopes"],["dex"],["workers"]]' ]
	[ "$(change GONE '.change | [.before, .after, .after_unknown]')" = \
		'[null,{"account_id":"acc_1","comment":null,"name":"GONE","scopes":["dex"],"store_name":"keys","value":null,"version":1},{"created":true,"id":true,"modified":true,"status":true}]' ]
	[ "$(change KEPT '.change.before == .change.after, .change.after.comment, .changes')" = \
		$'true\n"c"\nnull' ]
	[ "$(change LEFT '[.action_reason, .change.after, .change.after_sensitive]')" = \
		'["delete_because_no_resource_config",null,false]' ]
	jq -e '.resource_changes[] | select(.name == "LIVES") | .changes == ["value"] and
		.change.importing.id == .change.after.id and .change.before.id == .change.after.id' out
	[ "$(change ONCE '[.changes, .change.importing.id == .change.after.id]')" = '[null,true]' ]
	[ "$(change RENAMED '[.previous_address, .change.before.name, .change.after.name, .change.after_unknown.id]')" = \
		'["default/keys/OLD","OLD","RENAMED",true]' ]
	[ "$(jq -c '.resource_drift[] | [.name, .change.actions[0], .changes, .change.before.scopes, .change.after.scopes]' out)" = \
		$'["DRIFTED","update",["value","scopes"],["workers"],["dex"]]\n["GONE","delete",null,["workers"],null]' ]
	[ "$(jq -r '.planned_values.root_module.resources[].name' out | tr '\n' ' ')" = \
		'keys CHANGED DRIFTED GONE KEPT LIVES ONCE RENAMED ' ]
	jq -e '[.planned_values, .prior_state.values] | all(.[].root_module.resources[1:][];
		.sensitive_values == {value: true} and .values.value == null)' out
	good plan -out=saved -adopt
	good show -json saved
	cmp out first
}

@test "filters that people of Terraform share, over secrets" {
	a_life
	good plan -format=json -adopt
	# What is destroyed, and of which type.
	[ "$(jq -r '.resource_changes[] | select(.change.actions | index("delete")) | .address' out)" = \
		default/keys/LEFT ]
	# What a policy sees of updates: keys that differ.
	[ "$(jq -r '.resource_changes[] | select(.change.actions == ["update"]) | .change as $c |
		[.name] + [($c.before // {} | keys[]) as $k | select($c.before[$k] != $c.after[$k]) | $k] |
		join(" ")' out)" = $'CHANGED modified\nDRIFTED modified scopes\nLIVES modified version\nRENAMED created id modified name status' ]
	# A count by type and action.
	[ "$(jq -r '[.resource_changes[] | "\(.type | ltrimstr("cloudflare_")):\(.change.actions[])"] |
		group_by(.) | map("\(.[0]) \(length)") | .[]' out)" = \
		$'secrets_store:no-op 1\nsecrets_store_secret:create 1\nsecrets_store_secret:delete 1\nsecrets_store_secret:no-op 2\nsecrets_store_secret:update 4' ]
	# Which outputs hold something sensitive.
	[ "$(jq -r '[paths(. == true) | select(index("after_sensitive")) | .[-1]] | unique | .[]' out)" = value ]
	# All that is sensitive, taken out by a tool that masks: nothing else goes with it.
	[ "$(jq '[.resource_changes[].change | select(.after_sensitive) | .after_sensitive | keys[]] | unique' -c out)" = \
		'["value"]' ]
}

@test "the stream: planned changes, drift and hooks of secrets" {
	a_life
	good plan -json -adopt
	err_is ''
	hushed out
	[ "$(jq -r 'select(.type == "planned_change") | "\(.change.resource.resource_name) \(.change.action)"' \
		out | tr '\n' ' ')" = \
		'CHANGED update DRIFTED update GONE create LEFT delete LIVES import ONCE import RENAMED move ' ]
	jq -es 'all(.[] | select(.change) | .change.resource;
		.resource_type == "cloudflare_secrets_store_secret" and (.addr | startswith("default/keys/")))' out
	[ "$(jq -r 'select(.change.previous_resource) | .change.previous_resource.addr' out)" = \
		default/keys/OLD ]
	[ "$(jq -r 'select(.type == "resource_drift") | "\(.change.resource.resource_name) \(.change.action)"' \
		out | tr '\n' ' ')" = 'DRIFTED update GONE delete ' ]
	[ "$(jq -r 'select(.change.resource.resource_name == "CHANGED") | ."@message"' out)" = \
		'default/keys/CHANGED: plan to update: value from env V_CHANGED, changed at its source' ]
	good apply -json -adopt -auto-approve
	err_is ''
	hushed out
	[ "$(jq -r 'select(.type == "apply_complete") | "\(.hook.resource.resource_name) \(.hook.action)"' out |
		LC_ALL=C sort | tr '\n' ' ')" = \
		'CHANGED update DRIFTED update GONE create LEFT delete LIVES import OLD delete ONCE import RENAMED move ' ]
	[ "$(jq -r 'select(.type == "apply_complete" and .hook.resource.resource_name == "GONE") | .hook.id_value' out)" = \
		"$(id_of GONE)" ]
	[ "$(tail -1 out | jq -r '."@message"')" = \
		'Apply complete! Resources: 2 imported, 1 added, 4 changed, 1 destroyed.' ]
	good plan -json
	jq -es 'all(.[]; .type != "planned_change" and .type != "resource_drift")' out
}

@test "the state as JSON" {
	start_logged
	keys 'A, scopes: [workers, dex]' 'B, comment: c'
	good apply -auto-approve
	good show -json
	hushed out
	[ "$(jq -c '.values.root_module.resources[] | [.address, .type, .sensitive_values, .values.scopes, .values.comment, .values.status]' out)" = \
		'["default/keys","cloudflare_secrets_store",{},null,null,null]
["default/keys/A","cloudflare_secrets_store_secret",{"value":true},["dex","workers"],null,"active"]
["default/keys/B","cloudflare_secrets_store_secret",{"value":true},["workers"],"c","active"]' ]
	[ "$(jq -r '.values.root_module.resources[1].values | [.id, .store_name, .version, .value] | @csv' out)" = \
		"\"$(id_of A)\",\"keys\",1," ]
}

@test "fault C12: Markdown: what changes stands in the table, and makes nothing of it" {
	start_logged
	keys 'A, comment: old' B
	good apply -auto-approve
	by_hand PATCH A '{"comment":"<b>|`x` @you [a](b)\n# c"}'
	export V_B=hush-new
	keys 'A, comment: old' B
	good plan -format=markdown
	out_has '| `~` | `default/keys/B` | update | value from env V_B, changed at its source |' \
		'comment: "&#60;b&#62;&#124;&#96;x&#96; &#64;&#8203;you'
	[ "$(grep -c '^|' out)" = 4 ]
	# Punctuation that means nothing is left alone.
	by_hand PATCH A '{"comment":"a_b/c-d=e _f_ www.g.h http://i 1.5 at 10:15, k; +l"}'
	good plan -format=markdown
	out_has '"a_b/c-d=e &#95;f&#95; www&#46;g&#46;h http&#58;//i 1.5 at 10:15, k; +l" → "old"'
	hushed out err
}

@test "a package of others reads plans of secrets: terraform-unidiff, from npm" {
	have node
	need_npm
	a_life
	good plan -format=json -adopt
	# It refuses what is not of Terraform's schema.
	node "$npm/node_modules/@ahmadnassri/terraform-unidiff/bin.js" out >unidiff
	[ "$(sed -n 's/^Index: //p' unidiff | grep -c keys/)" -ge 5 ]
	hushed unidiff
}

@test "no value and no fingerprint in whatever is printed" {
	a_life
	local command
	for command in plan 'plan -json' 'plan -format=json' 'plan -format=markdown' 'plan -format=html' \
		'plan -out=saved' 'show saved' 'show -json saved' 'show -format=markdown saved' 'plan -refresh-only' \
		'plan -destroy' 'plan -replace=default/keys/KEPT' show 'show -json' 'state list' \
		'state show default/keys/KEPT' 'state show -json default/keys/KEPT' output 'output -json' \
		'validate' 'validate -json' 'apply -auto-approve -adopt' 'apply -auto-approve -json' \
		'export' 'refresh' 'destroy -auto-approve -allow-store-destroy -force'; do
		# shellcheck disable=SC2086 # words
		prov $command
		hushed out err
	done
	bad plan -target=nothing
	hushed out err
}

@test "an alias that moved, with a secret that is renamed: the address that the state had" {
	start_logged
	keys OLD
	good apply -auto-approve
	export V_NEW=$V_OLD
	keys NEW
	sed -i 's/^account_id: .*/accounts: {prod: {account_id: acc_1}}/' cfprov.yaml
	printf 'moved:\n  - {from: default, to: prod}\n  - {from: prod/keys/OLD, to: prod/keys/NEW}\n' \
		>>cfprov.yaml
	good plan -format=json
	[ "$(jq -r '.resource_changes[] | "\(.address) \(.previous_address)"' out)" = \
		$'prod/keys default/keys\nprod/keys/NEW default/keys/OLD' ]
	good plan -json
	[ "$(jq -r 'select(.change.resource.resource_name == "NEW") | .change.previous_resource.addr' out)" = \
		default/keys/OLD ]
	good plan
	out_has '  ~ prod/keys/NEW (was OLD)'
	good apply -auto-approve
	err_has 'prod/keys/NEW: renamed from OLD'
	good plan -detailed-exitcode
}
