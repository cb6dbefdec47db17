#!/usr/bin/env bats
# import-env: names of a .env, .dev.vars or JSON file become entries of a manifest.

# Each test is a subshell, and the helpers set and read more than shellcheck can see. A manifest
# that is written is read too: that is what is tested.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2094,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# Every value in these tests has this in it.
value=hush-

# quiet ARGUMENT...: it works, and no value is shown.
quiet()
{
	good import-env "$@"
	! grep -q "$value" out err
}

# refused ARGUMENT...: it fails, writes nothing, and shows no value.
refused()
{
	bad import-env "$@"
	out_is ''
	! grep -q "$value" out err
}

@test "a .env file: a whole manifest where there is none" {
	cat >.env <<-EOF
		# comment
		A=${value}1
		export B = "${value}2\nx" # comment
		C: ${value}3
		yes='${value}
		4'
	EOF
	quiet .env -store keys
	out_is '# Names in .env, found by cfprov import-env. The values stay in that file.

# account_id: ... # if CLOUDFLARE_ACCOUNT_ID is not set

stores:
  - name: keys
    secrets:
      - name: A
        value: {dotenv: .env, key: A}
      - name: B
        value: {dotenv: .env, key: B}
      - name: C
        value: {dotenv: .env, key: C}
      - name: "yes"
        value: {dotenv: .env, key: "yes"}
'
	err_is ''
	cp out cfprov.yaml
	CLOUDFLARE_ACCOUNT_ID=acc_1 good validate
	out_has '1 store and 4 secrets'
}

@test "the account: from the environment, under the alias that the address has" {
	echo "A=$value" >.dev.vars
	export CLOUDFLARE_ACCOUNT_ID=acc_1
	quiet .dev.vars -store keys
	[ "$(sed -n 3p out)" = 'account_id: acc_1' ]
	cp out a.yaml
	good validate -f a.yaml
	quiet .dev.vars -store prod/keys
	[ "$(sed -n '3,5p' out)" = 'accounts:
  prod:
    account_id: acc_1' ]
	cp out b.yaml
	good validate -f b.yaml
	unset CLOUDFLARE_ACCOUNT_ID
	quiet .dev.vars -store prod/keys
	cp out c.yaml
	bad validate -f c.yaml
	good validate -f c.yaml -var CLOUDFLARE_ACCOUNT_ID=acc_1
	export CLOUDFLARE_ACCOUNT_ID='not an id'
	refused .dev.vars -store keys
	err_has 'CLOUDFLARE_ACCOUNT_ID'
}

@test "beside a manifest: stores for a further file, also one that is still empty" {
	echo "A=$value" >.env
	printf '%s\n' 'accounts:' '  prod: {account_id: acc_1}' '  dev: {account_id: acc_2}' \
		'stores: [other]' >cfprov.yaml
	quiet .env -store prod/keys
	out_is '# Names in .env, found by cfprov import-env. The values stay in that file.

stores:
  - name: keys
    accounts: [prod]
    secrets:
      - name: A
        value: {dotenv: .env, key: A}
'
	cp out more.yaml
	good validate -f cfprov.yaml -f more.yaml
	out_has '3 stores and 1 secret in 2 accounts'
	: >more.yaml
	"$cfprov" import-env .env -store keys -f cfprov.yaml -f more.yaml -out=more.yaml
	good validate -f cfprov.yaml -f more.yaml
	out_has '4 stores and 2 secrets in 2 accounts'
	refused .env -store nope/keys
	err_has 'the manifest has no account `nope`'
	echo 'nonsense: 1' >>cfprov.yaml
	refused .env -store prod/keys
	err_has 'unknown key `nonsense`'
}

@test "what is declared already is left out, and where a store stands is said" {
	printf '%s=%s\n' A $value B $value >.env
	printf '%s\n' 'account_id: acc_1' 'stores:' '  - name: keys' '    secrets:' \
		'      - {name: A, value: {env: A}}' >cfprov.yaml
	quiet .env -store keys
	[ "$(grep -c 'name: A' out)" = 0 ]
	[ "$(grep -c 'name: B' out)" = 1 ]
	err_has 'A skipped: already declared (cfprov.yaml:5)' \
		'store keys is already declared here' 'Add the lines below `secrets:` to it'
	echo "A=$value" >.env
	refused .env -store keys
	err_has 'nothing to write: every name in .env was skipped'
	[[ $errors != *'Put the lines'* ]]
	printf '%s\n' 'accounts: {a: {account_id: a1}, b: {account_id: b1}}' 'stores: [keys]' >cfprov.yaml
	quiet .env -store a/keys
	err_has 'Other accounts share this entry. Add a separate entry for a'
}

@test "a JSON object: texts, numbers and truths" {
	printf '{"A": "%s", "B": 12.50, "C": true,\n "D": "%s\\n"}' $value $value >vars.json
	quiet vars.json -store keys
	[ "$(grep value: out)" = '        value: {file: vars.json, json: /A}
        value: {file: vars.json, json: /B}
        value: {file: vars.json, json: /C}
        value: {file: vars.json, json: /D, trim: false}' ]
	cp out cfprov.yaml
	# JSON is known by its brace, too.
	mv vars.json vars
	rm cfprov.yaml
	quiet vars -store keys
	out_has '{file: vars, json: /A}'
}

@test "JSON: a long name is not taken for a token because of the pointer's slash" {
	local name=nQ3kZ8vR1xLw5TjY7bHc2MfD9sGp4KaE6uWoXiV # 39 characters; a token has 40
	printf '{"%s": "x"}' $name >vars.json
	good import-env vars.json -store keys -out=written.yaml
	export CLOUDFLARE_ACCOUNT_ID=985e105f4ecef8ad9ca31a8372d0c353
	good validate -f written.yaml
	# A token is none of the pointer's names.
	sed -i "s,json: /$name,json: /a/${name}q/b," written.yaml
	bad validate -f written.yaml
	err_has 'secrets are not allowed here'
	err_lacks $name
}

@test "what in JSON is no text is left out with a warning, or refused" {
	printf '{"A": "%s",\n "B": {"x": ",\\"}{"},\n "C": ["%s"]}' $value $value >vars.json
	good import-env vars.json -store keys
	[ "$(grep name: out | tr -d ' \n')" = '-name:keys-name:A' ]
	err_has 'B skipped: its value is an object, not text.' '/B/name vars.json' \
		'C skipped: its value is an array' '/C/0 vars.json'
	printf '{"A": "%s",\n "D.E": "%s"}' $value $value >vars.json
	refused vars.json -store keys
	err_has 'the key `D.E` is not a valid secret name' 'vars.json'
	local text
	for text in "[\"$value\"]" "\"$value\"" "{\"A\": \"$value\"" "{\"A\":1,\"A\":\"$value\"}" '{}' ''; do
		printf '%s' "$text" >vars.json
		refused vars.json -store keys
		err_has vars.json
	done
}

@test "names that Cloudflare does not take: each with its line, and nothing is written" {
	printf '%s\n' "A=$value" "B.C=$value" '' "D.E='$value'" >.env
	refused .env -store keys
	err_has 'the key is not a valid secret name: `.` (character 2) is not allowed .env:2' '.env:4'
	run ! grep -qE 'B\.C|D\.E' err
}

@test "a file with one secret in base64 is no .env file, and not shown" {
	local text
	for text in "${value}Zm9vYmFyYmF6cXV4MDEyMzQ1Nj=" "${value}Zm9vYmFyYmF6MDEyMzQ1Njc=="; do
		echo "$text" >token
		refused token -store keys
		err_has 'not an assignment: it looks like a value in base64 token:1'
	done
}

@test "empty ones are left out, the last of several counts" {
	printf '%s\n' 'A=' "B=1$value" 'C=""' "B=2$value" >.env
	quiet .env -store keys
	[ "$(grep -c 'name: ' out)" = 2 ]
	err_has 'A skipped: its value is empty, and Cloudflare does not store empty values .env:1' \
		'B skipped: line 4 overrides it .env:2' 'C skipped'
	printf '{"A": "", "B": null, "C": "%s"}' $value >vars.json
	quiet vars.json -store keys
	err_has 'A skipped' 'B skipped'
	echo 'A=' >.env
	refused .env -store keys
}

@test "what no secret can hold is left out" {
	head -c 65537 /dev/zero | tr '\0' "x" >long
	printf 'A=%s\nB=a\0b\nC=%s\nD=a\377b\n' "$(<long)" "${value}1" >.env
	quiet .env -store keys -out cfprov.yaml
	err_has 'A skipped: the value has 65537 bytes, but Cloudflare allows at most 65536 .env:1' \
		'B skipped: the value contains a NUL byte .env:2' \
		'D skipped: the value is not UTF-8 (at byte 2) .env:4'
	start_sim
	export CLOUDFLARE_ACCOUNT_ID=985e105f4ecef8ad9ca31a8372d0c353
	good plan
	out_has '/keys/C' 'Plan: 2 to add'
	printf '{"A": "%s", "B": "%s"}' "$(<long)" "${value}1" >vars.json
	quiet vars.json -store other
	err_has 'A skipped: the value has 65537 bytes'
	out_has 'name: B'
}

@test "what may be the rest of a secret is never taken for names" {
	printf '%s\n' 'A=-----BEGIN KEY-----' "${value}MIIE+/" "${value}QmFz==" '-----END KEY-----' >.env
	refused .env -store keys
	err_has 'not an assignment (NAME=VALUE) .env:2' 'in quotes'
	printf '%s\n' "A=$value" "B=\"$value" "C=$value" >.env
	refused .env -store keys
	err_has 'unclosed quote in the value of B .env:2'
}

@test "the path is written from where the manifest will stand" {
	mkdir -p deploy/prod conf
	echo "A=$value" >.env
	echo "A=$value" >conf/.env
	quiet ./.env -store keys
	out_has '{dotenv: .env,'
	quiet conf/.env -store keys
	out_has '{dotenv: conf/.env,'
	quiet conf/.env -store keys -f deploy/prod/cfprov.yaml
	out_has '{dotenv: ../../conf/.env,'
	cp out deploy/prod/cfprov.yaml
	CLOUDFLARE_ACCOUNT_ID=acc_1 quiet .env -store more -f deploy/prod
	out_has '{dotenv: ../../.env,'
	quiet "$PWD/.env" -store keys -f deploy/new.yaml
	out_has "{dotenv: $PWD/.env,"
	cd conf
	"$cfprov" import-env .env -store x -f ../deploy/other.yaml | grep -F '{dotenv: ../conf/.env,'
	"$cfprov" import-env ../.env -store x | grep -F '{dotenv: ../.env,'
}

@test "odd file names" {
	local name
	for name in 'a b.env' "quote\"d" 'back\slash' "it's" '{x}' 'né' ' x' '- x' '#x'; do
		printf 'A=%s\n' $value >"$name"
		quiet -store keys -- "$name"
		cp out cfprov.yaml
		CLOUDFLARE_ACCOUNT_ID=acc_1 good validate
		rm cfprov.yaml
	done
	refused - -store keys
	for name in 'a${b}' "a${esc}b" $'\xff'; do
		printf 'A=%s\n' $value >"$name"
		refused "$name" -store keys
		harmless err
	done
	refused nowhere -store keys
	refused . -store keys
}

@test "addresses that are none" {
	echo "A=$value" >.env
	refused .env
	err_has 'missing option -store'
	local address
	for address in a/b/c /a a/ 'a b/' "x${esc}y"; do
		refused .env -store "$address"
		harmless err
	done
	refused .env -store=
	refused -store keys
	good help import-env
	out_has 'there is no manifest yet' '-store=ADDRESS'
}

@test "from the file to Cloudflare: what was imported is what is applied" {
	start_logged
	printf 'A="%s\\n"\nB=%s # comment\n' $value $value >.env
	printf '{"C": 12.50, "D": "%s\\n"}' $value >vars.json
	CLOUDFLARE_ACCOUNT_ID=acc_1 "$cfprov" import-env .env -store keys -out=cfprov.yaml
	"$cfprov" import-env vars.json -store more -f cfprov.yaml -f more.yaml -out=more.yaml
	good apply -auto-approve -f cfprov.yaml -f more.yaml
	out_has 'Resources: 6 added'
	[ "$(sim_world '[.accounts[].stores[].secrets[] | "\(.name) \(.value_bytes)"] | sort | join(", ")')" = \
		"A 6, B 5, C 5, D 6" ]
	good plan -detailed-exitcode -f cfprov.yaml -f more.yaml
	! grep -q "$value" cfprov.yaml more.yaml "$state" "$sim_log" || false
}

@test "import-env -out: a new file; paths are relative to it, and nothing is overwritten" {
	mkdir conf
	echo 'A=1' >.env
	export CLOUDFLARE_ACCOUNT_ID=acc_1
	good import-env .env -store=keys -out=conf/cfprov.yaml
	out_is ''
	err_has 'Wrote conf/cfprov.yaml.'
	grep -q 'dotenv: ../.env' conf/cfprov.yaml
	good validate -f conf/cfprov.yaml
	cp conf/cfprov.yaml before
	bad import-env .env -store=keys -out=conf/cfprov.yaml
	err_has 'conf/cfprov.yaml already exists'
	cmp before conf/cfprov.yaml
	# Beside a manifest: one more file for -f.
	good import-env .env -store=more -f conf/cfprov.yaml -f conf/more.yaml -out=conf/more.yaml
	good validate -f conf/cfprov.yaml -f conf/more.yaml
	good import-env .env -store=keys -out=-
	out_has 'dotenv: .env'
}
