#!/usr/bin/env bats
# The forms for issues are what GitHub takes, ask for what is needed, and warn of secrets.

# shellcheck disable=SC2013,SC2154
bats_require_minimum_version 1.5.0
load helper

# as_json FILE: a YAML file.
as_json()
{
	NODE_PATH=/usr/share/nodejs node -e '
		const yaml = require("js-yaml"), fs = require("fs");
		console.log(JSON.stringify(yaml.load(fs.readFileSync(process.argv[1], "utf8"))))' "$1"
}

setup()
{
	cd "$top/.github/ISSUE_TEMPLATE" || return 1
	as_json bug.yml >"$BATS_TEST_TMPDIR/bug"
	as_json feature.yml >"$BATS_TEST_TMPDIR/feature"
}

@test "forms have GitHub's shape" {
	local form
	for form in bug feature; do
		jq -e '
			def is_text: type == "string" and length > 0;
			(keys - ["name", "description", "title", "labels", "assignees", "body"] == []) and
			(.name | is_text) and (.description | is_text) and
			(.body | map(.id // empty) | length == (unique | length)) and
			any(.body[]; .type != "markdown") and
			all(.body[];
				if .type == "markdown" then (.attributes.value | is_text) and (has("id") | not)
				elif .type == "checkboxes" then all(.attributes.options[]; .label | is_text)
				else
					(.type == "textarea" or .type == "input") and
					(.id | test("^[a-zA-Z0-9_-]+$")) and (.attributes.label | is_text) and
					(.attributes | keys - ["label", "description", "placeholder", "value", "render"]
						== [])
				end)' "$BATS_TEST_TMPDIR/$form"
	done
	[ "$(as_json config.yml)" = '{"blank_issues_enabled":false}' ]
}

@test "a bug asks for the version and for doctor; no form lets a secret be pasted unwarned" {
	jq -e '[.body[].attributes.label | strings] | any(test("cfprov version")) and
		any(test("cfprov doctor -json"))' "$BATS_TEST_TMPDIR/bug"
	jq -e '[.body[] | select(.type == "checkboxes").attributes.options[] | .required] == [true]' \
		"$BATS_TEST_TMPDIR/bug"
	local form
	for form in bug feature; do
		jq -e '.body[0].attributes.value | test("Never paste a secret") and test("SUPPORT.md")' \
			"$BATS_TEST_TMPDIR/$form"
	done
	jq -e '.body[0].attributes.value | test("SECURITY.md")' "$BATS_TEST_TMPDIR/bug"
	grep -q 'No secrets' ../PULL_REQUEST_TEMPLATE.md
	# The options that it names exist.
	"$build/cfprov" help doctor | grep -q -- -json
}

@test "links of forms lead to files" {
	local path
	for path in $(grep -ohE '\.\./blob/HEAD/[^)]+' ./*.yml | sort -u); do
		[ -e "$top/${path#../blob/HEAD/}" ]
	done
}

@test "forms and workflows satisfy GitHub's schemas" {
	command -v check-jsonschema >/dev/null || skip "there is no check-jsonschema (PyPI)"
	check-jsonschema --builtin-schema vendor.github-issue-forms bug.yml feature.yml
	check-jsonschema --builtin-schema vendor.github-issue-config config.yml
	check-jsonschema --builtin-schema vendor.github-workflows ../workflows/*.yml
}
