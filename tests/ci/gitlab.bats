#!/usr/bin/env bats
# examples/ci/gitlab-ci.yml: its very scripts run, against a simulator of Cloudflare and a server
# that keeps the state by GitLab's rules (tests/state/http_server.py).

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2016
bats_require_minimum_version 1.5.0
load ci

setup()
{
	set_up_ci
	protected='{}'
	key_variable=$key
	opa_url=
	opa_sha256=
	# /usr/local of a job's container is a folder here.
	sed -i "s|-C /usr/local\$|-C $PWD/local|; s|/usr/local/bin/opa|$PWD/local/bin/opa|g; s|/tmp/cfprov.tar.gz|$PWD/cfprov.tar.gz|" "$repo/.gitlab-ci.yml"
	mkdir local
	commit 'a container'
}

teardown() { tear_down_ci; }

state_entry()
{
	echo 'state: {backend: http}'
}

# by_hand ARGUMENT...: cfprov with the state at GitLab.
by_hand()
{
	TF_HTTP_ADDRESS=$http_url/api/v4/projects/1/terraform/state/cfprov TF_HTTP_LOCK_METHOD=POST \
		TF_HTTP_LOCK_ADDRESS=$http_url/api/v4/projects/1/terraform/state/cfprov/lock \
		TF_HTTP_UNLOCK_ADDRESS=$http_url/api/v4/projects/1/terraform/state/cfprov/lock \
		TF_HTTP_UNLOCK_METHOD=DELETE TF_HTTP_USERNAME=gitlab-ci-token TF_HTTP_PASSWORD=token direct "$@"
}

# pipeline STATUS SOURCE [JOB...]: a pipeline of $sha, of this source; or jobs that someone starts in it.
pipeline()
{
	local wanted=$1 source=$2 status=0
	shift 2
	(($# > 0)) || run=run/$((++runs))
	mkdir -p "$run"
	git -C "$repo" show "$sha:.gitlab-ci.yml" >pipeline.yml
	jq -n --arg repository "$repo" --arg sha "$sha" --arg run "$PWD/$run" --argjson env "$(machine)" \
		--arg path "$PWD/local/bin" --arg source "$source" --arg api "$http_url/api/v4" \
		--arg sha256 "$sha256" --arg token "$read_token" --arg key "$key_variable" \
		--arg opa "$opa_url" --arg opa256 "$opa_sha256" '
		{$repository, $sha, $run, env: ($env + {PATH: ($path + ":" + $env.PATH)}),
		protected: (["cfprov", "cfprov-destroy"] |
			map({key: ., value: {CLOUDFLARE_WRITE_TOKEN: $token}}) | from_entries),
		variables: ({CI_PIPELINE_SOURCE: $source, CI_API_V4_URL: $api, CI_PROJECT_ID: "1",
			CI_DEFAULT_BRANCH: "main", CI_JOB_TOKEN: "token",
			INSTALL_CFPROV_URL: "https://releases.example/cfprov.tar.gz",
			INSTALL_CFPROV_SHA256: $sha256, INSTALL_OPA_URL: $opa, INSTALL_OPA_SHA256: $opa256, CLOUDFLARE_READ_TOKEN: $token, CFPROV_KEY: $key,
			DB_PASSWORD: "xyzzy-sample"} +
			if $source == "merge_request_event" then
				{CI_MERGE_REQUEST_TARGET_BRANCH_NAME: "main",
				CI_MERGE_REQUEST_TITLE: "`touch pwned` $(touch pwned)"}
			else {CI_COMMIT_BRANCH: "main"} end)}' >config.json
	NODE_PATH=/usr/share/nodejs node "$ci_tests/gitlab.js" config.json pipeline.yml "$@" >log 2>&1 || status=$?
	cat log >&2
	((status == wanted))
}

report()
{
	jq -ce . "$run/reports/$1.json"
}

@test "a merge request: the plan in the log, its numbers in the report" {
	by_hand apply -auto-approve
	git -C "$repo" checkout -q -b change
	store_manifest B C >"$repo/cfprov.yaml"
	commit 'other secrets'
	writes=$(requests '.method != "GET"')
	pipeline 0 merge_request_event
	[[ $(grep -c '^job ' log) == 1 ]]
	log_has 'job plan merge request: success' 'default/payments/C' '2 to add, 0 to change, 1 to destroy'
	[[ $(report 'plan merge request') == '{"create":2,"update":0,"delete":1}' ]]
	[[ $(requests '.method != "GET"') == "$writes" ]]
	page_says "$run/artifacts/plan.html" 'Plan: 2 to add, 0 to change, 1 to destroy.'
	[[ $(ls "$run/artifacts") == plan.html ]]
}

@test "a merge request: the policy is the target branch's" {
	git -C "$repo" checkout -q -b change
	store_manifest A | sed 's/env: DB_PASSWORD/file: notes.txt/' >"$repo/cfprov.yaml"
	printf '%s\n' 'version: 1' 'values: {files: [.]}' >"$repo/other.yaml"
	ln -sf other.yaml "$repo/cfprov.policy.yaml"
	touch "$repo/notes.txt"
	commit 'a file'
	pipeline 1 merge_request_event
	log_has 'the policy does not allow'
	[[ ! -e $run/reports && ! -e $run/artifacts ]]
	# Nor is anything written through its link.
	ln -sf "$PWD/escaped" "$repo/cfprov.policy.yaml"
	commit 'a link'
	pipeline 1 merge_request_event
	[[ ! -e escaped ]]
}

@test "a branch has no pipeline" {
	sed -i 's/CI_COMMIT_BRANCH == \$CI_DEFAULT_BRANCH/CI_COMMIT_BRANCH == "other"/' "$repo/.gitlab-ci.yml"
	commit 'as if on another branch'
	pipeline 0 push
	log_has 'no pipeline'
	[[ $(grep -c '^job ' log) == 0 ]]
}

@test "after the merge: planned; applied when someone starts that" {
	pipeline 0 push
	log_has 'job plan: success' 'job apply: manual' 'job apply and destroy: manual'
	[[ $(report plan) == '{"create":2,"update":0,"delete":0}' ]]
	lacks payments "$run/artifacts/plan.cfprov"
	page_says "$run/artifacts/plan.html" 'Plan: 2 to add, 0 to change, 0 to destroy.'
	[[ $(secret_names) == '' ]]
	pipeline 0 push apply
	log_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	[[ $(secret_names) == 'A ' ]]
	no_leak log "$run"
	# Once.
	pipeline 1 push apply
	log_has 'Error: the plan is out of date'
}

@test "after the merge: what destroys needs the other job" {
	by_hand apply -auto-approve
	store_manifest B >"$repo/cfprov.yaml"
	commit 'another secret'
	pipeline 0 push
	pipeline 1 push apply
	log_has 'refusing to destroy 1 object'
	[[ $(secret_names) == 'A ' ]]
	pipeline 0 push 'apply and destroy'
	[[ $(secret_names) == 'B ' ]]
}

@test "after the merge: a plan that somebody has overtaken is refused" {
	pipeline 0 push
	store_manifest A B >"$repo/cfprov.yaml"
	by_hand apply -auto-approve
	pipeline 1 push apply
	log_has 'Error: the plan is out of date'
	[[ $(secret_names) == 'A B ' ]]
}

@test "after the merge: a plan without a key is not saved" {
	key_variable=
	pipeline 1 push
	log_has 'Set the variable CFPROV_KEY'
	[[ ! -e $run/artifacts ]]
}

@test "drift: the scheduled pipeline fails, with status 2" {
	by_hand apply -auto-approve
	pipeline 0 schedule
	[[ $(grep -c '^job ' log) == 1 ]]
	log_has 'job drift: success'
	store_manifest A B >"$repo/cfprov.yaml"
	commit 'one more'
	pipeline 2 schedule
	log_has 'default/payments/B'
	by_hand apply -auto-approve
	pipeline 0 schedule
}

@test "OPA: a plan that breaks a rule is refused, before and after the merge" {
	use_opa
	git -C "$repo" checkout -q -b change
	store_manifest lower_case >"$repo/cfprov.yaml"
	# Its own rules do not count.
	printf '%s\n' 'package main' 'deny := set()' >"$repo/policy/plan.rego"
	commit 'a name'
	pipeline 1 merge_request_event
	log_has '"default/payments/lower_case: the name of a secret is in capital letters"'
	page_says "$run/artifacts/plan.html" default/payments/lower_case
	git -C "$repo" checkout -q main
	git -C "$repo" checkout -q change cfprov.yaml
	commit 'a name'
	pipeline 1 push
	[[ ! -e $run/artifacts ]]
	store_manifest A >"$repo/cfprov.yaml"
	commit 'another name'
	pipeline 0 merge_request_event
	pipeline 0 push
}

@test "a program with another checksum is not installed" {
	sha256=${sha256//[0-7]/8}
	pipeline 1 push
	log_has FAILED
	[[ $(requests) == 0 ]]
}
