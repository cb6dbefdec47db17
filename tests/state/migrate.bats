#!/usr/bin/env bats
# state migrate, between a file and a server with GitLab's rules: what is moved, what is left, and
# what becomes of it if something fails.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load ../cli/cfprov
load state

setup()
{
	set_up_cfprov
	export XDG_STATE_HOME=$BATS_TEST_TMPDIR/machine
	unset "${!AWS_@}" "${!TF_HTTP_@}" "${!CFPROV_HTTP_@}"
	start_http
	start_sim
	export TF_HTTP_PASSWORD=token
	path=${gitlab#"$http_url"}
}

teardown()
{
	stop_servers
	stop_all
}

# local_manifest, remote_manifest: cfprov.yaml with two stores; the state beside it, or at GitLab
local_manifest()
{
	printf 'account_id: %s\nstores: [a]\n' "$account" >cfprov.yaml
}

remote_manifest()
{
	local_manifest
	cat >>cfprov.yaml <<-END
		state:
		  backend: http
		  address: $gitlab
		  lock_address: $gitlab/lock
		  lock_method: POST
		  unlock_method: DELETE
		  username: ci
		  password: {env: TF_HTTP_PASSWORD}
	END
}

# kept FILTER: of the state at GitLab
kept()
{
	http_kept "$path" ".state | fromjson | $1"
}

@test "a password of the environment goes only where the environment says, or the manifest in so many words" {
	local_manifest
	good apply -auto-approve
	remote_manifest
	sed -i '/^  username:/d; /^  password:/d' cfprov.yaml
	bad state migrate -auto-approve
	err_has "Error: TF_HTTP_PASSWORD is not sent to $http_url: only the manifest names this server" \
		'write in `state`: password: {env: TF_HTTP_PASSWORD}. Or set TF_HTTP_ADDRESS to the same'
	err_lacks token
	TF_HTTP_ADDRESS=$http_url/other TF_HTTP_USERNAME=ci good state migrate -auto-approve
	kept .serial
}

@test "from a file to a server, and back" {
	local_manifest
	good apply -auto-approve
	[ "$(serial)" = 1 ]
	jq -S .accounts "$state" >before
	remote_manifest
	status=0
	"$cfprov" state migrate <<<no >out 2>err || status=$?
	told state migrate
	err_has "Do you want to move the state (serial 1, 1 object) from $state to $gitlab?" \
		'Migration cancelled. No changes were made.'
	[[ $status == 1 && $(serial) == 1 ]]
	"$cfprov" state migrate <<<yes >out 2>err
	err_has "The state is now at $gitlab, with serial 2. Manifests that name the old place are refused."
	[ "$(kept .serial)" = 2 ]
	kept .accounts | jq -S . | diff before -
	good plan
	out_has 'No changes.'
	# Whoever still has the old manifest does not begin again.
	local_manifest
	bad plan
	err_has "Error: the state $state was moved to $gitlab" \
		'To move the state back, run `cfprov state migrate -from=FILE`'
	bad state list
	bad apply -auto-approve
	bad state migrate
	err_has 'Error: there is no place to move the state from' 'git show HEAD:cfprov.yaml'
	# And back.
	remote_manifest
	cp cfprov.yaml old.yaml
	local_manifest
	good state migrate -from=old.yaml -auto-approve
	[ "$(serial)" = 3 ]
	jq -S .accounts "$state" | diff before -
	good plan
	out_has 'No changes.'
	bad plan -f old.yaml
	err_has "the state $gitlab was moved to $state"
	[[ $(kept .moved_to) == "$state" && $(kept .accounts) == '{}' ]]
}

@test "what an interrupted apply left goes along" {
	start_logged
	local_manifest
	good apply -auto-approve
	printf 'account_id: %s\nstores: [a, b]\n' "$account" >cfprov.yaml
	head="{\"cfprov_journal\":1,\"lineage\":\"$(jq -r .lineage "$state")\",\"serial\":1,\"accounts\":{\"default\":\"$account\"},\"intents\":[{\"account\":\"default\",\"store\":\"b\",\"if_unknown\":{\"unresolved\":true}}]}"
	printf '%s %s\n' "$(printf %s "$head" | b2sum -l 128 | cut -c1-16)" "$head" >"$journal"
	remote_manifest
	good state migrate -auto-approve
	[ ! -e "$journal" ]
	[ "$(kept '.accounts[].stores.b.unresolved')" = true ]
}

@test "one state becomes one for each account by adoption, as the error says; and back" {
	printf 'accounts:\n  team1: {account_id: acc_1}\n  team2: {account_id: acc_2}\nstores: [a]\n' >cfprov.yaml
	good apply -auto-approve
	cp cfprov.yaml whole.yaml
	printf 'state: {backend: http, address: "%s"}\n' "$http_url/plain/s-"'${ACCOUNT_ID}' >>cfprov.yaml
	unset TF_HTTP_PASSWORD
	bad state migrate -auto-approve -account=team1
	err_has 'Error: only the new place keeps a state for each account'
	good apply -adopt -auto-approve
	good plan -detailed-exitcode
	for word in acc_1 acc_2; do
		[ "$(http_kept "/plain/s-$word" '.state | fromjson | .accounts | keys | @csv')" = "\"$word\"" ]
	done
	cp cfprov.yaml split.yaml
	cp whole.yaml cfprov.yaml
	rm "$state"
	bad state migrate -auto-approve -from=split.yaml -account=team1
	err_has 'Error: only the old place keeps a state for each account'
	good apply -adopt -auto-approve
	good plan -detailed-exitcode
}

@test "what was moved before: how to move it on, or back" {
	local_manifest
	good apply -auto-approve
	remote_manifest
	good state migrate -auto-approve
	sed -i "s|$gitlab|&2|" cfprov.yaml
	bad state migrate -auto-approve
	err_has "Error: the state $state was moved to $gitlab before" \
		'pass -from=FILE, where FILE is a manifest whose `state` names that place'
	local_manifest
	bad state migrate -auto-approve
	err_has 'Error: there is no place to move the state from' '-from=old.yaml'
}

@test "what can't be moved" {
	remote_manifest
	bad state migrate -auto-approve
	err_has "Error: there is no state at $state" 'Pass the old place with -from'
	bad state migrate -auto-approve -from=cfprov.yaml
	err_has "the state is at $gitlab already"
	bad state migrate -auto-approve -from=not-there.yaml
	err_has 'not-there.yaml'
	local_manifest
	good apply -auto-approve
	remote_manifest
	bad state migrate -input=false
	err_has '-input=false disables prompts' 'Pass -auto-approve.'
	# Another state is there already.
	jq '.lineage = "6f1c2f0e-0000-4000-8000-123456789abc" | .serial = 7' "$state" >other.json
	good state push -force other.json
	bad state migrate -auto-approve
	err_has "$gitlab already has another state (serial 7)" '`cfprov state push -force`'
	[ "$(serial)" = 1 ]
	# One state for all accounts does not become one for each.
	sed -i 's|^  address: .*|&/${ACCOUNT_ID}|' cfprov.yaml
	bad state migrate -auto-approve
	err_has 'Error: only the new place keeps a state for each account' \
		"can't split or join states. Run \`cfprov apply -adopt\`"
	remote_manifest
	# A newer one of the same lineage.
	jq '.serial = 9' "$state" >other.json
	good state push -force other.json
	bad state migrate -auto-approve
	err_has 'already has a newer version of this state (serial 9, not 1)'
	[ "$(serial)" = 1 ]
}

# keyed: the manifest gets a key
keyed()
{
	grep -q '^state:' cfprov.yaml || echo 'state:' >>cfprov.yaml
	echo '  key: {env: STATE_KEY}' >>cfprov.yaml
	export STATE_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
}

@test "what a key protects does not go where no key is set" {
	local_manifest
	keyed
	echo '  encrypt: true' >>cfprov.yaml
	good apply -auto-approve
	grep -q '"sealed"' "$state"
	cp cfprov.yaml old.yaml
	remote_manifest
	bad state migrate -from=old.yaml -auto-approve
	err_has "Error: the state $state is protected by a key, but this manifest has none" \
		'Add the `key` of the old manifest to it, or set CFPROV_KEY.'
	http_ask -k "$http_url/_test/state?path=$path" | grep -q default && return 1
	cp old.yaml cfprov.yaml
	good plan
	# Without `encrypt`, the new manifest leaves it as it is.
	remote_manifest
	keyed
	good state migrate -from=old.yaml -auto-approve
	kept 'has("sealed")' | grep -q true
	good plan
	out_has 'No changes.'
}

@test "a state from before there was a key: how it is accepted, and what of it stays in clear" {
	local_manifest
	good apply -auto-approve
	sed -i 's/\[a\]/[a, b]/' cfprov.yaml
	good apply -auto-approve
	cp cfprov.yaml old.yaml
	remote_manifest
	sed -i 's/\[a\]/[a, b]/' cfprov.yaml
	keyed
	echo '  encrypt: true' >>cfprov.yaml
	# The manifest names the new place, so the hint has to say where the old one is.
	bad state migrate -auto-approve
	err_has "Error: the state is not signed, although a key is set" \
		"run \`cfprov state sign -state=$state\`"
	cp "$state" plain.json
	good state sign -auto-approve -state="$state"
	cp plain.json "$state"
	cp plain.json "$backup"
	# The manifest of before has no key: it is believed, and the backup is left.
	good state migrate -auto-approve -from=old.yaml
	err_has "Warning: the backup $backup at the old place is not encrypted" 'Remove it once'
	grep -q '"b"' "$backup"
	good plan
	out_has 'No changes.'
}

@test "with a key, there and back" {
	local_manifest
	keyed
	good apply -auto-approve
	remote_manifest
	keyed
	good state migrate -auto-approve
	sed -i 's/\[a\]/[a, b]/' cfprov.yaml
	good apply -auto-approve
	sed -i 's/\[a, b\]/[a, b, c]/' cfprov.yaml
	good apply -auto-approve
	[ "$(kept .serial)" = 4 ]
	cp cfprov.yaml old.yaml
	# The file has the serial 2, and this machine has seen 4.
	printf 'account_id: %s\nstores: [a, b, c]\n' "$account" >cfprov.yaml
	keyed
	bad plan
	err_has "Error: the state $state was moved to $gitlab"
	bad state sign
	err_has "Error: the state $state was moved to $gitlab"
	good state migrate -from=old.yaml -auto-approve
	err_has "The state is now at $state, with serial 5."
	good plan
	out_has 'No changes.'
	bad plan -f old.yaml
	err_has "the state $gitlab was moved to $state"
}

@test "interrupted in the middle, it continues; the old state stays valid until the end" {
	local_manifest
	good apply -auto-approve
	remote_manifest
	# The copy can't be written.
	http_fault '{"method": "POST", "lock": false, "do": "reset", "count": 1000}'
	bad state migrate -auto-approve
	err_has "The state $state is as it was. Run \`cfprov state migrate\` again."
	http_ask -k "$http_url/_test/faultless" -d ''
	local_manifest
	good plan
	out_has 'No changes.'
	# The copy is there, and the old place was not told: as if killed in between.
	cp "$state" first.json
	remote_manifest
	good state migrate -auto-approve
	cp first.json "$state"
	good state migrate -auto-approve
	err_has 'The state is now at' 'with serial 2'
	[ "$(kept .serial)" = 2 ]
	[ "$(jq -r .moved_to "$state")" = "$gitlab" ]
	good plan
	out_has 'No changes.'
}

@test "fault D9: with a key, an interrupted migration continues, and an older state is still refused" {
	local_manifest
	keyed
	good apply -auto-approve
	cp "$state" first.json
	remote_manifest
	keyed
	good state migrate -auto-approve
	# The copy is there, and the old place was not told. This machine has seen the copy.
	cp first.json "$state"
	good state migrate -auto-approve
	err_has 'The state is now at' 'with serial 2'
	# Where the new place has it no longer, the old one is only an old copy.
	cp first.json "$state"
	sed -i 's,/state/main,/state/other,' cfprov.yaml
	bad state migrate -auto-approve
	err_has 'Error: the state is older than one that this machine has seen (serial 1, but it was 2)'
}

@test "the manifest names another place before the state was moved there" {
	local_manifest
	good apply -auto-approve
	remote_manifest
	left="$state has 1 object, but the manifest keeps the state at $gitlab, where none exists yet"
	for command in plan 'state list'; do
		# shellcheck disable=SC2086 # words
		good $command
		err_has "Warning: $left" 'run `cfprov state migrate`'
	done
	prov doctor
	out_has "$left" 'run `cfprov state migrate`'
	for command in 'apply -auto-approve' 'import default/a default/a'; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has "Error: $left" 'run `cfprov state migrate`'
	done
	[ "$(serial)" = 1 ]
	cp "$state" whole
	echo '{' >"$state"
	bad apply -auto-approve
	err_has "Error: $state may be a state, too (invalid state: not valid JSON: "
	cp whole "$state"
	good state migrate -auto-approve
	good apply -auto-approve
	err_lacks "$left"
	out_has 'No changes.'
}

@test "the manifest names another place, and the file is not needed" {
	local_manifest
	good apply -auto-approve
	mv "$state" elsewhere.json
	remote_manifest
	good plan
	err_lacks 'state migrate'
	cp elsewhere.json "$state"
	good state push elsewhere.json
	err_has 'where none exists yet' 'The state now has serial'
	good plan
	err_lacks 'state migrate'
}
