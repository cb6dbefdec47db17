#!/usr/bin/env bats
# The workflows of examples/ci/github: their very steps run, against a simulator of Cloudflare and
# stand-ins for GitHub (github.js, bin/gh).

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2016
bats_require_minimum_version 1.5.0
load github

setup() { set_up_github; }
teardown() { tear_down_ci; }

@test "a pull request: one comment, updated by each push" {
	git -C "$repo" checkout -q -b change
	store_manifest A B >"$repo/cfprov.yaml"
	commit 'a secret'
	# Somebody else can't have it update his, wherever it is among many.
	jq -n '{issues: [], comments: [range(120) | {id: ., issue: 5, user: {login: "mallory"},
		body: "<!-- cfprov plan -->"}]}' >gh.json
	pull 0
	job plan success
	jq -e '.comments | length == 121 and (.[:120] | all(.body == "<!-- cfprov plan -->"))' gh.json
	jq -r '.comments[120].body' gh.json >comment
	head -n 2 comment | diff - <(printf '%s\n' '<!-- cfprov plan -->' '### cfprov plan: success')
	grep -F '**Plan: 3 to add, 0 to change, 0 to destroy.**' comment
	grep -F 'default/payments/B' comment
	grep -F '](https://github.example/acme/platform/actions/runs/7)' comment
	# The same as a page, which the comment links to.
	grep -F '[plan.html](https://github.example/artifacts/plan.html)' comment
	page_says "$run/artifacts/plan.html/plan.html" 'Plan: 3 to add, 0 to change, 0 to destroy.'
	store_manifest A >"$repo/cfprov.yaml"
	commit 'no secret'
	pull 0
	jq -e '.comments | length == 121' gh.json
	jq -r '.comments[120].body' gh.json | grep -F '**Plan: 2 to add, 0 to change, 0 to destroy.**'
	# Nothing was read or written but what is at Cloudflare.
	[[ $(requests '.method != "GET"') == 0 ]]
	no_leak log run gh.json
}

@test "a pull request: what it would destroy is in the comment" {
	direct apply -auto-approve
	git -C "$repo" checkout -q -b change
	store_manifest B >"$repo/cfprov.yaml"
	commit 'rename by hand'
	pull 0
	the_comment >comment
	grep -F '1 to add, 0 to change, 1 to destroy.' comment
	grep -F '| `-` | `default/payments/A` |' comment
}

@test "a pull request: what the policy does not allow fails the check, and the comment says why" {
	git -C "$repo" checkout -q -b change
	store_manifest A >"$repo/cfprov.yaml"
	sed -i 's/env: DB_PASSWORD/command: ["<img src=x>", "@everyone"]/' "$repo/cfprov.yaml"
	# Its own policy does not count, nor one elsewhere.
	printf '%s\n' 'version: 1' 'values: {commands: [["**"]]}' >"$repo/other.yaml"
	ln -sf other.yaml "$repo/cfprov.policy.yaml"
	commit 'a command'
	pull 1
	job plan failure
	the_comment >comment
	grep -F '### cfprov plan: failure' comment
	grep -F 'the policy does not allow' comment
	[[ ! -e $run/artifacts ]]
	lacks plan.html comment
	# Text of the manifest is text.
	lacks '<img' comment
	grep -F '&lt;img src=x&gt;' comment
	[[ $(requests) == 0 ]]
	# Nor is anything written through its link.
	ln -sf "$PWD/escaped" "$repo/cfprov.policy.yaml"
	commit 'a link'
	pull 1
	the_comment | grep -F 'the policy does not allow'
	[[ ! -e escaped ]]
}

@test "a pull request: errors of the manifest are in the comment, as text" {
	git -C "$repo" checkout -q -b change
	{
		store_manifest A
		seq -f '  - {name: s%04.0f, <<<<<<<<<<<<<<: 1}' 1 2000
	} >"$repo/cfprov.yaml"
	commit 'many errors'
	pull 1
	the_comment >comment
	grep -F '### cfprov plan: failure' comment
	grep -F '&lt;&lt;&lt;' comment
	lacks '<<<' comment
}

@test "a pull request from a fork gets no plan, for it gets no secrets" {
	pull 0 '{head: {repo: {full_name: "mallory/platform"}}}'
	job plan skipped
	[[ $(requests) == 0 ]]
}

@test "a pull request: names and titles with shell in them do nothing" {
	git -C "$repo" checkout -q -b change
	hostile='`touch $GH_WORLD.pwned` $(touch $GH_WORLD.pwned) "; touch $GH_WORLD.pwned; " @everyone | <b>'
	jq -n --arg text "$hostile" --arg acc "$acc" --arg address "$http_url/plain/main" '{account_id: $acc,
		state: {backend: "http", address: $address}, stores: [{name: "payments", secrets: [
		{name: "A", value: {env: "DB_PASSWORD"}, comment: ($text + " $${{ github.token }}")}]}]}' >"$repo/cfprov.yaml"
	touch "$repo/\$(touch pwned)" "$repo/; touch pwned"
	commit "$hostile"
	pull 0 "$(jq -n --arg text "$hostile" '{title: $text, body: $text,
		head: {ref: $text, repo: {full_name: "acme/platform"}}}')"
	[[ ! -e gh.json.pwned ]]
	the_comment >comment
	lacks @everyone comment
	lacks '<b>' comment
	lacks '`touch' comment
	grep -F '&#96;touch' comment
	git -C "$repo" checkout -q main
	git -C "$repo" merge -q --ff-only change
	merged 0
	approve 0 cfprov-apply
	nightly 0
	[[ ! -e gh.json.pwned ]]
	# The tests would have noticed: this is how it is not done.
	sed 's/.*title:.*//; s/echo "### cfprov plan: $RESULT"/echo "${{ github.event.pull_request.title }}"/' \
		"$repo/.github/workflows/cfprov-plan.yml" >bad.yml
	cp bad.yml "$repo/.github/workflows/cfprov-plan.yml"
	commit bad
	pull 0 "$(jq -n --arg text "$hostile" '{title: $text}')" || true
	[[ -e gh.json.pwned ]]
}

@test "after the merge: planned, approved, applied; then there is nothing to do" {
	merged 0
	job plan success
	job apply waiting cfprov-apply
	# Who approves it can open it as a page.
	page_says "$run/artifacts/plan.html/plan.html" 'Plan: 2 to add, 0 to change, 0 to destroy.'
	[[ $(secret_names) == '' ]]
	approve 0 cfprov-apply
	job apply success cfprov-apply
	log_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	[[ $(secret_names) == 'A ' ]]
	grep -F '**Plan: 2 to add' "$run/summary.md"
	no_leak log run gh.json
	merged 0
	job plan success
	job apply skipped
}

@test "after the merge: what destroys waits for an environment of its own" {
	direct apply -auto-approve
	store_manifest B >"$repo/cfprov.yaml"
	commit 'another secret'
	merged 0
	job apply waiting cfprov-destroy
	# The other approval is not enough.
	approve 0 cfprov-apply
	job apply waiting cfprov-destroy
	[[ $(secret_names) == 'A ' ]]
	approve 0 cfprov-destroy
	job apply success cfprov-destroy
	[[ $(secret_names) == 'B ' ]]
}

@test "after the merge: a store is destroyed where that is approved" {
	direct apply -auto-approve
	store_manifest B | sed 's/name: payments/name: billing/' >"$repo/cfprov.yaml"
	commit 'another store'
	merged 0
	job apply waiting cfprov-destroy
	approve 0 cfprov-destroy
	log_has 'Resources: 2 added, 0 changed, 2 destroyed.'
	[[ $(secret_names) == 'B ' ]]
}

@test "after the merge: the policy's limits hold, whoever approves" {
	direct apply -auto-approve
	sed -i 's/max_deletes: 8/max_deletes: 0/' "$repo/cfprov.policy.yaml"
	store_manifest B >"$repo/cfprov.yaml"
	commit 'another secret'
	merged 0
	job apply waiting cfprov-destroy
	approve 1 cfprov-destroy
	job apply failure cfprov-destroy
	log_has 'policy'
	[[ $(secret_names) == 'A ' ]]
}

@test "after the merge: a plan that somebody has overtaken is refused" {
	merged 0
	job apply waiting cfprov-apply
	store_manifest A B >"$repo/cfprov.yaml"
	direct apply -auto-approve
	approve 1 cfprov-apply
	job apply failure cfprov-apply
	log_has 'Error: the plan is out of date'
	[[ $(secret_names) == 'A B ' ]]
}

@test "after the merge: a plan without a key is not saved" {
	key_secret=
	merged 1
	job plan failure
	job apply skipped
	log_has 'Set the secret CFPROV_KEY'
	[[ ! -e $run/artifacts ]]
}

@test "after the merge: a saved plan that was changed is refused" {
	merged 0
	plan=$run/artifacts/plan/plan.cfprov
	lacks payments "$plan"
	printf x | dd of="$plan" bs=1 seek=40 conv=notrunc status=none
	approve 1 cfprov-apply
	[[ $(secret_names) == '' ]]
}

@test "a program with another checksum is not installed" {
	sha256=${sha256//[0-7]/8}
	merged 1
	job plan failure
	log_has FAILED
	[[ $(requests) == 0 ]]
}

@test "drift: an issue is opened, updated, and closed" {
	direct apply -auto-approve
	nightly 0
	job drift success
	gh_says '.issues == []'
	# In the dashboard, somebody deletes a secret.
	store=$(sim_world '.accounts[].stores[] | select(.name == "payments") | .id')
	secret=$(sim_world '.accounts[].stores[].secrets[]?.id')
	CLOUDFLARE_API_TOKEN=$read_token api DELETE "/accounts/$acc/secrets_store/stores/$store/secrets/$secret"
	# An issue of somebody else is left alone.
	jq -c '.issues = [{number: 1, state: "open", user: {login: "mallory"}, body: "<!-- cfprov drift -->"},
		{number: 2, state: "open", user: {login: "github-actions[bot]"}, body: null}]' gh.json >new.json
	mv new.json gh.json
	nightly 0
	gh_says '.issues | length == 3 and .[0].body == "<!-- cfprov drift -->"'
	gh_says '.issues[2] | .state == "open" and .title == "Drift in Cloudflare Secrets Store" and
		(.body | startswith("<!-- cfprov drift -->")) and (.body | contains("default/payments/A"))'
	store_manifest A B >"$repo/cfprov.yaml"
	commit 'one more'
	nightly 0
	gh_says '(.issues | length == 3) and (.issues[2].body | contains("default/payments/B"))'
	direct apply -auto-approve
	nightly 0
	gh_says '(.issues[2].state == "closed") and ([.issues[0,1].state] == ["open", "open"])'
	gh_says '[.comments[] | select(.issue == 101) | .body] == ["No longer: https://github.example/acme/platform/actions/runs/7"]'
	nightly 0
	gh_says '(.issues | length == 3) and (.comments | length == 1)'
	no_leak log run gh.json
}

@test "drift: an error is a failed run, and the issue stays as it is" {
	direct apply -auto-approve
	jq -c '.issues = [{number: 3, state: "open", user: {login: "github-actions[bot]"},
		body: "<!-- cfprov drift -->"}]' gh.json >new.json
	mv new.json gh.json
	read_token=wrong-token
	nightly 1
	job drift failure
	gh_says '.issues == [{number: 3, state: "open", user: {login: "github-actions[bot]"}, body: "<!-- cfprov drift -->"}]'
}

@test "OPA: a plan that breaks a rule is refused, before and after the merge" {
	use_opa
	git -C "$repo" checkout -q -b change
	store_manifest A lower_case >"$repo/cfprov.yaml"
	commit 'a name'
	pull 1
	the_comment >comment
	grep -F 'cfprov plan: failure' comment
	grep -F 'default/payments/lower_case: the name of a secret is in capital letters' comment
	grep -F '[plan.html](' comment
	git -C "$repo" checkout -q main
	git -C "$repo" merge -q --ff-only change
	merged 1
	job plan failure
	job apply skipped
	log_has 'the name of a secret is in capital letters'
	store_manifest A >"$repo/cfprov.yaml"
	commit 'another name'
	pull 0
	merged 0
	approve 0 cfprov-apply
	# Without rules nothing passes.
	git -C "$repo" rm -q policy/plan.rego policy/plan_test.rego
	mkdir -p "$repo/policy"
	echo 'package other' >"$repo/policy/other.rego"
	commit 'no rules'
	merged 1
}
