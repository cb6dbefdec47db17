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
