#!/usr/bin/env bats
# What -out and -backup write: never anything but a file, and never one that is needed.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup()
{
	set_up_cfprov
	start_logged
	manifest a
	good apply -auto-approve
	manifest a b
	cp "$state" before
	asked=$(requests)
	mkfifo fifo
	mkdir folder
	ln -s fifo link
	ln "$state" hard
}
teardown() { stop_all; }

# spared TEXT ARGUMENT...: an error that says so; nothing was asked, nothing written.
spared()
{
	local text=$1
	shift
	bad "$@"
	err_has "$text"
	[[ $(requests) == "$asked" && -p fifo && -d folder ]]
	cmp before "$state"
	cmp before hard
	tidy
}

@test "-out: only a file, and none of ours" {
	spared "-out can't be fifo: fifo is not a regular file" plan -out=fifo
	spared "not a regular file" plan -out=link
	spared "folder is a directory" plan -out=folder
	spared "can't write to the directory of no/p" plan -out=no/p
	spared "-out can't be $state: $state is the state" plan -out="$state"
	spared "./$state is the state" plan -out="./$state"
	spared "is the state" plan -out="$PWD/folder/../$state"
	spared "hard is the state" plan -out=hard
	spared "is the journal of the state" plan -out="$journal"
	spared "is the lock of the state" plan -out="$lock"
	spared "is the backup of the state" plan -out="$backup"
	spared "is a manifest" plan -out=cfprov.yaml
	spared "is the state" plan -state=hard -out="$state"
	spared "-out=- is not a file" plan -out=-
	[ ! -e "$backup" ]
}

@test "-out: a file is replaced, and so is a link, whatever it leads to" {
	local leads
	echo precious >folder/p
	for leads in folder/p folder/new "$state.no"; do
		ln -sfn "$leads" plan
		good plan -out=plan
		[[ ! -L plan && -f plan && ! -e folder/new && $(<folder/p) == precious ]]
	done
	cp plan first
	good plan -out=plan
	cmp plan first
	good apply plan
	agree 2
}

@test "-backup: only a file, and none of ours; before anything is asked" {
	spared "-backup can't be fifo: fifo is not a regular file" apply -auto-approve -backup=fifo
	spared "not a regular file" apply -auto-approve -backup=link
	spared "is a directory" apply -auto-approve -backup=folder
	spared "can't write to the directory of no/b" apply -auto-approve -backup=no/b
	spared "is the state" apply -auto-approve -backup="$state"
	spared "is the state" state rm default/a -backup=hard
	spared "is the journal of the state" refresh -backup="$journal"
	spared "is the lock of the state" destroy -auto-approve -backup="$lock"
	spared "is a manifest" apply -auto-approve -backup=cfprov.yaml
	spared "is a manifest" state rm default/a -state="$state" -backup=cfprov.yaml
	mkdir "$backup"
	spared "the backup of the state could not be written" apply -auto-approve
	good apply -auto-approve -backup=-
	agree 2
}

@test "-backup: another file system is no obstacle, and a link is replaced" {
	local other
	other=$(mktemp -d /dev/shm/cfprov.XXXXXX) || skip "there is no /dev/shm"
	prov apply -auto-approve -backup="$other/kept"
	cp "$other/kept" copy || true
	rm -r "$other"
	((status == 0))
	cmp before copy
	agree 2
	echo precious >folder/b
	ln -s folder/b kept
	cp "$state" before
	manifest a b c
	good apply -auto-approve -backup=kept
	[[ ! -L kept && $(<folder/b) == precious ]]
	cmp before kept
	agree 3
}
