#!/usr/bin/env bats
# -json of validate, state list, and import: one document, whole also if the command fails.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	acc=$account
	start_logged
}
teardown() { stop_all; }

# fails ARGUMENT...: with 1, and what is wrong is in the document.
fails()
{
	prov "$@"
	((status == 1)) && jq -e '.error_count > 0 or any(.findings[]?; .severity == "error")' out >/dev/null
}

# whole KEYS: out is one document with these keys (jq's form), and errors are nowhere else.
whole()
{
	jq -e --slurp --argjson keys "$1" 'length == 1 and (.[0] |
		.format_version == "1.0" and
		keys == ($keys + ["diagnostics", "error_count", "format_version", "warning_count"] | sort) and
		.error_count == ([.diagnostics[] | select(.severity == "error")] | length) and
		.warning_count == ([.diagnostics[] | select(.severity == "warning")] | length))' out >/dev/null
	err_lacks Error: Warning:
}

@test "state list -json: the objects as state show has them, and what was not found" {
	manifest a b
	good state list -json
	whole '["objects"]'
	[ "$(jq -c .objects out)" = '[]' ]
	good apply -auto-approve
	good state list -json
	whole '["objects"]'
	[ "$(jq -r '.objects[].address' out)" = 'default/a
default/b' ]
	jq '.objects[0]' out >first
	good state show -json default/a
	cmp first out
	fails state list -json a x
	whole '["objects"]'
	[ "$(jq -r '.objects[].address' out)" = default/a ]
	[ "$(jq -r '.diagnostics[].summary' out)" = 'no object in the state matches `x`' ]
}

@test "a state, a manifest or a folder that can't be read" {
	echo '{' >"$state"
	fails state list -json
	whole '["objects"]'
	[ "$(jq -r '.diagnostics[].range.filename' out)" = "$state" ]
	rm "$state"
	echo 'stores: [' >cfprov.yaml
	fails validate -json
	whole '["valid"]'
	fails import -json a b/c
	whole '["imported"]'
	[ "$(jq .imported out)" = null ]
	fails doctor -json
	whole '["findings"]'
}

@test "import -json" {
	manifest a
	api POST "/accounts/$account/secrets_store/stores" '{"name":"a"}'
	fails import -json a "$account/x"
	whole '["imported"]'
	good import -json a "$account/a"
	whole '["imported"]'
	jq .imported out >imported
	good state show -json a
	cmp imported out
}

@test "doctor -json: each finding says of which account, how bad, and what to do" {
	manifest a
	good doctor -json
	whole '["findings"]'
	jq -e '.findings | length > 4 and all(keys == ["account", "hint", "message", "severity", "what"])' out
	jq -e '.findings | all(.severity == "ok" and .hint == "")' out
	jq -e '.findings[0] | .what == "state" and .account == null' out
	jq -e 'any(.findings[]; .what == "token" and .account == "default")' out
	export CLOUDFLARE_API_TOKEN=nobody-knows-it
	fails doctor -json
	whole '["findings"]'
	jq -e '[.findings[] | select(.severity == "error") | .what] == ["token", "access"]' out
	jq -e '.findings | all(.severity == "ok" or (.hint | length > 0))' out
}
