#!/bin/sh
# Builds cfprov and runs all of its tests; installs what they need first. The last line is
# "N passed, N failed", with ", N skipped" if any were.
#
#   sh tests/run.sh                              everything
#   sh tests/run.sh --only unit,cli [--build DIR]
#                                                these suites, of what make has built in DIR
#
# Of what "make asan" has built, "--build build/asan --only crash,trust,state,model" runs these with
# sanitizers, too; crash/memory.py skips itself there.
#
# A suite is a list of programs that print TAP. The programs of all suites wait in one queue, long
# ones first, so that no core is idle while another suite's last program runs. What they said is
# kept in DIR/tests/log. A program that fails without saying so, or that runs other tests than it
# planned, counts as a failure: it crashed. The line before the last names those that took the most
# CPU time.
set -u
cd "$(dirname "$0")/.." || exit 2

build=build
only=
while [ $# -gt 0 ]; do
	case $1 in
	--build) build=$2 ;;
	--only) only=,$2, ;;
	*)
		echo "usage: sh tests/run.sh [--only SUITE,...] [--build DIR]" >&2
		exit 2
		;;
	esac
	shift 2
done

passed=0
failed=0
skipped=0
ceph=
queue=$(mktemp -d) || exit 2 # programs: lines "PROGRAM LOG BUILD"; suites: lines "NAME LOG"
trap 'stop_ceph; rm -rf "$queue"' EXIT

stop_ceph()
{
	[ -z "$ceph" ] || sh tests/state/ceph.sh stop "$ceph"
	ceph=
}

# suite NAME BUILD PROGRAM...: puts the programs into the queue.
suite()
{
	name=$1
	from=$2
	shift 2
	log=$from/tests/log/$name
	rm -rf "$log" "$log.tap"
	mkdir -p "$log"
	echo "$name $log" >>"$queue/suites"
	for program in "$@"; do
		result=$log/$(basename "$program")
		# One that never starts counts as a failure.
		: >"$result.tap" 2>"$result.err"
		echo 'none, it did not run' >"$result.status"
		echo "$program $result $from"
	done | tee "$log.programs" >>"$queue/programs"
}

# real_python: puts it first. A python3 that is a script, such as pyenv's, looks for the real one each
# time, which takes 0.1 s.
real_python()
{
	[ "$(head -c 2 "$(command -v python3)")" = '#!' ] || return 0
	PATH=$(python3 -c 'import os, sys; print(os.path.dirname(sys.executable))'):$PATH
}

# run_queue: runs the programs. Many wait most of the time: there are two for each core.
run_queue()
{
	[ -e "$queue/suites" ] || return 0
	real_python
	xargs -n 3 -P $(($(nproc) * 2)) sh tests/program.sh <"$queue/programs"
	stop_ceph
	while read -r name log; do
		report "$name" "$log" </dev/null
	done <"$queue/suites"
}

# report SUITE LOG: adds up and shows how its programs did.
report()
{
	suite_passed=0
	suite_failed=0
	suite_skipped=0
	: >"$2.failures"
	while read -r program result _; do
		cat "$result.tap" >>"$2.tap"
		awk -v program="$program" -v status="$(cat "$result.status")" -f tests/tap.awk \
			"$result.tap" >"$result.counts"
		read -r p f s <"$result.counts"
		suite_passed=$((suite_passed + p))
		suite_failed=$((suite_failed + f))
		suite_skipped=$((suite_skipped + s))
		if [ "$f" -gt 0 ]; then
			sed 1d "$result.counts"
			cat "$result.err"
		fi >>"$2.failures"
	done <"$2.programs"
	for sanitizer in "$2"/sanitizer.*; do
		[ -e "$sanitizer" ] || continue
		suite_failed=$((suite_failed + 1))
		cat "$sanitizer" >>"$2.failures"
	done

	printf '%-14s %4d ok  %4d not ok' "$1" $suite_passed $suite_failed
	[ $suite_skipped -eq 0 ] || printf '  %4d skipped' $suite_skipped
	echo
	cat "$2.failures"
	passed=$((passed + suite_passed))
	failed=$((failed + suite_failed))
	skipped=$((skipped + suite_skipped))
}

# both_builds: files of command-line tests for the release, too. All of them run with the program of
# the same sources that has sanitizers, which see more; the release meets those in which it is another
# program: a comment "both builds: WHY" says so, or a test asks for the sanitizer. Otherwise it is what
# trust, state, ci, crash, model, canary and package run.
both_builds()
{
	grep -lE '^# both builds: |__asan_init' tests/cli/*.bats
}

# some SUITE BUILD FILE...: the suite of those files that exist; none, and there is no suite.
some()
{
	name=$1
	dir=$2
	shift 2
	for file in "$@"; do
		shift
		# A pattern that met no file stands for itself.
		[ -e "$file" ] || continue
		case $file in
		tests/plan/*) set -- "$dir/tests/plan/run" ;;
		*.c) set -- "$@" "$dir/${file%.c}" ;;
		*) set -- "$@" "$file" ;;
		esac
	done
	[ $# -eq 0 ] || suite "$name" "$dir" "$@"
}

# state_suite BUILD: with one Ceph for all of its tests.
state_suite()
{
	sh tests/state/setup.sh "$1" || true
	ceph=$(cd "$1" && pwd)/tests/ceph
	! sh tests/state/ceph.sh start "$ceph" || export CEPH_UNDER_TEST="$ceph"
	some state "$1" tests/state/*.bats
}

# ci_suite BUILD: with the tools that look at pipelines.
ci_suite()
{
	sh tests/ci/setup.sh "$1" || true
	some ci "$1" tests/ci/*.bats
}

# guards: of tests/lint, with the two that take long first.
guards()
{
	echo tests/lint/tidy.sh tests/lint/cppcheck.sh
	for guard in tests/lint/*.sh; do
		case $guard in
		*/run.sh | */selftest.sh | */tidy.sh | */cppcheck.sh) ;;
		*) echo "$guard" ;;
		esac
	done
}

# suites PREFIX BUILD NAME...: queues these suites, or those of them that --only asks for.
suites()
{
	prefix=$1
	from=$2
	shift 2
	for wanted in "$@"; do
		case ${only:-,$wanted,} in
		*,"$wanted",*) ;;
		*) continue ;;
		esac
		# shellcheck disable=SC2046,SC2012 # lists of words
		case $wanted in
		lint) some lint "$from" $(guards) ;;
		lint-selftest) some lint-selftest "$from" tests/lint/selftest.sh ;;
		unit) some "${prefix}unit" "$from" tests/unit/*.c ;;
		plan) some "${prefix}plan" "$from" tests/plan/*.c ;;
		cli) some "${prefix}cli" "$from" $(ls -S tests/cli/*.bats) ;;
		cli-both) some cli "$from" $(both_builds) ;;
		fuzz) some "${prefix}fuzz" "$from" tests/fuzz/*.c ;;
		crash) some "${prefix}crash" "$from" tests/crash/*.py tests/crash/*.sh ;;
		model) some model "$from" tests/model/run.py ;;
		canary) some "${prefix}canary" "$from" tests/canary/*.bats ;;
		trust) some "${prefix}trust" "$from" tests/trust/*.bats ;;
		package) some package "$from" tests/package/*.bats ;;
		state) state_suite "$from" ;;
		ci) ci_suite "$from" ;;
		esac
	done
}

# slowest: the CPU time of all programs, and of those that took the most.
slowest()
{
	[ -s "$queue/programs" ] || return 0
	# The second line of each file is about the program: "0m1.20s 0m0.34s".
	# shellcheck disable=SC2016 # the variables are awk's
	cut -d' ' -f2 "$queue/programs" | sed 's/$/.times/' | xargs awk '
		FNR == 2 {
			split($0, t, /[ms ]+/)
			sub(/\.times$/, "", FILENAME)
			print t[1] * 60 + t[2] + t[3] * 60 + t[4], FILENAME
		}' | sort -rn | awk '
		{ all += $1 }
		NR <= 10 { sub(/^.*tests\/log\//, "", $2); most = most sprintf(", %s %.0f", $2, $1) }
		END { printf "CPU time %.0f s%s\n", all, most }'
}

# finish: the line that everybody looks for.
finish()
{
	slowest
	printf '%d passed, %d failed' $passed $failed
	[ $skipped -eq 0 ] || printf ', %d skipped' $skipped
	echo
	[ $failed -eq 0 ] && [ $passed -gt 0 ]
	exit
}

# check WHAT COMMAND...: one check of the build, which is quiet when it works.
check()
{
	what=$1
	shift
	mkdir -p build/tests/log
	if "$@" >build/tests/log/build.log 2>&1; then
		printf '%-14s ok\n' "$what"
		passed=$((passed + 1))
	else
		printf '%-14s not ok\n' "$what"
		cat build/tests/log/build.log
		failed=$((failed + 1))
		return 1
	fi
}

if [ -n "$only" ]; then
	case $build in
	*/asan) suites asan- "$build" unit plan cli crash fuzz trust state model ;;
	*) suites '' "$build" lint package trust state ci crash model canary lint-selftest cli unit plan fuzz ;;
	esac
	run_queue
	finish
fi

sh tests/setup.sh test || exit 1
# Whatever else the tests need arrives while the compilers work.
{
	for purpose in extras package browser; do
		sh tests/setup.sh $purpose || echo "Tests that need 'setup.sh $purpose' are skipped." >&2
	done
	sh tests/state/setup.sh build
	sh tests/ci/setup.sh build
} &
jobs=-j$(nproc)
check 'build, gcc' make "$jobs" CC=gcc WERROR=1 tests || {
	wait
	finish
}
check faults sh tests/faults.sh
check 'build again' make -q CC=gcc WERROR=1 tests
# For its warnings, which are the same without optimization; nothing of this is run.
check 'build, clang' make "$jobs" CC=clang-14 CFLAGS=-O0 BUILD=build/clang WERROR=1 tests
check 'build, asan' make "$jobs" CC=gcc BUILD=build/asan SANITIZE=1 WERROR=1 tests
asan=$?
wait
suites '' build lint package trust state ci crash model canary lint-selftest
if [ $asan -eq 0 ]; then
	suites asan- build/asan cli
	suites '' build cli-both
else
	suites '' build cli
fi
[ $asan -ne 0 ] || suites asan- build/asan unit plan fuzz
suites '' build unit plan
run_queue
finish
