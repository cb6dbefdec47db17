#!/bin/sh
# How long cfprov takes to create stores and to plan again, beside curl for the same POSTs, both
# against the simulator on this machine. curl keeps no state, so it is the floor. With secrets in
# each store there is no floor: curl would have to learn the ids of the stores first. Their
# fingerprints are made with a key, and all their values are lines of one file.
#
#   sh tests/bench/apply.sh [STORES [ROUNDS [SECRETS_IN_EACH]]]
#
# Prints a line a round, in milliseconds of wall time of the whole process.
set -eu
stores=${1:-1000} rounds=${2:-5} secrets=${3:-0}
cd "$(dirname "$0")/../.."
build=$(pwd)/build
dir=$(mktemp -d)
sim=
clean_up() {
	[ -z "$sim" ] || kill "$sim" 2>/dev/null || true
	rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 1' HUP INT TERM
cd "$dir"

{
	echo 'account_id: bench'
	echo 'stores:'
	seq -f '  - store_%.0f' "$stores" | awk -v secrets="$secrets" '
		secrets == 0 { print; next }
		{
			print "  - name: " $2 "\n    secrets:"
			for (i = 1; i <= secrets; i++)
				print "      - {name: S" i ", value: {dotenv: values, key: S" i "}}"
		}'
} >cfprov.yaml
seq "$secrets" | sed 's/.*/S&=value-of-number-&/' >values
CFPROV_KEY=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
export CFPROV_KEY

start_sim() {
	rm -f port
	"$build/cfsim" --port 0 --port-file port --answer account-ids=any --max-secrets 0 \
		>/dev/null &
	sim=$!
	until [ -s port ]; do
		sleep 0.02
	done
	CLOUDFLARE_BASE_URL=http://127.0.0.1:$(cat port)/client/v4
	CLOUDFLARE_API_TOKEN=cfsim-token
	export CLOUDFLARE_BASE_URL CLOUDFLARE_API_TOKEN
}

stop_sim() {
	kill "$sim"
	wait "$sim" 2>/dev/null || true
	sim=
}

# ms COMMAND...: runs it and prints how long it took
ms() {
	begin=$(date +%s%N)
	"$@" >out 2>err || { cat err >&2; exit 1; }
	echo $((($(date +%s%N) - begin) / 1000000))
}

curl_config() {
	seq "$stores" | sed "s|.*|url = \"$CLOUDFLARE_BASE_URL/accounts/bench/secrets_store/stores\"\\
header = \"Authorization: Bearer cfsim-token\"\\
data = '{\"name\":\"store_&\"}'\\
output = /dev/null\\
next|" | sed "s/data = '\(.*\)'/data = \"\1\"/; /^data/s/\"name\":\"\(store_[0-9]*\)\"/\\\\\"name\\\\\":\\\\\"\1\\\\\"/" |
		sed '$d' >curl.config
}

round=0
while [ "$round" -lt "$rounds" ]; do
	round=$((round + 1))
	rm -f cfprov.state.json*
	start_sim
	apply=$(ms "$build/cfprov" apply -auto-approve)
	plan=$(ms "$build/cfprov" plan)
	stop_sim
	if [ "$secrets" -gt 0 ]; then
		echo "$stores stores with $secrets secrets each: apply $apply ms, plan $plan ms"
		continue
	fi
	start_sim
	curl_config
	curl=$(ms curl -s -Z --parallel-max 10 -K curl.config)
	made=$(curl -s "${CLOUDFLARE_BASE_URL%/client/v4}/_cfsim/stats" | grep -o '"stores":[0-9]*' | head -n 1)
	[ "$made" = "\"stores\":$stores" ] || { echo "curl made $made" >&2; exit 1; }
	stop_sim
	echo "$stores stores: apply $apply ms, plan $plan ms, curl $curl ms"
done
