#!/usr/bin/env bats
# The state, its journal and its lock: what is damaged is refused and kept, what was cut off is
# gone on with, and two runs never get into each other's way.

# Each test is a subshell, and the helpers set and read more than shellcheck can see.
# shellcheck disable=SC2086,SC2016,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# two_applied: a state of serial 2 with two stores, its backup, and a log that is empty again.
two_applied()
{
	start_logged
	manifest a
	good apply -auto-approve
	manifest a b
	good apply -auto-approve
	cp "$state" whole
	: >"$sim_log"
}

# refuses WHAT...: each command refuses the state with these texts, leaves it as it is and sends
# nothing.
refuses()
{
	local command
	cp "$state" before
	for command in plan "apply -auto-approve -adopt" show "state list"; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has "$state" "$@"
		harmless out err
		cmp "$state" before
	done
	[ "$(requests)" = 0 ]
	[ ! -e "$lock" ]
}

# ---- a state that is none -------------------------------------------------------------------

@test "fault B12: a state or journal with an unresolved merge conflict" {
	start_logged
	manifest a
	good apply -auto-approve
	cp "$state" good.json
	jq . good.json | sed -e '4i <<<<<<< HEAD' -e '5a =======' -e '6a >>>>>>> topic' >"$state"
	bad plan
	err_has 'unresolved merge conflict' "$state:4" 'Restore one side' 'cfprov plan'
	err_lacks 'something else was expected' backup
	cp good.json "$state"
	printf '<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> topic\n' >"$journal"
	bad plan
	err_has 'unresolved merge conflict in line 1' 'journal and the state of one side'
}

@test "0 bytes, half, something behind it, a bit flipped, no JSON" {
	two_applied
	: >"$state"
	refuses 'invalid state' "the backup $backup"
	mv "$backup" away
	refuses 'invalid state' 'move it away and run `cfprov apply -adopt`'
	err_lacks backup
	echo '{}' >"$backup"
	refuses 'invalid state' 'move it away and run `cfprov apply -adopt`'
	mv away "$backup"
	local size
	size=$(stat -c %s whole)
	head -c $((size / 2)) whole >"$state"
	refuses 'invalid state'
	head -c $((size - 2)) whole >"$state"
	refuses 'invalid state'
	{
		cat whole
		echo '{}'
	} >"$state"
	refuses 'unexpected data after the end'
	tr ':' ';' <whole >"$state"
	refuses 'invalid state'
	printf '\211PNG\r\n\032\n' >"$state"
	refuses 'invalid state'
	printf '\0' >"$state"
	refuses 'invalid state'
	# Nothing was lost: with the whole file back, all is as it was.
	cp whole "$state"
	good plan
	out_has 'No changes.'
}

@test "JSON of the wrong shape" {
	two_applied
	local filter
	for filter in '[]' 'null' '"x"' '{}' '.version = 0' '.version = "1"' '.version = 1.5' 'del(.version)' \
		'.serial = 0' '.serial = -1' '.serial = "2"' '.serial = 9007199254740993' '.serial = 1.5' \
		'.serial = null' 'del(.serial)' '.lineage = ""' '.lineage = 7' '.lineage = "../../x"' \
		'del(.lineage)' '.accounts = []' '.accounts = null' 'del(.accounts)' '.extra = 1' \
		'.accounts.acc_1 = 7' '.accounts.acc_1.alias = ""' '.accounts.acc_1.alias = 7' \
		'.accounts.acc_1.extra = 1' '.accounts.acc_1.stores = []' '.accounts["../x"] = .accounts.acc_1' \
		'.accounts.acc_2 = .accounts.acc_1' '.accounts.acc_1.stores.a = "id"' \
		'.accounts.acc_1.stores.a.id = ""' '.accounts.acc_1.stores.a.id = 7' \
		'.accounts.acc_1.stores.a.id = "a/../b"' '.accounts.acc_1.stores.a.id = "a\r\nX: y"' \
		'del(.accounts.acc_1.stores.a.id)' 'del(.accounts.acc_1.stores.a.origin)' \
		'.accounts.acc_1.stores.a.origin = "found"' '.accounts.acc_1.stores.a.extra = 1' \
		'.accounts.acc_1.stores.a.created = 7' '.accounts.acc_1.stores.a.unresolved = true' \
		'.accounts.acc_1.stores.a.unresolved = false' \
		'.accounts.acc_1.stores.a.id = .accounts.acc_1.stores.b.id' '.cfprov_version = 7'; do
		jq "$filter" whole >"$state"
		echo "with $filter" >&2
		refuses
	done
	sed 's/"a": {/"b": {/' whole >"$state"
	refuses 'duplicate key'
}

@test "a state of another version says which cfprov wrote it" {
	two_applied
	jq '.version = 2 | .cfprov_version = "9.8.7"' whole >"$state"
	refuses 'version 2' '9.8.7'
}

@test "escape sequences in a state are shown, not obeyed" {
	two_applied
	jq '.accounts.acc_1.stores["x\u001b[31my\u0007\u202e"] = (.accounts.acc_1.stores.a | .id = "ab")' whole \
		>"$state"
	prov show
	harmless out err
	prov state list
	harmless out err
	prov plan
	harmless out err
	: >"$sim_log"
	jq '.accounts.acc_1.stores["x\u001b[31my"] = 7 | .accounts.acc_1["\u001b[2J"] = 1' whole >"$state"
	refuses
	jq '.version = 2 | .cfprov_version = "\u001b[31m"' whole >"$state"
	refuses
}

@test "a state that is no file, or can't be read" {
	two_applied
	rm "$state"
	mkdir "$state"
	local command
	for command in plan "apply -auto-approve" show; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has "$state" directory
	done
	rmdir "$state"
	mkfifo "$state"
	bad plan
	err_has 'not a regular file'
	rm "$state"
	ln -s "$state" "$state"
	bad plan
	bad apply -auto-approve
	bad apply -auto-approve -state=nowhere/at/all.json
	[ "$(posts)" = 0 ]
}

@test "mode, owner and group of a state stay" {
	two_applied
	chmod 640 "$state"
	chgrp "$(id -G | awk '{ print $NF }')" "$state"
	((EUID)) || chown 12345:54321 "$state" .
	local before
	before=$(stat -c '%a %u %g' "$state")
	manifest a b c
	good apply -auto-approve
	[ "$(stat -c '%a %u %g' "$state")" = "$before" ]
	[ "$(stat -c '%a %u %g' "$backup")" = "$before" ]
	agree 3
}

@test "fault B5: a state or a directory that may not be used gets a hint" {
	two_applied
	# Root may use everything, unless this is taken away.
	local plain=()
	if ((EUID == 0)); then
		have setpriv
		plain=(setpriv "--bounding-set=-dac_override,-dac_read_search")
	fi
	manifest a b c
	chmod 0 "$state"
	status=0
	"${plain[@]}" "$cfprov" apply -auto-approve >out 2>err </dev/null || status=$?
	told apply
	failed_well
	err_has "can't open $state: Permission denied" 'Check its owner and mode, and those of its directories.'
	chmod 600 "$state"
	chmod 555 .
	status=0
	"${plain[@]}" "$cfprov" apply -auto-approve >out 2>err </dev/null || status=$?
	chmod 755 .
	told apply
	failed_well
	err_has "can't write to the directory of $state: Permission denied" 'Check its owner and mode'
	[ "$(requests)" = 0 ]
	cmp whole "$state"
}

@test "a link to a state stays a link" {
	two_applied
	mkdir elsewhere
	mv "$state" elsewhere/real.json
	ln -s elsewhere/real.json "$state"
	manifest a b c
	good apply -auto-approve
	[ -L "$state" ]
	[ ! -L elsewhere/real.json ]
	agree 3
	tidy
}

@test "temporary files that a killed run left do no harm" {
	two_applied
	echo junk >".$state.tmp"
	echo junk >".$backup.tmp"
	echo junk >"$lock"
	manifest a b c
	good apply -auto-approve
	agree 3
	tidy
}

# ---- the journal ----------------------------------------------------------------------------

# cut_off: a run killed with the stores a and b made, c perhaps, and its journal left.
cut_off()
{
	start_logged
	manifest a b c
	sim_faults '{"method":"POST","nth":3,"kind":"no_answer"}'
	later "$cfprov" apply -auto-approve -parallelism=1
	third() { (($(posts) == 3)) && [[ $(wc -l <"$journal") -ge 2 ]]; }
	wait_until third
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults
	cp "$journal" journal.whole
	: >"$sim_log"
}

@test "a journal is gone on with: nothing is made twice, nobody is asked" {
	acc=$account
	cut_off
	good show
	out_has default/c
	[ -e "$journal" ]
	good plan
	out_has 'No changes.'
	[ -e "$journal" ]
	[ ! -e "$state" ]
	good apply -input=false
	err_has 'The last apply was interrupted.' 'default/c: found'
	[ "$(posts)" = 0 ]
	agree 3
	[ "$(jq -r '.accounts[].stores[].origin' "$state" | sort -u)" = created ]
	tidy
	good plan
	out_has 'No changes.'
	err_is ''
}

@test "a torn last line of a journal is what a kill leaves" {
	cut_off
	local size
	size=$(stat -c %s journal.whole)
	local cut
	for cut in 1 20 $((size / 3)) $((size - 1)); do
		head -c $((size - cut)) journal.whole >"$journal"
		good plan -adopt
		[ "$(posts)" = 0 ]
	done
	head -c $((size - 7)) journal.whole >"$journal"
	good apply -auto-approve
	agree 3
	[ "$(posts)" = 0 ]
	tidy
}

@test "an empty journal is one that was never begun" {
	two_applied
	: >"$journal"
	manifest a b c
	good apply -auto-approve
	agree 3
	tidy
}

@test "a journal that is damaged in the middle is refused with the byte, and kept" {
	cut_off
	local at
	for at in 0 5 40 200; do
		cp journal.whole "$journal"
		printf '\001' | dd of="$journal" bs=1 seek=$at conv=notrunc status=none
		cp "$journal" before
		local command
		for command in plan "apply -auto-approve" show; do
			# shellcheck disable=SC2086 # words
			bad $command
			err_has "$journal" 'byte 0'
			harmless err
			cmp "$journal" before
		done
	done
	# The second line.
	local second
	second=$(head -n1 journal.whole | wc -c)
	cp journal.whole "$journal"
	printf 'x' | dd of="$journal" bs=1 seek=$((second + 30)) conv=notrunc status=none
	bad apply -auto-approve
	err_has "byte $second"
	[ "$(requests)" = 0 ]
	# With the whole one back, nothing was lost.
	cp journal.whole "$journal"
	good apply -auto-approve
	agree 3
}

@test "a journal of another state, or of another serial, is refused and kept" {
	cut_off
	local old
	mkdir other
	mv "$journal" other/
	good apply -auto-approve -adopt
	old=$(serial)
	cp "$state" other/newer
	# Of another lineage.
	cp other/"$journal" "$journal"
	cp "$journal" before
	: >"$sim_log"
	local command
	for command in plan "apply -auto-approve"; do
		# shellcheck disable=SC2086 # words
		bad $command
		err_has 'another state' lineage "$journal"
		cmp "$journal" before
		cmp "$state" other/newer
	done
	# Of a serial that this state has not reached: the state was put back.
	rm "$journal"
	manifest a b c d
	sim_faults '{"method":"POST","kind":"no_answer"}'
	: >"$sim_log"
	later "$cfprov" apply -auto-approve
	asked_for() { [[ $(posts d) == 1 ]]; }
	wait_until asked_for
	kill -KILL "$later_pid"
	wait_later
	control DELETE faults
	jq ".serial = $((old + 1))" other/newer >"$state"
	cp "$state" put
	bad plan
	err_has 'the journal is older than the state' 'move the journal away'
	cmp "$state" put
	rm -f "$state"
	bad plan
	err_has serial 'Restore the newer one'
	cp other/newer "$backup"
	bad plan
	err_has serial "Restore it from "
	rm "$backup"
	bad apply -auto-approve
	[ -s "$journal" ]
	cp other/newer "$state"
	good apply -auto-approve
	agree 4
	[ "$(posts d)" = 1 ]
}

@test "a journal that is no file" {
	two_applied
	mkdir "$journal"
	bad plan
	err_has "$journal"
	bad apply -auto-approve
	rmdir "$journal"
	mkfifo "$journal"
	bad plan
	[ "$(requests)" = 0 ]
}

# ---- the lock -------------------------------------------------------------------------------

# hold: an apply that waits at its question, with the lock; release_lock ends it with yes.
hold()
{
	mkfifo answer
	later sh -c 'exec "$0" apply <answer' "$cfprov"
	exec 7>answer
	asked() { grep -q "Only 'yes'" later.err; }
	wait_until asked
}

release_lock()
{
	echo yes >&7
	exec 7>&-
	wait_later
	[ "$status" = 0 ]
}

@test "a second apply: an error that names the holder; readers need no lock" {
	start_logged
	manifest a b
	hold
	USER=someone bad apply -auto-approve
	err_has 'locked' "process $later_pid" apply '-lock-timeout'
	bad apply -auto-approve -lock-timeout=0s
	good plan
	good show
	good state list
	[ "$(jq -r .Operation "$lock")" = apply ]
	[ "$(jq -r 'keys | join(" ")' "$lock")" = 'Created ID Info Operation Path Version Who' ]
	[ "$(posts)" = 0 ]
	release_lock
	agree 2
	tidy
}

@test "-lock-timeout waits, says so once, and gives up in the end" {
	start_logged
	manifest a b
	hold
	bad apply -auto-approve -lock-timeout=300ms
	err_has 'Waiting for the lock' '(up to 1s)' 'locked by'
	[ "$(grep -c Waiting err)" = 1 ]
	"$cfprov" apply -auto-approve -lock-timeout=60s >second.out 2>second.err 3>&- 7>&- &
	local second=$!
	waiting() { grep -q 'Waiting for the lock' second.err; }
	wait_until waiting
	release_lock
	wait "$second"
	grep -q 'No changes' second.out
	agree 2
	[ "$(posts)" = 2 ]
	tidy
}

@test "fault D13: where no serial is left for a later state, nothing is created" {
	start_logged
	manifest a
	good apply -auto-approve
	jq '.serial = 999999999999999' "$state" >last
	cp last "$state"
	good plan
	manifest a b
	bad apply -auto-approve
	err_has 'serial, 1000000000000000, is too high' 'lower its `serial`'
	cmp last "$state"
	[ "$(posts)" = 1 ]
	tidy
}

@test "-lock=false goes ahead" {
	start_logged
	manifest a
	hold
	good plan
	good apply -auto-approve -lock=false
	agree 1
	kill -KILL "$later_pid"
	wait_later
	exec 7>&-
}

@test "-lock=false removes no file that another run may be writing" {
	start_logged
	manifest a
	good apply -auto-approve
	touch ".$state.tmp" ".$state.backup.tmp"
	good apply -auto-approve -lock=false
	[[ -e .$state.tmp && -e .$state.backup.tmp ]]
	good apply -auto-approve
	[[ ! -e .$state.tmp && ! -e .$state.backup.tmp ]]
}

@test "the lock of a killed process is none" {
	start_logged
	manifest a
	hold
	kill -KILL "$later_pid"
	wait_later
	exec 7>&-
	[ -e "$lock" ]
	good apply -auto-approve
	agree 1
	tidy
}

@test "states of their own have locks of their own" {
	start_logged
	manifest a
	hold
	good apply -auto-approve -state=other.json
	# In the meantime a was made: what was planned before would be a second one. Names decide.
	kill -KILL "$later_pid"
	wait_later
	exec 7>&-
}

@test "a lock that is a link, or holds junk" {
	start_logged
	manifest a
	echo precious >precious
	ln -s precious "$lock"
	bad apply -auto-approve
	err_has "$lock"
	[ "$(<precious)" = precious ]
	rm "$lock"
	printf 'junk\033[31m' >"$lock"
	good apply -auto-approve
	agree 1
	tidy
}

@test "20 applies at once on one state: every store once, all end well" {
	start_logged
	manifest_of 30
	local pids=() i
	for i in {1..20}; do
		"$cfprov" apply -auto-approve -lock-timeout=60s >"out.$i" 2>"err.$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i"
	done
	[ "$(posts)" = 30 ]
	agree 30
	[ "$(grep -l 'Resources: 30 added' out.* | wc -l)" = 1 ]
	[ "$(grep -l 'No changes' out.* | wc -l)" = 19 ]
	[ "$(serial)" = 1 ]
	tidy
}

@test "20 applies at once without waiting: one works, the others say who does" {
	start_logged --latency 50
	manifest_of 10
	local pids=() i good=0
	for i in {1..20}; do
		"$cfprov" apply -auto-approve >"out.$i" 2>"err.$i" 3>&- &
		pids+=($!)
	done
	for i in "${pids[@]}"; do
		wait "$i" && good=$((good + 1))
	done
	((good >= 1))
	[ "$(grep -l 'is locked by' err.* | wc -l)" = $((20 - good)) ]
	[ "$(posts)" = 10 ]
	agree 10
	tidy
}

# holder: the process that the lock names.
holder()
{
	jq -r '.Who | capture("process (?<number>[0-9]+)").number' "$lock" 2>/dev/null
}

# kill_holder: kill -9 to the run of the crowd that has the lock, unless it was killed; sets killed.
kill_holder()
{
	local pid
	pid=$(holder) || return 1
	[[ " ${runs[*]} " == *" $pid "* && " ${killed[*]} " != *" $pid "* ]] || return 1
	kill -KILL "$pid" 2>/dev/null && killed+=("$pid")
}

# Each run is about three stores, and shares two with its neighbours. While somebody thinks about a
# question, one in four does not wait for the lock, and one in six is killed while it waits. Then the
# holder is killed, and two of those that get the lock after it.
@test "50 overlapping applies at once, some killed: every store once, and who is refused hears by whom" {
	local count=50 number options runs=() killed=() refused=0 through=0
	start_logged --latency 100
	export CFPROV_PATIENCE=2s # a killed run may have sent something
	manifest_of $((count + 2))
	hold
	for ((number = 1; number <= count; number++)); do
		mapfile -t options < <(seq -f '-target=default/s%04.0f' $number $((number + 2)))
		((number % 4 == 0)) || options+=(-lock-timeout=30m)
		"$cfprov" apply -auto-approve "${options[@]}" >"out.$number" 2>"err.$number" 3>&- 7>&- &
		runs[number]=$!
	done
	for ((number = 1; number <= count; number++)); do
		if ((number % 4 == 0)); then
			wait_until grep -q "is locked by .*process $later_pid" "err.$number"
			refused=$((refused + 1))
		else
			wait_until grep -q 'Waiting for the lock' "err.$number"
		fi
	done
	for ((number = 3; number <= count; number += 6)); do
		kill -KILL "${runs[number]}"
		killed+=("${runs[number]}")
	done
	kill -KILL "$later_pid"
	wait_later
	exec 7>&-
	wait_until kill_holder
	wait_until kill_holder
	for ((number = 1; number <= count; number++)); do
		status=0
		wait "${runs[number]}" || status=$?
		case $status in
		0) through=$((through + 1)) ;;
		1) ((number % 4 == 0)) ;;
		*) [[ $status == 137 && " ${killed[*]} " == *" ${runs[number]} "* ]] ;;
		esac
	done
	echo "$through got through, $refused were refused, ${#killed[@]} were killed" >&2
	# One that was to be killed may have ended just before.
	((through >= count - refused - ${#killed[@]} && through > 0))
	good apply -auto-approve
	agree $((count + 2))
	[ "$(jq -r 'select(.method == "POST") | .body.name' "$sim_log" | sort | uniq -d)" = '' ]
	tidy
	good plan -detailed-exitcode
}

@test "a state that was lost while its backup is there: told before anything is taken over" {
	start_logged
	manifest a
	good apply -auto-approve
	rm "$state"
	good plan # the first apply had nothing to keep
	err_lacks 'a backup of one'
	good apply -auto-approve -adopt
	manifest a b
	good apply -auto-approve
	cp "$state" before
	rm "$state"
	good plan
	err_has "The state $state does not exist, but a backup does" "copy $state.backup there first"
	cp "$state".backup "$state"
	good plan
	err_lacks 'a backup of one'
	out_has '1 to import' # b is found by its name
}

@test "fault C9: errors show the paths of the state as they were written" {
	start_logged
	manifest a
	good apply -auto-approve
	mkdir here
	local file=here/../$state where="-state=here/../$state"
	cp "$state" good.json
	echo '{}' >"$state"
	bad plan $where
	grep -qxF "  $file" err
	err_lacks "$PWD"
	cp good.json "$backup"
	bad plan $where
	err_has "replace it with the backup $file.backup"
	err_lacks "$PWD"
	cp good.json "$state"
	rm "$backup"
	echo '{}' >"$journal"
	bad plan $where
	grep -qxF "  $file.journal" err
	err_lacks "$PWD"
	rm "$journal"
	# What a link leads to is named, for that is the file.
	mv good.json here/real.json
	echo '{}' >here/real.json
	ln -sf here/real.json "$state"
	bad plan
	err_has "$PWD/here/real.json"
}
