#!/usr/bin/env bats
# The key and the state: signed or encrypted state, journal and backup; accepting what has no
# signature; rotation; and what somebody can't do who can write the files.

# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2086,SC2154
bats_require_minimum_version 1.5.0
load cfprov

key=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
key2=ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff

setup()
{
	set_up_cfprov
	acc=$account
	unset CFPROV_KEY CFPROV_OLD_KEY
	export A=hush-a B=hush-b
}
teardown() { stop_all; }

# secrets [STATE]: cfprov.yaml with two secrets in `payments` and what `state` says.
secrets()
{
	cat >cfprov.yaml <<-end
		account_id: $acc
		stores:
		  - name: payments
		    secrets:
		      - {name: SECRET_A, value: {env: A}}
		      - {name: SECRET_B, value: {env: B}}
		${1:+state: $1}
	end
}

form()
{
	if grep -q '"sealed"' "$1"; then
		echo sealed
	elif grep -q '"signature"' "$1"; then
		echo signed
	else
		echo plain
	fi
}

serial()
{
	jq .serial "$state"
}

# same FILE: the state is still this file, and nothing was sent.
same()
{
	cmp "$1" "$state" && tidy
}

applied()
{
	start_logged
	secrets "${1-}"
	good apply -auto-approve
}

# interrupted LINES [STATE]: a run was killed when the store was made; its journal is left, which has
# so many lines.
interrupted()
{
	start_logged
	secrets "${2-}"
	sim_faults '{"method":"POST","kind":"delay","ms":2000,"after":1}'
	later "$cfprov" apply -auto-approve -parallelism=1
	lines=$1
	has_lines() { [[ -s $journal && $(wc -l <"$journal") -ge $lines ]]; }
	wait_until has_lines
	kill -KILL "$later_pid"
	wait "$later_pid" || true
	later_pid=
	control DELETE faults
	export CFPROV_PATIENCE=4s
}

# ---- signed ---------------------------------------------------------------------------------

@test "with a key the state is signed, and only that state is read" {
	export CFPROV_KEY=$key
	applied
	[ "$(form $state)" = signed ]
	jq -e .signature "$state"
	good plan
	out_has 'No changes.'
	cp "$state" good-state
	local forged
	for forged in 's/"serial": 1/"serial": 2/' 's/SECRET_A/SECRET_C/' 's/"scopes": \[\]/"scopes": ["x"]/' \
		's/v1\$/v2$/' 's/fingerprint": "v2/fingerprint": "v1/' '$d' 's/$/\r/'; do
		cp good-state "$state"
		sed -i "$forged" "$state"
		! cmp -s good-state "$state" || continue
		cp "$state" forged
		for command in plan 'apply -auto-approve' 'state list' 'state pull' 'state rm payments'; do
			bad $command
			err_has "Error: the state " "$state"
			[[ $errors == *"was modified after it was signed"* || $errors == *"is not signed, although a key is set"* ]]
			err_has '`cfprov state sign`'
		done
		same forged
	done
}

@test "another key: the state is refused, and what to do is said" {
	export CFPROV_KEY=$key
	applied
	cp "$state" before
	CFPROV_KEY=$key2 bad plan
	err_has 'the state was signed with a different key (id ' 'Set CFPROV_KEY, or `state.key` in the manifest, to the key with id ' 'set CFPROV_OLD_KEY, or `state.old_key`' '`cfprov state sign`'
	CFPROV_KEY='correct horse battery' bad plan
	err_has 'signed with a different key'
	same before
}

@test "without the key a signed state is shown, and nothing else is done with it" {
	export CFPROV_KEY=$key
	applied
	cp "$state" before
	unset CFPROV_KEY
	local command
	for command in 'state list' 'state show payments' 'state pull' show output 'state rm -dry-run payments'; do
		good $command
		err_has 'Warning: the signature of the state cfprov.state.json was not verified, because no key is set'
	done
	for command in plan 'plan -values=none' 'apply -auto-approve' 'destroy -auto-approve -allow-store-destroy' refresh \
		'state rm payments' 'state mv payments other' 'state push before'; do
		bad $command
		err_has 'the state is signed, and no key is set' 'Set CFPROV_KEY, or `state.key` in the manifest'
	done
	same before
	# The manifest names the key, which is not here.
	secrets '{key: {env: NOT_SET}}'
	good state list
	err_has "Warning: the signature of the state cfprov.state.json was not verified: can't read the key: the environment variable NOT_SET is not set"
	# Nor is a state believed then that somebody has put there without a key.
	jq 'del(.signature)' before >"$state"
	good state list
	err_has "Warning: the signature of the state cfprov.state.json was not verified: can't read the key: the environment variable NOT_SET is not set"
	cp before "$state"
	bad plan
	err_has "can't read the key"
	# A command that reads the key is not run to complete a word.
	secrets '{key: {command: [touch, was-run]}}'
	good __complete state show ''
	out_has payments
	[[ ! -e was-run ]]
}

# ---- accepting ------------------------------------------------------------------------------

@test "state sign: a plain state is accepted once, by name" {
	applied
	cp "$state" before
	export CFPROV_KEY=$key
	bad plan
	err_has 'the state is not signed, although a key is set' 'To accept it once, run `cfprov state sign`.'
	bad state list
	bad state sign -input=false
	out_has "The state $state is not signed." 'serial    1' "lineage   $(jq -r .lineage "$state")" \
		'objects   3' 'modified  20' 'These secrets have a fingerprint that was made without a key' SECRET_A
	err_has 'approval required, but -input=false disables prompts'
	status=0
	"$cfprov" state sign <<<no >out 2>err || status=$?
	told state sign
	((status == 1))
	err_has 'Signing cancelled. No changes were made.'
	same before
	"$cfprov" state sign <<<yes >out 2>err
	told state sign
	err_has "The state $state was written again with the key." 'Signed 2 fingerprints. The next apply replaces them.'
	[ "$(form $state)/$(form $backup)" = signed/signed ]
	good plan
	out_has 'No changes.'
	good state sign
	err_has 'Everything in the state is signed. No changes were made.'
	[ "$(sim_stats '.requests | length')" -gt 0 ]
}

@test "state sign: what was modified, or signed with a lost key, can be accepted too" {
	export CFPROV_KEY=$key
	applied
	sed -i 's/"serial": 1,/"serial": 4,/' "$state"
	bad plan
	good state sign -auto-approve
	out_has "The state $state was modified after it was signed." 'serial    4'
	good plan
	export CFPROV_KEY=$key2
	bad plan
	good state sign -auto-approve
	out_has "The state $state was signed with a different key."
	good plan
	err_has "The values of 2 secrets can't be verified"
}

@test "state sign: the key can't come from the standard input if a question may come" {
	applied
	secrets '{key: {stdin: true}}'
	status=0
	"$cfprov" state sign <<<$key >out 2>err || status=$?
	told state sign
	((status == 1))
	err_has "the key comes from the standard input, so approval can't be read from there"
	"$cfprov" state sign -auto-approve <<<$key
	[ "$(form $state)" = signed ]
	status=0
	"$cfprov" apply <<<$key >out 2>err || status=$?
	told apply
	err_has "the key comes from the standard input, so approval can't be read from there"
}

# ---- encrypted ------------------------------------------------------------------------------

# clear FILE...: none of them has a name, an id, a comment or a fingerprint in clear.
clear()
{
	local word words
	words=$(sim_world '[.. | strings] | map(select(length > 5)) | unique | .[]')
	for word in payments SECRET_A SECRET_B 'v2$' blake2b default "$account" "$(printf %s "$account" | base64 -w0)" $words; do
		! grep -aF -e "$word" "$@" || return 1
	done
}

@test "encrypt: nothing of the state is in clear, in journal and backup neither" {
	export CFPROV_KEY=$key
	interrupted 4 '{encrypt: true}'
	head -1 "$journal" | grep -q '^cfprov-journal 1 sealed '
	clear "$journal"
	cp "$journal" left
	good apply -auto-approve
	err_has 'The last apply was interrupted. Its recorded results are now in the state.'
	[ "$(form $state)" = sealed ]
	clear "$state"
	B=changed good apply -auto-approve
	[ "$(form $state)/$(form $backup)" = sealed/sealed ]
	clear "$state" "$backup"
	good state list
	out_has default/payments/SECRET_A
	good state pull
	jq -e '.accounts | length == 1' out
	unset CFPROV_KEY
	bad state list
	err_has 'the state is encrypted, and no key is set' 'Set CFPROV_KEY'
	bad plan
	err_has '`encrypt` needs a key' 'openssl rand -hex 32' cfprov.yaml
	secrets
	bad plan
	err_has 'the state is encrypted, and no key is set'
}

@test "encrypt: what was plain or signed becomes encrypted, the backup too; and back" {
	applied
	B=second good apply -auto-approve
	[ "$(form $state)/$(form $backup)" = plain/plain ]
	export CFPROV_KEY=$key
	secrets '{encrypt: true}'
	good state sign -auto-approve
	[ "$(form $state)/$(form $backup)" = sealed/sealed ]
	clear "$state" "$backup"
	# Where the manifest does not say, it stays as it is.
	secrets
	B=third good apply -auto-approve
	[ "$(form $state)" = sealed ]
	good state rm default/payments/SECRET_A -state=$state
	[ "$(form $state)" = sealed ]
	secrets '{encrypt: false}'
	good apply -auto-approve -adopt
	[ "$(form $state)" = signed ]
	secrets '{encrypt: true}'
	good apply -auto-approve
	[ "$(form $state)/$(form $backup)" = sealed/sealed ]
	# A run that was killed in between may have left a backup in clear.
	good state pull
	cp out $backup
	good apply -auto-approve
	[ "$(form $state)/$(form $backup)" = sealed/sealed ]
}

@test "encrypt with -backup: a backup in clear that stays is named" {
	applied
	B=second good apply -auto-approve
	[ "$(form $state)/$(form $backup)" = plain/plain ]
	export CFPROV_KEY=$key
	secrets '{encrypt: true}'
	good state sign -auto-approve -backup=-
	err_has "Warning: the state is encrypted, but its backup $backup is not" \
		'Remove it, or encrypt it with `cfprov state sign` without -backup.'
	[ "$(form $state)/$(form $backup)" = sealed/plain ]
	# That was said once, and does not make every run write again.
	B=second good apply -auto-approve -backup=-
	local before
	before=$(sum <$state)
	B=second good apply -auto-approve -backup=-
	err_lacks 'is not'
	[ "$(sum <$state)" = "$before" ]
	good state sign -auto-approve
	[ "$(form $state)/$(form $backup)" = sealed/sealed ]
	err_lacks 'is not'
}

@test "state pull decrypts, and state push takes plain, signed and encrypted ones" {
	export CFPROV_KEY=$key
	applied '{encrypt: true}'
	good state pull
	cp out plain
	[ "$(form plain)" = plain ]
	cp "$state" sealed
	B=changed good apply -auto-approve
	good state push -force plain
	[ "$(form $state)" = sealed ]
	good state push -force sealed
	[ "$(form $state)" = sealed ]
	sed -i 's/"sealed": "Y2/"sealed": "Y3/' sealed
	cp "$state" before
	bad state push -force sealed
	err_has sealed 'the state has a header'
	unset CFPROV_KEY
	secrets
	bad state push -force plain
	same before
}

@test "a passphrase signs and encrypts as well" {
	export CFPROV_KEY='correct horse battery staple'
	applied '{encrypt: true}'
	good plan
	out_has 'No changes.'
	CFPROV_KEY='correct horse battery stable' bad plan
	err_has 'encrypted with a different key (id '
}

# ---- replay ---------------------------------------------------------------------------------

@test "an old copy of the state is noticed by the machine that saw a newer one" {
	export CFPROV_KEY=$key
	applied
	cp "$state" old
	local value
	for value in changed again more; do
		A=$value good apply -auto-approve
	done
	cp old "$state"
	bad plan
	err_has 'the state is older than one that this machine has seen (serial 1, but it was 4)' \
		'Someone may have put an old copy in its place' '`cfprov state sign`'
	bad apply -auto-approve
	bad state rm payments
	same old
	good state list
	err_has 'Warning: the state cfprov.state.json is older than one that this machine has seen'
	# Another machine has not seen it. Without a home, nothing is remembered, and doctor says so.
	XDG_STATE_HOME=$PWD/elsewhere good plan
	(
		unset XDG_STATE_HOME HOME
		good plan
		prov doctor
		out_has 'without a home directory, an old copy of the state would not be noticed'
	)
	prov doctor
	out_has 'is older than a state that this machine has seen (serial 1, but it was 4)'
	good state sign -auto-approve
	out_has "The state $state is older than one that this machine has seen, which had serial 4." 'serial    1'
	[ "$(serial)" -gt 4 ]
	good plan
	good doctor
	out_has "$state is signed with the key"
}

@test "a machine without a key remembers nothing" {
	applied
	cp "$state" old
	A=changed good apply -auto-approve
	cp old "$state"
	good plan
	[[ ! -e $XDG_STATE_HOME ]]
}

# ---- the journal ----------------------------------------------------------------------------

@test "lines of a journal can't be changed, dropped or swapped, nor the last one be half there" {
	export CFPROV_KEY=$key
	interrupted 4
	cp "$journal" left
	local last edit
	last=$(wc -l <left)
	for edit in 2d 3d '2{h;d};3{G}' 's/payments/paymentz/' 's/SECRET_A/SECRET_C/' '1s/ 0 / 1 /' '3p'; do
		sed "$edit" left >"$journal"
		cp "$journal" forged
		bad plan
		err_has 'invalid journal: line ' 'is not the one that cfprov wrote there' "$journal" 'move it away'
		cmp forged "$journal"
	done
	{
		cat left
		printf '%064d [{"inte' 0
	} >"$journal"
	good apply -auto-approve
	err_has 'The last apply was interrupted'
	[ "$(sim_world '[.. | objects | select(has("secrets")) | .secrets[]] | length')" = 2 ]
}

@test "a journal without a signature is refused with a key, and state sign accepts it" {
	interrupted 3
	export CFPROV_KEY=$key
	bad apply -auto-approve
	err_has 'the journal is not signed, although a key is set' "$journal"
	good state sign -auto-approve
	out_has "The journal $journal, which an interrupted run left, is not signed."
	err_has 'The last apply was interrupted'
	good apply -auto-approve
	[ "$(form $state)" = signed ]
	[ "$(sim_world '[.. | objects | select(has("secrets")) | .secrets[]] | length')" = 2 ]
}

# ---- rotation -------------------------------------------------------------------------------

@test "a new key: the old one opens, the next apply writes all with the new one and no value" {
	export CFPROV_KEY=$key
	applied '{encrypt: true}'
	B=second good apply -auto-approve # now there is a backup
	export B=second
	A=third good plan -out=saved
	export CFPROV_KEY=$key2 CFPROV_OLD_KEY=$key
	good plan
	out_has 'No changes.'
	sim_log_before=$(grep -c PATCH "$sim_log" || true)
	good apply -auto-approve
	err_has "The state $state was written again with the key." 'Nothing in the state needs the old key any longer.'
	[ "$(grep -c PATCH "$sim_log" || true)" = "$sim_log_before" ]
	unset CFPROV_OLD_KEY
	good plan
	out_has 'No changes.'
	err_lacks verified
	CFPROV_KEY=$key bad plan
	mv "$backup" "$state"
	XDG_STATE_HOME=$PWD/elsewhere good plan
}

@test "a new key: what an interrupted run and a saved plan left is opened with the old one" {
	export CFPROV_KEY=$key
	interrupted 4
	secrets "{key: {env: NEW}, old_key: {env: OLD}}"
	unset CFPROV_KEY
	export NEW=$key2 OLD=$key
	good apply -auto-approve
	err_has 'The last apply was interrupted'
	[ "$(sim_world '[.. | objects | select(has("secrets")) | .secrets[]] | length')" = 2 ]
	unset OLD
	secrets "{key: {env: NEW}}"
	good plan
	out_has 'No changes.'
	A=changed good plan -out=saved
	export CFPROV_OLD_KEY=$key2 CFPROV_KEY=$key
	A=changed good apply saved
	out_has '1 changed'
}

@test "a new key: state sign writes the state with it, and says what still needs the old one" {
	export CFPROV_KEY=$key
	applied
	export CFPROV_KEY=$key2 CFPROV_OLD_KEY=$key
	good state sign
	err_has "was written again with the key" '2 fingerprints were made with the old key'
	good plan
	out_has 'No changes.'
	unset CFPROV_OLD_KEY
	good plan
	err_has "The values of 2 secrets can't be verified"
	CFPROV_OLD_KEY=$key good apply -auto-approve
	err_has 'Nothing in the state needs the old key any longer.'
	good plan
	err_lacks verified
}

@test "an old key alone is an error" {
	export CFPROV_OLD_KEY=$key
	applied_not() { start_logged; secrets; bad apply -auto-approve; }
	applied_not
	err_has 'there is an old key, but no key' 'Set CFPROV_KEY'
}

@test "the policy decides where the keys may come from" {
	start_logged
	secrets '{key: {file: key}, old_key: {file: old-key}}'
	echo $key >key
	echo $key2 >old-key
	cat >policy.yaml <<-end
		accounts: {$account: {api_token: {env: [CLOUDFLARE_API_TOKEN]}}}
		values: {env: [A, B]}
		state: {key: {files: [key]}, paths: [$PWD/*]}
	end
	bad validate -policy=policy.yaml
	err_has '`state.old_key`' cfprov.yaml:7
}
