#!/usr/bin/env bats
# Manifests in several files and folders, variables, and what they say of the state.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2059,SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() {
	set_up_cfprov
	unset CLOUDFLARE_ACCOUNT_ID
}
teardown() { stop_all; }

# ---- several files --------------------------------------------------------------------------

@test "fault B14: a file of a folder may hold nothing but comments" {
	mkdir conf
	printf 'account_id: acc_1\nstores: [a]\n' >conf/b.yaml
	printf '# what to know of them\n' >conf/a.yaml
	printf -- '---\n# and more\n' >conf/c.yml
	good validate -f conf
	out_has '1 store in 1 account'
	# It may have lost its content, or was named for it.
	: >conf/d.yaml
	bad validate -f conf
	err_has 'the manifest is empty' conf/d.yaml
	rm conf/d.yaml
	bad validate -f conf/b.yaml -f conf/a.yaml
	err_has 'the manifest is empty' conf/a.yaml
	rm conf/b.yaml
	bad validate -f conf
	err_has 'the manifest is empty' conf
	err_lacks a.yaml
}

@test "accounts in one file, stores in another" {
	echo 'accounts: {prod: {account_id: a1}, stage: {account_id: a2}}' >accounts.yaml
	echo 'stores: [x, {name: y, accounts: [prod]}]' >stores.yaml
	good validate -f accounts.yaml -f stores.yaml
	out_is $'The manifest is valid: 3 stores in 2 accounts.\n'
	good validate -f stores.yaml -f=accounts.yaml
	bad validate -f stores.yaml
	err_has 'no account is set'
	bad validate -f accounts.yaml
	err_has '`stores` is missing'
}

@test "a folder: its yaml and yml, in the order of names, not what is hidden" {
	mkdir conf
	echo 'stores: [x]' >conf/b.yml
	echo 'account_id: a1' >conf/a.yaml
	echo 'broken: [' >conf/.c.yaml
	echo 'broken: [' >conf/d.yaml.bak
	local folder
	for folder in conf conf/ ./conf "$PWD/conf"; do
		good validate -f "$folder"
		out_is $'The manifest is valid: 1 store in 1 account.\n'
	done
	echo 'stores: [y' >conf/a2.yaml
	echo 'stors: [y]' >conf/0.yaml
	bad validate -f conf
	err_has 'conf/a2.yaml:2' 'not valid YAML'
	rm conf/a2.yaml
	bad validate -f conf
	err_has 'conf/0.yaml:1:1' 'did you mean `stores`?'
}

@test "a folder without a manifest, or that can't be read, is an error" {
	mkdir empty
	bad validate -f empty
	err_has 'there is no manifest in the directory empty' '.yaml or .yml'
	echo 'stores: [x]' >empty/.x.yaml
	bad plan -f empty
	mkdir -p deep/x.yaml
	bad validate -f deep
	err_has 'deep/x.yaml is a directory'
}

@test "names of files can't play tricks" {
	mkdir conf
	echo 'stors: [x]' >conf/"${esc}[31m".yaml
	bad validate -f conf
	err_has '\x1b[31m.yaml'
	harmless err
	mv conf/* "${esc}[31m.yaml"
	bad validate -f "${esc}[31m.yaml"
	harmless err
}

@test "doubles between files show both places" {
	printf 'accounts:\n  p: {account_id: a1}\nstores:\n  - x\n' >one.yaml
	printf '# two\naccounts:\n  p: {account_id: a2}\nstores:\n  - {name: x}\n' >two.yaml
	bad validate -f one.yaml -f two.yaml
	err_has 'account `p` is declared twice, first at one.yaml:2' 'two.yaml:3:6' \
		'store `x` is declared twice for account `p`, first at one.yaml:4' 'two.yaml:5:12'
	(($(grep -c '^Error:' err) == 2))
	printf 'account_id: a1\nstores: [x]\n' >one.yaml
	printf 'account_id: a2\n' >two.yaml
	bad validate -f one.yaml -f two.yaml
	err_has '`account_id` is set twice with different ids, first at one.yaml:1' 'two.yaml:1:13'
	printf 'account_id: a1\nversion: 1\n' >two.yaml
	good validate -f one.yaml -f two.yaml
	printf 'accounts: {p: {account_id: a1}}\n' >two.yaml
	bad validate -f one.yaml -f two.yaml
	err_has '`account_id` can'\''t be combined with `accounts`' 'two.yaml:1'
	bad validate -f one.yaml -f ./one.yaml
	err_has 'passed twice, first as one.yaml'
}

@test "the errors of all files are shown" {
	echo 'acount_id: a1' >a.yaml
	echo 'stores: {}' >b.yaml
	printf '# nothing\n' >c.yaml
	bad validate -f a.yaml -f b.yaml -f c.yaml -f none.yaml
	err_has 'c.yaml' 'the manifest is empty' 'none.yaml'
	rm c.yaml
	bad validate -f a.yaml -f b.yaml
	err_has 'a.yaml:1:1' 'did you mean `account_id`?' 'b.yaml:1:9' '`stores`: expected'
}

@test "standard input is a manifest" {
	printf 'account_id: a1\nstores: [x]\n' >in
	status=0
	"$cfprov" validate -f - <in >out 2>err || status=$?
	told validate -f -
	((status == 0))
	out_is $'The manifest is valid: 1 store in 1 account.\n'
	bad validate -f -
	err_has 'the manifest is empty' '(standard input)'
	status=0
	"$cfprov" validate -f - <&- >out 2>err || status=$?
	told validate -f -
	failed_well
}

@test "the state is beside the first file, or in the folder" {
	start_sim
	mkdir one two
	echo 'account_id: acc_1' >one/a.yaml
	echo 'stores: [x]' >two/b.yaml
	good apply -auto-approve -f one/a.yaml -f two/b.yaml
	[ -e one/"$state" ]
	good show -f one/a.yaml -f two/b.yaml
	out_has default/x
	good state list -f one
	out_is $'default/x\n'
	good state list -f one/
	out_is $'default/x\n'
	mv two/b.yaml one
	good plan -detailed-exitcode -f one
	good state list -f two/none.yaml
	out_is ''
}

# ---- variables ------------------------------------------------------------------------------

@test "variables: -var, then CFPROV_VAR_NAME" {
	printf 'account_id: a1\nstores:\n  - x-${NAME}\n  - x-one\n' >cfprov.yaml
	bad validate
	err_has 'variable NAME is not set' 'cfprov.yaml:3:5' '-var NAME=VALUE' CFPROV_VAR_NAME
	CFPROV_VAR_NAME=one bad validate
	err_has 'store `x-${NAME}` is declared twice' 'first at cfprov.yaml:3'
	NAME=one CFPROV_VAR_NAME=two good validate
	NAME=two CFPROV_VAR_NAME=one bad validate
	CFPROV_VAR_NAME=one good validate -var NAME=two
	CFPROV_VAR_NAME=one good validate -var=NAME=one --var=NAME=two
	bad validate -var NAME=two -var NAM=one
	err_has '-var NAM: the manifest does not use ${NAM}'
	# Unused ones are named beside the error that they cause; what was just not reached is used.
	bad validate -var NAM=one -var OTHER=two
	err_has 'variable NAME is not set' '-var NAM: the manifest does not use ${NAM}; did you mean NAME?'
	err_has '-var OTHER: the manifest does not use ${OTHER}'
	printf 'unknown: "${OTHER}"\n' >>cfprov.yaml
	bad validate -var OTHER=two
	err_has 'unknown key `unknown`'
	err_lacks '-var OTHER'
}

@test "all misspelled keys are guessed at once" {
	printf 'acount_id: a1
stores:
  - nme: x
    secrts:
      - {name: A, vaule: {env: A}}
' >cfprov.yaml
	bad validate
	err_has '`acount_id`; did you mean `account_id`?' '`nme`; did you mean `name`?' '`secrts`; did you mean `secrets`?'
	printf 'account_id: a1
stores:
  - name: x
    secrets: [{nme: A, vaule: {envv: A}, scope: [dex]}]
' >cfprov.yaml
	bad validate
	err_has '`nme`; did you mean `name`?' '`vaule`; did you mean `value`?' '`scope`; did you mean `scopes`?'
}

@test "variables: defaults, messages, dollar signs" {
	printf 'account_id: ${ID:-a1}\nstores: ["${S:-x}", "y${E:-}"]\n' >cfprov.yaml
	good validate
	CFPROV_VAR_E='' good validate -var ID=
	printf 'account_id: "${ID:?which one}"\nstores: [x]\n' >cfprov.yaml
	bad validate
	err_has 'variable ID is not set' 'which one'
	bad validate -var ID=
	err_has 'variable ID is empty'
	local text
	for text in '${' '${ID' '${}' '${ID:+x}' '${ID-x}' '${1}' '${ID:-${X}}' '${ID:?'; do
		printf "account_id: '%s'\nstores: [x]\n" "$text" >cfprov.yaml
		CFPROV_VAR_ID=a1 bad validate
		err_has cfprov.yaml:1:13 'Write ${NAME}'
	done
	for text in '$$' '$' '$ID' '$${ID}'; do
		printf "account_id: '%s'\nstores: [x]\n" "$text" >cfprov.yaml
		CFPROV_VAR_ID=a1 bad validate
		err_has cfprov.yaml:1:13 "invalid account_id \`$text\`"
	done
}

# Links to such files, committed in place of the manifest, must not bring them into the log.
@test "nothing is shown of a file before it has proved to be a manifest" {
	local text
	for text in 'A=hush\nB=hush2: x\n' 'machine hush login hush password hush\n' 'hush: hush2\n' \
		'-----BEGIN hush-----\nhush+hush/hush==\n' 'hush: 1\nhush: 2\n' '"hush: [\n' '${hush' \
		'- hush: hush\n' 'token: hush\nversion: hush\n' 'A=${hush:?hush}\n' '@hush' '*hush' \
		'hush:\thush\n\thush: x\n' '{hush: hush' 'a: hush\n---\nb: hush\n' 'A=hush\0B=hush\0'; do
		printf -- "$text" >secret.env
		ln -sf secret.env cfprov.yaml
		bad validate
		err_has 'cfprov.yaml:'
		err_lacks hush
		bad plan
		err_lacks hush
		prov validate -json
		((status == 1))
		run ! grep hush out
	done
	printf 'stores: [x]\nhush: y\n' >secret.env
	bad validate
	err_has 'unknown key `hush`'
}

@test "a variable of the environment is not read by its plain name" {
	printf 'account_id: a1\nstores: ["x-${TOKEN}"]\n' >cfprov.yaml
	TOKEN=hush bad validate
	err_has 'variable TOKEN is not set' 'The environment variable TOKEN is not read.' \
		'Pass -var TOKEN="$TOKEN", or set CFPROV_VAR_TOKEN.'
	err_lacks hush
	bad validate
	err_has 'Pass -var TOKEN=VALUE, or set CFPROV_VAR_TOKEN.' 'write ${TOKEN:-default}'
	CFPROV_VAR_TOKEN=a good validate
	TOKEN=hush good validate -var TOKEN=b
	err_lacks 'not read'
	printf 'account_id: a1\nstores: ["x-${TOKEN:-a}", "y-${TOKEN:-a}"]\n' >cfprov.yaml
	good validate
	err_lacks 'not read'
	TOKEN=hush good validate
	err_has 'Warning: ${TOKEN} has its default' cfprov.yaml:2:10 \
		'The environment variable TOKEN is not read.'
	[[ $(grep -c 'has its default' err) == 1 ]]
	err_lacks hush
	TOKEN='' good validate
	err_lacks 'not read'
	TOKEN=hush good validate -var TOKEN=
	err_lacks 'not read'
}

@test "variables bring text, true or false, and nothing else" {
	printf 'account_id: a1\nstores:\n  - name: x\n    adopt: ${V}\n' >cfprov.yaml
	good validate -var V=true
	good validate -var V=false
	for value in yes 1 '[true]' '' ' true' 'true # x' null; do
		bad validate -var V="$value"
		err_has '`adopt`: expected true or false, found text' cfprov.yaml:4:12
	done
	printf 'account_id: a1\nstores: ${V}\n' >cfprov.yaml
	bad validate -var V='[a, b]'
	err_has '`stores`: expected a list'
	printf 'account_id: a1\nstores:\n  - ${V}\n' >cfprov.yaml
	good validate -var V=null
	bad validate -var V=$'a\nb'
	bad validate -var V=$'a\xff'
	err_has 'variable V is not valid UTF-8'
}

@test "what a variable holds is never shown" {
	printf 'accounts: {"p": {account_id: "${V}"}}\nstores: [x]\n' >cfprov.yaml
	local value='s3cr3t s3cr3t'
	bad validate -var "V=$value"
	err_has 'invalid account_id `${V}`'
	err_lacks s3cr3t
	prov validate -json -var "V=$value"
	((status == 1))
	run ! grep s3cr3t out err
	bad validate -var s3cr3t
	err_has 'invalid -var: expected NAME=VALUE'
	err_lacks s3cr3t
	bad validate -var 9=s3cr3t
	err_lacks s3cr3t
	printf 'account_id: a1\nstores: [{name: x, accounts: ["${V}"]}]\n' >cfprov.yaml
	bad validate -var V=s3cr3t
	err_has 'unknown account `${V}`'
	err_lacks s3cr3t
}

@test "a source of a secret takes no variables" {
	printf 'accounts: {p: {account_id: a1, api_token: {env: "${V}"}}}\nstores: [x]\n' >cfprov.yaml
	bad validate
	err_has 'invalid env'
	CFPROV_VAR_V=TOKEN bad validate
}

# ---- the keys -------------------------------------------------------------------------------

@test "state: a path relative to the manifest; -state wins" {
	start_sim
	mkdir conf
	printf 'account_id: acc_1\nstores: [x]\nstate: {path: "../conf/${WHERE}.json"}\n' >conf/m.yaml
	good apply -auto-approve -f conf/m.yaml -var WHERE=here
	[ -e conf/here.json ]
	[ ! -e "conf/$state" ]
	WHERE=here bad show -f conf/m.yaml
	CFPROV_VAR_WHERE=here good show -f conf/m.yaml
	out_has default/x
	WHERE=there good state list -f conf/m.yaml -state=conf/here.json
	out_is $'default/x\n'
	bad show -f conf/m.yaml
	err_has 'variable WHERE is not set'
	bad show -f conf/m.yaml -f conf/none.yaml -var WHERE=here
	err_has none.yaml
	# Nothing else of the manifest need be right to look at the state.
	printf 'stores: ${X}\nstate: {path: here.json}\n' >conf/m.yaml
	good state list -f conf/m.yaml
	out_is $'default/x\n'
}

@test "state: another backend, or two paths, is an error" {
	printf 'account_id: a1\nstores: [x]\nstate: {backend: gcs}\n' >cfprov.yaml
	bad validate
	err_has 'invalid backend `gcs`: expected `local`, `s3` or `http`' cfprov.yaml:3:18
	bad show
	printf 'account_id: a1\nstores: [x]\nstate: {backend: local, path: a}\n' >cfprov.yaml
	printf 'state: {path: ./b}\n' >other.yaml
	good validate
	bad validate -f cfprov.yaml -f other.yaml
	err_has '`path` is set twice with different values, first at cfprov.yaml:3' other.yaml:1:15
	bad show -f cfprov.yaml -f other.yaml
}

@test "policies, moves and removals: what can't be" {
	local head='accounts: {p: {account_id: a1}}\nstores: [x]\n'
	reject()
	{
		printf "$head%s\n" "$1" >cfprov.yaml
		bad validate
		shift
		err_has "$@"
	}
	reject 'moved: [{from: p/x, to: p/y}]' "can't be renamed" 'Declare a store with the new name'
	reject 'moved: [{from: p, to: p/x}]' 'must both be aliases'
	reject 'moved: [{from: old/x, to: p/x}]' 'stores can'\''t be moved on their own' '{from: prod, to: live}'
	reject 'moved: [{from: old, to: q}]' 'unknown account `q`'
	reject 'moved: [{from: a/b/c/d, to: p}]' 'found 4 parts separated by /'
	reject 'removed: [{from: p/x}]' '`p/x` is removed, but still declared at cfprov.yaml:2' \
		cfprov.yaml:3:11
	reject 'removed: [{from: p/y, destroy: maybe}]' '`destroy`: expected true or false'
	reject 'removed: [{from: p, destroy: false}]' '`p` is an account in the manifest' 'Name the store'
	reject 'removed: [{from: q}]' 'unknown account `q`' 'only forgotten. Set `destroy: false`.'
	head='accounts: {prod: {account_id: a1}}\nstores: [x]\n'
	reject 'removed: [{from: prd/y}]' 'unknown account `prd`; did you mean `prod`?'
	head='account_id: a1\n'
	reject 'stores: [{name: x, on_remove: destory}]' 'did you mean `destroy`?'
	reject 'stores: [{name: x, prevent_destroy: 1}]' '`prevent_destroy`: expected true or false'
	printf 'account_id: a1\nstores: [{name: x, prevent_destroy: true, on_remove: forget}]
moved: [{from: old, to: default}]\nremoved: [{from: default/y, destroy: false}]\n' >cfprov.yaml
	good validate
}

@test "the examples are valid" {
	local file
	for file in "$top"/examples/*.yaml "$top"/examples/secrets/*.yaml "$top/examples/platform"; do
		[[ $file != */policy.yaml ]] || continue
		good validate -f "$file"
		[[ $file == */command.yaml ]] ||
			good validate -f "$file" -policy="$top/examples/policy.yaml"
	done
	# It prints a file of the repository, which may be a link.
	bad validate -f "$top/examples/secrets/command.yaml" -policy="$top/examples/policy.yaml"
	err_has 'values.commands'
	good validate -f "$top/examples/platform" -var REGION=us -var PROTECT=false
	bad validate -f "$top/examples/platform" -var REGION='us east'
	err_has 'payments.yaml:5:11' 'payments-${REGION:-eu}'
}
