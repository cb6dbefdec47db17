#!/usr/bin/env bats
# Exit statuses, as a pipeline meets them: examples/pipeline.sh runs as it stands.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# pipeline STATUS [PLAN OPTION...]: it ends so.
pipeline()
{
	local wanted=$1
	shift
	status=0
	CFPROV=$cfprov sh "$BATS_TEST_DIRNAME/../../examples/pipeline.sh" "$@" >out 2>err </dev/null ||
		status=$?
	told pipeline "$@"
	((status == wanted))
}

@test "a pipeline: it creates, finds nothing to do, stops at a deletion and at an error" {
	start_logged
	manifest a b
	pipeline 0
	out_has 'Apply complete! Resources: 2 added, 0 changed, 0 destroyed.'
	pipeline 0
	out_has 'pipeline: nothing to do'
	[[ $(posts) == 2 ]]
	manifest a
	pipeline 3
	err_has default/b
	[[ $(live acc_1) == *b* ]]
	pipeline 0 -exclude=default/b
	echo 'stores: [' >cfprov.yaml
	pipeline 1
	manifest a b c
	CLOUDFLARE_API_TOKEN=wrong-token pipeline 1
	[[ $(posts) == 2 ]]
	pipeline 0
	[[ $(posts) == 3 ]]
}

@test "a pipeline: what lives is not taken over without consent; -adopt is one" {
	start_logged
	manifest a
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	prov apply -auto-approve
	((status == 1))
	pipeline 0 -adopt
	out_has '1 imported'
}

@test "a pipeline: a saved plan is the consent, and says so" {
	start_logged
	manifest a
	api POST /accounts/acc_1/secrets_store/stores '{"name":"a"}'
	good plan -out=p
	err_has 'already exists and will be adopted'
	good show -json p
	jq -e '[.resource_changes[] | select(.change.importing) | .address] == ["default/a"]' out
	[[ ! -e $state ]]
	pipeline 0
	out_has '1 imported'
	agree 1
}
