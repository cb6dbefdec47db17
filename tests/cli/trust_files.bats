#!/usr/bin/env bats
# Which files are read, believed and written: what a checkout holds leads no output elsewhere, and
# what CI, containers and Kubernetes do with files keeps working.
# both builds: Landlock

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2103,SC2030,SC2031,SC2034,SC2154
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
		'Mount its directory instead. The journal and the lock are files beside it.'
	[ "$(requests)" = "$asked" ]
	bad state rm default/a
	cmp before mounted
	cmp before "$state"
	tidy
	good state list
	good plan
	good apply -auto-approve -state=copy.json -adopt
}

# refused_early TEXT: of the state as it is now; nobody was asked.
refused_early()
{
	local asked
	asked=$(requests)
	bad apply -auto-approve "-state=$state"
	err_has "$1"
	[ "$(requests)" = "$asked" ]
}

@test "fault D6: a state is not begun if it, or its backup, can't be written again" {
	local name
	for name in ".$state.tmp" ".$state.backup.tmp"; do
		mkdir "$name"
		refused_early "$name is a directory, but a temporary file needs this name"
		rmdir "$name"
	done
	# Its backup's temporary file has 12 bytes more.
	state=$(printf '%0244d' 0)
	refused_early 'File name too long'
	[ ! -e "$state" ]
	state=$(printf '%0243d' 0)
	good apply -auto-approve "-state=$state"
	manifest a b
	good apply -auto-approve "-state=$state"
	agree 2
}

# ---- where the state is ---------------------------------------------------------------------

# outside PATH: a manifest cannot put the state there; nobody was asked, and nothing was written.
outside()
{
	printf 'account_id: acc_1\nstores: [a]\nstate: {path: %s}\n' "$1" >repo/cfprov.yaml
	local command
	for command in "apply -auto-approve" plan "state list" validate; do
		# shellcheck disable=SC2086 # words
		bad $command -f repo/cfprov.yaml
		err_has 'the path of the state leads out of the directory of the manifest' \
			'If the state belongs there, pass -state=' repo/cfprov.yaml:3:
	done
	[ "$(requests)" = 0 ]
}

@test "the state of a manifest stays beneath the manifest's folder, unless -state says otherwise" {
	mkdir -p repo/sub
	ln -s ../outside repo/away
	ln -s ../outside/new repo/ahead
	ln -s ../outside/file repo/there
	local path
	for path in ../new "$PWD/outside/new" away/new ahead there sub/../../outside/new \
		none/../../outside/new "$PWD/repo/../outside/new" /new away/../new; do
		outside "$path"
	done
	for path in sub/s.json ../repo/s.json "$PWD/repo/t.json"; do
		printf 'account_id: acc_1\nstores: [a]\nstate: {path: %s}\n' "$path" \
			>repo/cfprov.yaml
		good apply -auto-approve -f repo -adopt
		good state list -f repo
		out_is $'default/a\n'
	done
	# A folder that does not exist yet is no way out either; the error is about the folder.
	printf 'account_id: acc_1\nstores: [a]\nstate: {path: none/s.json}\n' >repo/cfprov.yaml
	bad apply -auto-approve -f repo
	err_has "can't write to the directory of repo/none/s.json"
	printf 'account_id: acc_1\nstores: [a]\nstate: {path: ../s.json}\n' >repo/cfprov.yaml
	good apply -auto-approve -adopt -f repo -state=s.json
	[ -f s.json ]
}

@test "a saved plan does not lead out of the folder, unless -state or a key says so" {
	mkdir repo
	mv cfprov.yaml repo
	cd repo
	good plan -state=../outside/new -out=p
	bad apply p
	err_has "the plan's state ../outside/new is outside of the directory of the manifest" \
		'If the state belongs there, pass -state=../outside/new.'
	good show p
	bad apply -f cfprov.yaml p
	cd ..
	bad apply repo/p
	[ "$(requests '.method != "GET"')" = 0 ]
	good plan -f repo -out=repo/p
	good apply repo/p
	[ -f "repo/$state" ]
}

@test "a link in place of the state does not lead out of the folder, unless -state names it" {
	mkdir repo elsewhere
	mv cfprov.yaml repo
	local to
	for to in ../outside/new ../outside/file ../elsewhere/s.json; do
		ln -sfn "$to" "repo/$state"
		bad apply -auto-approve -f repo
		err_has "the state repo/$state is a link that leads out of the directory of the manifest" \
			"If the state belongs there, pass -state=repo/$state."
		[ "$(requests)" = 0 ]
	done
	good apply -auto-approve -f repo -state="repo/$state"
	[[ -L repo/$state && -f elsewhere/s.json ]]
	# The whole folder may be a link: then the manifest is in there, too.
	ln -s repo/ alias
	rm "repo/$state"
	mv elsewhere/s.json "repo/$state"
	good apply -auto-approve -f alias/cfprov.yaml
	[ "$(sim_world '[.. | objects | select(.stores) | .stores[]] | length')" = 1 ]
}

# ---- inputs ---------------------------------------------------------------------------------

# secrets_from VALUE...: cfprov.yaml with secrets s1, s2... of the store keys.
secrets_from()
{
	printf 'account_id: acc_1\nstores:\n  - name: keys\n    secrets:\n'
	local value n=0
	for value in "$@"; do
		printf '      - {name: s%d, value: %s}\n' $((++n)) "$value"
	done
}

# wrote VALUE...: these are the values of s1, s2...
wrote()
{
	local value
	for value; do
		printf '%s' "$value" | b2sum -l 128 | cut -c1-16
	done >wanted
	sim_world '[.accounts[].stores[].secrets[]] | sort_by(.name)[].value_checksum' | diff wanted - >&2
}

@test "values: links as Kubernetes makes them, pipes, descriptors and the folder above" {
	# Kubernetes: /etc/secrets/NAME -> ..data/NAME, ..data -> ..2026_11_29.1
	mkdir -p mount/..2026_11_29.1 repo
	echo one >mount/..2026_11_29.1/token
	ln -s ..2026_11_29.1 mount/..data
	ln -s ..data/token mount/token
	echo two >beside
	mkfifo pipe
	secrets_from '{file: ../mount/token}' "{file: $PWD/mount/token}" '{file: ../beside}' \
		'{file: ../pipe}' '{file: /dev/fd/8}' '{file: /proc/self/fd/9}' \
		'{dotenv: ../vars, key: A}' >repo/cfprov.yaml
	echo A=six >real.env
	ln -s real.env vars
	chmod 777 . repo mount repo/cfprov.yaml beside
	later sh -c 'echo three >pipe'
	good apply -auto-approve -f repo/cfprov.yaml 8< <(echo four) 9<<<five
	wait_later
	wrote one one two three four five six
}

@test "the manifest: a pipe, a descriptor, a FIFO, a link, standard input" {
	echo value >file
	secrets_from '{file: file}' >real.yaml
	rm cfprov.yaml
	ln -s real.yaml link.yaml
	mkfifo fifo.yaml
	"$cfprov" apply -auto-approve -f <(cat real.yaml) >out 2>err </dev/null
	[ -f "$state" ]
	local command
	for command in validate plan 'state list' doctor; do
		# shellcheck disable=SC2086 # words
		{
			"$cfprov" $command -f <(cat real.yaml) >out 2>err </dev/null
			"$cfprov" $command -f /dev/fd/8 8<real.yaml >out 2>err </dev/null
			"$cfprov" $command -f /dev/stdin <real.yaml >out 2>err
			"$cfprov" $command -f - < <(cat real.yaml) >out 2>err
			"$cfprov" $command -f link.yaml >out 2>err </dev/null
			cat real.yaml >fifo.yaml &
			"$cfprov" $command -f fifo.yaml >out 2>err </dev/null
			wait $!
		}
	done
	"$cfprov" plan -f <(cat real.yaml) >out 2>err </dev/null
	grep -q '^No changes' out
	"$cfprov" state push <(cat "$state") >out 2>err </dev/null
	# Errors name the descriptor, and paths are relative to the current directory.
	"$cfprov" validate -f <(echo 'stores: {') >out 2>err </dev/null || status=$?
	((status == 1))
	grep -q '/dev/fd/[0-9]*:' err
}

# ---- Landlock -------------------------------------------------------------------------------

# no_landlock: from now on cfprov runs as in a kernel without it: its calls give ENOSYS.
no_landlock()
{
	cat >without <<-END
		#!/usr/bin/env python3
		import ctypes, os, struct, sys
		libc = ctypes.CDLL(None, use_errno=True)
		code = [(0x20, 0, 0, 0), (0x35, 0, 2, 444), (0x25, 1, 0, 446),
		        (0x06, 0, 0, 0x50000 | 38), (0x06, 0, 0, 0x7fff0000)]
		code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *c) for c in code))
		program = ctypes.create_string_buffer(struct.pack("=H6xQ", 5, ctypes.addressof(code)))
		assert libc.prctl(38, 1, 0, 0, 0) == 0
		assert libc.prctl(22, 2, program, 0, 0) == 0, ctypes.get_errno()
		os.execv("$cfprov", ["cfprov"] + sys.argv[1:])
	END
	chmod +x without
	cfprov=./without
}

# landlocked: says that it is in force here.
landlocked()
{
	good doctor
	grep -q '^ok    landlock: in force' out
}

@test "doctor says whether Landlock is in force, and whether all may write the folder" {
	good doctor
	grep -qE '^ok    landlock: (in force; apply can write only in|not available in this kernel)' out
	[ "$("$cfprov" doctor -json | jq -r '.findings[] | select(.what == "landlock").severity')" = ok ]
	chmod 757 .
	good doctor
	out_has "warn  state: any user can replace files in the directory of $state" "chmod o-w ."
	chmod 755 .
	no_landlock
	good doctor
	grep -qx 'ok    landlock: not available in this kernel; writes are not confined' out
}

@test "with Landlock and without: everything is written that has to be, wherever it is" {
	landlocked || skip "this kernel has no Landlock"
	local how
	mkdir plans backups states logs
	for how in with without; do
		[[ $how == with ]] || no_landlock
		rm -f states/* plans/* backups/*
		manifest "a-$how" "b-$how"
		local on=(-state=states/s.json)
		export CFPROV_LOG=debug CFPROV_LOG_PATH=logs/log
		good plan "${on[@]}" -out=plans/p
		good apply "${on[@]}" plans/p
		manifest "a-$how" "b-$how" "c-$how"
		good apply "${on[@]}" -auto-approve -backup=backups/b
		[[ -s backups/b && -s logs/log && ! -e states/s.json.backup ]]
		manifest "a-$how"
		good apply "${on[@]}" -auto-approve -force -allow-store-destroy
		[ -s states/s.json.backup ]
		good export -out="plans/$how.yaml"
		good refresh "${on[@]}"
		good state rm "default/a-$how" "${on[@]}"
		good import "${on[@]}" "default/a-$how" "default/a-$how"
		good destroy "${on[@]}" -auto-approve
		[ "$(find states -name '.*' -type f | wc -l)" = 0 ]
	done
}

@test "commands run before Landlock, and are free to write" {
	landlocked || skip "this kernel has no Landlock"
	printf '%s\n' accounts: '  default:' '    account_id: acc_1' \
		'    api_token: {command: [sh, -c, "date >token; printf cfsim-%s token"]}' \
		stores: '  - name: keys' '    secrets:' \
		'      - {name: A, value: {command: [sh, -c, "date >outside/a; echo x"]}}' \
		'      - {name: B, update: if_absent, value: {command: [sh, -c, "date >outside/b; echo x"]}}' \
		>cfprov.yaml
	good plan
	[[ -s token && -s outside/a && -s outside/b ]]
	rm token outside/[ab]
	good plan -out=p
	rm token outside/[ab]
	good apply p
	[[ -s token && -s outside/a && -s outside/b ]]
	rm token outside/[ab]
	good apply -auto-approve -replace=default/keys/A -replace=default/keys/B
	[[ -s token && -s outside/a && -s outside/b ]]
}

# while_slow METHOD ARGUMENT...: runs it until a slow request is under way, and expects Landlock by
# then, whose precondition shows in the process's status.
while_slow()
{
	local method=$1
	shift
	sim_faults "{\"method\": \"$method\", \"kind\": \"delay\", \"ms\": 1000, \"times\": 1}"
	confined() { grep -q '^NoNewPrivs:.*1' "/proc/$later_pid/status"; }
	later "$cfprov" "$@"
	wait_until confined
	wait_later
	((status == 0))
}

@test "a directory that is swapped during apply leads the state nowhere" {
	local how
	for how in with without; do
		[[ $how == with ]] || no_landlock
		mkdir "in-$how"
		manifest "a-$how"
		sim_faults '{"method": "POST", "kind": "delay", "ms": 1000, "times": 1}'
		later "$cfprov" apply -auto-approve -state="in-$how/new"
		begun() { [ -s "in-$how/new.journal" ]; }
		wait_until begun
		mv "in-$how" "was-$how"
		ln -s outside "in-$how"
		wait_later
		((status == 1))
		[ "$(ls outside)" = file ]
		[ -s "was-$how/new.journal" ]
		grep -q 'the directory of .*/new was replaced while cfprov was running' later.err
		# It can be resumed.
		rm "in-$how"
		mv "was-$how" "in-$how"
		good apply -auto-approve -state="in-$how/new"
		[ -s "in-$how/new" ]
	done
}

@test "a directory that is swapped before the first change gets no journal" {
	no_landlock
	mkdir in
	manifest a
	sim_faults '{"method": "GET", "kind": "delay", "ms": 1000, "times": 1}'
	later "$cfprov" apply -auto-approve -state=in/new
	slow() { [ "$(sim_stats .faults_applied)" = 1 ]; }
	wait_until slow
	mv in was
	ln -s outside in
	wait_later
	((status == 1))
	[ "$(ls -A outside)" = file ]
	[ "$(ls -A was)" = .new.lock ]
	grep -q 'the directory of .*/new.journal was replaced while cfprov was running' later.err
	[ "$(live | wc -l)" = 0 ]
}

@test "Landlock is in force while apply writes, and while others read" {
	landlocked || skip "this kernel has no Landlock"
	while_slow POST apply -auto-approve
	while_slow GET export
	rm "$state"
	while_slow GET import default/a default/a
	manifest a b
	good plan -out=p
	while_slow GET apply p
}

# ---- excerpts -------------------------------------------------------------------------------

# Whoever tries something out writes the value beside its source, and makes a mistake.
@test "fault T2: a secret of the environment that the manifest has, too, is not shown beside a mistake" {
	export V_ONE=hush-one V_QUOTE="hush's" V_LINES=$'hush-first line\nhush-second line' V_LONG CFPROV_VAR_three=hush-three
	V_LONG=hush-$(printf 'abcd %.0s' {1..40})
	export CLOUDFLARE_API_TOKEN=hush-token-of-mine
	local mistake
	while read -r mistake; do
		printf 'account_id: acc_1\nstores:\n  - name: s\n    secrets:\n%s\n%s\n' \
			'      - {name: A, value: {env: V_ONE}}' "      $mistake" >cfprov.yaml
		bad validate
		run ! grep -F hush out err
		err_has 'cfprov.yaml:6:'
		prov validate -json
		[[ $status -eq 1 ]]
		jq -e '.error_count > 0' out
		run ! grep -F hush out err
	done <<-end
		- {name: B, value: {env: V_ONE}, comment: hush-one, typo: 1}
		- {name: B, value: {env: V_ONE}, on_drift: hush-one}
		- {name: B, value: {env: V_ONE}, update: "hush\\u002done"}
		- {name: B, value: {env: V_ONE}, update: "hush\\x2done"}
		- {name: B, value: {env: V_ONE}, comment: "hush\\x2d\\x6fne", typo: 1}
		- {name: B, value: {env: V_ONE}, comment: 'hush''s', typo: 1, on_drift: {env: V_QUOTE}}
		- {name: hush-one!, value: {env: V_ONE}}
		- {name: B, value: {env: V_LINES}, comment: hush-second line, on_drift: hush-first line}
		- {name: B, value: {env: V_LONG}, on_drift: "$V_LONG"}
		- {name: B, value: {env: V_ONE}, on_drift: hush-token-of-mine}
		- {name: B, value: {env: V_ONE}, on_drift: hush-three}
		- hush-one: ] [
		- {name: B, value: {env: [V_ONE, hush-one]}}
	end
	# Nor where another file names the variable.
	printf 'account_id: acc_1\nstores: [{name: s, secrets: [{name: A, value: {env: V_ONE}}]}]\n' >one.yaml
	printf 'stores: [{name: t, on_remove: hush-one}]\n' >two.yaml
	bad validate -f one.yaml -f two.yaml
	run ! grep -F hush out err
	err_has 'two.yaml:1:'
	# What is no secret of ours is shown, as ever.
	echo '{account_id: acc_1, stores: [{name: s, on_remove: plain-text}]}' >cfprov.yaml
	OTHER=plain-text bad validate
	err_has "invalid on_remove \`plain-text\`" ' on_remove: plain-text...'
}
