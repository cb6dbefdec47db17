#!/bin/sh
# sh tests/fuzz/run.sh BUILD SECONDS [TARGET...]: runs the fuzz targets that make has built in BUILD
# (make fuzz), each for so many seconds, JOBS at a time (as many as there are cores). It starts from
# tests/fuzz/corpus; what it learns is kept in BUILD/corpus, what breaks in BUILD/found. Prints, for
# each target, executions, coverage (edges; features) and findings. Fails if there are any.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1
seconds=$2
shift 2
[ $# -gt 0 ] || for target in tests/fuzz/*.c; do
	set -- "$@" "$(basename "$target" .c)"
done

# An input frees little: a small quarantine keeps it all, and stays in the cache.
export ASAN_OPTIONS=allocator_may_return_null=1:detect_stack_use_after_return=1:quarantine_size_mb=16
export UBSAN_OPTIONS=print_stacktrace=1
mkdir -p "$build/found" "$build/log"
# shellcheck disable=SC2016 # the inner shell's
for target in "$@"; do
	mkdir -p "$build/corpus/$target"
	echo "$target"
done | xargs -I{} -P "${JOBS:-$(nproc)}" sh -c '
	"$0/tests/fuzz/{}" -max_total_time="$1" -timeout=10 -rss_limit_mb=2048 -max_len=8192 \
		-print_final_stats=1 -artifact_prefix="$0/found/{}-" \
		"$0/corpus/{}" tests/fuzz/corpus/{} >"$0/log/{}" 2>&1
	echo $? >"$0/log/{}.status"' "$build" "$seconds"

failed=0
for target in "$@"; do
	log=$build/log/$target
	runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
	cover=$(sed -n 's/.* cov: \([0-9]*\) ft: \([0-9]*\) .*/\1 edges, \2 features/p' "$log" | tail -n 1)
	printf '%-12s %12s executions  %s' "$target" "${runs:-?}" "${cover:-no coverage}"
	if [ "$(cat "$log.status")" -eq 0 ]; then
		echo
		continue
	fi
	failed=1
	echo "  FOUND:"
	grep -E 'does not hold|ERROR: |runtime error|SUMMARY|Test unit written' "$log" | sed 's/^/    /'
done
exit $failed
