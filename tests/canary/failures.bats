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
	local fault quoted value
	quoted=$(jq -n 'env.CANARY_TOKEN') value=$(jq -n 'env.CANARY_VALUE')
	for kind in "${kinds[@]}"; do
		for fault in '"status":401,"code":1000,"message":"Invalid API Token"' \
			'"status":403,"code":10000,"message":"Authentication error"' \
			'"status":400,"code":6003,"message":"Invalid request headers"' \
			'"status":500' '"status":500,"body":"html"' '"status":404,"body":"empty"' \
			'"kind":"html"' '"kind":"truncated_json"' '"kind":"garbage"' '"kind":"gzip"' \
			'"kind":"reset_before"' '"kind":"reset_after"' '"kind":"close_after"' \
			'"kind":"redirect","location":"/client/v4/elsewhere"' \
			"\"status\":400,\"code\":1001,\"message\":$quoted" \
			"\"kind\":\"raw_body\",\"status\":400,\"text\":$quoted" \
			"\"status\":400,\"code\":1001,\"message\":$value"; do
			# Nobody has sent the value but where secrets are made.
			[[ $kind == secrets || $fault != *"$value" ]] || continue
			begin
			echo "with $fault" >&2
			sim_faults "{\"method\":\"POST\",$fault}"
			CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log searched apply -auto-approve
			# Some of these have done the work: then it is found.
			[[ $status == [01] ]]
			# Nobody knows a value before it was sent: then a server can't echo it.
			[[ $fault != *"$value" ]] || {
				clean 1
				continue
			}
			control DELETE faults >/dev/null
			sim_faults "{$fault}"
			CFPROV_LOG=trace failing plan -json
			clean 2
		done
	done
}

@test "nothing is left of changes, renames and deletions that fail" {
	sim
	kind=secrets
	local fault quoted method
	quoted=$(jq -n 'env.CANARY_VALUE')
	for method in POST PATCH DELETE; do
		for fault in '"status":400,"code":1001,"message":"secret_scope_invalid"' \
			'"status":500,"body":"html"' '"kind":"truncated_json"' '"kind":"reset_after"' \
			"\"status\":400,\"code\":1001,\"message\":$quoted" \
			"\"kind\":\"raw_body\",\"status\":400,\"text\":$quoted" \
			"\"kind\":\"raw_body\",\"status\":502,\"text\":$quoted"; do
			begin
			echo "$method with $fault" >&2
			searched apply -auto-approve
			[ "$status" = 0 ]
			changed_secrets
			sim_faults "{\"method\":\"$method\",$fault}"
			CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log searched apply -auto-approve
			[[ $status == [01] ]]
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

@test "nothing is left of a proxy's password" {
	have python3
	sim
	kind=stores
	local secret=$CANARY_TOKEN port=$BATS_TEST_TMPDIR/proxy.port answer
	port_said() { [[ -s $port ]]; }
	# A letter of it has to be decoded.
	printf -v secret '%s%%%x%s' "${secret:0:20}" "'${secret:20:1}" "${secret:21}"
	for answer in 407 403 502; do
		begin
		rm -f "$port"
		later "$top/tests/cli/proxy.py" "$port" /dev/null "$answer"
		wait_until port_said
		CFPROV_LOG=trace CFPROV_LOG_PATH=trace.log CLOUDFLARE_API_TOKEN=some-token \
			CLOUDFLARE_BASE_URL=https://api.cloudflare.invalid/client/v4 \
			HTTPS_PROXY=http://somebody:$secret@127.0.0.1:$(<"$port") failing plan
		grep -q "(HTTP $answer)" err
		clean 1
		kill -KILL "$later_pid"
		wait "$later_pid" || true
		later_pid=
	done
}
