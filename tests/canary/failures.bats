#!/usr/bin/env bats
# Canaries, continued: what fails.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load canary

setup() { set_up_canaries; }
teardown() { stop_all; }

@test "nothing is left of what fails" {
	sim
	local fault quoted
	quoted=$(jq -n 'env.CANARY_TOKEN')
	for kind in "${kinds[@]}"; do
		for fault in '"status":401,"code":1000,"message":"Invalid API Token"' \
			'"status":403,"code":10000,"message":"Authentication error"' \
			'"status":400,"code":6003,"message":"Invalid request headers"' \
			'"status":500' '"status":500,"body":"html"' '"status":404,"body":"empty"' \
			'"kind":"html"' '"kind":"truncated_json"' '"kind":"garbage"' '"kind":"gzip"' \
			'"kind":"reset_before"' '"kind":"reset_after"' '"kind":"close_after"' \
			'"kind":"redirect","location":"/client/v4/elsewhere"' \
			"\"status\":400,\"code\":1001,\"message\":$quoted" \
			"\"kind\":\"raw_body\",\"status\":400,\"text\":$quoted"; do
			begin
			echo "with $fault" >&2
			sim_faults "{\"method\":\"POST\",$fault}"
			CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log searched apply -auto-approve
			# Some of these have done the work: then it is found.
			[[ $status == [01] ]]
			control DELETE faults >/dev/null
			sim_faults "{$fault}"
			CFPROV_LOG=trace failing plan -json
			clean 2
		done
	done
}

@test "nothing is left of a doctor that finds something to mend" {
	sim
	local fault
	for kind in "${kinds[@]}"; do
		begin
		for fault in '"status":401,"code":1000,"message":"Invalid API Token"' \
			'"status":403,"code":10000,"message":"Authentication error"'; do
			control DELETE faults >/dev/null
			sim_faults "{$fault}"
			CFPROV_LOG=trace failing doctor
		done
		clean 2
	done
}

@test "nothing is left when the token can't be one, or the command is wrong" {
	sim
	for kind in "${kinds[@]}"; do
		begin
		CLOUDFLARE_API_TOKEN="$CANARY_TOKEN é" failing plan
		CLOUDFLARE_API_TOKEN=$'\n'$CANARY_TOKEN failing doctor
		failing plan -nonsense
		failing nonsense
		echo 'nonsense: {' >cfprov.yaml
		failing apply -auto-approve
		clean 5
	done
}
