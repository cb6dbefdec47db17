#!/bin/bash
# kill -9 at every system call that matters while secrets are made, changed, replaced, renamed and
# deleted, in one apply; then apply again: right values, no doubles, nothing half renamed, all
# recorded, and nothing left to do. A value that somebody else wrote, and may keep, is kept.
set -u

# shellcheck source=tests/crash/common.bash
. "$(dirname "$0")"/common.bash
enter
start_sim --list-lag 100
export CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

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

# settled: what lives is what is wanted and recorded, nothing is left to do, and nobody is blamed.
settled()
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
	if grep 'outside of cfprov' apply.out plan.out; then
		return 1
	fi
	left_behind
}

begin()
{
	reset || return 1
	"$cfprov" apply -auto-approve -f before.yaml >apply.out 2>apply.err || return 1
	local theirs
	theirs=$(jq -r '.accounts.acc_1.stores.keys | "\(.id)/secrets/\(.secrets.THEIRS.id)"' "$state")
	curl -fsS -X PATCH -H 'Authorization: Bearer cfsim-token' \
		--json "$(jq -Rs '{value: .}' <new/THEIRS)" \
		"$CLOUDFLARE_BASE_URL/accounts/acc_1/secrets_store/stores/$theirs" >/dev/null
}

killed_options=(-f after.yaml -replace=default/keys/AGAIN)
next_options=(-f after.yaml)
sweep_all secrets 'fdatasync fsync rename unlink write sendto recvfrom openat' ''
