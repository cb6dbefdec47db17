#!/bin/sh
# cppcheck; a finding that is wrong is silenced beside the code, with its reason.
cd "$(dirname "$0")/../.." || exit 2

folders=
for folder in lib cmd tests; do
	[ -z "$(find $folder -name '*.c' 2>/dev/null | head -n 1)" ] || folders="$folders $folder"
done
[ -n "$folders" ] || exit 0
# shellcheck disable=SC2086 # a list of folders
cppcheck --quiet --std=c11 -Ilib -j "$(nproc)" --error-exitcode=1 --inline-suppr \
	--enable=warning,performance,portability --suppress=missingIncludeSystem \
	--template='{file}:{line}: {message} [{id}]' $folders 2>&1
