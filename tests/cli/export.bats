#!/usr/bin/env bats
# export: a manifest of what lives, which then plans to no changes.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2094,SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
}
teardown() { stop_all; }

# make_store ACCOUNT NAME-AS-JSON-TEXT: gives the id.
make_store()
{
	api POST "/accounts/$1/secrets_store/stores" "{\"name\":\"$2\"}"
	answer_get .result.id
}

# comes_round [ARGUMENT...]: the export is a manifest that, adopted, asks for nothing more.
comes_round()
{
	good export "$@"
	mkdir round
	cp out round/cfprov.yaml
	good -chdir=round validate
	good -chdir=round apply -adopt -auto-approve
	out_has '0 added, 0 changed, 0 destroyed'
	good -chdir=round plan
	out_has 'No changes.'
	good -chdir=round export
	cmp out round/cfprov.yaml
}

@test "one account, from the environment" {
	acc=$account
	make_store a85e105f4ecef8ad9ca31a8372d0c353 zeta >/dev/null
	make_store a85e105f4ecef8ad9ca31a8372d0c353 alpha >/dev/null
	: >"$sim_log"
	export CLOUDFLARE_ACCOUNT_ID=a85e105f4ecef8ad9ca31a8372d0c353
	good export
	err_is ''
	[ "$(grep -v '^#' out)" = '
account_id: a85e105f4ecef8ad9ca31a8372d0c353

stores:
  - alpha
  - zeta' ]
	[ "$(requests '.method != "GET"')" = 0 ]
	[ "$(ls)" = 'err
out' ]
	comes_round
}

@test "fault A21: each secret has a variable of its own, and none that means something else" {
	make_store acc_1 s >/dev/null
	local name id
	id=$(live | cut -d' ' -f2)
	for name in api-key API_KEY PATH 1a_b CLOUDFLARE_API_TOKEN; do
		api POST "/accounts/acc_1/secrets_store/stores/$id/secrets" \
			"[{\"name\":\"$name\",\"value\":\"v\",\"scopes\":[\"workers\"]}]"
	done
	good export -account-id=acc_1
	[ "$(sed -n 's/^ *value: //p' out | sort)" = '{env: API_KEY}
{env: SECRET_CLOUDFLARE_API_TOKEN}
{env: SECRET_PATH}
{env: S_API_KEY}
{env: _1A_B}' ]
	comes_round -account-id=acc_1
}

@test "the manifest's accounts, with their tokens, side by side" {
	stop_sim
	start_logged --token tok_prod@acc_1 --token tok_dev@acc_2
	export PROD_TOKEN=tok_prod DEV_TOKEN=tok_dev
	CLOUDFLARE_API_TOKEN=tok_prod
	make_store acc_1 both >/dev/null
	make_store acc_1 mine >/dev/null
	CLOUDFLARE_API_TOKEN=tok_dev
	make_store acc_2 both >/dev/null
	unset CLOUDFLARE_API_TOKEN
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1, api_token: {env: PROD_TOKEN}}' \
		'  "123": {account_id: acc_2, api_token: {env: DEV_TOKEN}}' 'stores: [x]' >cfprov.yaml
	cp cfprov.yaml before
	good export
	[ "$(grep -v '^#' out)" = '
accounts:
  "123":
    account_id: acc_2
    api_token: {env: DEV_TOKEN}
  prod:
    account_id: acc_1
    api_token: {env: PROD_TOKEN}

stores:
  - both
  - name: mine
    accounts: [prod]' ]
	cmp cfprov.yaml before
	good export -account=prod
	out_has '- mine'
	[[ $output != *acc_2* ]]
	comes_round
}

@test "-account-id, once or more, whatever the manifest says" {
	manifest x
	make_store acc_7 a >/dev/null
	make_store acc_8 a >/dev/null
	make_store acc_8 b >/dev/null
	good export -account-id acc_7
	out_has 'account_id: acc_7'
	comes_round -account-id=acc_7 -account-id=acc_8
	bad export -account-id=acc_7 -account-id=acc_7
	bad export -account-id=../x
	bad export -account-id="${esc}[2J"
	harmless err
}

@test "names that YAML or others would misread are quoted" {
	local name
	for name in true False yes NO on off y n null 0 123 1e3 0x1f -1 - -- --- ... .inf 2026-01-02 \
		_x a.b x-y 1_000 12:30 x; do
		[ "$name" != 12:30 ] || continue
		make_store acc_1 "$name" >/dev/null
	done
	export CLOUDFLARE_ACCOUNT_ID=acc_1
	comes_round
	[ "$(recorded_in round)" = "$(live | cut -d' ' -f1)" ]
	python3 -c 'import yaml' 2>/dev/null || skip 'there is no yaml for python'
	python3 -c '
import yaml
assert all(isinstance(s, str) for s in yaml.safe_load(open("round/cfprov.yaml"))["stores"])'
}

recorded_in()
{
	jq -r '.accounts.acc_1.stores | keys[]' "$1/$state" | LC_ALL=C sort
}

@test "what a manifest can't hold is a comment and a warning, and plays no tricks" {
	acc=$account
	local name
	for name in 'a/b' 'x y' . .. 'é' '#' '$HOME' '${HOME}' '\u001b[2J' 'n\nstores: [evil]' \
		'n\u0085- evil' 'n\u2028- evil' '\u0000x' "$(printf 'l%.0s' {1..300})" '"q"' "'q'"; do
		make_store a85e105f4ecef8ad9ca31a8372d0c353 "$name" >/dev/null || true
	done
	make_store a85e105f4ecef8ad9ca31a8372d0c353 dup >/dev/null
	make_store a85e105f4ecef8ad9ca31a8372d0c353 dup >/dev/null
	make_store a85e105f4ecef8ad9ca31a8372d0c353 fine >/dev/null
	export CLOUDFLARE_ACCOUNT_ID=a85e105f4ecef8ad9ca31a8372d0c353
	good export
	err_has "Warning: store \"a/b\"" 'several stores have this name'
	grep -q '^# Skipped: store "a/b" in default' out
	[ "$(grep -c '^# Skipped' out)" = "$(grep -c ^Warning: err)" ]
	[ "$(grep -vc '^#\|^$' out)" = 3 ]
	LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' out err && false
	LC_ALL=C grep -qP '\xc2\x85|\xe2\x80\xa8' out err && false
	cp out exported.yaml
	good validate -f exported.yaml
	out_has '1 store in 1 account'
}

@test "two of one name in one account, one in another" {
	make_store acc_1 dup >/dev/null
	make_store acc_1 dup >/dev/null
	make_store acc_2 dup >/dev/null
	good export -account-id=acc_1 -account-id=acc_2
	out_has '  - name: dup
    accounts: [acc_2]'
	[ "$(grep -c '^# Skipped' out)" = 2 ]
	good export -account-id=acc_1
	grep -qx 'stores: \[\] # everything was skipped, see below' out
	[ "$(grep -c '^# Skipped' out)" = 2 ]
	err_has 'No store could be exported'
	[[ $output != *'nothing lives'* ]]
}

@test "nothing lives there: said, and no manifest that would be taken for a wish" {
	good export -account-id=acc_1
	err_has 'no store to export'
	grep -qx 'stores: \[\] # nothing exists yet' out
	cp out exported.yaml
	bad validate -f exported.yaml
}

@test "an account that can't be read: no half of a manifest" {
	stop_sim
	start_logged --token cfsim-token@acc_1
	CLOUDFLARE_API_TOKEN=cfsim-token
	make_store acc_1 a >/dev/null
	bad export -account-id=acc_1 -account-id=acc_2
	out_is ''
	bad export -account-id=acc_2
	out_is ''
}

@test "no account, no credentials, no such manifest" {
	bad export
	err_has -account-id= CLOUDFLARE_ACCOUNT_ID
	bad export -f nope.yaml -account-id=
	bad export -f nope.yaml
	err_has nope.yaml
	export CLOUDFLARE_ACCOUNT_ID=a/b
	bad export
	unset CLOUDFLARE_API_TOKEN
	bad export -account-id=acc_1
	[ "$(requests)" = 0 ]
}

@test "many pages" {
	stop_sim
	seed_of 1050
	start_logged --seed seed.json
	comes_round -account-id=acc_1
	[ "$(grep -c '^  - s' round/cfprov.yaml)" = 1050 ]
}

@test "secrets are named, with a variable each, and nothing is written over their values" {
	stop_sim
	jq -n '{accounts: [{id: "acc_1", stores: [{name: "a"}, {name: "b", secrets:
		(["db-password", "2FA", "x.y"] | map({name: ., value: "v", scopes: ["workers"]}))}]}]}' >seed.json
	start_logged --seed seed.json
	good export -account-id=acc_1
	[ "$(grep -v '^#\|^$' out)" = 'account_id: acc_1
stores:
  - a
  - name: b
    secrets:
      - name: "2FA"
        value: {env: _2FA}
        update: if_absent
      - name: db-password
        value: {env: DB_PASSWORD}
        update: if_absent' ]
	out_has 'Cloudflare never returns values' '# Skipped: secret "x.y" in default/b'
	err_has 'Warning: secret "x.y" in default/b'
	[ "$(requests '.path | endswith("/secrets")')" = 2 ]
	[ "$(requests '.method != "GET"')" = 0 ]
	cp out exported.yaml
	good validate -f exported.yaml
	out_has '2 stores and 2 secrets in 1 account'
}

@test "scopes and comments come round, also with the manifest beside, and no value is needed" {
	stop_sim
	jq -n '{accounts: [{id: "acc_1", stores: [{name: "a", secrets: [
		{name: "A", value: "v", scopes: ["workers"]},
		{name: "B", value: "v", scopes: ["dex", "ai_gateway"], comment: "a \"b\" ${C} $$ é"},
		{name: "C", value: "v", scopes: ["containers"], comment: "# no: - comment "}]}]}]}' >seed.json
	start_logged --seed seed.json
	comes_round -account-id=acc_1
	out_has 'scopes: [ai_gateway, dex]' 'comment: "a \"b\" $${C} $$$$ é"' 'scopes: [containers]'
	[ "$(requests '.method != "GET"')" = 0 ]
}

@test "a store that can't be looked into: no half of a manifest" {
	make_store acc_1 a >/dev/null
	sim_faults '{"method":"GET","path":"/accounts/*/secrets_store/stores/*/secrets","status":403,
		"code":10000,"message":"Authentication error"}'
	bad export -account-id=acc_1
	out_is ''
	err_has 'Nothing was written'
}

# ---- -out, and manifests that a shell empties -------------------------------------------------

@test "export -out: a new file, whole, with the mode of the umask; nothing is overwritten" {
	start_logged
	manifest a b
	good apply -auto-approve
	good export
	cp out first
	: >"$sim_log"
	(umask 027 && good export -out=new.yaml)
	out_is ''
	err_has 'Wrote new.yaml.'
	cmp first new.yaml
	[ "$(stat -c %a new.yaml)" = 640 ]
	good plan -f new.yaml
	: >"$sim_log"
	bad export -out=new.yaml
	err_has 'Error: new.yaml already exists' 'Remove it first'
	cmp first new.yaml
	[ "$(requests)" = 0 ]
	bad export -out=nowhere/x.yaml
	bad export -out=.
	[ "$(requests)" = 0 ]
	# An empty file is no loss; - is the standard output.
	: >empty.yaml
	good export -out empty.yaml
	cmp first empty.yaml
	good export -out=-
	cmp first out
	[ -z "$(find . -name '.*.tmp')" ]
}

@test "fault C13: the shell emptied the manifest before it could be read" {
	local command
	echo A=a >.env
	for command in export plan validate 'import-env .env -store=keys'; do
		manifest a
		# shellcheck disable=SC2086 # words
		"$cfprov" $command >cfprov.yaml 2>err && return 1
		grep -qx 'Error: cfprov.yaml is empty: the shell emptied it before cfprov could read it' err
		[ ! -s cfprov.yaml ]
	done
	"$cfprov" export >cfprov.yaml 2>err && return 1
	grep -q 'Use -out=FILE instead' err
	: >b.yaml
	manifest a
	"$cfprov" validate -f cfprov.yaml -f b.yaml >b.yaml 2>err && return 1
	grep -q 'b.yaml is empty: the shell' err
	# Empty, but not by our shell.
	: >cfprov.yaml
	bad export
	err_has 'the manifest is empty'
}

@test "fault C15: in an empty directory the error says how to begin, and its example is valid" {
	local command
	for command in plan validate 'apply -auto-approve' destroy 'import a b/c'; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has 'no manifest found: cfprov.yaml does not exist' '`cfprov export`' '`cfprov import-env`'
		sed -n '/^  account_id:/,$s/^  //p' err >example
		[ "$(wc -l <example)" = 6 ]
	done
	cp example cfprov.yaml
	good validate
	bad plan -f nothing.yaml
	err_lacks 'no manifest found'
}
