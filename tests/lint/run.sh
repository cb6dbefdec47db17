#!/bin/sh
# Runs all guards, or those that are named ("sh tests/lint/run.sh floors sizes"), and says how they
# did, as TAP. "make lint" builds the objects that some read.
cd "$(dirname "$0")" || exit 2

# Every script of this folder is a guard, but for this one and selftest.sh.
if [ $# -eq 0 ]; then
	for script in *.sh; do
		[ "$script" = run.sh ] || [ "$script" = selftest.sh ] || set -- "$@" "${script%.sh}"
	done
fi

failed=0
n=0
echo "1..$#"
for guard; do
	n=$((n + 1))
	if out=$(sh "./$guard.sh" 2>&1); then
		echo "ok $n - $guard"
	else
		echo "not ok $n - $guard"
		echo "$out" | sed 's/^/# /'
		failed=1
	fi
done
exit $failed
