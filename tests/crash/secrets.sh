#!/bin/bash
# kill -9 at every system call that matters while secrets are made, changed, replaced, renamed and
# deleted, in one apply; then apply again: right values, no doubles, nothing half renamed, all
# recorded, and nothing left to do. A value that somebody else wrote, and may keep, is kept.
set -u

cd "$(dirname "$0")/../.." || exit 1
build=${CFPROV_BUILD:-build}
cfprov=$(readlink -f "$build/cfprov")
cfsim=$(readlink -f "$build/cfsim")
dir=$(mktemp -d) || exit 1
cd "$dir" || exit 1
sim=
finish()
{
	[ -z "$sim" ] || kill "$sim"
	rm -rf "$dir"
}
trap finish EXIT

calls='fdatasync fsync rename unlink write sendto recvfrom openat'
# shellcheck disable=SC2086 # words
set -- $calls
echo 1..$#

if ! strace -qq -o /dev/null -e trace=getpid -e inject=getpid:signal=KILL:when=1 true 2>/dev/null; then
	for call; do
		echo "ok - $call # skip strace can not inject here"
	done
	exit 0
fi

"$cfsim" --port 0 --port-file port >sim.out 2>&1 &
sim=$!
for _ in {1..400}; do
	[ ! -s port ] || break
	sleep 0.05
done
[ -s port ] || exit 1
root=http://127.0.0.1:$(<port)
export CLOUDFLARE_BASE_URL=$root/client/v4 CLOUDFLARE_API_TOKEN=cfsim-token
export CFPROV_FINGERPRINT_KEY=0123456789abcdef0123456789abcdef
state=cfprov.state.json

# The values are in files, named after the secrets; what they are to be at the end is in new/.
mkdir old new
for name in STAYS CHANGED GOES OLD AGAIN THEIRS; do
	printf 'old value of %s' "$name" >old/"$name"
done
cp old/STAYS new/STAYS
cp old/OLD new/NEW
for name in CHANGED ONE TWO THREE AGAIN THEIRS; do
	printf 'new value of %s' "$name" >new/"$name"
done
cat >before.yaml <<'END'
account_id: acc_1
stores:
  - name: keys
    secrets:
      - {name: STAYS, value: {file: old/STAYS}}
      - {name: CHANGED, value: {file: old/CHANGED}, comment: before}
      - {name: GOES, value: {file: old/GOES}}
      - {name: OLD, value: {file: old/OLD}, scopes: [workers, ai_gateway]}
      - {name: AGAIN, value: {file: old/AGAIN}}
      - {name: THEIRS, value: {file: old/THEIRS}, on_drift: ignore}
END
cat >after.yaml <<'END'
account_id: acc_1
stores:
  - name: more
    secrets:
      - {name: THREE, value: {file: new/THREE}}
  - name: keys
    secrets:
      - {name: STAYS, value: {file: new/STAYS}}
      - {name: CHANGED, value: {file: new/CHANGED}, comment: after, scopes: [workers, dex]}
      - {name: NEW, value: {file: new/NEW}, scopes: [workers, ai_gateway]}
      - {name: ONE, value: {file: new/ONE}}
      - {name: TWO, value: {file: new/TWO}}
      - {name: AGAIN, value: {file: new/AGAIN}}
      - {name: THEIRS, value: {file: old/THEIRS}, on_drift: ignore, comment: after}
moved:
  - {from: default/keys/OLD, to: default/keys/NEW}
END
for name in AGAIN CHANGED NEW ONE STAYS THEIRS TWO; do
	case $name in
	CHANGED) rest='after dex,workers' ;;
	THEIRS) rest='after workers' ;;
	NEW) rest=' ai_gateway,workers' ;;
	*) rest=' workers' ;;
	esac
	echo "keys/$name $(b2sum -l 128 <new/$name | cut -c1-16) $rest"
done >wanted
echo "more/THREE $(b2sum -l 128 <new/THREE | cut -c1-16)  workers" >>wanted

# once: what lives is what is wanted and recorded, and nothing is left to do.
once()
{
	curl -fsS "$root/_cfsim/world" | jq -r '.accounts[].stores[] | .name as $store | .secrets[]
		| "\($store)/\(.name) \(.value_checksum) \(.comment // "") \(.scopes | sort | join(","))"' |
		LC_ALL=C sort >live
	diff wanted live || return 1
	curl -fsS "$root/_cfsim/world" | jq -r '.accounts[].stores[] | .name as $store | .secrets[]
		| "\($store)/\(.name) \(.id)"' | LC_ALL=C sort >live_ids
	jq -r '.accounts.acc_1.stores | to_entries[] | .key as $store | .value.secrets | to_entries[]
		| "\($store)/\(.key) \(.value.id)"' "$state" | LC_ALL=C sort >recorded_ids
	diff recorded_ids live_ids || return 1
	if ! "$cfprov" plan -f after.yaml -detailed-exitcode >plan.out 2>&1; then
		cat plan.out
		return 1
	fi
	if grep -q 'outside of cfprov' plan.out; then
		cat plan.out
		return 1
	fi
	find . -name '*.tmp' -o -name '*.journal' -o -name '*.lock' >left
	[ ! -s left ] || {
		cat left
		return 1
	}
}

begin()
{
	curl -fsS -X POST "$root/_cfsim/reset" >/dev/null || return 1
	rm -f "$state" "$state".backup
	"$cfprov" apply -auto-approve -f before.yaml >apply.out 2>apply.err || return 1
	local theirs
	theirs=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.THEIRS.id)"' "$state")
	curl -fsS -X PATCH -H 'Authorization: Bearer cfsim-token' \
		--json "$(jq -Rs '{value: .}' <new/THEIRS)" \
		"$CLOUDFLARE_BASE_URL/accounts/acc_1/secrets_store/stores/$theirs" >/dev/null
}

# killed CALL N: apply, killed at the Nth call of that name; 137 if the kill came.
killed()
{
	strace -f -qq -o strace.out -e trace="$1" -e "inject=$1:signal=KILL:when=$2" \
		"$cfprov" apply -auto-approve -f after.yaml -replace=default/keys/AGAIN \
		>apply.out 2>apply.err
}

# sweep CALL: adds to $kills.
sweep()
{
	local number status
	for ((number = 1; number < 400; number++)); do
		begin || {
			cat apply.err
			return 1
		}
		killed "$1" "$number"
		status=$?
		if ((status == 0)); then
			once
			return
		fi
		if ((status != 137)); then
			echo "the apply ended with $status at $1 number $number"
			cat apply.err
			return 1
		fi
		kills=$((kills + 1))
		if ! "$cfprov" apply -auto-approve -f after.yaml >apply.out 2>apply.err ||
			grep 'outside of cfprov' apply.out || ! once; then
			echo "this was the apply after a kill at $1 number $number"
			cat apply.out apply.err
			return 1
		fi
	done
	echo "it never ends"
	return 1
}

number=0
for call; do
	number=$((number + 1))
	kills=0
	if sweep "$call" >why 2>&1 && ((kills > 0)); then # where none came, nothing was tested
		echo "ok $number - secrets, $call: killed at each of $kills, all is as it should be"
	else
		echo "not ok $number - secrets, $call"
		echo "# after $kills kills"
		sed 's/^/# /' why
	fi
done
