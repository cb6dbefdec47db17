#!/bin/sh
# The pure middle calls nothing that is not in pure.allow: no clock, disk, network or secret.
# Reads the objects that "make" built, so that a macro can't hide a call.
cd "$(dirname "$0")/../.." || exit 2

failed=0
for source in lib/model/*.c lib/plan/*.c lib/base/moment.c lib/apply/schedule.c \
	lib/cloudflare/retry.c lib/cloudflare/pace.c lib/cloudflare/patience.c \
	lib/cloudflare/ratelimit.c lib/adapter/s3_answer.c; do
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
