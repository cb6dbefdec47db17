#!/bin/sh
# codespell on all text (applyable is a key of Terraform's, .Nd a macro of mdoc) but that of tests, which misspells on purpose.
cd "$(dirname "$0")/../.." || exit 2

for path in cmd lib examples tests/lint tests/*.sh .ci Makefile README.md LICENSE; do
	[ -e "$path" ] && set -- "$@" "$path"
done
codespell --check-hidden -L applyable,nd "$@" || exit 1
