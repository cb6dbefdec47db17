#!/bin/bash
# kill -9 at every system call that writes, while the state is encrypted and the key is replaced:
# the next apply, with both keys, finds everything once, and afterwards the new key alone reads all.
set -u
stores=3

# shellcheck source=tests/crash/common.bash
. "$(dirname "$0")"/common.bash
enter
start_sim --list-lag 100
old=00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
new=ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff
{
	echo 'account_id: acc_1'
	echo 'state: {encrypt: true}'
	echo 'stores:'
	seq -f '  - s%.0f' $stores
} >cfprov.yaml

# With the new key alone.
settled()
{
	local clear
	live_stores >live
	CFPROV_OLD_KEY='' "$cfprov" state pull >pulled || return 1
	jq -r '.accounts.acc_1.stores | to_entries[] | "\(.key) \(.value.id)"' pulled | LC_ALL=C sort |
		diff live - || return 1
	if [ "$(wc -l <live)" != $stores ]; then
		echo "$(wc -l <live) stores live"
		return 1
	fi
	clear=$(grep -la -F -e '"s1"' -f <(cut -d' ' -f2 live) "$state"*)
	[ -z "$clear" ] || {
		echo "in clear: $clear"
		return 1
	}
	left_behind
}

# fault D11
# begin plain|some|killed: two stores that were recorded without a key, or with the old one, encrypted;
# or also a run with the old key that was killed before it wrote the state.
begin()
{
	local number
	reset || return 1
	rm -rf "$XDG_STATE_HOME"
	export CFPROV_KEY='' CFPROV_OLD_KEY=''
	sed /s3/d cfprov.yaml >two.yaml
	[ "$1" != plain ] || sed -i /encrypt/d two.yaml
	[ "$1" = plain ] || CFPROV_KEY=$old
	"$cfprov" apply -auto-approve -f two.yaml >apply.out 2>apply.err || return 1
	if [ "$1" = plain ]; then
		# What begins without a key is signed first; then it is not encrypted yet.
		CFPROV_KEY=$old "$cfprov" state sign -auto-approve -f two.yaml >apply.out 2>apply.err || return 1
	fi
	for number in 1 2 3 4; do # the first file that is renamed may be another
		if [ "$1" != killed ] || [ -s "$state.journal" ]; then
			break
		fi
		ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -f -qq -o strace.out -e trace=rename \
			-e "inject=rename:signal=KILL:when=$number" "$cfprov" apply -auto-approve \
			>apply.out 2>apply.err
	done
	[ "$1" != killed ] || [ -s "$state.journal" ] || return 1
	CFPROV_KEY=$new CFPROV_OLD_KEY=$old
}

sweep_all 'a key that is replaced' 'fdatasync fsync rename link unlink ftruncate write' plain some killed
