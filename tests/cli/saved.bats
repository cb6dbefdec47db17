#!/usr/bin/env bats
# Saved plans: carried out as they were shown, or not at all. And aliases that move.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# creates: how many POSTs the simulator saw.
creates()
{
	requests '.method == "POST"'
}

# refused TEXT ARGUMENT...: an error that says so, and nothing was created.
refused()
{
	local text=$1 before
	before=$(creates)
	shift
	bad "$@"
	err_has "$text"
	[[ $(creates) == "$before" ]]
}

@test "a saved plan is shown and carried out without a question, whatever stores the manifest has now" {
	start_logged
	manifest a b
	good plan -out=p
	cp out planned
	good show p
	cmp planned out
	manifest other
	good apply p
	[[ $output == *"Apply complete! Resources: 2 added, 0 changed, 0 destroyed."* ]]
	[[ $(creates) == 2 ]]
	[[ $(stat -c %a p) == 600 ]]
}

@test "a plan is applied once" {
	start_logged
	manifest a
	good plan -out=p
	err_has 'Saved the plan to: p' 'cfprov apply p'
	good apply p
	good plan -out=none
	err_has 'Saved the plan to: none'
	[[ $errors != *'cfprov apply none'* ]]
	refused 'Run `cfprov plan` again' apply p
	manifest a b
	good plan -out=p
	good apply p
	refused "the plan is out of date: the state had serial 1, and now has 2" apply p
}

@test "the state of another lineage" {
	start_logged
	manifest a
	good apply -auto-approve
	manifest a b
	good plan -out=p
	sed -i 's/"lineage": ".*"/"lineage": "11111111-1111-4111-8111-111111111111"/' "$state"
	refused "the plan was made for another state" apply p
}

@test "changed, cut short, no plan, of a later version, absent" {
	start_logged
	manifest a b
	good plan -out=p
	sed 's/"store":"a"/"store":"x"/' p >changed
	refused "the saved plan was modified or truncated" apply changed
	head -c 200 p >short
	refused "the saved plan was modified or truncated" apply short
	head -c -1 p >short
	refused "the saved plan was modified or truncated" apply short
	printf '\x89PNG\r\n\x1a\n' >png
	refused "not a saved plan of cfprov" apply png
	# Saved by a version, and by a build between two versions, whose plans have another form.
	local version
	version=$("$cfprov" version | sed -n 's/^cfprov //p')
	cp p old
	forged old '.version = 4 | .cfprov_version = "0.1.0"'
	refused "the plan was saved by cfprov 0.1.0, and this is cfprov $version" apply old
	err_has 'Apply it with that version, or run `cfprov plan` again.'
	cp p newer
	forged newer '.version = 99 | .cfprov_version = "9.9.9"'
	refused "the plan was saved by cfprov 9.9.9, and this is cfprov $version" apply newer
	forged old ".cfprov_version = \"$version\""
	refused "the plan was saved by another build of cfprov $version" apply old
	[[ $errors != *'that version'* ]]
	: >empty
	refused "not a saved plan of cfprov" apply empty
	refused "not a saved plan of cfprov" apply cfprov.yaml
	refused "can't open none" apply none
	refused "is a directory" apply .
	bad show changed
	good apply p
}

@test "a plan that somebody rewrote does nothing that the state knows nothing of" {
	start_logged
	manifest a b
	good apply -auto-approve
	api POST /accounts/acc_1/secrets_store/stores '{"name":"theirs"}'
	[[ $http == 200 ]]
	local theirs side
	theirs=$(sim_world '.accounts[].stores[] | select(.name == "theirs") | .id')
	manifest a
	good plan -out=p
	cp p good.p
	forged p .
	good show p # the forging works
	# Planned with a state that claims what is not ours: sound in itself.
	cp "$state" before
	jq --arg id "$theirs" '.accounts.acc_1.stores.theirs = (.accounts.acc_1.stores.b | .id = $id)' \
		before >"$state"
	good plan -out=p
	cp before "$state"
	: >"$sim_log"
	bad apply -allow-store-destroy -force p
	err_has "default/theirs: changed since the plan was made" 'the state does not have it under this id' \
		'Run `cfprov plan` again.'
	[ "$(requests '.method != "GET"')" = 0 ]
	: >"$sim_log"
	# Only the inputs are changed: the rows are not those that were shown.
	cp good.p p
	forged p "(.recorded.objects[] | select(.store == \"b\")) |= (.store = \"theirs\" | .fields.id = \"$theirs\")"
	bad apply -allow-store-destroy -force p
	err_has 'the saved plan does not match its own inputs' 'Run `cfprov plan` again.'
	[ "$(requests)" = 0 ]
	for side in desired recorded live; do
		cp good.p p
		forged p ".$side.objects += [.$side.objects[0]]"
		: >"$sim_log"
		bad apply -allow-store-destroy -force p
		[[ $side == live ]] || err_has "the saved plan is damaged: invalid $side"
		[ "$(requests)" = 0 ]
	done
	err_has 'default/a: 2 stores have this name' # as in a list
	cp good.p p
	forged p '.recorded.objects |= reverse' # the order of inputs does not matter
	good show p
	good apply -allow-store-destroy good.p
}

@test "a rewritten plan in which secrets have lost their store is a damaged plan" {
	start_logged
	export V=value
	printf '%s\n' "account_id: $acc" 'stores: [{name: a, secrets: [{name: OLD, value: {env: V}}]}]' >cfprov.yaml
	good apply -auto-approve
	sed -i 's/OLD/NEW/' cfprov.yaml
	echo 'moved: [{from: default/a/OLD, to: default/a/NEW}]' >>cfprov.yaml
	good plan -out=p
	cp p good.p
	local side
	for side in live desired; do
		cp good.p p
		forged p ".$side.objects |= map(select(.secret))"
		: >"$sim_log"
		bad apply p
		err_has "the saved plan is damaged: invalid $side"
		[[ $errors != *bug* ]]
		[ "$(requests)" = 0 ]
	done
	good apply good.p
}

@test "what lives now no longer meets the plan" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest a b c
	good plan -out=p
	api POST /accounts/acc_1/secrets_store/stores '{"name":"c"}'
	bad apply p
	err_has "default/c: changed since the plan was made: it already exists"
	[[ $(sim_world | jq '[.accounts[].stores[]] | length') == 3 ]]
}

@test "what is to be replaced is another one now" {
	start_logged
	manifest a
	good apply -auto-approve
	local id
	id=$(jq -r '.accounts.acc_1.stores.a.id' "$state")
	good plan -out=p -replace=default/a
	api DELETE "/accounts/acc_1/secrets_store/stores/$id"
	bad apply -allow-store-destroy p
	err_has "it has been deleted"
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	bad apply -allow-store-destroy p
	err_has "it was recreated with another id"
}

@test "what the guard refuses is refused of a saved plan, too" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest a
	good plan -out=p
	bad apply p
	err_has "refusing to destroy the store default/b" "-allow-store-destroy"
	good apply -allow-store-destroy p
	[[ $output == *"Apply complete! Resources: 0 added, 0 changed, 1 destroyed."* ]]
}

@test "a secret that came into a doomed store after the plan keeps it alive" {
	start_logged
	manifest a b
	good apply -auto-approve
	manifest a
	good plan -out=p
	local id
	id=$(jq -r '.accounts.acc_1.stores.b.id' "$state")
	api POST "/accounts/acc_1/secrets_store/stores/$id/secrets" \
		'[{"name":"S","value":"v","scopes":["workers"]}]'
	bad apply -allow-store-destroy -force p
	err_has "it now contains an unmanaged secret"
}

@test "a saved plan takes no planning options, and is whole" {
	start_logged
	manifest a
	good plan -out=p
	refused "-target can't be used with a saved plan" apply -target=default/a p
	refused "-destroy can't be used with a saved plan" apply -destroy p
	refused "-refresh can't be used with a saved plan" apply -refresh=false p
	{
		printf 'accounts:\n  good: {account_id: acc_1}\n'
		printf '  lost: {account_id: acc_2, api_token: {env: NO_SUCH_TOKEN}}\nstores: [a]\n'
	} >cfprov.yaml
	rm p
	prov plan -out=p
	((status == 1))
	err_has "the plan was not saved because it is partial"
	[[ ! -e p ]]
}

@test "a plan holds no token, only where it is read from" {
	start_logged --token token-of-mine
	export MY_TOKEN=token-of-mine
	printf 'accounts:\n  one: {account_id: acc_1, api_token: {env: MY_TOKEN}}\nstores: [a]\n' \
		>cfprov.yaml
	good plan -out=p
	! grep -q token-of-mine p || return 1
	good apply p
	good plan -detailed-exitcode
}

@test "a saved plan to destroy ends with the words of destroy" {
	start_logged
	manifest a b
	good apply -auto-approve
	good plan -destroy -out=p
	good apply -allow-store-destroy p
	[[ $output == *"Destroy complete! Resources: 2 destroyed."* ]]
}

@test "an alias moves in the state only, with and without a saved plan" {
	start_logged
	printf 'accounts: {one: {account_id: acc_1}}\nstores: [a, b]\n' >cfprov.yaml
	good apply -auto-approve
	printf 'accounts: {two: {account_id: acc_1}}\nstores: [a, b]\n' >cfprov.yaml
	bad plan
	printf 'accounts: {two: {account_id: acc_1}}\nstores: [a, b]\nmoved: [{from: one, to: two}]\n' \
		>cfprov.yaml
	cp "$state" before
	prov plan -detailed-exitcode
	((status == 2))
	cmp before "$state"
	out_is 'These objects will move in the state:

  two/a (was one/a)
  two/b (was one/b)

Plan: 0 to add, 0 to change, 0 to destroy.
'
	good plan -out=p
	good show p
	out_has 'two/a (was one/a)' 'Plan: 0 to add'
	cmp before "$state"
	good apply p
	err_has "Moved 2 objects in the state."
	out_has 'Apply complete! Resources: 0 added, 0 changed, 0 destroyed.'
	good state list
	out_is $'two/a\ntwo/b\n'
	good plan -detailed-exitcode
	[[ $output == *"No changes."* && $output != *Moved* ]]
	[[ $(creates) == 2 && $(serial) == 2 ]]
	refused "the plan is out of date: the state had serial 1, and now has 2" apply p
}

# moved_state: what is recorded as one/a is to become two/a.
moved_state()
{
	printf 'accounts: {one: {account_id: acc_1}}\nstores: [a]\n' >cfprov.yaml
	good apply -auto-approve
	printf 'accounts: {two: {account_id: acc_1}}\nstores: [a]\nmoved: [{from: one, to: two}]\n' \
		>cfprov.yaml
	cp "$state" before
}

@test "a move is agreed to before the state has it, and is made by apply alone, too" {
	start_logged
	moved_state
	bad apply -input=false
	cmp before "$state"
	status=0
	"$cfprov" apply <<<no >out 2>err || status=$?
	told apply
	((status == 1))
	out_has 'two/a (was one/a)'
	err_has 'Apply cancelled. No changes were made.'
	cmp before "$state"
	# An error on the way there leaves the state alone, too.
	CLOUDFLARE_API_TOKEN=wrong-token bad apply -auto-approve
	cmp before "$state"
	good apply -auto-approve
	good state list
	out_is $'two/a\n'
	good apply -auto-approve
	[[ $(serial) == 2 ]]
}

@test "a move and other changes are one run" {
	start_logged
	moved_state
	sed -i 's/stores: .*/stores: [a, b]/' cfprov.yaml
	good apply -auto-approve
	out_has 'two/a (was one/a)' '+ two/b' 'Plan: 1 to add, 0 to change, 0 to destroy.'
	good state list
	out_is $'two/a\ntwo/b\n'
	tidy
}

@test "a saved plan that is refused writes nothing, moves or not" {
	start_logged
	moved_state
	sed -i 's/stores: .*/stores: [a, b]/' cfprov.yaml
	good plan -out=p
	api POST /accounts/acc_1/secrets_store/stores '{"name":"b"}'
	refused 'it already exists' apply p
	cmp before "$state"
	# Refused before anything is asked.
	sed -i 's/"serial": 1/"serial": 5/' "$state"
	cp "$state" before
	local before
	before=$(requests)
	refused "the state had serial 1, and now has 5" apply p
	cmp before "$state"
	rm "$state"
	refused "the plan was made for a state that does not exist" apply p
	err_has "-state"
	[[ $(requests) == "$before" && ! -e $state ]]
}

@test "a move as machines and comments have it" {
	start_logged
	moved_state
	good plan -json
	jq -se 'any(.[]; .type == "planned_change" and .change.action == "move"
		and .change.resource.addr == "two/a" and .change.previous_resource.addr == "one/a"
		and .change.previous_resource.resource_name == "a")' out
	good plan -format=json -out=p
	jq -e '.resource_changes[0] | .address == "two/a" and .previous_address == "one/a"
		and .change.actions == ["no-op"]' out
	cp out planned
	good show -json p
	cmp planned out
	good show -format=markdown p
	out_has '`two/a` | move in state | was one/a' '**Plan: 0 to add'
	cmp before "$state"
	good refresh -json
	good state list
	out_is $'two/a\n'
}

@test "doctor and import look at the state as it will be when it has moved" {
	start_logged
	moved_state
	sed -i 's/stores: .*/stores: [a, b]/' cfprov.yaml
	good doctor
	out_has 'two: state matches this account (1 object)'
	cmp before "$state"
	api POST /accounts/acc_1/secrets_store/stores '{"name":"b"}'
	good import two/b acc_1/b
	good state list
	out_is $'two/a\ntwo/b\n'
}

# prod_as ID: the manifest has the alias prod for that account.
prod_as()
{
	printf 'accounts:\n  prod: {account_id: %s}\nstores: [a]\n' "$1" >cfprov.yaml
}

@test "an alias that names another account by now: refused, and nothing is asked or sent" {
	start_logged
	prod_as acc_1
	good plan -out=p
	prod_as acc_2
	local before
	before=$(requests)
	refused 'the plan was made for the account acc_1 as `prod`, but `prod` is now acc_2' \
		apply p
	err_has "cfprov.yaml:2:9" "Run \`cfprov plan\` again."
	[[ $(requests) == "$before" && ! -e $state ]]
	prov apply -json p
	((status == 1))
	jq -se 'any(.[]; .type == "diagnostic" and (.diagnostic.summary | test("acc_2")))' out
	# It holds for what -f names, too, and for a destruction.
	mv cfprov.yaml other.yaml
	refused 'is now acc_2' apply -f other.yaml p
	prod_as acc_1
	good apply p
	good plan -destroy -out=p
	prod_as acc_2
	bad apply -allow-store-destroy p
	err_has 'is now acc_2'
	agree 1
}

@test "several aliases that name other accounts: each is said" {
	start_logged
	printf 'accounts: {one: {account_id: acc_1}, two: {account_id: acc_2}}\nstores: [a]\n' \
		>cfprov.yaml
	good plan -out=p
	printf 'accounts: {one: {account_id: acc_2}, two: {account_id: acc_1}}\nstores: [a]\n' \
		>cfprov.yaml
	refused "account acc_1 as \`one\`, but \`one\` is now acc_2" apply p
	err_has "account acc_2 as \`two\`, but \`two\` is now acc_1"
}

@test "the account of the environment, where the manifest names none" {
	start_logged
	printf 'stores: [a]\n' >cfprov.yaml
	CLOUDFLARE_ACCOUNT_ID=acc_1 good plan -out=p
	export CLOUDFLARE_ACCOUNT_ID=acc_2
	refused 'as `default`, but `default` is now acc_2' apply p
	unset CLOUDFLARE_ACCOUNT_ID
	refused 'CLOUDFLARE_ACCOUNT_ID' apply p
	CLOUDFLARE_ACCOUNT_ID=acc_1 good apply p
}

@test "without a manifest a plan is applied" {
	start_logged
	prod_as acc_1
	good plan -out=p
	rm cfprov.yaml
	good apply p
	err_lacks Warning
}

@test "a manifest that can't be read can't be compared with a plan, so nothing is done" {
	start_logged
	prod_as acc_1
	good plan -out=p
	prod_as '"${NOT_SET}"'
	refused 'NOT_SET' apply p
	err_has 'A saved plan is applied only as the manifest allows. No changes were made.'
	printf 'accounts: {prod: {account_id: acc_1}}\nstores: [{nonsense: 1}]\n' >cfprov.yaml
	refused 'nonsense' apply p
	refused 'no-such.yaml' apply -f no-such.yaml p
	# Where it has variables, they are set as for the plan.
	prod_as '"${ID}"'
	refused 'ID' apply p
	good apply -var ID=acc_1 p
}

# forged_refused TEXT FILTER: the forged plan is refused, before anything is asked or run.
forged_refused()
{
	local text=$1
	cp good.p p
	forged p "$2"
	: >"$sim_log"
	bad apply -force -allow-store-destroy p
	err_has "$text" 'Run `cfprov plan` again.'
	[ "$(requests)" = 0 ]
	[ ! -e ran ]
}

@test "accounts and sources of a plan are those of the manifest, or nothing is done" {
	start_logged
	export V=value W=other MY_TOKEN=$CLOUDFLARE_API_TOKEN
	cat >cfprov.yaml <<-'END'
		accounts: {prod: {account_id: acc_1, api_token: {env: MY_TOKEN}}}
		stores:
		  - name: a
		    secrets:
		      - {name: S, value: {env: V}}
		      - {name: T, value: {dotenv: .env, key: T}}
	END
	echo T=t >.env
	good plan -out=p
	out_has 'Account prod (acc_1, token from env MY_TOKEN):' 'from env V'
	cp p good.p
	local s='(.desired.objects[] | select(.secret == "S")).value'
	forged_refused 'prod/a/S: the plan takes its value from environment variable MY_TOKEN, and the manifest has environment variable V' \
		"$s.name = \"MY_TOKEN\""
	err_has 'cfprov.yaml:5:'
	forged_refused 'prod/a/S: the plan takes its value from command `touch ran`, and the manifest has environment variable V' \
		"$s = {kind: \"command\", argv: [\"touch\", \"ran\"]}"
	forged_refused 'prod/a/T: the plan takes its value from key OTHER in .env' \
		'(.desired.objects[] | select(.secret == "T")).value.key = "OTHER"'
	forged_refused 'another environment variable V' "$s.pointer = \"/x\""
	forged_refused 'account `prod`: the plan takes its token from command `touch ran`' \
		'.desired.accounts[0].token = {kind: "command", argv: ["touch", "ran"]}'
	forged_refused 'account `evil` of the plan (acc_2) is not in the manifest' \
		'.desired.accounts += [{alias: "evil", id: "acc_2", token: {kind: "env", name: "W"}}]'
	forged_refused 'the plan was made for the account acc_2 as `prod`, but `prod` is now acc_1' \
		'(.desired.accounts[0], .live.accounts[0]).id = "acc_2"'
	# What the manifest no longer has.
	cp good.p p
	sed -i '/name: T/d' cfprov.yaml
	refused 'prod/a/T: the plan takes its value from key T in .env, and the manifest does not have the secret' apply p
	echo '      - {name: T, value: {dotenv: .env, key: T}}' >>cfprov.yaml
	good apply good.p
}

@test "with a key a plan is encrypted, and others are refused" {
	start_logged
	local key=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
	manifest a
	good plan -out=plain
	CFPROV_KEY=$key good plan -out=p
	run ! grep -q acc_1 p
	[[ $(head -c 25 p) == 'cfprov-sealed 1 plan - 02' ]]
	refused 'the saved plan is encrypted, and no key is set' apply p
	bad show p
	err_has 'Set CFPROV_KEY, or `state.key` in the manifest'
	export CFPROV_KEY=$key
	refused 'the saved plan is not encrypted, although a key is set' apply plain
	bad show plain
	CFPROV_KEY=ff${key#00} refused 'the saved plan was encrypted with a different key' apply p
	printf 'xxxxxxxx' | dd of=p bs=1 seek=300 conv=notrunc status=none
	refused 'the saved plan was modified or truncated' apply p
	# The manifest's key counts the same; what the plan says of it does not.
	unset CFPROV_KEY
	printf '%s' "$key" >k
	echo 'state: {key: {file: k}}' >>cfprov.yaml
	good plan -out=p
	good show p
	refused 'the saved plan is not encrypted, although a key is set' apply plain
	good apply p
}

@test "an alias that stands for another account in the state: refused" {
	start_logged
	prod_as acc_1
	good apply -auto-approve
	good plan -destroy -out=p
	sed -i 's/"acc_1"/"acc_2"/' "$state"
	bad apply -allow-store-destroy p
	err_has 'account `prod`: its id is acc_2 in the state and acc_1 in the manifest'
	[[ $(requests '.method == "DELETE"') == 0 ]]
}
