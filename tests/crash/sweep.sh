#!/bin/bash
# kill -9 at every system call that matters: apply with a kill at the 1st, 2nd, 3rd ... call of a
# kind, until the run survives. After each, another apply: everything is there once, the state
# has it, nothing is left behind.
set -u
stores=5

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

calls='fdatasync fsync rename link unlink ftruncate write sendto recvfrom openat poll'
# shellcheck disable=SC2086 # words
set -- $calls
echo 1..$#

if ! strace -qq -o /dev/null -e trace=getpid -e inject=getpid:signal=KILL:when=1 true 2>/dev/null; then
	for call; do
		echo "ok - $call # skip strace can not inject here"
	done
	exit 0
fi

"$cfsim" --port 0 --port-file port >sim.out 2>&1 &
sim=$!
for _ in {1..400}; do
	[ ! -s port ] || break
	sleep 0.05
done
[ -s port ] || exit 1
root=http://127.0.0.1:$(<port)
export CLOUDFLARE_BASE_URL=$root/client/v4 CLOUDFLARE_API_TOKEN=cfsim-token
state=cfprov.state.json
{
	echo 'account_id: acc_1'
	echo 'stores:'
	seq -f '  - s%.0f' $stores
} >cfprov.yaml

# once: everything is there once and recorded; says what is not.
once()
{
	curl -fsS "$root/_cfsim/world" |
		jq -r '.accounts[].stores[] | "\(.name) \(.id)"' | LC_ALL=C sort >live
	jq -r '.accounts.acc_1.stores | to_entries[] | "\(.key) \(.value.id)"' "$state" |
		LC_ALL=C sort >recorded
	diff live recorded || return 1
	if [ "$(cut -d' ' -f1 live | uniq | wc -l) $(wc -l <live)" != "$stores $stores" ]; then
		echo "$(wc -l <live) stores live"
		return 1
	fi
	find . -name '*.tmp' -o -name '*.journal' -o -name '*.lock' >left
	[ ! -s left ] || {
		cat left
		return 1
	}
}

# killed CALL N: apply, killed at the Nth call of that name; 137 if the kill came.
killed()
{
	strace -f -qq -o strace.out -e trace="$1" -e "inject=$1:signal=KILL:when=$2" \
		"$cfprov" apply -auto-approve >apply.out 2>apply.err
}

# begin nothing|some: an empty account without a state, or two stores made and recorded.
begin()
{
	curl -fsS -X POST "$root/_cfsim/reset" >/dev/null || return 1
	rm -f "$state" "$state".backup
	[ "$1" = some ] || return 0
	head -n 4 cfprov.yaml >two.yaml
	"$cfprov" apply -auto-approve -f two.yaml >apply.out 2>apply.err
}

# sweep CALL nothing|some: adds to $kills.
sweep()
{
	local number status
	for ((number = 1; number < 400; number++)); do
		begin "$2" || return 1
		killed "$1" "$number"
		status=$?
		if ((status == 0)); then
			once
			return
		fi
		if ((status != 137)); then
			echo "the apply ended with $status at $1 number $number"
			cat apply.err
			return 1
		fi
		kills=$((kills + 1))
		if ! "$cfprov" apply -auto-approve >apply.out 2>apply.err || ! once; then
			echo "this was the apply after a kill at $1 number $number, from $2"
			cat apply.err
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
	if sweep "$call" nothing >why 2>&1 && sweep "$call" some >why 2>&1 &&
		# Where none came, nothing was tested.
		((kills > 0)); then
		echo "ok $number - $call: killed at each of $kills, everything is there once"
	else
		echo "not ok $number - $call"
		echo "# after $kills kills"
		sed 's/^/# /' why
	fi
done
