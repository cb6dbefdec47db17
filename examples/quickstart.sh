#!/bin/sh
# Shows cfprov's main job from nothing: installs what the build needs, builds, starts the
# simulator of Cloudflare's API, and creates stores from a manifest. No account is needed, and
# nothing is left behind but build/.
set -eu
cd "$(dirname "$0")/.."

sh tests/setup.sh build
make -s

work=$(mktemp -d)
simulator=
clean_up() {
	[ -z "$simulator" ] || kill "$simulator" 2>/dev/null || true
	rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM

build/cfsim --port 0 --port-file "$work/port" >/dev/null &
simulator=$!
tries=0
until [ -s "$work/port" ]; do
	tries=$((tries + 1))
	if [ $tries -gt 100 ] || ! kill -0 "$simulator" 2>/dev/null; then
		echo 'quickstart: the simulator does not start' >&2
		exit 1
	fi
	sleep 0.1
done
CLOUDFLARE_BASE_URL=http://127.0.0.1:$(cat "$work/port")/client/v4
CLOUDFLARE_API_TOKEN=cfsim-token
export CLOUDFLARE_BASE_URL CLOUDFLARE_API_TOKEN

cp examples/quickstart.yaml "$work/cfprov.yaml"
run() {
	printf '\n$ cfprov %s\n' "$*"
	build/cfprov -chdir="$work" "$@" 2>&1
}

printf '\n$ cat cfprov.yaml\n'
cat "$work/cfprov.yaml"
run plan
run apply -auto-approve
run plan
run show
