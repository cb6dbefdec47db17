#!/bin/sh
# Runs all guards and says how they did, as TAP. "make lint" builds the objects that some read.
cd "$(dirname "$0")" || exit 2

guards='floors circles foreign banned registries names sizes purity exports headers format shell spelling phrases cppcheck tidy'

failed=0
n=0
# shellcheck disable=SC2086 # a list of words
set -- $guards
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
