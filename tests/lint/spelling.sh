#!/bin/sh
# codespell on all text.
cd "$(dirname "$0")/../.." || exit 2

for path in cmd lib examples tests .ci Makefile README.md LICENSE; do
	[ -e "$path" ] && set -- "$@" "$path"
done
codespell --check-hidden "$@" || exit 1
