#!/bin/bash
# kill -9 at random moments of an apply, then apply again, and so on: in the end every store is
# there once and the state has every id. Then the same, with answers that get lost, too, on a server
# whose lists lag by 2 s, and on one that does its work 1.5 s after the request has come.
#
#   tests/crash/kill.sh             some rounds of each, for the suite
#   ROUNDS=200 tests/crash/kill.sh  so many, of the last two half each
#   SEED=N tests/crash/kill.sh      the random numbers of that run again
#
# A round is a kill. A run that survives (because the kill came late) has done its part: the next
# round starts with an empty account.
# fault A25
# fault A1
set -u
RANDOM=${SEED:=$((RANDOM * 32768 + RANDOM))}

# shellcheck source=tests/crash/common.bash disable=SC2154
. "$(dirname "$0")"/common.bash
enter

echo 1..3
echo "# SEED=$SEED"
test=0
partials=0

fail()
{
	echo "not ok $test - $mode: $1"
	echo "# in round $round, with SEED=$SEED"
	sed 's/^/# /' apply.err last 2>/dev/null | tail -n 30
	exit 1
}

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
	sed 's/$/ created/' live | diff - recorded >last || fail "the state is not what exists"
	[ "$(wc -l <live)" -eq "$stores" ] || fail "$(wc -l <live) stores exist, not $stores"
	[ "$(cut -d' ' -f1 live | uniq | wc -l)" -eq "$stores" ] || fail "doubles"
	[ "$(stat -c %a "$state")" = 600 ] || fail "the state's mode"
	left_behind >last || fail "something is left behind"
}

# lose_an_answer: of a create that is still to come, in half of the rounds.
lose_an_answer()
{
	local kinds=('"kind":"reset_after"' '"kind":"close_after"'
		'"kind":"status_after","status":504,"body":"html"')
	curl -fsS -X DELETE "$root/_cfsim/faults" >/dev/null || fail "no faults"
	((RANDOM % 2)) || return 0
	curl -fsS -X POST "$root/_cfsim/faults" -o last -d "[{\"method\":\"POST\",\"nth\":$((1 + RANDOM % 4)),
		${kinds[RANDOM % ${#kinds[@]}]}}]" || fail "no faults"
}

# kill_at_random MODE ROUNDS STORES PATIENCE [OPTION...]: OPTIONs are the simulator's.
kill_at_random()
{
	local rounds=$2 delay_ms most_ms whole_ms started pid status kills=0 partial=0
	mode=$1 stores=$3 round=0
	test=$((test + 1))
	export CFPROV_PATIENCE=$4
	shift 4
	rm -f port
	start_sim "$@"
	{
		echo 'account_id: acc_1'
		echo 'stores:'
		seq -f '  - s%04.0f' "$stores"
	} >cfprov.yaml
	rm -f "$state"

	# How long an apply takes here, in milliseconds, so that the kills fall into it.
	started=$(date +%s%N)
	"$cfprov" apply -auto-approve >apply.out 2>apply.err || fail "the apply without a kill"
	whole_ms=$((($(date +%s%N) - started) / 1000000 + 1))
	check
	begin_anew
	while ((round < rounds)); do
		round=$((round + 1))
		[ "$mode" = kill ] || lose_an_answer
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
	"$cfprov" plan -detailed-exitcode >apply.out 2>apply.err ||
		fail "a plan after it has something to do"
	partials=$((partials + partial))
	echo "ok $test - $mode: $rounds rounds, $kills kills, $partial of them with a journal left"
	kill "$sim"
	wait "$sim" 2>/dev/null
	sim=
}

kill_at_random kill "${ROUNDS:-25}" 200 0s
kill_at_random 'kill, lists lag' "$((${ROUNDS:-16} / 2))" 20 3s --list-lag 2000
kill_at_random 'kill, work comes late' "$((${ROUNDS:-16} / 2))" 20 3s --write-latency 1500
# Had none left a journal, nothing would have been tested.
((partials > 0)) || fail "no kill came in the middle of an apply"
