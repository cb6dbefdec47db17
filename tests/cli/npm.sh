#!/bin/sh
# npm packages for tests, and what those need: tests/npm names the one that json.bats and
# secrets_show.bats have our plans read by, with checksums. npm's own client fetches them, from
# where and how this machine has it configured (registry, proxy, CA).
#
#     sh tests/cli/npm.sh FOLDER          makes FOLDER/node_modules, unless it is there
#     sh tests/cli/npm.sh FOLDER WANTED   the packages that the folder WANTED names
#
# Exit status 3: they can't be had here; the last line on stderr says why. To change a version, edit
# package.json in tests/npm or WANTED, then in that folder:
#
#     npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved
set -eu

folder=$1
wanted=$(cd "${2:-$(dirname "$0")/../npm}" && pwd)

is_there()
{
	[ -d "$folder/node_modules" ] && cmp -s "$wanted/package-lock.json" "$folder/package-lock.json"
}

if is_there; then
	exit 0
fi
if ! command -v npm >/dev/null; then
	echo "npm is not installed" >&2
	exit 3
fi

mkdir -p "${folder%/*}"
new=$(mktemp -d "$folder.XXXXXX")
trap 'rm -rf "$new"' EXIT
cp "$wanted/package.json" "$wanted/package-lock.json" "$new/"
status=0
(cd "$new" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error) \
	>"$new/log" 2>&1 </dev/null || status=$?
if [ "$status" != 0 ]; then
	cat "$new/log" >&2
	# Neither has to do with the network: a package was changed, or the lock file is wrong.
	if grep -qE 'EINTEGRITY|EUSAGE' "$new/log"; then
		exit 1
	fi
	echo "npm can't fetch packages: $(grep -m 1 -E ' (code|errno) ' "$new/log" ||
		echo "npm ended with $status")" >&2
	exit 3
fi

# Another run may have been quicker, and what it made may be in use.
if is_there; then
	exit 0
fi
rm -rf "$folder"
mv -T "$new" "$folder" 2>/dev/null || is_there
