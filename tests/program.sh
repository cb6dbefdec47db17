#!/bin/sh
# sh tests/program.sh PROGRAM LOG BUILD: runs one test program for run.sh, of what make has built in
# BUILD, and leaves LOG.tap, LOG.err, LOG.status, and LOG.times: what `times` says at the end.
set -u
program=$1
log=$2
folder=$PWD/$(dirname "$log")
export CFPROV_BUILD="$3" CMOCKA_MESSAGE_OUTPUT=TAP
# A sanitizer's report counts even if nobody looked at the exit status of that process.
export ASAN_OPTIONS="log_path='$folder/sanitizer':exitcode=99"
export UBSAN_OPTIONS="$ASAN_OPTIONS:print_stacktrace=1"

case $program in
*.bats) set -- bats --tap "$program" ;;
tests/lint/selftest.sh) set -- sh "$program" ;;
tests/lint/*.sh) set -- sh tests/lint/run.sh "$(basename "$program" .sh)" ;;
*.py) set -- python3 "$program" ;;
*) set -- "$program" ;;
esac
timeout --foreground -k 10 "${CFPROV_TEST_TIMEOUT:-1800}" "$@" >"$log.tap" 2>"$log.err" </dev/null
echo $? >"$log.status"
times >"$log.times"
