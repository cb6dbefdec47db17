#!/bin/bash
# kill -9 at every system call that matters of an apply in which stores go, come, are replaced and
# were lost outside. After each, another apply: all is as the manifest says, nothing was destroyed
# twice or that should stay, nothing made twice.
set -u

cd "$(dirname "$0")/../.." || exit 1
build=${CFPROV_BUILD:-build}
cfprov=$(readlink -f "$build/cfprov")
cfsim=$(readlink -f "$build/cfsim")
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
sim=
finish()
{
	[ -z "$sim" ] || kill "$sim"
	rm -rf "$dir"
}
trap finish EXIT

calls='fdatasync rename unlink write sendto recvfrom'
# shellcheck disable=SC2086 # words
set -- $calls
echo 1..$#

if ! strace -qq -o /dev/null -e trace=getpid -e inject=getpid:signal=KILL:when=1 true 2>/dev/null; then
	for call; do
		echo "ok - $call # skip strace can not inject here"
	done
	exit 0
fi

"$cfsim" --port 0 --port-file port --log log >sim.out 2>&1 &
sim=$!
for _ in {1..400}; do
	[ ! -s port ] || break
	sleep 0.05
done
[ -s port ] || exit 1
root=http://127.0.0.1:$(<port)
export CLOUDFLARE_BASE_URL=$root/client/v4 CLOUDFLARE_API_TOKEN=cfsim-token
state=cfprov.state.json
printf 'account_id: acc_1\nstores: [keep1, keep2, lost, old1, old2, again]\n' >before.yaml
printf 'account_id: acc_1\nstores: [keep1, keep2, again, new1, new2]\n' >cfprov.yaml

# api METHOD PATH [BODY]: one request for the account's stores.
api()
{
	curl -fsS -X "$1" -H "Authorization: Bearer $CLOUDFLARE_API_TOKEN" ${3+--data-binary "$3"} \
		"$CLOUDFLARE_BASE_URL/accounts/acc_1/secrets_store/stores$2" >/dev/null
}

list_live()
{
	curl -fsS "$root/_cfsim/world" |
		jq -r '.accounts[].stores[] | "\(.name) \(.id)"' | LC_ALL=C sort
}

list_recorded()
{
	jq -r '.accounts.acc_1.stores | to_entries[] | "\(.key) \(.value.id)"' "$state" | LC_ALL=C sort
}

# begin: what before.yaml says is made; one is lost outside, and there is one of somebody else.
begin()
{
	curl -fsS -X POST "$root/_cfsim/reset" >/dev/null || return 1
	rm -f "$state" "$state".backup
	"$cfprov" apply -auto-approve -f before.yaml >apply.out 2>apply.err || return 1
	api DELETE "/$(list_recorded | sed -n 's/^lost //p')" && api POST '' '{"name":"foreign"}' || return 1
	list_live >live.before
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
	list_live >live
	list_recorded >recorded
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
	find . -name '*.tmp' -o -name '*.journal' -o -name '*.lock' >left
	empty left || return 1
	"$cfprov" plan -detailed-exitcode >plan.out 2>&1 || {
		cat plan.out
		return 1
	}
}

# killed CALL N: apply, killed at the Nth call of that name; 137 if the kill came.
killed()
{
	strace -f -qq -o strace.out -e trace="$1" -e "inject=$1:signal=KILL:when=$2" \
		"$cfprov" apply -auto-approve -allow-store-destroy -replace=default/again \
		-parallelism=2 >apply.out 2>apply.err
}

# sweep CALL: adds to $kills.
sweep()
{
	local number status
	for ((number = 1; number < 400; number++)); do
		begin || return 1
		killed "$1" "$number"
		status=$?
		if ((status == 0)); then
			settled
			return
		fi
		if ((status != 137)); then
			echo "the apply ended with $status at $1 number $number"
			cat apply.err
			return 1
		fi
		kills=$((kills + 1))
		if ! "$cfprov" apply -auto-approve -allow-store-destroy >apply.out 2>apply.err ||
			! settled; then
			echo "this was the apply after a kill at $1 number $number"
			cat apply.out apply.err
			return 1
		fi
	done
	echo "it never ends"
	return 1
}

number=0
for call; do
	number=$((number + 1))
	kills=0
	if sweep "$call" >why 2>&1 &&
		# Where none came, nothing was tested.
		((kills > 0)); then
		echo "ok $number - $call: killed at each of $kills, all is as the manifest says"
	else
		echo "not ok $number - $call"
		echo "# after $kills kills"
		sed 's/^/# /' why
	fi
done
