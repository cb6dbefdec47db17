#!/bin/bash
# kill -9 at random moments of an apply, then apply again, and so on: in the end every store is
# there once and the state has every id.
#
#   tests/crash/kill.sh             some rounds, for the suite
#   ROUNDS=200 tests/crash/kill.sh  many
#   SEED=N tests/crash/kill.sh      the random numbers of that run again
#
# A round is a kill. A run that survives (because the kill came late) has done its part: the next
# round starts with an empty account.
set -u
rounds=${ROUNDS:-25}
stores=${STORES:-200}
RANDOM=${SEED:=$((RANDOM * 32768 + RANDOM))}

# shellcheck source=tests/crash/common.bash
. "$(dirname "$0")"/common.bash
enter

echo 1..1
echo "# SEED=$SEED ROUNDS=$rounds STORES=$stores"

fail()
{
	echo "not ok 1 - $1"
	echo "# in round $round, with SEED=$SEED"
	sed 's/^/# /' apply.err last 2>/dev/null | tail -n 30
	exit 1
}

round=0
start_sim
{
	echo 'account_id: acc_1'
	echo 'stores:'
	seq -f '  - s%04.0f' "$stores"
} >cfprov.yaml

begin_anew()
{
	reset || fail "no reset"
}

# check: all is as it should be after a run that ended.
check()
{
	live_stores >live
	jq -r '.accounts.acc_1.stores | to_entries[] | "\(.key) \(.value.id) \(.value.origin)"' "$state" |
		LC_ALL=C sort >recorded
	sed 's/$/ created/' live | diff - recorded >last || fail "the state is not what lives"
	[ "$(wc -l <live)" -eq "$stores" ] || fail "$(wc -l <live) stores live, not $stores"
	[ "$(cut -d' ' -f1 live | uniq | wc -l)" -eq "$stores" ] || fail "doubles"
	[ "$(stat -c %a "$state")" = 600 ] || fail "the state's mode"
	left_behind >last || fail "something is left behind"
}

# How long an apply takes here, in milliseconds, so that the kills fall into it.
started=$(date +%s%N)
"$cfprov" apply -auto-approve >apply.out 2>apply.err || fail "the apply without a kill"
whole_ms=$((($(date +%s%N) - started) / 1000000 + 1))
check
begin_anew

kills=0
partial=0
while ((round < rounds)); do
	round=$((round + 1))
	# Half of the kills come early, where little was done since the last one.
	most_ms=$((RANDOM % 2 ? whole_ms : whole_ms / 4 + 1))
	delay_ms=$((RANDOM % (most_ms + 1)))
	"$cfprov" apply -auto-approve >apply.out 2>apply.err &
	pid=$!
	sleep "$(printf '%d.%03d' $((delay_ms / 1000)) $((delay_ms % 1000)))"
	kill -KILL "$pid" 2>/dev/null && kills=$((kills + 1))
	wait "$pid" 2>/dev/null
	status=$?
	if ((status == 0)); then
		check
		begin_anew
	elif ((status != 137)); then
		fail "the apply ended with $status"
	else
		[ ! -s "$state".journal ] || partial=$((partial + 1))
	fi
done
"$cfprov" apply -auto-approve >apply.out 2>apply.err || fail "the last apply"
check
"$cfprov" plan -detailed-exitcode >apply.out 2>apply.err || fail "a plan after it has something to do"
# Had none left a journal, nothing would have been tested.
((partial > 0)) || fail "no kill came in the middle of an apply"
echo "ok 1 - $rounds rounds: $kills kills, $partial of them with a journal left"
