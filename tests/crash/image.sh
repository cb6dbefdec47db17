#!/bin/bash
# The power fails while cfprov runs on a real file system: an ext4 image of 16 MB is mounted, an apply
# runs in it, and at some moment the image is copied as it is, without a sync, and cfprov is killed.
# Then the copy is mounted, for which the kernel replays the journal of ext4, and the next apply runs
# there, against the same server. No id that was shown may be lost, every store exists once, and the
# state has them all. power.py tries the same at every call, and worse losses, without a file system.
set -u

if [ -z "${IN_NAMESPACE-}" ]; then
	# What is mounted here goes with this process.
	! unshare -m true 2>/dev/null || IN_NAMESPACE=1 exec unshare -m "$0"
	echo '1..0 # SKIP nothing can be mounted here'
	exit
fi
unset IN_NAMESPACE

# shellcheck source=tests/crash/common.bash disable=SC2154
. "$(dirname "$0")"/common.bash
enter
trap 'umount -q mnt copied; leave' EXIT

moments=(1 6 15 28 end)
stores=40

mkdir mnt copied
truncate -s 16M image
if ! command -v mkfs.ext4 >/dev/null; then
	echo '1..0 # SKIP there is no mkfs.ext4'
	exit
fi
if ! { mkfs.ext4 -q image && mount -o loop image mnt; } 2>why; then
	echo "1..0 # SKIP no image can be mounted here: $(head -n 1 why)"
	exit
fi
start_sim --latency 25
log=$PWD/log
seq -f '- s%03.0f' "$stores" | sed '1i account_id: acc_1\nstores:' >mnt/cfprov.yaml
sync -f mnt
posts() { grep -c '"POST"' "$log"; }

# fails WHY: of this moment.
fails()
{
	echo "not ok $number - $what: $1"
	sed 's/^/# /' killed again 2>/dev/null | tail -n 30
	is_good=false
	return 1
}

# power_off: what the power leaves at this moment, in copy. A copy during which something was written would
# be a state that the disk never had.
power_off()
{
	kill -STOP "$pid" 2>/dev/null
	for _ in {1..20}; do
		cp image copy
		! cmp -s image copy || break
	done
	kill -KILL "$pid" 2>/dev/null
	wait "$pid" 2>/dev/null
	cmp -s image copy || fails 'the image never keeps still'
}

# judge: the next apply, in what the power left.
judge()
{
	dumpe2fs -h copy 2>/dev/null | grep -q needs_recovery || fails 'there is nothing to replay' || return
	mount -o loop copy copied || fails 'it can not be mounted' || return
	[ ! -s "copied/$state.journal" ] || partials=$((partials + 1))
	sed -n 's/.*: created (id \([0-9a-f]*\)).*/\1/p' killed >shown
	while read -r id; do
		grep -qrF "$id" copied || fails "the id $id was shown, and is lost" || return
	done <shown
	(cd copied && "$cfprov" apply -auto-approve) >again 2>&1 || fails 'the next apply' || return
	live_stores >live
	(cd copied && recorded_stores) | cmp -s - live || fails 'the state is not what exists' || return
	[ "$(wc -l <live)" -eq "$stores" ] && [ "$(cut -d' ' -f1 live | uniq | wc -l)" -eq "$stores" ] ||
		fails "$(wc -l <live) stores exist, not $stores" || return
	[ -z "$(find copied -name '*.tmp' -o -name '*.journal')" ] || fails 'something is left behind'
}

echo "1..$((${#moments[@]} + 1))"
number=0
partials=0
for moment in "${moments[@]}"; do
	number=$((number + 1))
	what="the power fails at POST $moment"
	[ "$moment" != end ] || what="the power fails right after the end"
	is_good=true
	(cd mnt && reset && rm -f .??* -- *.tmp "$state.journal" && : >"$log")
	umount -q copied
	rm -f again
	(cd mnt && exec "$cfprov" apply -auto-approve -parallelism=4) >killed 2>&1 &
	pid=$!
	if [ "$moment" = end ]; then
		wait "$pid" || fails 'the apply'
	else
		until [ "$(posts)" -ge "$moment" ] || ! kill -0 "$pid" 2>/dev/null; do
			sleep 0.01
		done
	fi
	power_off
	! $is_good || judge
	! $is_good || echo "ok $number - $what"
done
number=$((number + 1))
if ((partials > 0)); then
	echo "ok $number - $partials of these left a journal of cfprov's"
else
	echo "not ok $number - no cut came in the middle of an apply"
fi
