#!/usr/bin/env bats
# The manifest for machines: the JSON Schema that editors use, and validate -json.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() {
	set_up_cfprov
	unset CLOUDFLARE_ACCOUNT_ID
}
teardown() { stop_all; }

# schema_says good|bad FILE...: what ajv makes of the files.
schema_says()
{
	have node
	[[ -e schema.json ]] || "$cfprov" schema >schema.json
	NODE_PATH=/usr/share/nodejs node "$top/tests/schema/check.js" schema.json "$@" >&2
}

# ---- the schema -----------------------------------------------------------------------------

@test "it is draft-07, with a description for each key" {
	good schema
	err_is ''
	jq -e '."$schema" == "http://json-schema.org/draft-07/schema#"' out
	jq -e '."$id" == "urn:cfprov:manifest:1"' out
	jq -e '.additionalProperties == false' out
	jq -e '[.. | objects | .properties? // empty | to_entries[] | .value.description // "" |
		test("^[A-Z].*[.]$")] | length > 15 and all' out
	jq -e '[.. | objects | select(.type? == "object" and has("properties")) |
		.additionalProperties == false] | length > 5 and all' out
	cp out first
	good schema
	cmp out first
	bad schema surplus
	bad schema -f x
}

@test "fault B16: descriptions and contracts say what the code does" {
	good schema
	jq -re '.properties.state.properties.key.description' out >description
	run ! grep "state's own" description
	grep -q 'passphrase' description
	# The guard of names that comments mention; headers keep their tables.
	sh "$top/tests/lint/names.sh"
	local header
	for header in lib/state/ledger.h cmd/cfprov/stream.h cmd/cfprov/log.h; do
		[ "$(grep -c 'clang-format o' "$top/$header")" = 2 ]
	done
}

@test "examples/cfprov.schema.json is what cfprov schema prints" {
	"$cfprov" schema | diff "$top/examples/cfprov.schema.json" - >&2
	# Where the first line of a manifest names it, it is there.
	local manifest named
	while read -r manifest; do
		named=$(sed -n '1s/^# yaml-language-server: $schema=//p' "$manifest")
		[ -e "${manifest%/*}/$named" ]
	done < <(grep -l 'yaml-language-server' -r "$top/examples" --include='*.y*ml')
	[ -n "$named" ]
}

@test "help tells of it" {
	good help
	out_has schema CFPROV_VAR_NAME
	good help schema
	out_has 'Usage: cfprov schema [OPTIONS]'
	good validate -help
	out_has -json -f= -var=NAME=VALUE
}

@test "it has the keys, the words and the limits" {
	good schema
	jq -e '.properties | keys ==
		["account_id", "accounts", "moved", "removed", "state", "stores", "version"]' out
	jq -e '.properties.stores.items.oneOf | length == 2' out
	jq -e '.properties.stores.items.oneOf[1] | .required == ["name"] and (.properties | keys ==
		["accounts", "adopt", "name", "on_remove", "prevent_destroy", "secrets"])' out
	jq -e '.properties.stores.items.oneOf[1].properties.on_remove.anyOf[0].enum ==
		["destroy", "forget"]' out
	jq -e '.properties.accounts.additionalProperties.properties.account_id.anyOf[0] |
		.maxLength == 32 and .pattern == "^[A-Za-z0-9_-]+$"' out
	jq -e '.properties.state.properties.backend.anyOf[0].enum == ["local", "s3", "http"]' out
	jq -c '.properties.stores.items.oneOf[1].properties.secrets.items' out >secret.json
	jq -e '.required == ["name", "value"]' secret.json
	jq -e '.properties.version.anyOf[0] == {type: "integer", minimum: 1, maximum: 1000000000}' \
		secret.json
	jq -e '.properties.scopes | .minItems == 1 and .uniqueItems and
		.items.anyOf[0].enum == ["workers", "ai_gateway", "dex", "access", "containers",
		"websearch"] and .items.anyOf[1].type == ["string", "number"]' secret.json
	jq -e '.properties.value | [.oneOf[].required[]] ==
		["env", "file", "command", "dotenv", "generate", "stdin"]' secret.json
	jq -e '.properties.value | .dependencies.key == {required: ["dotenv"]} and
		.dependencies.json == {not: {required: ["generate"]}}' secret.json
	jq -e '.properties.value.properties | .stdin.const == true and
		.generate.properties.bytes.maximum == 49152' secret.json
	# What is made at random is no token, and no key.
	jq -e '.properties.accounts.additionalProperties.properties.api_token |
		[.oneOf[].required[]] == ["env", "file", "command", "dotenv"] and
		(.properties | has("generate") or has("stdin") | not)' out
	jq -e '.properties.state.properties.key.properties | has("stdin") and
		(has("generate") | not)' out
	# A source of a secret takes no variables.
	jq -e '[.properties.accounts.additionalProperties.properties.api_token,
		.properties.state.properties.key,
		.properties.stores.items.oneOf[1].properties.secrets.items.properties.value] |
		all(type == "object") and ([.. | ."$ref"? // empty] == [])' out
}

@test "all examples are good to it, also each file of a folder" {
	shopt -s globstar nullglob
	local file files=()
	for file in "$top"/examples/**/*.yaml "$top"/examples/**/*.yml; do
		[[ $file == */policy.yaml || $file == */examples/ci/* ]] || files+=("$file")
	done
	((${#files[@]} >= 5))
	schema_says good "${files[@]}"
}

@test "what validate takes is good to it" {
	mkdir good
	local i=0 text
	while IFS= read -r text; do
		i=$((i + 1))
		printf '%b\n' "$text" >"good/$i.yaml"
		good validate -f "good/$i.yaml"
	done <<-'END'
		account_id: a1\nstores: [x]
		version: 1\naccount_id: a1\nstores: [x, {name: y}]
		x-d: &d {adopt: true}\naccount_id: a1\nstores: [{<<: *d, name: y}]
		x-: [1, {a: ~}]\nx-y:\naccount_id: a1\nstores: [x]
		version: "1"\naccount_id: 12345\nstores: [2024, 1.5, x]
		accounts: {p: {account_id: a1, api_token: {env: T}}}\nstores: [{name: x, accounts: [p]}]
		account_id: a1\nstores: [{name: x, adopt: true, prevent_destroy: false, on_remove: forget}]
		account_id: a1\nstores: [x]\nstate: {backend: local, path: below/x y.json}
		account_id: a1\nstores: [x]\nmoved: [{from: old, to: default}]
		account_id: a1\nstores: [x]\nremoved: [{from: default/y, destroy: false}, {from: default/z}]
		account_id: a1\nstores: [x]\nremoved: [{from: gone, destroy: false}, {from: other/b, destroy: false}]
		account_id: "${A:-a}"\nstores: ["${B:-x}", {name: y, on_remove: "${C:-forget}"}]
		account_id: a1\nstores: [..., x.y, .x]
		account_id: a1\nstores: [{name: x, secrets: []}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {env: B}}, {name: 2-b_, value: {file: /x y}}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {command: [a, "", 7, "x\ny"], json: /a~1/0, trim: false}}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {dotenv: .env, key: B.c}}, {name: B, value: {stdin: true, json: /}}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {env: B, json: ""}}, {name: B, value: {env: B, json: /~0~1//é "}}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {generate: {bytes: 49152}}}, {name: B, value: {generate: {bytes: 1, encoding: hex}}}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {env: B}, scopes: [workers, images2], comment: "", version: 7, update: if_absent}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {env: B}, comment: é "q", on_drift: warn, fingerprint: none, adopt: true, prevent_destroy: true, on_remove: forget}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: "${A:-a}", value: {env: B}, scopes: ["${S:-dex}"], update: "${U:-always}"}]}]
		account_id: a1\nstores: [{name: x, secrets: [{name: A, value: {env: B}}]}]\nmoved: [{from: default/x/B, to: default/x/A}]\nremoved: [{from: default/x/C}]
		accounts: {p: {account_id: a1, api_token: {command: [pass, cf], json: /t}}}\nstores: [x]\nstate: {key: {stdin: true}}
	END
	printf 'account_id: a1\nstores:\n  - name: x\n    adopt: ${C:-true}\n    secrets:\n' >good/true.yaml
	printf '      - name: A\n        version: ${V:-2}\n        value: {env: A}\n' >>good/true.yaml
	good validate -f good/true.yaml
	schema_says good good/*.yaml
}

@test "what validate refuses by its shape, it refuses" {
	mkdir bad
	local i=0 text
	while IFS= read -r text; do
		i=$((i + 1))
		printf '%b\n' "$text" >"bad/$i.yaml"
		bad validate -f "bad/$i.yaml"
	done <<-'END'
		- a
		text
		account_id: a1\nstors: [x]
		account_id: a1\nstores: x
		account_id: a1\nstores: {x: y}
		account_id: a1\nstores: [[x]]
		account_id: a1\nstores: [{adopt: true}]
		account_id: a1\nstores: [{name: x, adopts: true}]
		account_id: a1\nstores: [{name: x, adopt: "yes"}]
		account_id: a1\nstores: [{name: x, accounts: []}]
		account_id: a1\nstores: [{name: x, accounts: default}]
		account_id: a1\nstores: [{name: x, on_remove: keep}]
		account_id: a1\nstores: [{name: [x]}]
		account_id: a1\nstores: [a b]
		account_id: a1\nstores: [..]
		account_id: a1\nstores: [a/b]
		account_id: a1\nstores: [""]
		account_id: a1\nstores: [ä]
		account_id: ../a\nstores: [x]
		account_id: a85e105f4ecef8ad9ca31a8372d0c353x\nstores: [x]
		account_id: [a1]\nstores: [x]
		version: 2\naccount_id: a1\nstores: [x]
		accounts: {}\nstores: [x]
		accounts: {p: a1}\nstores: [x]
		accounts: {p: {}}\nstores: [x]
		accounts: {p: {account_id: a1, api_token: abc}}\nstores: [x]
		accounts: {p: {account_id: a1, api_token: {}}}\nstores: [x]
		accounts: {p: {account_id: a1, api_token: {envs: T}}}\nstores: [x]
		accounts: {p: {account_id: a1, api_token: {env: "${T}"}}}\nstores: [x]
		accounts: {p q: {account_id: a1}}\nstores: [x]
		account_id: a1\nstores: [x]\nstate: {}
		account_id: a1\nstores: [x]\nstate: {backend: gcs}
		account_id: a1\nstores: [x]\nstate: {path: ""}
		account_id: a1\nstores: [x]\nstate: x.json
		account_id: a1\nstores: [x]\nmoved: [{from: a}]
		account_id: a1\nstores: [x]\nmoved: [{from: a/b/c/d, to: default/x}]
		account_id: a1\nstores: [x]\nmoved: [{from: a/b/c.d, to: a/b/e}]
		account_id: a1\nstores: [x]\nmoved: [{from: a/.., to: default/x}]
		account_id: a1\nstores: [x]\nmoved: {from: a, to: default}
		account_id: a1\nstores: [x]\nremoved: [default/y]
		account_id: a1\nstores: [x]\nremoved: [{from: a/b/c/d}]
		account_id: a1\nstores: [x]\nremoved: [{from: default/y, destroy: 1}]
		account_id: a1\nstores: null
		account_id: a1\nstores: [x]\nstate: {key: abc}
		account_id: a1\nstores: [x]\nstate: {key: {generate: {bytes: 32}}}
		accounts: {p: {account_id: a1, api_token: {generate: {bytes: 32}}}}\nstores: [x]
		accounts: {p: {account_id: a1, api_token: {stdin: true}}}\nstores: [x]
	END
	# Of one secret, by itself or with what else it needs.
	while IFS= read -r text; do
		i=$((i + 1))
		printf 'account_id: a1\nstores: [{name: x, secrets: [%s]}]\n' "$text" >"bad/$i.yaml"
		bad validate -f "bad/$i.yaml"
	done <<-'END'
		A
		[A]
		{name: A}
		{value: {env: B}}
		{name: A, value: {env: B}, x: y}
		{name: A, value: hunter2}
		{name: A, value: 7}
		{name: A, value: [env, B]}
		{name: A, value: {}}
		{name: A, value: {vault: B}}
		{name: A, value: {env: B, file: c}}
		{name: A, value: {env: [B]}}
		{name: A, value: {env: [B], file: c}}
		{name: A, value: {env: B, command: [a]}}
		{name: A, value: {env: [], command: [a]}}
		{name: A, value: {env: [B, B], command: [a]}}
		{name: A, value: {env: ["a b"], command: [a]}}
		{name: A, value: {env: [B], command: [a], file: c}}
		{name: A, value: {json: /a}}
		{name: A, value: {trim: true}}
		{name: A, value: {key: K}}
		{name: A, value: {env: B, key: K}}
		{name: A, value: {dotenv: .env}}
		{name: A, value: {generate: {bytes: 1}, json: /a}}
		{name: A, value: {generate: {bytes: 1}, trim: true}}
		{name: A, value: {env: "${B}"}}
		{name: A, value: {env: ""}}
		{name: A, value: {file: ""}}
		{name: A, value: {command: pass show x}}
		{name: A, value: {command: []}}
		{name: A, value: {command: [[a]]}}
		{name: A, value: {generate: 32}}
		{name: A, value: {generate: {}}}
		{name: A, value: {generate: {encoding: hex}}}
		{name: A, value: {generate: {bytes: 0}}}
		{name: A, value: {generate: {bytes: 49153}}}
		{name: A, value: {generate: {bytes: 1, encoding: base32}}}
		{name: A, value: {stdin: false}}
		{name: A, value: {env: B, json: a}}
		{name: A, value: {env: B, json: /~2}}
		{name: A, value: {env: B, trim: 1}}
		{name: a b, value: {env: B}}
		{name: a.b, value: {env: B}}
		{name: "", value: {env: B}}
		{name: A, value: {env: B}, scopes: []}
		{name: A, value: {env: B}, scopes: workers}
		{name: A, value: {env: B}, scopes: [dex, dex]}
		{name: A, value: {env: B}, scopes: ["a,b"]}
		{name: A, value: {env: B}, comment: "a\tb"}
		{name: A, value: {env: B}, comment: [a]}
		{name: A, value: {env: B}, version: 0}
		{name: A, value: {env: B}, version: 1.5}
		{name: A, value: {env: B}, version: "1"}
		{name: A, value: {env: B}, update: never}
		{name: A, value: {env: B}, on_drift: overwrite}
		{name: A, value: {env: B}, fingerprint: sha256}
		{name: A, value: {env: B}, adopt: 1}
		{name: A, value: {env: B}, on_remove: keep}
	END
	((i > 90))
	schema_says bad bad/*.yaml
}

# ---- validate -json -------------------------------------------------------------------------

@test "validate -json: a good manifest" {
	acc=$account
	manifest a
	good validate -json
	err_is ''
	jq -e '. == {format_version: "1.0", valid: true, error_count: 0, warning_count: 0,
		diagnostics: []}' out
}

@test "validate -json: errors are the product, with exit status 1" {
	printf 'account_id: ä1\nstores:\n  - {name: x, adopts: true}\n' >cfprov.yaml
	prov validate -json
	((status == 1))
	err_is ''
	jq -e '.valid == false and .error_count == 2 and .warning_count == 0' out
	jq -e '.diagnostics | length == 2 and all(.severity == "error" and (.detail | type) ==
		"string")' out
	jq -e '.diagnostics[0] | .summary | startswith("invalid account_id")' out
	jq -e '.diagnostics[0].range == {filename: "cfprov.yaml",
		start: {line: 1, column: 13, byte: 12}, end: {line: 1, column: 15, byte: 15}}' out
	jq -e '.diagnostics[0].snippet == {context: null, code: "account_id: ä1", start_line: 1,
		highlight_start_offset: 12, highlight_end_offset: 15, values: []}' out
	jq -e '.diagnostics[1] | .detail == "Valid keys: `name`, `accounts`, `adopt`, `prevent_destroy`, `on_remove`, `secrets`." and
		.range.start == {line: 3, column: 15, byte: 38} and
		.range.end == {line: 3, column: 21, byte: 44}' out
	# What is highlighted is what is meant, in the file and in the snippet.
	[[ $(jq -r '.diagnostics[1].snippet | .code[.highlight_start_offset:.highlight_end_offset]' out) == adopts ]]
	[[ $(dd if=cfprov.yaml bs=1 skip=38 count=6 status=none) == adopts ]]
}

@test "validate -json: a warning is no error" {
	acc=$account
	printf 'account_id: a85e105f4ecef8ad9ca31a8372d0c353\nstores:\n- name: x\n  secrets:\n' >cfprov.yaml
	printf '  - {name: A, value: {env: B}, scopes: [workrs]}\n' >>cfprov.yaml
	good validate -json
	err_is ''
	jq -e '.valid and .error_count == 0 and .warning_count == 1' out
	jq -e '.diagnostics[0] | .severity == "warning" and .range.start.line == 5 and
		(.summary | endswith("did you mean `workers`?"))' out
	good validate
	out_is $'The manifest is valid: 1 store and 1 secret in 1 account.\n'
	err_has 'Warning: unknown scope `workrs`; did you mean `workers`?' \
		cfprov.yaml:5:41 'Known scopes: workers, ai_gateway'
	sed -i 's/name: A/nome: A/' cfprov.yaml
	prov validate -json
	((status == 1))
	jq -e '.error_count == 2 and .warning_count == 1 and (.diagnostics | length == 3)' out
}

@test "validate -json: errors without a place, of YAML, of files, and behind a byte order mark" {
	prov validate -json
	((status == 1))
	jq -e '.error_count == 1 and (.diagnostics[0] | has("range") or has("snippet") | not)' out
	printf 'stores: [\n' >cfprov.yaml
	prov validate -json
	((status == 1))
	jq -e '.diagnostics[0] | .range.start.line == 2 and .range.end.column > 0' out
	printf '# nothing\n' >cfprov.yaml
	prov validate -json
	jq -e '.diagnostics[0] | .range.filename == "cfprov.yaml" and (has("snippet") | not)' out
	printf '\xef\xbb\xbfstors: [x]\naccount_id: acc_1\nstores: [a]\n' >cfprov.yaml
	prov validate -json
	jq -e '.diagnostics[0].range | .start.byte == 3 and .end.byte == 8 and .start.column == 1' out
	printf 'account_id: a1\nstores: ["\\e[31m", "%s"]\n' "${esc}" >cfprov.yaml
	prov validate -json
	((status == 1))
	jq -e .error_count out
	harmless out
}

@test "validate -json shows no secret" {
	printf 'accounts: {p: {account_id: a1, api_token: s3cr3t-t0k3n}}\nstores: [x]\n' >cfprov.yaml
	prov validate -json
	((status == 1))
	run ! grep s3cr3t out
	jq -e '.diagnostics[0].snippet | .highlight_end_offset <= (.code | length)' out
}

@test "-json is no option of commands that have no JSON" {
	manifest a
	bad schema -json
	bad state pull -json
	bad validate -json=maybe
	prov validate -json=false
	out_is $'The manifest is valid: 1 store in 1 account.\n'
}
