#!/bin/sh
# Fifty runs of cfprov at a time on one state, behind a proxy that loses every fifth answer to a
# write after the work was done; some runs are killed, and so is one of two gateways. See
# contention.py for what must be true afterwards, and for the figures that it prints.
#
#     sh tests/state/contention.sh ceph|r2|http|local [WRITERS [KILLS]]
#
# The programs are those of $CFPROV_BUILD (default: build). Ceph is the one at $CEPH_UNDER_TEST, or
# one of its own. Exit status 3: the server's packages can't be had.
set -eu

kind=$1
writers=${2:-50}
kills=${3:-6}
cd "$(dirname "$0")/../.."
build=$(cd "${CFPROV_BUILD:-build}" && pwd)
unset CFPROV_BUILD CFPROV_TEST_TIMEOUT
dir=$(mktemp -d)
processes=
ceph=

# shellcheck disable=SC2317 # by the trap
leave()
{
	# shellcheck disable=SC2086 # numbers
	[ -z "$processes" ] || kill -TERM $processes 2>/dev/null || true
	[ "$kind" != r2 ] || sh tests/state/npm_store.sh stop "$dir/r2"
	[ -z "$ceph" ] || sh tests/state/ceph.sh stop "$ceph"
	rm -rf "$dir"
}
trap leave EXIT
trap 'exit 1' INT TERM HUP

# serve NAME SCRIPT ARGUMENT...: one of the servers beside this file; its address is in $dir/NAME/url
serve()
{
	name=$1
	script=$2
	shift 2
	mkdir "$dir/$name"
	python3 "tests/state/$script" "$dir/$name" "$@" >"$dir/$name/out" 2>&1 </dev/null 3>&- &
	processes="$processes $!"
	tries=0
	until [ -s "$dir/$name/url" ]; do
		tries=$((tries + 1))
		[ $tries -lt 200 ] || exit 1
		sleep 0.05
	done
}

set -- --writers "$writers" --kills "$kills"
case $kind in
ceph)
	# A gateway of this cluster is going to be killed, so it must be ours.
	ceph=$dir/ceph
	sh tests/state/ceph.sh start "$ceph"
	export AWS_ACCESS_KEY_ID=AKTEST AWS_SECRET_ACCESS_KEY=SKTESTsecret
	serve proxy faulty_proxy.py "$(cat "$ceph/url.1")" "$(cat "$ceph/url.2")" --drop 5 --only PUT
	set -- s3 "$(cat "$dir/proxy/url")" "$@" --gateway "kill -KILL $(cat "$ceph/rgw.2.pid")"
	;;
r2)
	export STATE_PACKAGES="$build/tests/state/npm"
	sh tests/state/npm_store.sh start "$dir/r2" r2 limit
	export AWS_ACCESS_KEY_ID=R2TEST AWS_SECRET_ACCESS_KEY=R2TESTsecret
	serve proxy faulty_proxy.py "$(cat "$dir/r2/url")" --drop 5 --only PUT
	set -- s3 "$(cat "$dir/proxy/url")" "$@"
	;;
http)
	serve server http_server.py
	serve proxy faulty_proxy.py "$(cat "$dir/server/url")" --drop 5
	set -- http "$(cat "$dir/proxy/url")" "$@" --direct "$(cat "$dir/server/url")"
	;;
local) set -- local - "$@" ;;
*)
	echo "usage: sh tests/state/contention.sh ceph|r2|http|local [WRITERS [KILLS]]" >&2
	exit 2
	;;
esac
mkdir "$dir/runs"
status=0
python3 tests/state/contention.py "$build" "$dir/runs" "$@" &
processes="$! $processes"
wait $! || status=$?
[ ! -e "$dir/proxy/dropped" ] ||
	echo "$kind: $(wc -c <"$dir/proxy/dropped") answers were lost after the work"
exit $status
