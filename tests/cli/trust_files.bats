#!/usr/bin/env bats
# Which files are read, believed and written: what a checkout holds leads no output elsewhere, and
# what CI, containers and Kubernetes do with files keeps working.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	manifest a
	mkdir outside
	echo precious >outside/file
}
teardown()
{
	[[ $(<outside/file) == precious && ! -e outside/new ]] || echo "written through a link" >&2
	stop_all
	[[ $(<outside/file) == precious && ! -e outside/new ]]
}

# ---- outputs --------------------------------------------------------------------------------

@test "no output is written through a link" {
	local to
	for to in file new; do
		ln -sfn "outside/$to" link
		CFPROV_LOG=trace CFPROV_LOG_PATH=link bad plan
		err_has 'CFPROV_LOG_PATH: link is a symbolic link'
		bad export -out=link
		err_has 'link already exists'
		[ -L link ]
		good plan -out=link
		[ ! -L link ]
	done
	good apply link
	agree 1
	manifest a b
	for to in file new; do
		ln -sfn "outside/$to" "$backup"
		ln -sfn "outside/$to" ".$backup.tmp"
		ln -sfn "outside/$to" ".$state.tmp"
		ln -sfn "outside/$to" ".plan.tmp"
		good plan -out=plan
		good apply -auto-approve
		manifest a b c
	done
	agree 3
	[ ! -L "$backup" ]
	tidy
}

@test "the log is a regular file of ours" {
	export CFPROV_LOG=trace
	mkfifo fifo
	ln outside/file hard
	local path
	for path in fifo hard . /dev/null /dev/stderr; do
		CFPROV_LOG_PATH=$path bad plan
		err_has "CFPROV_LOG_PATH"
	done
	CFPROV_LOG_PATH=log good plan
	grep -q GET log
	[ "$(mode_of log)" = 600 ]
	((EUID == 0)) || return 0
	chown 12345:12345 log
	CFPROV_LOG_PATH=log bad plan
	err_has 'log belongs to another user (uid 12345)'
}

@test "-out=/dev/stdout leaves the link in /dev alone" {
	bad plan -out=/dev/stdout
	err_has '/dev/stdout is not a regular file'
	[ -L /dev/stdout ]
}

# ---- state, journal, lock and saved plans ---------------------------------------------------

@test "the lock is neither a link nor a hard link" {
	ln outside/file "$lock"
	bad apply -auto-approve
	err_has "$lock has another name (a hard link)"
	local to
	for to in file new; do
		ln -sfn "outside/$to" "$lock"
		bad apply -auto-approve
		err_has "the lock file $lock is a symbolic link"
	done
	[ "$(requests)" = 0 ]
}

@test "state, journal, lock and plans of another user are not believed" {
	((EUID == 0)) || skip "only root can make such files"
	good plan -out=plan
	good apply -auto-approve
	manifest a b
	local file text
	chmod 777 .
	printf '{}' >elsewhere
	for file in "$state" "$journal" "$lock"; do
		[ -e "$file" ] || cp elsewhere "$file"
		chown 12345:12345 "$file"
		bad apply -auto-approve
		err_has "$file belongs to another user (uid 12345)"
		rm -f "$journal" "$lock"
		chown "$EUID" "$state"
	done
	chown 12345:12345 plan
	bad apply plan
	err_has 'plan belongs to another user'
	bad show plan
	err_has 'plan belongs to another user'
	# Those of a group of ours are.
	chown 12345:0 "$state"
	good apply -auto-approve
	agree 2
}

@test "a checkout of another user with mode 0777 works for root in a container" {
	((EUID == 0)) || skip "only root can make such a folder"
	good apply -auto-approve
	manifest a b
	chmod 777 . ./*
	chown -R 12345:12345 .
	good apply -auto-approve
	[ "$(stat -c '%a %u' "$state")" = '777 12345' ]
	agree 2
}

# mount_alone: from now on cfprov runs in a mount namespace of its own, in which the file `mounted`
# is mounted at $state.
mount_alone()
{
	unshare -m mount --bind mounted "$state" || skip "nothing can be mounted here"
	printf '#!/bin/sh\nexec unshare -m sh -c %s sh "$@"\n' \
		"'mount --bind mounted $state && exec $cfprov \"\$@\"'" >in_mount
	chmod +x in_mount
	cfprov=./in_mount
}

@test "a state that is mounted as a single file is refused before any request" {
	good apply -auto-approve
	cp "$state" before
	cp "$state" mounted
	mount_alone
	manifest a b
	local asked
	asked=$(requests)
	bad apply -auto-approve
	err_has "$state is mounted as a single file, so it can't be replaced" \
		'Mount its directory instead, because the journal and the lock are files beside it'
	[ "$(requests)" = "$asked" ]
	bad state rm default/a
	cmp before mounted
	cmp before "$state"
	tidy
	good state list
	good plan
	good apply -auto-approve -state=copy.json -adopt
}
