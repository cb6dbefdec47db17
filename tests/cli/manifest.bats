#!/usr/bin/env bats
# Wrong manifests: the error has the place, the line and a caret, and nothing is sent.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# refused TEXT...: validate refuses cfprov.yaml with these texts.
refused()
{
	bad validate
	err_has cfprov.yaml "$@"
	harmless err
	[ -z "$output" ]
}

# text TEXT: cfprov.yaml, with printf's escapes.
text()
{
	# shellcheck disable=SC2059 # escapes are wanted
	printf -- "$1" >cfprov.yaml
}

@test "a place, the line and a caret, to the byte" {
	text 'account_id: acc_1\nstores:\n  - name: a\n    region: []\n'
	bad validate
	grep -qx '  cfprov.yaml:4:5' err
	grep -qx '    4 |     region\.*' err
	grep -qx '      |     ^' err
	grep -qxF 'Error: unknown key `region`' err
	text 'account_id: acc_1\nstores:\n  - nmae: a\n'
	refused 'unknown key `nmae`; did you mean `name`?' '`name` is missing'
}

@test "the caret stands right behind wide and multi-byte text" {
	text 'account_id: acc_1\nstores: ["a", {name: "\303\244\303\244", nom: x}]\n'
	bad validate
	local line caret
	line=$(grep '^    2 | ' err | head -n1)
	caret=$(grep '^      | *^$' err | head -n1)
	[[ -n $line && -n $caret ]]
	grep -q 'cfprov.yaml:2:22' err
}

@test "all errors are shown, with all places, in one run; nothing is sent" {
	start_logged
	text 'account_id: acc 1\nversoin: 1\nstores:\n  - name: a/b\n  - {name: b, adopt: maybe}\n  - [x]\n'
	bad apply -auto-approve
	err_has cfprov.yaml:1:13 cfprov.yaml:2:1 cfprov.yaml:4:11 cfprov.yaml:5:22 cfprov.yaml:6:5
	[ "$(grep -c '^Error:' err)" = 5 ]
	[ "$(requests)" = 0 ]
	tidy
}

@test "empty, or nothing but comments" {
	local content
	for content in '' '\n\n' '# nothing\n' '---\n' '---\n...\n' '~\n' 'null\n' ' \t \n'; do
		text "$content"
		refused
	done
	text '# only this'
	refused 'the manifest is empty'
}

@test "stores that are none" {
	local content
	for content in 'stores:' 'stores: []' 'stores: {}' 'stores: ~' 'stores: a' 'stores: 7' \
		'stores: [~]' 'stores: [[a]]' 'stores: [{}]' 'stores: [{name: }]' 'stores: [""]' ''; do
		text "account_id: acc_1\n$content\n"
		refused
	done
}

@test "another shape at the top" {
	text '- a\n- b\n'
	refused
	text 'just text\n'
	refused 'expected a map with `stores`'
	text '[account_id, stores]\n'
	refused
	text 'account_id: acc_1\nstores: [a]\n---\naccount_id: acc_2\nstores: [b]\n'
	refused 'second document' cfprov.yaml:3
}

@test "keys that are unknown, twice or not text" {
	text 'account_id: acc_1\nstores: [a]\nstores: [b]\n'
	refused 'duplicate key `stores`' 'on line 2' cfprov.yaml:3:1
	text 'account_id: acc_1\nstores: [{name: a, vaule: x}]\n'
	refused 'unknown key `vaule`' cfprov.yaml:2
	text 'account_id: acc_1\n? [a]\n: b\nstores: [a]\n'
	refused cfprov.yaml:2
	text 'account_id: acc_1\n"stor\\es": [a]\n'
	refused
	text 'account_id: acc_1\n"\\e[31mstores": [a]\nstores: [a]\n'
	refused '\x1b[31m'
	# What a later version may know is an error today.
	local key
	for key in include variables; do
		text "account_id: acc_1\nstores: [a]\n$key: {}\n"
		refused "unknown key \`$key\`"
	done
	for key in scopes update; do
		text "account_id: acc_1\nstores: [{name: a, $key: x}]\n"
		refused "unknown key \`$key\`"
	done
}

@test "a store twice, in one account or by way of all" {
	text 'account_id: acc_1\nstores: [a, b, a]\n'
	refused 'store `a` is declared twice' cfprov.yaml:2:16
	text 'account_id: acc_1\nstores:\n  - a\n  - {name: a, adopt: true}\n'
	refused 'store `a` is declared twice' 'first at cfprov.yaml:3'
	text 'accounts: {x: {account_id: acc_1}, y: {account_id: acc_2}}\nstores: [a, {name: a, accounts: [y]}]\n'
	refused 'account `y`'
	text 'accounts: {x: {account_id: acc_1}, y: {account_id: acc_2}}\nstores: [{name: a, accounts: [x]}, {name: a, accounts: [y]}]\n'
	good validate
	text 'accounts: {x: {account_id: acc_1}, y: {account_id: acc_2}}\nstores: [{name: a, accounts: [x, x]}]\n'
	refused 'store `a` is declared twice'
}

@test "accounts that can't be" {
	text 'accounts: {x: {account_id: acc_1}}\naccount_id: acc_1\nstores: [a]\n'
	refused '`account_id` can'\''t be combined with `accounts`'
	text 'accounts: {x: {account_id: acc_1}, y: {account_id: acc_1}}\nstores: [a]\n'
	refused '`x` and `y` have the same account id'
	text 'accounts: {prod: {account_id: acc_1}}\nstores: [{name: a, accounts: [prd]}]\n'
	refused 'unknown account `prd`; did you mean `prod`?'
	local content
	for content in 'accounts: {}' 'accounts: []' 'accounts: ~' 'accounts: {x: }' 'accounts: {x: acc_1}' \
		'accounts: {x: {}}' 'accounts: {x: {account_id: }}' 'accounts: {"": {account_id: a}}' \
		'accounts: {a/b: {account_id: a}}' 'accounts: {"\\e[1m": {account_id: a}}' \
		'accounts: {x: {account_id: ../../user}}' 'accounts: {x: {account_id: a, token: b}}' \
		'accounts: {x: {account_id: a, api_token: {}}}' \
		'accounts: {x: {account_id: a, api_token: {env: }}}' \
		'accounts: {x: {account_id: a, api_token: {env: "A B"}}}' 'account_id: ../../user' \
		'account_id: a/b' 'account_id: a%%2Fb' 'account_id: a?b' 'account_id: ""' 'account_id: [a]' \
		"account_id: $(printf 'a%.0s' {1..33})"; do
		text "$content\nstores: [a]\n"
		refused
	done
}

@test "names that can't be" {
	local name
	for name in '"a b"' a/b .. . '"%%2F"' '"a%%20b"' '"\\u202egnp.exe"' '"\\u200b"' '"a\\tb"' '"a\\nb"' \
		'"\\e[31m"' '"\\x7f"' '"a\\0b"' '"a?b"' '"a#b"' "$(printf 'n%.0s' {1..256})" \
		'"a\\\\b"' '"a:b"' "'*'" '"~"'; do
		text "account_id: acc_1\nstores: [$name]\n"
		refused cfprov.yaml:2
	done
	text 'account_id: acc_1\nstores: [\303\244]\n'
	bad validate
	err_has cfprov.yaml:2:10
}

@test "types that are not silently something else" {
	# Plain words are names, as they stand; nothing becomes true, null or a number.
	text 'account_id: 0o17\nstores: [no, on, 1e3, 0x10, 2024-01-01, 1_000, Yes, .inf]\n'
	good validate
	out_has '8 stores'
	local value
	for value in yes on 1 '"true"' True TRUE ~ '' '[true]'; do
		text "account_id: acc_1\nstores: [{name: a, adopt: $value}]\n"
		refused '`adopt`: expected true or false'
	done
	for value in 2 0 '"2"' 1.0 one ~ '[1]'; do
		text "version: $value\naccount_id: acc_1\nstores: [a]\n"
		refused expected cfprov.yaml:1:10
	done
}

# secret TEXT: cfprov.yaml with this secret, whose value is a secret that nobody must see.
secret()
{
	text 'account_id: acc_1\nstores:\n  - name: a\n    secrets:\n      - '"$1"'\n'
}

@test "a literal is no value: said, with what to write in its place, and never shown" {
	local value
	for value in hunter2 '"hunter2"' '{hunter2}' '{hunter2: x}' '[hunter2]' '{env: [hunter2]}' \
		'{env: "hunter2 "}' '{stdin: hunter2}' '{command: hunter2}' '!!binary hunter2' \
		'{generate: hunter2}' '|\n          hunter2' '{dotenv: hunter2}' '{env: hunter2, env: x}' \
		'"hunter2\\0"' "'hunter2" '{value: hunter2}' '&a hunter2' '*hunter2' '!hunter2' \
		'!!hunter2' '&hunter2' '%%hunter2' '@hunter2' '`hunter2' '>hunter2' '|hunter2' '-hunter2' \
		'? hunter2' '- hunter2' '{"hunter2": x}' 'hunter2: x' '"hunter2" x' '[hunter2' \
		'{hunter2: {hunter2: hunter2}}' '{json: /hunter2}' '{env: A, json: hunter2}'; do
		secret "name: X\n        value: $value"
		refused
		grep hunter err && false
		prov validate -json
		grep hunter out && false
	done
	for value in hunter2 1e3 no on 0o17 2024-01-01 true '""'; do
		secret "name: X\n        value: $value"
		refused cfprov.yaml:6:16 'such as {env: NAME}, found text' 'Never write a secret in the manifest' \
			'{env: NAME}' '{file: PATH}, {command: [PROGRAM, ARGUMENT]}, {dotenv: PATH, key: NAME}, {stdin: true} or {generate: {bytes: 32}}'
	done
	for value in '' '~'; do
		secret "name: X\n        value: $value"
		refused 'found nothing'
	done
}

@test "what is wrong inside a source gets the hint for it" {
	local value
	for value in 'json: a' 'json: /m~2n'; do
		secret "{name: X, value: {env: A, $value}}"
		refused cfprov.yaml:5:41 'Write a pointer such as /db/password'
		err_lacks 'Never write a secret'
	done
	secret '{name: X, value: {dotenv: .env, key: a b}}'
	refused 'Use the name before the = in the file'
	secret '{name: X, value: {file: ""}}'
	refused "must not be empty"
	err_lacks 'Never write a secret'
	secret '{name: X, value: {env: hunter 2}}'
	refused 'Never write a secret in the manifest' '{stdin: true} or {generate:'
	text 'accounts: {p: {account_id: acc_1, api_token: hunter2}}\nstores: [a]\n'
	refused '{file: PATH}, {command: [PROGRAM, ARGUMENT]} or {dotenv: PATH, key: NAME}.'
	text 'accounts: {p: {account_id: hunter 2}}\nstores: [a]\n'
	refused 'invalid account_id'
	err_lacks 'Never write a secret'
}

@test "secrets that can't be" {
	secret '{name: X, vaule: {env: A}}'
	refused 'unknown key `vaule`; did you mean `value`?' '`value` is missing'
	secret '{name: X, value: {env: A, file: b}}'
	refused 'only one source is allowed, found `env` and `file`' cfprov.yaml:5:35
	secret '{value: {env: A}}'
	refused '`name` is missing'
	secret '{name: X, value: {env: A}}\n      - {name: X, value: {env: B}}'
	refused 'secret `X` is declared twice in this store, first at cfprov.yaml:5' cfprov.yaml:6:16
	local name
	for name in '"a b"' a/b .. a.b '"%%2F"' '"\\u202egnp"' '"a\\tb"' '"\\e[31m"' '"a\\0b"' '""' \
		"$(printf 'n%.0s' {1..256})" '[a]' '' '\303\244'; do
		secret "{name: $name, value: {env: A}}"
		bad validate
		err_has cfprov.yaml:5
		LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]' err && false
	done
	text 'account_id: acc_1\nstores:\n  - {name: a, secrets: [&x {name: X, value: {env: A}}]}\n  - {name: b, secrets: [*x, {name: x, value: {env: A}}]}\n'
	good validate
	out_has '2 stores and 3 secrets'
}

# pasted TOKEN TEXT: cfprov.yaml with the token for each @; no command shows it, in any form.
pasted()
{
	local words
	text "${2//@/$1}"
	for words in validate plan 'validate -json' 'plan -json'; do
		# shellcheck disable=SC2086 # words are wanted
		prov $words
		((status != 0)) || {
			echo "accepted by $words: $2" >&2
			return 1
		}
		# Nor a part of it, as an excerpt that is cut would show.
		! grep -F -e "${1:0:12}" -e "${1: -12}" out err >&2 || {
			echo "shown by $words: $2" >&2
			return 1
		}
	done
}

@test "a token that was pasted in the wrong place is not shown" {
	local place token stores='stores: [{name: a, secrets: [{name: X, value: {env: A}}]}]\n'
	local secret='account_id: acc_1\nstores:\n  - name: a\n    secrets:\n      - '
	local places=(
		"account_id: @\n$stores"
		"account_id: \"@ \"\n$stores"
		"accounts: {@: {account_id: acc_1}}\n$stores"
		"accounts:\n  @:\n    account_id: acc_1\n  b: {account_id: \"@\"}\n$stores"
		"accounts:\n  @: 7\n$stores"
		"account_id: acc_1\n@: x\n$stores"
		"account_id: acc_1\n@:\n$stores"
		"account_id: acc_1\nversion: @\n$stores"
		"account_id: acc_1\nstate: {@: 1}\n$stores"
		"account_id: acc_1\nmoved: [{from: a/@, to: a/Y}]\n$stores"
		"account_id: acc_1\nremoved: [@]\n$stores"
		"account_id: acc_1\n@: x\n@: y\n$stores"
		"account_id: acc_1\n  @: [\n$stores"
		"account_id: acc_1\n@\n$stores"
		"account_id: acc_1\nstores: @\n"
		"account_id: acc_1\nstores: [@]\n"
		"account_id: acc_1\nstores: [{name: @}]\n"
		"account_id: acc_1\nstores: [{name: a, accounts: [@]}]\n"
		"account_id: acc_1\nstores: [{name: a, accounts: [@, @]}]\n"
		"account_id: acc_1\nstores: [{name: a, adopt: @}]\n"
		"account_id: acc_1\nstores: [{name: a, name: @}]\n"
		"account_id: acc_1\nstores:\n  - name: a\n    @: x\n"
		"account_id: acc_1\nstores:\n  - name: a\n   @: x\n"
		"$secret{name: @, value: {env: A}}\n"
		"$secret{name: X, value: {env: @}}\n"
		"$secret{name: X, value: {file: @}}\n"
		"$secret{name: X, value: {@: x}}\n"
		"$secret{name: X, value: {@}}\n"
		"$secret{name: X, value: @}\n"
		"$secret{name: X, value: {env: A}, @: x}\n"
		"$secret{name: X, value: {env: A}, scopes: [@]}\n"
		"$secret{name: X, value: {env: A}, scopes: [@, @]}\n"
		"$secret{name: X, value: {env: A}, scopes: @}\n"
		"$secret{name: X, value: {env: A}, comment: @}\n"
		"$secret{name: X, value: {env: A}, comment: [@]}\n"
		"$secret{name: X, value: {env: A}, comment: \"\${@}\"}\n"
		"$secret{name: X, value: {env: A}, comment: \"\${@ }\"}\n"
		"$secret{name: X, value: {env: A}, nmae: {a: @}}\n"
		"$secret{name: X, value: {env: A}, scopes: [dxe], nmae: @}\n"
	)
	start_logged
	for token in nQ3kZ8vR1xLw5TjY7bHc2MfD9sGp4KaE6uWoXiVq cfat_Hc2MfD9sGp4KaE6uWoXiVq8vR1xLw5Tj; do
		for place in "${places[@]}"; do
			pasted $token "$place"
		done
	done
	[ "$(requests)" = 0 ]
	text "account_id: acc_1\nstores: [{name: $token}]\n"
	refused 'invalid name (hidden because it looks like a secret): secrets are not allowed here'
	text "account_id: $token\n$stores"
	refused 'invalid account_id (hidden because it looks like a secret)'
	text "account_id: acc_1\n$token: x\n$stores"
	refused 'unknown key (hidden because it looks like a secret)' 'Valid keys: '
	tidy
}

@test "a long name is shown, and not taken for a token" {
	local name=Production-payments-service-keys-europe-west-2-blue
	text "account_id: acc_1\nstores: [$name, {name: b, $name: x}]\n"
	refused "unknown key \`$name\`" "... $name"
	text "account_id: acc_1\nstores: [$name]\n"
	good validate
}

@test "a scope that nobody knows is a warning, in all that reads a manifest" {
	secret '{name: X, value: {env: A}, scopes: [workers, dxe]}'
	good validate
	err_has 'Warning: unknown scope `dxe`; did you mean `dex`?' cfprov.yaml:5:54
	harmless err
}

@test "standard input is a manifest or a secret, not both" {
	secret '{name: X, value: {stdin: true}}'
	good validate
	"$cfprov" validate -f - <cfprov.yaml >out 2>err && status=0 || status=$?
	told validate -f -
	failed_well
	err_has "standard input can't be both the manifest and a secret" 'Put the manifest in a file'
}

@test "anchors and aliases are followed; what explodes or bites its tail is refused" {
	text 'account_id: acc_1\nstores:\n  - &a {name: x, adopt: true}\n  - name: *n\n'
	refused cfprov.yaml:4
	text 'accounts: {a: &x {account_id: acc_1}}\nstores: &s [b, &c c]\n'
	good validate
	text 'account_id: acc_1\nstores: &a [*a]\n'
	refused 'refers to a node that contains it'
	{
		echo 'a: &a [x, x, x, x, x, x, x, x, x, x]'
		local last=a next
		for next in b c d e f g h i j; do
			echo "$next: &$next [*$last, *$last, *$last, *$last, *$last, *$last, *$last, *$last]"
			last=$next
		done
	} >cfprov.yaml
	refused 'aliases expand'
}

@test "a small manifest that means a huge model is refused" {
	python3 - >cfprov.yaml <<-'END'
		print("accounts:")
		for i in range(2000):
		    print(f"  a{i}: {{account_id: a85e105f4ecef8ad9ca31a8372d0{i:04x}}}")
		print("stores:")
		for store in "ab":
		    print(f"  - name: {store}\n    secrets:")
		    for i in range(600):
		        print(f"      - {{name: S{i}, value: {{env: X}}}}")
	END
	bad validate
	err_has 'Error: more than 1000000 stores and secrets in all accounts' cfprov.yaml:2003:
	[ "$(grep -c ^Error err)" = 1 ]
	sed -i '/account_id/{/a1000:/,$d}' cfprov.yaml
	sed -i '/name: b/,$d' cfprov.yaml
	good validate
}

@test "fault B11: defaults are shared by merge keys, below x-... or elsewhere" {
	start_logged
	cat >cfprov.yaml <<-end
		account_id: $account
		x-defaults: &defaults
		  scopes: [workers, ai_gateway]
		  comment: from the defaults
		  anything: ["\${NOT_A_VARIABLE}"]
		x-secret: &secret {update: if_absent, value: {env: A}}
		stores:
		  - name: s
		    secrets:
		      - {<<: *secret, name: A, comment: its own}
		      - name: B
		        <<: [*secret]
		        scopes: [dex]
	end
	good validate
	out_has '1 store and 2 secrets'
	A=value good apply -auto-approve
	[ "$(sim_world '.accounts[].stores[].secrets[] | "\(.name) \(.comment) \(.scopes | join(","))"' | sort)" = \
		$'A its own workers\nB null dex' ] ||
		[ "$(sim_world '.accounts[].stores[].secrets[] | "\(.name) \(.comment) \(.scopes | join(","))"' | sort)" = \
			$'A its own workers\nB  dex' ]
	# What is merged is checked where it is used, and told where it is written.
	sed -i 's/\[\*secret\]/[*secret, *defaults]/' cfprov.yaml
	refused 'unknown key `anything`' cfprov.yaml:5
	sed -i '/anything/d' cfprov.yaml
	good validate
	text "account_id: $account\nx-d: &d {value: {env: A}}\nstores: [{name: s, secrets: [{<<: d, name: A}]}]\n"
	refused '`<<` can only merge a map' cfprov.yaml:3
	text "account_id: $account\nstores: [{name: s, x-a: 1}]\n"
	refused 'unknown key `x-a`' cfprov.yaml:2
}

@test "fault B12: unresolved merge conflicts are named as such" {
	text 'account_id: acc_1\n<<<<<<< HEAD\nstores: [a]\n=======\nstores: [b]\n>>>>>>> topic\n'
	refused 'unresolved merge conflict' cfprov.yaml:2 'delete the lines with <<<<<<<'
	text 'account_id: acc_1\nstores:\n  - a\n<<<<<<< HEAD\n  - b\n=======\n  - c\n>>>>>>> topic\n'
	refused 'unresolved merge conflict' cfprov.yaml:4
}

@test "fault B2: a manifest in UTF-16 is named as such" {
	printf 'account_id: acc_1\nstores: [a]\n' | iconv -t UTF-16 >cfprov.yaml
	refused 'the file is UTF-16, not UTF-8' 'as UTF-8'
	printf 'account_id: acc_1\nstores: [a]\n' | iconv -t UTF-16LE >cfprov.yaml
	refused 'the file is UTF-16, not UTF-8'
}

@test "a warning is printed once, also by commands that read the manifest several times" {
	start_logged
	text 'account_id: xyz\nstate: {path: s.json}\nstores:\n  - name: a\n'
	local command
	for command in validate plan 'apply -auto-approve' doctor refresh export; do
		# shellcheck disable=SC2086 # options are words
		prov $command
		[ "$(grep -c '^Warning: `xyz` doesn' err)" = 1 ]
	done
	tidy
}

@test "fault A22: what doesn't look like an account id is a warning" {
	local id
	for id in xyz not-an-id 985e105f4ecef8ad9ca31a8372d0c35 ${account/e/g}; do
		text "account_id: $id\nstores: [a]\n"
		good validate
		err_has "Warning: \`$id\` doesn't look like an account id" cfprov.yaml:1:13
	done
	text "accounts:\n  p:\n    account_id: \${ID}\nstores: [a]\n"
	good validate -var ID=hunter2
	err_has 'Warning: `${ID}` doesn'"'"'t look like' cfprov.yaml:3:17
	err_lacks hunter2
	good validate -var ID="$account"
	err_is ''
	good validate -var ID="${account^^}"
	err_is ''
	text 'stores: [a]\n'
	CLOUDFLARE_ACCOUNT_ID=xyz good validate
	err_has 'Warning: CLOUDFLARE_ACCOUNT_ID: `xyz` doesn'"'"'t look like an account id'
	start_logged
	text "account_id: xyz\nstores: [a]\n"
	prov plan
	err_has "Warning: \`xyz\` doesn't look like an account id" cfprov.yaml:1:13
	prov export -account-id=xyz
	err_has "Warning: \`xyz\` doesn't look like an account id"
}

@test "tags" {
	local tag
	for tag in '!!binary' '!x' '!!int' '!<tag:example.com,2000:x>' '!!python/object:x' '!!map'; do
		text "account_id: acc_1\nstores: [$tag a]\n"
		refused tags
	done
	text 'account_id: acc_1\nstores: [!!str a]\n'
	good validate
}

@test "what is no YAML" {
	local content
	for content in 'stores: [a' 'stores: "a' "stores: 'a" 'stores: {a' 'a: b: c' '%%YAML 9.9\n---\nstores: [a]' \
		'stores: [a]]' '@a' '`a`' 'stores:\n- a\n - b' '"\\q"' 'a: *' 'a: &' '*x'; do
		text "$content\n"
		refused
	done
	text 'stores:\n\t- a\n'
	refused 'tabs are not allowed for indentation' cfprov.yaml:2
}

@test "encodings" {
	text '\357\273\277account_id: acc_1\nstores: [a]\n'
	good validate
	text 'account_id: acc_1\r\nstores:\r\n  - a\r\n  - b\r\n'
	good validate
	out_has '2 stores'
	text 'account_id: acc_1\nstores: [a\377]\n'
	refused 'invalid UTF-8' cfprov.yaml:2:11
	text 'account_id: acc_1\nstores: [\355\240\200]\n'
	refused 'invalid UTF-8'
	printf 'account_id: acc_1\nstores: [a]\n' | iconv -t UTF-16 >cfprov.yaml
	refused
	printf 'account_id: acc_1\nstores: [a]\n' | iconv -t UTF-16LE >cfprov.yaml
	refused
	printf 'account_id: acc_1\0\nstores: [a]\n' >cfprov.yaml
	refused
	printf 'account_id: acc_1\nstores: [a]\n\033[31m\n' >cfprov.yaml
	refused
}

@test "too deep, too large, or no file: an error, and no long wait" {
	printf '[%.0s' {1..100000} >cfprov.yaml
	timeout 10 "$cfprov" validate >out 2>err && status=0 || status=$?
	[ "$status" = 1 ]
	grep -q 'nested more than' err
	printf -- '- %.0s' {1..80000} >cfprov.yaml
	timeout 10 "$cfprov" validate >out 2>err && status=0 || status=$?
	[ "$status" = 1 ]
	printf '{a: %.0s' {1..50000} >cfprov.yaml
	timeout 10 "$cfprov" validate >out 2>err && status=0 || status=$?
	[ "$status" = 1 ]
	rm cfprov.yaml
	truncate -s 100M cfprov.yaml
	refused 'larger than'
	rm cfprov.yaml
	mkdir cfprov.yaml
	refused "there is no manifest in the directory"
	rmdir cfprov.yaml
	ln -s /dev/zero cfprov.yaml
	refused 'not a regular file'
	rm cfprov.yaml
	ln -s cfprov.yaml cfprov.yaml
	refused
}

@test "a very long line is shown as a window" {
	{
		echo 'account_id: acc_1'
		printf 'stores: ['
		printf 'a%s, ' {1..20000}
		echo 'b/c]'
	} >cfprov.yaml
	refused 'b/c' 'cfprov.yaml:2:'
	awk 'length($0) > 160 { exit 1 }' err
}

@test "10,000 errors do not drown the machine" {
	{
		echo 'account_id: acc_1'
		echo 'stores:'
		printf '  - "b c %s"\n' {1..10000}
	} >cfprov.yaml
	timeout 60 "$cfprov" validate >out 2>err && status=0 || status=$?
	[ "$status" = 1 ]
	grep -q cfprov.yaml:3: err
	grep -q cfprov.yaml:102: err
	! grep -q cfprov.yaml:103: err || return 1
	grep -q '^Error: 9900 more errors are not shown' err
}

@test "nor do they in a single line" {
	{
		printf '{account_id: %s, stores: [' "$account"
		printf '"b c %s", ' {1..200000}
		echo ']}'
	} >cfprov.yaml
	timeout 60 "$cfprov" validate -json >out 2>err && status=0 || status=$?
	[ "$status" = 1 ]
	# Those that are shown have their places all the same.
	jq -e '.error_count == 101 and (.diagnostics | length) == 101 and
		.diagnostics[99].range.start.column == 1038 and
		.diagnostics[99].snippet.code == "... \"b c 100\"..." and
		(.diagnostics[100].summary | startswith("199900 more errors"))' out
}

@test "a manifest with an error changes nothing that is" {
	start_logged
	manifest a b
	good apply -auto-approve
	cp "$state" before
	: >"$sim_log"
	local content
	for content in '' '# nothing' 'account_id: acc_1\nstores: []' 'account_id: acc_1\nstores: [c, "d e"]'; do
		text "$content"
		bad apply -auto-approve
		bad plan
	done
	cmp "$state" before
	[ "$(requests)" = 0 ]
	[ "$(live | wc -l)" = 2 ]
}

@test "where the manifest may be read from" {
	start_logged
	manifest a
	chmod 444 cfprov.yaml
	mkdir real
	mv cfprov.yaml real/
	ln -s real/cfprov.yaml cfprov.yaml
	good plan
	cp "$(readlink -f cfprov.yaml)" 'odd name [x] $y.yaml'
	good plan -f 'odd name [x] $y.yaml'
	bad plan -f "$(printf 'x%.0s' {1..5000})"
	harmless err
	bad plan -f $'no\e[31mfile'
	harmless err
}
