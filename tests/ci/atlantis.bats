#!/usr/bin/env bats
# examples/ci/atlantis: the steps of its workflow run, against a simulator of Cloudflare.

# shellcheck disable=SC2030,SC2031,SC2034,SC2154,SC2016
bats_require_minimum_version 1.5.0
load ci

setup()
{
	set_up_ci
	# The server's files.
	mkdir server
	sed "s|/etc/cfprov/|$PWD/server/|" "$examples/atlantis/repos.yaml" >repos.yaml
	echo "$key" >server/key
	echo "$read_token" >server/read-token
	echo "$read_token" >server/write-token
	policy >server/policy.yaml
}

teardown() { tear_down_ci; }

# stage STATUS NAME: in the checkout of $repo.
stage()
{
	local status=0
	(
		cd "$repo" || exit
		PATH=${cfprov%/*}:$ci_tests/bin:$PATH NODE_PATH=/usr/share/nodejs DB_PASSWORD=xyzzy-sample \
			PLANFILE="$PWD/../a plan" SHOWFILE="$PWD/../show.json" POLICY=$examples/policy \
			OPA=${tool-} node "$ci_tests/atlantis.js" ../repos.yaml cfprov "$2"
	) >log 2>err || status=$?
	cat log err >&2
	((status == $1))
}

@test "Atlantis: planned, applied, and a second apply of the plan is refused" {
	stage 0 plan
	log_has '+ default/payments/A' 'Plan: 2 to add, 0 to change, 0 to destroy.'
	lacks payments 'a plan'
	[[ $(secret_names) == '' ]]
	stage 0 apply
	log_has 'Apply complete! Resources: 2 added'
	[[ $(secret_names) == 'A ' ]]
	stage 1 apply
	log_has 'Error: the plan is out of date'
	no_leak log err
}

@test "Atlantis: the server's policy limits what a pull request reads and destroys" {
	sed -i 's/max_deletes: 8/max_deletes: 0/' server/policy.yaml
	stage 0 plan
	stage 0 apply
	store_manifest A | sed 's/env: DB_PASSWORD/env: HOME/' >"$repo/cfprov.yaml"
	# Its own policy does not count.
	printf '%s\n' 'version: 1' 'values: {env: ["*"]}' >"$repo/cfprov.policy.yaml"
	stage 1 plan
	grep -F 'the policy does not allow' err
	store_manifest B >"$repo/cfprov.yaml"
	stage 0 plan
	stage 1 apply
	[[ $(secret_names) == 'A ' ]]
}

@test "Atlantis: the policy check reads the plan" {
	need_tool opa
	stage 0 plan
	stage 0 policy_check
	store_manifest lower_case >"$repo/cfprov.yaml"
	stage 0 plan
	stage 1 policy_check
	log_has 'FAIL - default/payments/lower_case: the name of a secret is in capital letters'
}

@test "Atlantis: pull requests choose nothing, and apply needs an approval" {
	NODE_PATH=/usr/share/nodejs node -e '
		const read = (file) => require("js-yaml").load(require("fs").readFileSync(file, "utf8"));
		console.log(JSON.stringify([read(process.argv[1]), read(process.argv[2])]));
	' "$examples/atlantis/repos.yaml" "$examples/atlantis/atlantis.yaml" >both.json
	jq -e '.[0].repos | all(.allowed_overrides == [] and .allow_custom_workflows == false and
		.workflow == "cfprov" and (.apply_requirements | index("approved")))' both.json
	jq -e '.[1] | keys == ["projects", "version"] and .version == 3 and
		(.projects | all(keys - ["name", "dir", "autoplan"] == []))' both.json
}
