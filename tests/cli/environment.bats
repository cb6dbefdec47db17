#!/usr/bin/env bats
# Odd surroundings: streams that are closed or full, disks that are full or read-only, limits,
# proxies. An error that says so, and nothing half written.
# both builds: limits and system calls are those of what is shipped

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# ---- streams --------------------------------------------------------------------------------

@test "stdout is full: exit 1, but the apply is done and recorded" {
	start_logged
	manifest_of 5
	status=0
	"$cfprov" apply -auto-approve >/dev/full 2>err || status=$?
	[ "$status" = 1 ]
	grep -q 'standard output' err
	agree 5
	tidy
	local command
	for command in plan show 'state list' version help validate; do
		status=0
		# shellcheck disable=SC2086 # words
		"$cfprov" $command >/dev/full 2>err || status=$?
		[ "$status" = 1 ]
	done
}

@test "stderr is full: the apply is done and recorded" {
	start_logged
	manifest_of 5
	"$cfprov" apply -auto-approve >out 2>/dev/full
	grep -q 'Resources: 5 added' out
	agree 5
	tidy
}

@test "closed streams, each and all: no descriptor is mistaken for one" {
	start_logged
	local made=0 closed wanted
	while read -r wanted closed; do
		made=$((made + 3))
		manifest_of $made
		status=0
		sh -c "exec \"\$0\" apply -auto-approve $closed" "$cfprov" 3>&- >out 2>err </dev/null ||
			status=$?
		echo "with $closed: $status" >&2
		# Who can't say that it is done fails; it is done all the same.
		[ "$status" = "$wanted" ]
		agree $made
		jq . "$state" >/dev/null
		tidy
	done <<-'end'
		0 <&-
		1 >&-
		0 2>&-
		1 <&- >&-
		1 >&- 2>&-
		0 <&- 2>&-
		1 <&- >&- 2>&-
	end
	status=0
	"$cfprov" plan >&- 2>err || status=$?
	[ "$status" = 1 ]
	grep -q 'standard output' err
	# A question that nobody can answer is not answered with yes.
	manifest_of $((made + 1))
	status=0
	"$cfprov" apply <&- >out 2>err || status=$?
	[ "$status" = 1 ]
	grep -q 'No changes were made' err
	agree $made
}

# ---- variables ------------------------------------------------------------------------------

@test "an environment with next to nothing in it" {
	start_logged
	manifest_of 3
	env -i CLOUDFLARE_BASE_URL="$CLOUDFLARE_BASE_URL" CLOUDFLARE_API_TOKEN="$CLOUDFLARE_API_TOKEN" \
		${ASAN_OPTIONS+ASAN_OPTIONS="$ASAN_OPTIONS"} "$cfprov" apply -auto-approve >out 2>err
	agree 3
	HOME=/nowhere TMPDIR=/nowhere TERM='' LANG=C LC_ALL=C good plan
	LC_ALL=tr_TR.UTF-8 good plan
}

@test "proxies don't get what goes to this machine" {
	start_logged
	start_other
	manifest_of 2
	local name
	for name in http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY; do
		export "$name=$other_root"
	done
	good apply -auto-approve
	unset http_proxy https_proxy HTTP_PROXY HTTPS_PROXY all_proxy ALL_PROXY
	agree 2
	[ ! -s "$other_log" ]
}

@test "SSLKEYLOGFILE writes nothing" {
	have openssl
	openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test -days 1 \
		-addext subjectAltName=IP:127.0.0.1 2>/dev/null
	start_logged --tls-cert cert.pem --tls-key key.pem
	sim_ca=cert.pem
	manifest_of 2
	SSL_CERT_FILE=$PWD/cert.pem SSLKEYLOGFILE=$PWD/keys good apply -auto-approve
	[ ! -e keys ]
	# libcurl does write it for others.
	SSLKEYLOGFILE=$PWD/keys curl -sS --cacert cert.pem "$sim_root/_cfsim/stats" >/dev/null
	[ -s keys ]
}

# at_time SECONDS COMMAND...: runs it when the clock shows so many seconds after the start of 1970.
at_time()
{
	local shift=$(($1 - $(date +%s)))
	shift
	CLOCK_SHIFT=$shift LD_PRELOAD=$PWD/clock.so "$@"
}

@test "a clock in 1970, and in 2099" {
	have cc
	! nm -u "$cfprov" | grep -q __asan_init || skip 'a sanitizer has to be loaded first'
	cc -shared -fPIC -o clock.so -x c - <<-'end'
		#include <stdlib.h>
		#include <sys/syscall.h>
		#include <sys/time.h>
		#include <time.h>
		#include <unistd.h>

		int clock_gettime(clockid_t id, struct timespec *now)
		{
			long status = syscall(SYS_clock_gettime, id, now);
			if (id == CLOCK_REALTIME)
				now->tv_sec += atol(getenv("CLOCK_SHIFT"));
			return (int)status;
		}

		time_t time(time_t *ret)
		{
			struct timespec now;
			clock_gettime(CLOCK_REALTIME, &now);
			if (ret)
				*ret = now.tv_sec;
			return now.tv_sec;
		}
	end
	start_logged
	local early=1 late=4102400000 at other made=0
	[ "$(at_time $early date -u +%Y) $(at_time $late date -u +%Y)" = '1970 2099' ]
	for at in $early $late; do
		made=$((made + 2))
		manifest_of $made
		at_time "$at" good apply -auto-approve
		agree $made
		at_time "$at" good plan -detailed-exitcode
		at_time "$at" good doctor
	done
	# What a killed run of one time has left open, a run of the other finds.
	for at in $early $late; do
		other=$((early + late - at))
		made=$((made + 2))
		manifest_of $made
		sim_faults '{"method":"POST","kind":"no_answer"}'
		: >"$sim_log"
		later env CLOCK_SHIFT=$((at - $(date +%s))) LD_PRELOAD="$PWD/clock.so" \
			"$cfprov" apply -auto-approve
		both_sent() { (($(posts) == 2)); }
		wait_until both_sent
		kill -KILL "$later_pid"
		wait_later
		control DELETE faults
		at_time "$other" good apply -input=false
		agree $made
		[ "$(posts)" = 2 ]
		tidy
	done
}

@test "CFPROV_PATIENCE that can't be" {
	start_logged
	manifest a
	local time
	for time in x 1 -1s 1.5s; do
		CFPROV_PATIENCE=$time bad plan
		err_has "invalid value \`$time\` for CFPROV_PATIENCE: expected a duration such as 30s or 5m"
	done
	CFPROV_PATIENCE='' good plan
}

@test "CFPROV_REQUEST_TIMEOUT that can't be" {
	start_logged
	manifest a
	local seconds
	for seconds in 0 -1 x 1e3 99999999999999999999 '1 ' 3601; do
		CFPROV_REQUEST_TIMEOUT=$seconds bad plan
		err_has CFPROV_REQUEST_TIMEOUT
	done
	[ "$(requests)" = 0 ]
	CFPROV_REQUEST_TIMEOUT='' good plan
}

# ---- disks ----------------------------------------------------------------------------------

# on_tmpfs OPTIONS COMMAND...: runs it in this folder, over which a tmpfs is mounted for it alone
# with a copy of what is here; what is there afterwards is in the folder after.
on_tmpfs()
{
	local options=$1
	shift
	mkdir -p after
	unshare -m true 2>/dev/null || skip 'nothing can be mounted here'
	unshare -m bash -euc '
		mkdir -p there
		mount -t tmpfs -o "$1" tmpfs there
		shift
		cp cfprov.yaml there/
		[ ! -e cfprov.state.json ] || cp -p cfprov.state.json there/
		cd there
		status=0
		"$@" 3>&- || status=$?
		find . -type f -size +0 ! -name filler -exec cp -p --parents {} ../after/ \;
		exit "$status"
	' bash "$options" "$@"
}

@test "a full disk: an error that says so, the old state whole, no store without its intent" {
	start_logged
	manifest_of 2
	good apply -auto-approve
	local room before failed=0 unsent=0 total=2
	for room in 0 4 8 12 16 24 36; do
		total=$((total + 30))
		before=$(posts)
		manifest_of $total
		status=0
		on_tmpfs size=64k bash -c '
			filler=$((52 - $0))
			head -c "${filler}k" /dev/zero >filler
			exec "$@"' "$room" "$cfprov" apply -auto-approve >out 2>err || status=$?
		cat err >&2
		[[ $status == [01] ]]
		((status == 0)) || failed=$((failed + 1))
		((status == 0)) || grep -qi 'no space' err
		# The state is whole, old or new.
		jq -e .serial "after/$state" >/dev/null
		# Whatever was made is in the state, or the journal knows of it: with room, the next
		# apply finds it all and asks nobody.
		cp "after/$state" .
		[ ! -e "after/$journal" ] || cp "after/$journal" .
		rm -rf after
		# And what is said of it is true.
		if grep -q 'No changes were made' err; then
			[ "$(posts)" = "$before" ]
			grep -q 'the journal could not be written' err
			unsent=$((unsent + 1))
		elif grep -q 'Completed changes are saved in the state' err; then
			[ ! -e "$journal" ]
			diff <(live) <(recorded)
		elif grep -q 'Completed changes are in the journal' err; then
			[ -e "$journal" ]
		fi
		good apply -auto-approve
		agree $total
		[ "$(posts)" = $total ]
		tidy
	done
	((failed > 0 && unsent > 0))
}

@test "a folder that can't be written: an error before anything is sent; plan works" {
	start_logged
	manifest_of 2
	status=0
	on_tmpfs size=64k bash -c 'mount -o remount,ro . && exec "$@"' - "$cfprov" apply -auto-approve \
		>out 2>err || status=$?
	cat err >&2
	[ "$status" = 1 ]
	grep -qi 'read-only' err
	[ "$(requests '.method == "POST"')" = 0 ]
	on_tmpfs size=64k bash -c 'mount -o remount,ro . && exec "$@"' - "$cfprov" plan >out 2>err
	grep -q 'Plan: 2 to add' out
}

@test "the folder of the state goes away midway" {
	start_logged
	manifest_of 6
	mkdir gone
	sim_faults '{"method":"POST","kind":"delay","ms":500}'
	later "$cfprov" apply -auto-approve -parallelism=2 -state=gone/s.json
	some_sent() { (($(sim_stats .operations.stores_create) >= 2)); }
	wait_until some_sent
	rm -rf gone
	wait_later
	[ "$status" = 1 ]
	grep -q 'Error:' later.err
	# The ids of what was made were shown.
	local id
	for id in $(live | cut -d' ' -f2); do
		grep -qF "$id" later.err
	done
}

# ---- limits ---------------------------------------------------------------------------------

@test "a limit on the size of files: an error, and the next run goes on" {
	start_logged
	manifest_of 150
	local blocks failed=0
	for blocks in 0 4 8 12 16 24 40; do
		status=0
		(
			ulimit -f $blocks
			exec "$cfprov" apply -auto-approve 3>&- >/dev/full 2>&1
		) || status=$?
		echo "with $blocks blocks: $status" >&2
		# 1, not a death by SIGXFSZ.
		[ "$status" = 1 ]
		(($(posts) <= 150))
	done
	good apply -auto-approve
	agree 150
	[ "$(posts)" = 150 ]
	tidy
}

@test "8 open files at most: works or says so, and never twice" {
	start_logged
	manifest_of 10
	local files
	for files in 4 6 8 10 12 16; do
		status=0
		(
			# LeakSanitizer needs some for itself.
			export ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0
			ulimit -n $files
			exec "$cfprov" apply -auto-approve
		) >out 2>err 3>&- || status=$?
		told "with $files files"
		[[ $status == [01] ]]
		((status == 0)) || [[ $errors == *Error:* ]]
	done
	good apply -auto-approve
	agree 10
	[ "$(posts)" = 10 ]
	tidy
}

# ---- system calls that fail -----------------------------------------------------------------

# faulty CALL ERROR WHEN [OPTION...]: apply, with that.
faulty()
{
	# LeakSanitizer can't work under strace.
	status=0
	ASAN_OPTIONS=${ASAN_OPTIONS-}:detect_leaks=0 strace -f -qq -o calls -e "trace=$1" \
		-e "inject=$1:error=$2:when=$3" "$cfprov" apply -auto-approve "${@:4}" >out 2>err 3>&- || status=$?
	told "with $1 $2 $3"
}

@test "fault B13: a file system without locks is told as such" {
	have strace
	strace -qq -e trace=none -e inject=sync:error=EIO true 2>/dev/null ||
		skip 'strace can not inject faults here'
	start_logged
	manifest a
	faulty fcntl ENOLCK 1+
	((status == 1))
	err_has "can't lock" 'No locks available' 'does not support file locks (NFS needs its lock service)' \
		-lock=false
	[ "$(requests)" = 0 ]
	good apply -auto-approve -lock=false
}

@test "fault D1: a journal that can't be written midway: what is said of a run holds until its end" {
	have strace
	strace -qq -e trace=none -e inject=sync:error=EIO true 2>/dev/null ||
		skip 'strace can not inject faults here'
	start_logged
	export A=value CFPROV_KEY=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
	local when failed=0
	for when in 2 3 4 5; do
		manifest a b
		printf '  - {name: c, secrets: [{name: %s, value: {env: A}}]}\n' S >>cfprov.yaml
		good apply -auto-approve
		manifest b
		printf '  - {name: c, secrets: [{name: %s, value: {env: A}, comment: new}]}\n' S \
			>>cfprov.yaml
		faulty fdatasync ENOSPC "$when+" -replace=default/b -force -allow-store-destroy
		[[ $status == [01] ]]
		err_lacks '(null)'
		((status == 0)) || failed=$((failed + 1))
		good apply -auto-approve -force -allow-store-destroy
		good plan -detailed-exitcode
		agree 2
		tidy
		good destroy -auto-approve -force -allow-store-destroy
	done
	((failed > 0))
}

@test "no write, sync or rename that fails loses a store or makes one twice" {
	have strace
	strace -qq -e trace=none -e inject=sync:error=EIO true 2>/dev/null ||
		skip 'strace can not inject faults here'
	start_logged
	local call when last failed made=0
	for call in fdatasync fsync rename link unlink openat; do
		failed=0
		for when in 1 2 3 4 5; do
			made=$((made + 3))
			manifest_of $made
			case $call in
			# Those before are the loader's.
			openat) last=$(grep -c . <(strace -f -e trace=openat "$cfprov" version 2>&1 >/dev/null)) ;;
			*) last=0 ;;
			esac
			faulty $call EIO $((last + when))
			[[ $status == [01] ]]
			((status == 0)) || failed=$((failed + 1))
			if ((status == 0)); then
				agree $made
			else
				err_has Error:
			fi
			good apply -auto-approve
			agree $made
			[ "$(posts)" = $made ]
			tidy
		done
		# Otherwise nothing was tested.
		[[ $call == openat ]] || ((failed > 0)) || [[ $call == link || $call == unlink ]]
	done
}
