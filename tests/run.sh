#!/bin/sh
# Builds cfprov and runs all of its tests; installs what they need first. The last line is
# "N passed, N failed", with ", N skipped" if any were.
#
#   sh tests/run.sh                              everything
#   sh tests/run.sh --only unit,cli [--build DIR]
#                                                these suites, of what make has built in DIR
#
# A suite is a list of programs that print TAP. Each runs by itself, as many side by side as there
# are cores; what they said is kept in DIR/tests/log. A program that fails without saying so, or
# that runs other tests than it planned, counts as a failure: it crashed.
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

# PROGRAM LOG: runs it and leaves LOG.tap, LOG.err and LOG.status. It is text, for xargs to run.
# shellcheck disable=SC2016
one='
	program=$1 log=$2
	case $program in
	*.bats) set -- bats --tap "$program" ;;
	*.sh) set -- sh "$program" ;;
	*.py) set -- python3 "$program" ;;
	*) set -- "$program" ;;
	esac
	[ ! -x "$program" ] || [ "$1" = bats ] || set -- "$program"
	timeout --foreground -k 10 "${CFPROV_TEST_TIMEOUT:-900}" "$@" \
		>"$log.tap" 2>"$log.err" </dev/null
	echo $? >"$log.status"'

# suite NAME BUILD PROGRAM...: runs the programs, adds up and shows how they did.
suite()
{
	name=$1
	export CFPROV_BUILD="$2"
	shift 2
	log=$CFPROV_BUILD/tests/log/$name
	rm -rf "$log" "$log.tap"
	mkdir -p "$log"
	# A sanitizer's report counts even if nobody looked at the exit status of that process.
	export ASAN_OPTIONS="log_path='$PWD/$log/sanitizer':exitcode=99"
	export UBSAN_OPTIONS="$ASAN_OPTIONS:print_stacktrace=1"
	export CMOCKA_MESSAGE_OUTPUT=TAP

	for program in "$@"; do
		printf '%s\n%s\n' "$program" "$log/$(basename "$program")"
	done | xargs -n 2 -P "$(nproc)" sh -c "$one" sh

	suite_passed=0
	suite_failed=0
	suite_skipped=0
	: >"$log.failures"
	for program in "$@"; do
		result=$log/$(basename "$program")
		cat "$result.tap" >>"$log.tap"
		awk -v program="$program" -v status="$(cat "$result.status")" -f tests/tap.awk \
			"$result.tap" >"$result.counts"
		read -r p f s <"$result.counts"
		suite_passed=$((suite_passed + p))
		suite_failed=$((suite_failed + f))
		suite_skipped=$((suite_skipped + s))
		if [ "$f" -gt 0 ]; then
			sed 1d "$result.counts"
			cat "$result.err"
		fi >>"$log.failures"
	done
	for report in "$log"/sanitizer.*; do
		[ -e "$report" ] || continue
		suite_failed=$((suite_failed + 1))
		cat "$report" >>"$log.failures"
	done

	printf '%-14s %4d ok  %4d not ok' "$name" $suite_passed $suite_failed
	[ $suite_skipped -eq 0 ] || printf '  %4d skipped' $suite_skipped
	echo
	cat "$log.failures"
	passed=$((passed + suite_passed))
	failed=$((failed + suite_failed))
	skipped=$((skipped + suite_skipped))
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
	trap 'sh tests/state/ceph.sh stop "$ceph"' EXIT
	! sh tests/state/ceph.sh start "$ceph" || export CEPH_UNDER_TEST="$ceph"
	some state "$1" tests/state/*.bats
	unset CEPH_UNDER_TEST
	sh tests/state/ceph.sh stop "$ceph"
	trap - EXIT
}

# suites PREFIX BUILD NAME...: these suites, or those of them that --only asks for.
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
		case $wanted in
		lint) some lint "$from" tests/lint/run.sh ;;
		lint-selftest) some lint-selftest "$from" tests/lint/selftest.sh ;;
		unit) some "${prefix}unit" "$from" tests/unit/*.c ;;
		plan) some "${prefix}plan" "$from" tests/plan/*.c ;;
		cli) some "${prefix}cli" "$from" tests/cli/*.bats ;;
		crash) some "${prefix}crash" "$from" tests/crash/*.sh tests/crash/*.bats ;;
		model) some model "$from" tests/model/run.py ;;
		canary) some "${prefix}canary" "$from" tests/canary/*.bats ;;
		trust) some "${prefix}trust" "$from" tests/trust/*.bats ;;
		package) some package "$from" tests/package/*.bats ;;
		state) state_suite "$from" ;;
		esac
	done
}

# finish: the line that everybody looks for.
finish()
{
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
	*/asan) suites asan- "$build" unit plan cli crash ;;
	*) suites '' "$build" lint lint-selftest unit plan cli crash model canary trust package state ;;
	esac
	finish
fi

sh tests/setup.sh test || exit 1
{ sh tests/setup.sh extras && sh tests/setup.sh package; } || echo 'The tests that need them are skipped.' >&2
jobs=-j$(nproc)
check 'build, gcc' make "$jobs" CC=gcc WERROR=1 tests || finish
check faults sh tests/faults.sh
check 'build again' make -q CC=gcc WERROR=1 tests
check 'build, clang' make "$jobs" CC=clang-14 BUILD=build/clang WERROR=1 tests
suites '' build lint lint-selftest unit plan cli crash model canary trust package state
check 'build, asan' make "$jobs" CC=gcc BUILD=build/asan SANITIZE=1 WERROR=1 tests &&
	suites asan- build/asan unit plan cli
finish
