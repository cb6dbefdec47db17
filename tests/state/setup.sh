#!/bin/sh
# Installs what the tests of state backends need besides what the others need: Ceph from Debian,
# and packages from npm, into the build folder ($1; default: build). What can't be had is said, and
# its tests are skipped.
set -u
cd "$(dirname "$0")/../.." || exit 2

status=0
sh tests/setup.sh ceph || status=1
sh tests/cli/npm.sh "${1:-build}/tests/state/npm" tests/state/npm || status=1
[ $status -eq 0 ] || echo 'Tests of state backends that need them are skipped.' >&2
exit $status
