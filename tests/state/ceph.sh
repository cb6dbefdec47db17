#!/bin/sh
# Ceph from Debian's packages as an S3 server on loopback: a monitor, an OSD in memory, and two
# gateways over that one cluster. Everything is below FOLDER and belongs to who runs this.
#
#     sh tests/state/ceph.sh start FOLDER        starts it anew in FOLDER (10 to 20 seconds)
#     sh tests/state/ceph.sh gateway FOLDER N    starts gateway N (1 or 2) again, on its port
#     sh tests/state/ceph.sh stop FOLDER         ends its processes; FOLDER stays
#
# It leaves FOLDER/url.1 and FOLDER/url.2, the gateways' addresses, and FOLDER/NAME.pid for the
# processes mon, osd, rgw.1 and rgw.2. A user AKTEST with the secret key SKTESTsecret has the bucket
# "states"; a second user, AKOTHER with SKOTHERsecret, has no access to it.
#
# Exit status 3: the packages are not there; the last line on stderr says which.
set -eu

command=$1
folder=$2
here=$(cd "$(dirname "$0")" && pwd)

# starts NAME PROGRAM...: in the background, by itself; it outlives this script.
starts()
{
	name=$1
	shift
	setsid "$@" >"$folder/log/$name.out" 2>&1 </dev/null 3>&- &
	echo $! >"$folder/$name.pid"
}

# A process that ended and that nobody waited for has no command line.
is_running()
{
	[ -s "$folder/$1.pid" ] && grep -q '^State:[^ZX]*$' "/proc/$(cat "$folder/$1.pid")/status" 2>/dev/null
}

gateway()
{
	starts "rgw.$1" radosgw -c "$folder/ceph.conf" -n "client.rgw.$1" -f
}

# answers N: waits until gateway N serves requests.
answers()
{
	tries=0
	until curl -s -m 2 -o "$folder/log/answer" "$(cat "$folder/url.$1")/"; do
		tries=$((tries + 1))
		if ! is_running "rgw.$1" || [ $tries -ge 240 ]; then
			tail -n 5 "$folder/log/rgw.$1.out" >&2
			echo "Ceph's gateway $1 does not answer" >&2
			return 1
		fi
		sleep 0.25
	done
}

# user NAME KEY SECRET: of the gateways.
user()
{
	radosgw-admin -c "$folder/ceph.conf" -n client.rgw.1 user create --uid="$1" \
		--display-name="$1" --access-key="$2" --secret-key="$3" >"$folder/log/user.out" 2>&1
}

configure()
{
	cat <<-C
		[global]
		fsid = $fsid
		mon host = [v2:127.0.0.1:$1]
		public addr = 127.0.0.1
		cluster addr = 127.0.0.1
		ms bind ipv6 = false
		# Without this, a gateway that meets a monitor without cephx hangs.
		ms mon client mode = crc secure
		auth cluster required = none
		auth service required = none
		auth client required = none
		auth allow insecure global id reclaim = false
		osd pool default size = 1
		osd pool default min size = 1
		osd pool default pg num = 1
		osd pool default pgp num = 1
		osd pool default pg autoscale mode = off
		mon allow pool size one = true
		mon warn on pool no redundancy = false
		osd crush chooseleaf type = 0
		osd objectstore = memstore
		memstore device bytes = 536870912
		run dir = $folder
		pid file = $folder/\$name.daemon
		# A socket's path has at most 107 bytes, and nobody uses it.
		admin socket =
		log file = $folder/log/\$name.log
		mon data = $folder/mon
		osd data = $folder/osd
		mon data avail crit = 1
		mon data avail warn = 2
		rgw data = $folder/rgw
		rgw thread pool size = 32
		rgw enable ops log = false
		rgw enable usage log = false
		rgw gc max objs = 1
		rgw lc max objs = 1
		rgw reshard num logs = 1
		rgw enable quota threads = false
		[client.rgw.1]
		rgw frontends = beast endpoint=127.0.0.1:$2
		[client.rgw.2]
		rgw frontends = beast endpoint=127.0.0.1:$3
	C
}

start()
{
	for program in ceph-mon ceph-osd radosgw radosgw-admin monmaptool ceph curl; do
		command -v "$program" >/dev/null || {
			echo "$program is not installed (sh tests/state/setup.sh)" >&2
			exit 3
		}
	done
	rm -rf "$folder"
	mkdir -p "$folder/mon" "$folder/osd" "$folder/rgw" "$folder/log"
	folder=$(cd "$folder" && pwd)
	trap 'stop' EXIT
	fsid=$(cat /proc/sys/kernel/random/uuid)
	# shellcheck disable=SC2046 # three words
	set -- $(python3 "$here/ports.py" 3)
	configure "$@" >"$folder/ceph.conf"
	echo "http://127.0.0.1:$2" >"$folder/url.1"
	echo "http://127.0.0.1:$3" >"$folder/url.2"
	conf=$folder/ceph.conf
	ask="ceph -c $conf --connect-timeout 30"

	monmaptool --create --fsid "$fsid" --addv a "[v2:127.0.0.1:$1]" "$folder/monmap" \
		>"$folder/log/monmap.out"
	ceph-mon -c "$conf" -i a --mkfs --monmap "$folder/monmap" >"$folder/log/mon-mkfs.out" 2>&1
	starts mon ceph-mon -c "$conf" -i a -f
	osd=$(cat /proc/sys/kernel/random/uuid)
	$ask osd new "$osd" 0 >"$folder/log/osd-new.out" 2>&1
	ceph-osd -c "$conf" -i 0 --mkfs --osd-uuid "$osd" >"$folder/log/osd-mkfs.out" 2>&1
	starts osd ceph-osd -c "$conf" -i 0 -f
	# Both at once would create the same pools.
	gateway 1
	answers 1
	gateway 2
	user t AKTEST SKTESTsecret
	user other AKOTHER SKOTHERsecret
	curl -sS -m 20 --fail-with-body -X PUT --aws-sigv4 aws:amz:us-east-1:s3 \
		-u AKTEST:SKTESTsecret -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$(cat "$folder/url.1")/states" >"$folder/log/bucket.out"
	answers 2
	trap - EXIT
}

stop()
{
	for name in rgw.1 rgw.2 osd mon; do
		# Nothing of it is worth a clean end: all of it is in memory.
		! is_running $name || kill -KILL "$(cat "$folder/$name.pid")"
		rm -f "$folder/$name.pid"
	done
}

case $command in
start) start ;;
gateway)
	gateway "$3"
	answers "$3"
	;;
stop) stop ;;
*)
	echo "usage: sh tests/state/ceph.sh start|gateway|stop FOLDER [N]" >&2
	exit 2
	;;
esac
