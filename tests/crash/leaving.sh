#!/bin/bash
# kill -9 at every system call that matters of an apply in which stores go, come, are replaced and
# were lost outside. After each, another apply: all is as the manifest says, nothing was destroyed
# twice or that should stay, nothing made twice.
set -u

# shellcheck source=tests/crash/common.bash
. "$(dirname "$0")"/common.bash
enter
start_sim --list-lag 100
printf 'account_id: acc_1\nstores: [keep1, keep2, lost, old1, old2, again]\n' >before.yaml
printf 'account_id: acc_1\nstores: [keep1, keep2, again, new1, new2]\n' >cfprov.yaml

# api METHOD PATH [BODY]: one request for the account's stores.
api()
{
	curl -fsS -X "$1" -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" ${3+--data-binary "$3"} \
		"$CLOUDFLARE_BASE_URL/accounts/acc_1/secrets_store/stores$2" >/dev/null
}

# begin: what before.yaml says is made; one is lost outside, and there is one of somebody else.
begin()
{
	reset || return 1
	"$cfprov" apply -auto-approve -f before.yaml >apply.out 2>apply.err || return 1
	api DELETE "/$(recorded_stores | sed -n 's/^lost //p')" && api POST '' '{"name":"foreign"}' || return 1
	live_stores >live.before
	: >log
}

# empty FILE...: says what stands in those that are not.
empty()
{
	local file
	for file; do
		[ ! -s "$file" ] || {
			echo "$file: $(<"$file")"
			return 1
		}
	done
}

# settled: says what is not as it should be.
settled()
{
	live_stores >live
	recorded_stores >recorded
	grep -v '^foreign ' live | diff - recorded || return 1
	[ "$(cut -d' ' -f1 live | paste -sd' ')" = 'again foreign keep1 keep2 new1 new2' ] || {
		cat live
		return 1
	}
	# These were never touched.
	diff <(grep '^[fk]' live.before) <(grep '^[fk]' live) || return 1
	# Only these went, each once.
	jq -r 'select(.method == "DELETE" and .status == 200) | .path | split("/") | last' log |
		LC_ALL=C sort >destroyed
	uniq -d destroyed >twice
	grep -E '^(old1|old2|again) ' live.before | cut -d' ' -f2 | LC_ALL=C sort >may.go
	comm -23 destroyed may.go >wrongly
	jq -r 'select(.method == "POST" and .status == 200) | .body.name' log |
		LC_ALL=C sort | uniq -d >doubles
	empty twice wrongly doubles || return 1
	left_behind || return 1
	"$cfprov" plan -detailed-exitcode >plan.out 2>&1 || {
		cat plan.out
		return 1
	}
}

killed_options=(-allow-store-destroy -replace=default/again -parallelism=2)
next_options=(-allow-store-destroy)
sweep_all 'stores that go, too' 'fdatasync rename unlink write sendto recvfrom' ''
