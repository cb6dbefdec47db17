#!/usr/bin/env bats
# Bindings of Workers: output -out, and what checks them.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	acc=$account
	export VALUE=hush-hush
	cat >cfprov.yaml <<-EOF2
		account_id: $acc
		stores:
		  - name: app
		    secrets:
		      - {name: DB_PASSWORD, value: {env: VALUE}}
		      - {name: 2-fa-key, value: {env: VALUE}}
		      - {name: MODEL_KEY, value: {env: VALUE}, scopes: [ai_gateway]}
	EOF2
	good apply -auto-approve
	: >"$sim_log"
	store=$(jq -r ".accounts.$acc.stores.app.id" "$state")
}
teardown() { stop_all; }

# binding NAME SECRET [STORE]: as a line of JSON.
binding()
{
	printf '{"binding":"%s","store_id":"%s","secret_name":"%s"}' "$1" "${3-$store}" "$2"
}

@test "output -out: merged, updated, and nothing else changed" {
	printf '%s\n' '{' '  // the name' '  "name": "x", /* "secrets_store_secrets": [] */' \
		'  "secrets_store_secrets": [' \
		"    $(binding DB_PASSWORD OLD 0123) // keep" '  ],' '}' >wrangler.jsonc
	chmod 640 wrangler.jsonc
	printf '%s\n' '{' '  // the name' '  "name": "x", /* "secrets_store_secrets": [] */' \
		'  "secrets_store_secrets": [' \
		"    $(binding DB_PASSWORD DB_PASSWORD), // keep" \
		"    {\"binding\": \"_2_fa_key\", \"store_id\": \"$store\", \"secret_name\": \"2-fa-key\"}" \
		'  ],' '}' >wanted
	good output -format=wrangler -out=wrangler.jsonc
	out_is ''
	err_has 'Wrote wrangler.jsonc: 1 binding added, 1 updated.'
	diff wanted wrangler.jsonc
	[ "$(stat -c %a wrangler.jsonc)" = 640 ]
	inode=$(stat -c %i wrangler.jsonc)
	good output -format=wrangler -out=wrangler.jsonc
	err_has 'wrangler.jsonc is up to date.'
	diff wanted wrangler.jsonc
	[ "$(stat -c %i wrangler.jsonc)" = "$inode" ]
	[ "$(requests)" = 0 ]
}

@test "output -out: TOML, and an environment" {
	printf '%s\n' 'name = "x" # the name' '[env.staging]' 'vars = { A = "[[env]]" }' >wrangler.toml
	cp wrangler.toml before
	good output -format=wrangler -out=wrangler.toml -env=staging app/DB_PASSWORD
	{
		cat before
		printf '%s\n' '' '[[env.staging.secrets_store_secrets]]' 'binding = "DB_PASSWORD"' \
			"store_id = \"$store\"" 'secret_name = "DB_PASSWORD"'
	} | diff - wrangler.toml
	good output -format=wrangler-toml -out=wrangler.toml -env staging
	err_has '1 binding added, 0 updated'
	if python3 -c 'import tomllib' 2>/dev/null; then
		python3 -c 'import tomllib, json; print(json.dumps(tomllib.load(open("wrangler.toml", "rb"))))' >toml.json
		[ "$(jq -r '.env.staging.secrets_store_secrets[].binding' toml.json | xargs)" = 'DB_PASSWORD _2_fa_key' ]
	fi
}

@test "output: several addresses" {
	good output -format=wrangler app/DB_PASSWORD default/app/2-fa-key
	[ "$(jq -r '.secrets_store_secrets[].binding' out | xargs)" = '_2_fa_key DB_PASSWORD' ]
	bad output -format=wrangler app/DB_PASSWORD app/NOPE
	out_is ''
	err_has 'no object in the state matches `app/NOPE`'
	bad output app/DB_PASSWORD app/2-fa-key
	err_has 'several addresses require -format=wrangler'
}

@test "output -out: what it refuses stays as it was" {
	printf '{\n  "secrets_store_secrets": {}\n}\n' >wrangler.jsonc
	cp wrangler.jsonc before
	bad output -format=wrangler -out=wrangler.jsonc
	err_has "can't use wrangler.jsonc" 'must be an array' 'wrangler.jsonc:2:28'
	printf '{\n  "a": "hush-hush\n}\n' >wrangler.jsonc
	bad output -format=wrangler -out=wrangler.jsonc
	err_has 'not valid JSON' 'wrangler.jsonc:2:18'
	err_lacks hush-hush
	cp before wrangler.jsonc
	bad output -format=wrangler -out=none.jsonc
	err_has 'none.jsonc' 'leave out -out to print the bindings'
	[ ! -e none.jsonc ]
	bad output -format=wrangler -out=cfprov.yaml
	err_has "-out can't be cfprov.yaml: cfprov.yaml is a manifest"
	echo '{}' >real.jsonc
	ln -s real.jsonc link.jsonc
	bad output -format=wrangler -out=link.jsonc
	err_has 'link.jsonc is a symbolic link'
	bad output -format=wrangler-toml -out=real.jsonc
	bad output -format=wrangler -out=real.jsonc -env=prod
	err_has 'there is no environment `prod`' 'The file has none.'
	bad output -format=wrangler -env=prod
	err_has '-env requires -out'
	bad output -out=real.jsonc
	err_has '-out requires -format=wrangler'
	[ "$(cat real.jsonc)" = '{}' ]
	cmp before wrangler.jsonc
}

# ---- check-bindings ---------------------------------------------------------------------------

# finds ARGUMENT...: check-bindings ends with 2.
finds()
{
	prov check-bindings "$@"
	[ "$status" = 2 ]
}

# bound LINE...: wrangler.jsonc with these bindings, each on a line of its own from line 2 on.
bound()
{
	printf '{"secrets_store_secrets": [\n'
	printf '%s,\n' "$@"
	printf ']}\n'
} >wrangler.jsonc

@test "check-bindings: all is right, with two requests" {
	bound "$(binding DB DB_PASSWORD)" "$(binding FA 2-fa-key)"
	good check-bindings wrangler.jsonc
	out_is '2 bindings checked, 0 problems.
'
	err_is ''
	[ "$(requests)" = 2 ]
	[ "$(gets)" = 2 ]
	good output -format=wrangler-toml
	cp out wrangler.toml
	good check-bindings wrangler.toml wrangler.jsonc
	out_has '4 bindings checked, 0 problems.'
	echo '{}' >wrangler.jsonc
	: >"$sim_log"
	good check-bindings wrangler.jsonc
	out_has '0 bindings checked'
	[ "$(requests)" = 0 ]
}

@test "check-bindings: each problem, with its place" {
	sed -i '$a\      - {name: NEW, value: {env: VALUE}}' cfprov.yaml
	sed -i 's/MODEL_KEY,/MODEL_KEY_2,/' cfprov.yaml
	bound "$(binding A DB_PASSWORD)" "$(binding B NEW)" "$(binding C DB_PASSWORT)" \
		"$(binding D OTHER_THING)" "$(binding E MODEL_KEY)" "$(binding F DB_PASSWORD 0123)"
	sed -i 's/^]}/], "env": {"staging": {"secrets_store_secrets": ['"$(binding A db_password)"']}}}/' wrangler.jsonc
	finds wrangler.jsonc
	out_is '7 bindings checked, 6 problems.
'
	err_has 'Error: binding `B`: the store default/app has no secret `NEW`' 'wrangler.jsonc:3:1' \
		'The manifest has it, but it is not applied yet. Run `cfprov apply`.' \
		'binding `C`: the store default/app has no secret `DB_PASSWORT`' 'wrangler.jsonc:4:1' \
		'Did you mean `DB_PASSWORD`?' \
		'binding `D`: the store default/app has no secret `OTHER_THING`' \
		'Add it to the manifest and run `cfprov apply`, or remove the binding.' \
		'binding `E`: the secret default/app/MODEL_KEY has no scope `workers`, only ai_gateway' \
		'Add `workers` to its `scopes` in the manifest' \
		'binding `F`: there is no store with the id `0123` in `default`' \
		'binding `A` of env `staging`: the store default/app has no secret `db_password`' 'wrangler.jsonc:8:'
	err_lacks 'binding `A`:'
	[ "$(gets)" = 2 ]
	sed -i 's/MODEL_KEY_2, value: {env: VALUE}, scopes: \[ai_gateway\]/MODEL_KEY, value: {env: VALUE}/' cfprov.yaml
	bound "$(binding E MODEL_KEY)"
	finds wrangler.jsonc
	err_has 'has no scope `workers`, only ai_gateway' 'The manifest has it, but it is not applied yet.'
	good apply -auto-approve
	good check-bindings wrangler.jsonc
}

@test "check-bindings -json" {
	bound "$(binding A DB_PASSWORD)" "$(binding B MISSING)"
	finds -json wrangler.jsonc
	err_is ''
	[ "$(jq -c '[.valid, .error_count, (.bindings[] | .binding, .problem, .address, .line)]' out)" = \
		'[false,1,"A",null,"default/app/DB_PASSWORD",2,"B","no_secret",null,3]' ]
	[ "$(jq -c '.diagnostics[0] | [.severity, .range.filename, .range.start.line]' out)" = \
		'["error","wrangler.jsonc",3]' ]
	bound "$(binding A DB_PASSWORD)"
	good check-bindings -json wrangler.jsonc
	[ "$(jq -c '[.valid, .error_count]' out)" = '[true,0]' ]
	prov check-bindings -json none.jsonc
	[ "$status" = 1 ]
	[ "$(jq -c '[.valid, .error_count, (.bindings | length)]' out)" = '[false,1,0]' ]
}

@test "check-bindings: a secret that is not active yet" {
	stop_sim
	rm -f "$state"
	start_logged --pending forever
	good apply -auto-approve
	store=$(jq -r ".accounts.$acc.stores.app.id" "$state")
	bound "$(binding A DB_PASSWORD)"
	finds wrangler.jsonc
	err_has 'the secret default/app/DB_PASSWORD is not active, but pending' 'cfprov apply -wait'
}

@test "check-bindings: without a manifest, and errors" {
	bound "$(binding A DB_PASSWORD)"
	rm cfprov.yaml "$state"
	good check-bindings -account-id="$acc" wrangler.jsonc
	CLOUDFLARE_ACCOUNT_ID=$acc good check-bindings wrangler.jsonc
	bad check-bindings wrangler.jsonc
	err_has 'no account is set'
	bad check-bindings
	err_has 'missing argument for `check-bindings`: FILE...'
	echo '{' >broken.jsonc
	: >"$sim_log"
	bad check-bindings -account-id="$acc" broken.jsonc wrangler.jsonc none.toml
	err_has "can't use broken.jsonc: not valid JSON" 'none.toml'
	[ "$(requests)" = 0 ]
	CLOUDFLARE_API_TOKEN=wrong-token-wrong-token bad check-bindings -account-id="$acc" wrangler.jsonc
	err_has 'Nothing was checked, because an account could not be read.'
}

@test "check-bindings: of many accounts only those are read that have the stores" {
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  other: {account_id: acc_2}' \
		'stores: [{name: app, secrets: [{name: A, value: {env: VALUE}}]}]' >cfprov.yaml
	rm "$state"
	good apply -auto-approve
	store=$(jq -r .accounts.acc_1.stores.app.id "$state")
	bound "$(binding A A)"
	: >"$sim_log"
	good check-bindings wrangler.jsonc
	[ "$(requests)" = 2 ]
	[ "$(requests '.path | test("acc_2")')" = 0 ]
	bound "$(binding A A)" "$(binding B A nowhere)"
	finds wrangler.jsonc
	err_has 'no store with the id `nowhere` in `other` and `prod`'
	bound "$(binding A A "$(jq -r .accounts.acc_2.stores.app.id "$state")")"
	: >"$sim_log"
	finds -account=prod wrangler.jsonc
	[ "$(requests '.path | test("acc_2")')" = 0 ]
}

# ---- -bindings --------------------------------------------------------------------------------

# breaking: a manifest that breaks three bindings, and wrangler.jsonc with these.
breaking()
{
	bound "$(binding DB DB_PASSWORD)" "$(binding FA 2-fa-key)" "$(binding NONE NOTHING)"
	sed -i 's/^]}/], "env": {"e": {"secrets_store_secrets": ['"$(binding DB2 DB_PASSWORD)"']}}}/' wrangler.jsonc
	sed -i 's/2-fa-key/fa-key/; /DB_PASSWORD/d' cfprov.yaml
	echo 'moved: [{from: default/app/2-fa-key, to: default/app/fa-key}]' >>cfprov.yaml
}

destroyed='default/app/DB_PASSWORD will be destroyed, but a Worker binds it as `DB`'
renamed='default/app/2-fa-key will be renamed to `fa-key`, but a Worker binds it as `FA`'
in_env='default/app/DB_PASSWORD will be destroyed, but a Worker binds it as `DB2` in env `e`'

@test "-bindings: the plan says which it breaks" {
	breaking
	good plan
	err_lacks 'Worker binds'
	for args in '' -summary '-values=none'; do
		# shellcheck disable=SC2086 # words
		good plan -bindings=wrangler.jsonc $args
		err_has "Warning: $destroyed" 'wrangler.jsonc:2:1' "Warning: $renamed" 'wrangler.jsonc:3:1' \
			"Warning: $in_env" 'wrangler.jsonc:5:'
		[ "$(grep -c 'Worker binds' err)" = 3 ]
	done
	good plan -bindings=wrangler.jsonc -json
	[ "$(jq -c 'select(.type == "diagnostic") | .diagnostic | [.severity, .range.filename, .range.start.line]' out | head -1)" = \
		'["warning","wrangler.jsonc",2]' ]
	[ "$(jq -r 'select(.type == "diagnostic") | .diagnostic.summary' out | head -1)" = "$destroyed" ]
	good plan -bindings=wrangler.jsonc -format=json
	[ "$(jq -c '.broken_bindings[] | [.address, .action, .binding, .environment, .file, .line]' out)" = \
		'["default/app/DB_PASSWORD","destroy","DB",null,"wrangler.jsonc",2]
["default/app/2-fa-key","rename","FA",null,"wrangler.jsonc",3]
["default/app/DB_PASSWORD","destroy","DB2","e","wrangler.jsonc",5]' ]
	good plan -bindings=wrangler.jsonc -format=markdown
	out_has 'Warning: default/app/DB_PASSWORD will be destroyed, but a Worker binds it as' '(`wrangler.jsonc:2`).'
	good plan -bindings=wrangler.jsonc -format=html
	out_has 'Warning: default/app/DB_PASSWORD will be destroyed, but a Worker binds it as' '(wrangler.jsonc:2).'
	good plan -format=json
	[ "$(jq 'has("broken_bindings")' out)" = false ]
}

@test "-bindings: a saved plan keeps it, apply and destroy warn" {
	breaking
	good plan -bindings=wrangler.jsonc -out=saved
	rm wrangler.jsonc
	good show saved
	err_has "Warning: $destroyed" "Warning: $renamed"
	good show -format=markdown saved
	out_has '(`wrangler.jsonc:3`).'
	bad apply -bindings=wrangler.jsonc saved
	err_has "-bindings can't be used with a saved plan"
	good apply saved
	err_has "Warning: $destroyed" "Warning: $renamed"
	bound "$(binding FA fa-key)"
	prov destroy -bindings=wrangler.jsonc -input=false
	err_has 'default/app will be destroyed, but a Worker binds its secret `fa-key` as `FA`'
	bad plan -bindings=none.jsonc
	err_has none.jsonc
}

# ---- under a policy ---------------------------------------------------------------------------

@test "bindings under a policy: what it allows works, and the rest is refused before any request" {
	bound "$(binding DB DB_PASSWORD)"
	printf 'state: {paths: [%s]}\n' "$state" >narrow.yaml
	printf '%s\n' 'values: {env: [VALUE]}' "accounts: {$acc: {api_token: {env: [CLOUDFLARE_API_TOKEN]}}}" \
		>>narrow.yaml
	cp narrow.yaml policy.yaml
	sed -i '/^accounts/d' narrow.yaml
	export CFPROV_POLICY=policy.yaml
	good check-bindings wrangler.jsonc
	good plan -bindings=wrangler.jsonc
	good output -format=wrangler -out=wrangler.jsonc
	err_has 'Wrote wrangler.jsonc: '
	: >"$sim_log"
	for command in 'check-bindings wrangler.jsonc' 'plan -bindings=wrangler.jsonc'; do
		# shellcheck disable=SC2086 # words
		CFPROV_POLICY=narrow.yaml bad $command
		err_has "the policy does not allow the account"
	done
	[ "$(requests)" = 0 ]
	sed -i '/^state/d' policy.yaml
	cp wrangler.jsonc before
	bad output -format=wrangler -out=wrangler.jsonc
	err_has 'the policy does not allow the state'
	cmp before wrangler.jsonc
}
