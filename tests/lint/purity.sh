#!/bin/sh
# The pure middle calls nothing that is not in pure.allow: no clock, disk, network or secret.
# Reads the objects that "make" built, so that a macro can't hide a call.
cd "$(dirname "$0")/../.." || exit 2

failed=0
for source in lib/engine/planner.c lib/engine/planning.c lib/engine/selection.c lib/engine/decide.c lib/engine/drift.c lib/engine/renames.c \
	lib/engine/belongs.c lib/engine/parting.c lib/engine/store_limit.c lib/engine/check.c lib/engine/guard.c lib/engine/verify.c lib/engine/recover.c \
	lib/engine/schedule.c lib/engine/record.c lib/live/retry.c lib/live/pace.c lib/live/patience.c \
	lib/live/ratelimit.c lib/base/moment.c lib/model/*.c; do
	[ -f "$source" ] || continue
	object=${BUILD:-build}/obj/${source%.c}.o
	if [ ! -f "$object" ]; then
		echo "$source:1: not built ($object is missing)"
		failed=1
		continue
	fi
	for symbol in $(nm -u "$object" | awk '{ print $NF }'); do
		while read -r pattern; do
			# shellcheck disable=SC2254 # it is a pattern
			case $symbol in
			$pattern) continue 2 ;;
			esac
		done <tests/lint/pure.allow
		name=${symbol#__}
		line=$(grep -nw -- "${name%_chk}" "$source" | grep -v '#include' | head -n 1 | cut -d: -f1)
		echo "$source:${line:-1}: pure code may not use $symbol"
		failed=1
	done
done
exit $failed
