#!/usr/bin/env bats
# output: ids for other tools.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  prod-eu: {account_id: acc_2}' \
		'stores: [b, a]' >cfprov.yaml
	good apply -auto-approve
	: >"$sim_log"
}
teardown() { stop_all; }

id_of()
{
	live "$1" | awk -v name="$2" '$1 == name {print $2}'
}

@test "a line for each, sorted as text" {
	good output
	out_is "prod-eu/a = \"$(id_of acc_2 a)\"
prod-eu/b = \"$(id_of acc_2 b)\"
prod/a = \"$(id_of acc_1 a)\"
prod/b = \"$(id_of acc_1 b)\"
"
	err_is ''
	[ "$(requests)" = 0 ]
}

@test "-json: Terraform's form, sorted" {
	good output -json
	[ "$(jq -c keys_unsorted out)" = '["prod-eu/a","prod-eu/b","prod/a","prod/b"]' ]
	[ "$(jq -c '."prod/a"' out)" = "{\"sensitive\":false,\"type\":\"string\",\"value\":\"$(id_of acc_1 a)\"}" ]
	jq --indent 2 . out | cmp - out
}

@test "one address: quoted, as JSON, raw without a line break" {
	local id
	id=$(id_of acc_1 a)
	good output prod/a
	out_is "\"$id\"
"
	good output -json prod/a
	out_is "\"$id\"
"
	good output -raw prod/a
	out_is "$id"
	[ "$("$cfprov" output -raw prod/a)" = "$id" ]
}

@test "an unknown address is an error, also as JSON" {
	local args
	for args in nope prod/c "prod/*" "-json nope" "-raw nope" "-raw prod"; do
		# shellcheck disable=SC2086 # words
		bad output $args
		err_has 'no object in the state matches'
	done
	bad output "${esc}[31mx"
	harmless err
	bad output -raw
	bad output -raw -json prod/a
	bad output prod/a prod/b
}

@test "an empty state: nothing on stdout, {} as JSON" {
	rm "$state"
	good output
	out_is ''
	err_has 'The state is empty.'
	good output -json
	out_is '{}
'
	bad output prod/a
}

@test "an id that is not known yet" {
	jq '.accounts.acc_1.stores.a = {unresolved: true}' "$state" >new
	cp new "$state"
	good output
	out_has 'prod/a = (unknown after an interrupted apply'
	good output -json
	[ "$(jq '."prod/a".value' out)" = null ]
	good output -json prod/a
	out_is 'null
'
	bad output -raw prod/a
	out_is ''
}

# with_secrets: beside the stores there are secrets, some of them for Workers.
with_secrets()
{
	cat >cfprov.yaml <<-'EOF'
		accounts:
		  prod: {account_id: acc_1}
		  prod-eu: {account_id: acc_2}
		stores:
		  - name: a
		    accounts: [prod]
		    secrets:
		      - {name: DB_PASSWORD, value: {env: VALUE}, scopes: [ai_gateway, workers]}
		      - {name: 2-fa.key, value: {env: VALUE}}
		      - {name: default, value: {env: VALUE}}
		      - {name: MODEL_KEY, value: {env: VALUE}, scopes: [ai_gateway]}
		  - {name: b, accounts: [prod]}
		  - name: a
		    accounts: [prod-eu]
		    secrets: [{name: DB_PASSWORD, value: {env: VALUE}, scopes: [dex]}]
		  - {name: b, accounts: [prod-eu]}
	EOF
	sed -i 's/2-fa.key/2-fa-key/' cfprov.yaml
	VALUE=hush-hush good apply -auto-approve
	: >"$sim_log"
	a=$(jq -r .accounts.acc_1.stores.a.id "$state")
}

@test "secrets have ids, too" {
	with_secrets
	local id
	id=$(jq -r .accounts.acc_1.stores.a.secrets.DB_PASSWORD.id "$state")
	good output
	out_has "prod/a/DB_PASSWORD = \"$id\""
	good output -json
	[ "$(jq -r '."prod/a/DB_PASSWORD".value' out)" = "$id" ]
	[ "$(jq length out)" = 9 ]
	good output -raw prod/a/DB_PASSWORD
	out_is "$id"
	good output -account=prod-eu -json
	[ "$(jq -c keys out)" = '["prod-eu/a","prod-eu/a/DB_PASSWORD","prod-eu/b"]' ]
	bad output -account=nope
	err_has 'matches no account in the state'
}

@test "-format=wrangler: the bindings of what Workers may have" {
	with_secrets
	good output -format=wrangler
	out_is "{
  \"secrets_store_secrets\": [
    {
      \"binding\": \"_2_fa_key\",
      \"store_id\": \"$a\",
      \"secret_name\": \"2-fa-key\"
    },
    {
      \"binding\": \"DB_PASSWORD\",
      \"store_id\": \"$a\",
      \"secret_name\": \"DB_PASSWORD\"
    },
    {
      \"binding\": \"_default\",
      \"store_id\": \"$a\",
      \"secret_name\": \"default\"
    }
  ]
}
"
	err_is ''
	good output -format wrangler prod/a/DB_PASSWORD
	[ "$(jq -r '.secrets_store_secrets[].secret_name' out)" = DB_PASSWORD ]
	good output -format wrangler 'prod/a/*_*'
	[ "$(jq -r '.secrets_store_secrets[].secret_name' out)" = DB_PASSWORD ]
	good output -format=wrangler-toml prod/a/DB_PASSWORD
	out_is "[[secrets_store_secrets]]
binding = \"DB_PASSWORD\"
store_id = \"$a\"
secret_name = \"DB_PASSWORD\"
"
	[ "$(requests)" = 0 ]
}

@test "-format=wrangler-toml is TOML" {
	with_secrets
	python3 -c 'import tomllib' 2>/dev/null || skip 'there is no tomllib'
	good output -format=wrangler
	good output -format=wrangler-toml
	python3 -c 'import tomllib, json; print(json.dumps(tomllib.load(open("out", "rb"))))' >toml.json
	good output -format=wrangler
	[ "$(jq -cS . toml.json)" = "$(jq -cS . out)" ]
}

@test "-format=wrangler: a Worker is of one account" {
	with_secrets
	sed -i 's/, scopes: \[dex\]//' cfprov.yaml
	VALUE=hush-hush good apply -auto-approve
	bad output -format=wrangler
	out_is ''
	err_has 'of one account only, but these are in 2: prod, prod-eu' '-account=ALIAS'
	good output -format=wrangler -account=prod-eu
	[ "$(jq -r '.secrets_store_secrets[].store_id' out)" = "$(id_of acc_2 a)" ]
	good output -format=wrangler prod-eu
	good output -format=wrangler prod-eu/a
}

@test "-format=wrangler: two bindings of one name" {
	with_secrets
	sed -i 's/{name: b, accounts: \[prod\]}/{name: b, accounts: [prod], secrets: [{name: DB-PASSWORD, value: {env: VALUE}}]}/' cfprov.yaml
	VALUE=hush-hush good apply -auto-approve
	bad output -format=wrangler
	out_is ''
	err_has 'the bindings of prod/a/DB_PASSWORD and prod/b/DB-PASSWORD would have the same name, DB_PASSWORD'
	good output -format=wrangler prod/b
}

@test "-format=wrangler: none, not known yet, and what does not go together" {
	good output -format=wrangler
	[ "$(jq -c . out)" = '{"secrets_store_secrets":[]}' ]
	err_has 'nothing to bind'
	good output -format=wrangler-toml
	out_is ''
	with_secrets
	jq '.accounts.acc_1.stores.a.secrets.DB_PASSWORD |= {unresolved: true, scopes, version, origin}' "$state" >new
	cp new "$state"
	good output -format=wrangler
	[ "$(jq '.secrets_store_secrets | length' out)" = 2 ]
	err_has '1 secret is left out: whether it exists is unknown after an interrupted apply'
	bad output -format=wrangler prod/nope
	err_has 'no object in the state matches `prod/nope`'
	bad output -format=wrangler -json
	bad output -format=wrangler -raw prod/a
	bad output -format=terraform
	err_has 'wrangler or wrangler-toml'
	good help output
	out_has 'wrangler (for wrangler.jsonc) or' ' wrangler-toml'
}
