#!/bin/bash
# kill -9 at every system call that matters: apply with a kill at the 1st, 2nd, 3rd ... call of a
# kind, until the run survives. After each, another apply: everything is there once, the state
# has it, nothing is left behind.
set -u
stores=5

# shellcheck source=tests/crash/common.bash
. "$(dirname "$0")"/common.bash
enter
start_sim --list-lag 100
{
	echo 'account_id: acc_1'
	echo 'stores:'
	seq -f '  - s%.0f' $stores
} >cfprov.yaml

# settled: everything is there once and recorded; says what is not.
settled()
{
	live_stores >live
	recorded_stores | diff live - || return 1
	if [ "$(cut -d' ' -f1 live | uniq | wc -l) $(wc -l <live)" != "$stores $stores" ]; then
		echo "$(wc -l <live) stores live"
		return 1
	fi
	left_behind
}

# begin nothing|some: an empty account without a state, or two stores made and recorded.
begin()
{
	reset || return 1
	[ "$1" = some ] || return 0
	head -n 4 cfprov.yaml >two.yaml
	"$cfprov" apply -auto-approve -f two.yaml >apply.out 2>apply.err
}

sweep_all 'stores that come' \
	'fdatasync fsync rename link unlink ftruncate write sendto recvfrom openat poll' nothing some
