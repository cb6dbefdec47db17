#!/bin/sh
# The faults that were seen, and the tests that would have found each: a table on standard output.
# A test names its fault: "fault A1" is in the title of a bats test, in a comment just above a
# function of a unit test, or in a comment of a planner case. What was done to a program that trusted
# everybody (T1 to T11) is also named by tests of other names, which a list here has. Fails if a
# fault has no test, or if a test of the list does not exist.
set -u
cd "$(dirname "$0")" || exit 2

faults='
A1 a list that lags is taken for the truth
A2 a create is sent again before the truth is known
A3 our own secret, found after an unanswered POST, counts as somebody else'"'"'s
A4 dates are compared as text
A5 our own update, not in the list yet, is called drift
A6 a DELETE whose last answer was lost counts as failed
A7 a count above what is listed ends every command
A8 messages, documentation_url, pointer and error_chain are not read
A9 only the first item of Ratelimit counts
A10 bodies of the edge (RFC 9457) are shown as garbage
A11 maximum_stores_exceeded names no store
A12 an answer without success beside a whole result counts as failed
A13 an answer about another account goes unnoticed
A14 a plan claims that a value was changed when only a comment was
A15 a wait that the server asks for is cut short or not told
A16 an address that is not allowed, or a firewall, is taken for a bad token
A17 what the server stores otherwise is written again for ever
A18 GOAWAY after a few requests fails creates
A19 quota refuses a plan that has room
A20 thousands of removals, or of targets, take minutes
A21 two secrets share one variable in an exported manifest
A22 an impossible account id goes unnoticed
A23 a URL is taken for the path of a state
A24 the simulator lacks what hid these
A25 work that comes late is done twice
A26 an object is on no page because the pages shift
A27 a server with small pages hides objects
A28 two answers with one id lock the state
A29 a 429, a redirect or an HTML page counts as "nothing was done"
B1 a value in a .env file is cut without a word
B2 a .env file in UTF-16 has no keys
B3 a reference or a ciphertext is sent as a value
B4 a byte order mark or quotes become part of a secret
B10 a script with DOS line ends is "not installed"
B11 no place for shared defaults
B12 the marks of a merge conflict are not recognised
B13 a file system without locks gets no hint
B14 a file with only comments makes a manifest empty
B15 a crafted plan or journal crashes cfprov, or blocks every later run
B16 comments name what does not exist
B17 the tests name a registry'"'"'s host
B18 terminal tests fail where there are no terminals
C1 the plan is not in the log when a run is killed
C2 a pipe sees no sign of life, and a terminal none while accounts are read
C3 help, version and misspelled groups are errors without a guess
C4 the README'"'"'s second snippet fails as pasted
C5 an option of another command is said to be in the wrong place
C6 an error about a token names neither its variable nor its line
C7 a wrong base URL gets a 404 without a hint
C8 a misspelled -var is not reported beside another error
C9 a refresh says that an apply is complete, and a piped answer has no end of its line
C10 an explicit destroy wants three approvals
C11 with one account, an address without its alias gets no guess
C12 drift is told twice, a notice is a page long, Markdown is full of entities
C13 the shell empties the manifest, and the error does not say so
C14 a plan does not say where a value comes from
C15 in an empty directory nothing says how to begin
D1 what is said of a run is freed before its end
D2 what goes with its store counts as not started after an interrupt
D3 a date far away overflows
D4 running out of memory is silent, or blamed on a file
D5 a small manifest takes minutes, or all memory
D6 a state can be written once, and then never again
D7 a state and a journal obey different rules
T1 a pull request owns the job at plan: commands, variables, files, accounts, destruction
T2 a manifest that is a link to something else, or has a secret, is printed in errors
T3 outputs are written through a link of the checkout, and a file that a shell reads runs something
T4 a saved plan that somebody wrote is applied, and show does not say what it does
T5 wiping weakens the allocator
T6 with a key, fingerprints that were made without it are believed
T7 commands inherit every token, and print it
T8 texts from outside are commands for the CI
T9 the password of a proxy is shown
T10 fingerprints show which accounts have equal values
T11 certificates, loopback, base URL, lock file, invisible characters, hashes, pasted tokens
'

# FAULT FILE TEST: a test of bats by its title, one of cmocka by its function.
seen='
T1 trust/hostile.bats policy: variables and files that it does not name
T1 trust/hostile.bats policy: commands that it does not name, and look-alikes of those that it does
T1 trust/hostile.bats policy: accounts and their tokens
T1 trust/hostile.bats policy: variables of the environment are none of the manifest
T1 trust/hostile.bats no policy: nothing of the environment gets into a plan, and no state leaves the checkout
T1 cli/policy.bats limits of destruction: no option lifts them
T1 cli/secrets_show.bats -values=none: no source is read and no command runs, new secrets say so
T1 cli/secrets_show.bats fault C14: a plan says where each value comes from, with all arguments of commands
T1 cli/markdown.bats sources of values and tokens are neither Markdown nor HTML, and the end of a path stays
T2 trust/hostile.bats a manifest that is a link to something else, or beside one
T3 trust/hostile.bats policy: links and programs in place of every file that is written
T3 cli/trust_files.bats no output is written through a link
T3 cli/trust_files.bats the log is a regular file of ours
T3 cli/trust_files.bats the state of a manifest stays beneath the manifest'"'"'s folder, unless -state says otherwise
T3 unit/json.c files_for_shells
T4 trust/hostile.bats policy: saved plans that were edited
T4 trust/hostile.bats no policy: saved plans have only the manifest'"'"'s accounts and sources
T4 cli/saved.bats with a key a plan is encrypted, and others are refused
T4 cli/saved.bats accounts and sources of a plan are those of the manifest, or nothing is done
T5 unit/mem.c frees_of_freed_memory_abort
T5 unit/mem.c wrong_frees_abort_before_a_byte_is_wiped
T5 cli/memory.bats the program defines no function of the allocator
T5 cli/memory.bats jemalloc can be preloaded
T5 cli/memory.bats the program can be linked statically
T5 canary/canary.bats nothing is left of what goes well
T6 cli/secrets.bats once there is a key, what was made without it counts after state sign, and no value is written
T6 cli/secrets.bats a cheap fingerprint that somebody wrote into the state is not compared, and not signed
T6 unit/fingerprint.c a_signature_counts_for_its_place_and_key
T7 cli/secrets.bats commands get neither cfprov'"'"'s variables nor the secrets of the manifest, unless let in
T7 cli/secrets.bats what a failing command says is shown without secrets
T8 cli/inert.bats trust 8: comments are no commands
T8 cli/inert.bats trust 8: what a server says is no command
T8 cli/inert.bats trust 8: paths, options and arguments are no commands
T8 cli/inert.bats trust 8: names that others chose are no commands
T9 cli/proxies.bats fault B8: a proxy'"'"'s password is shown nowhere
T10 unit/fingerprint.c with_a_key
T10 unit/fingerprint.c no_two_subjects_run_together
T10 unit/key.c a_passphrase_is_another_key_for_each_lineage
T11 cli/network.bats fault B9: SSL_CERT_FILE and SSL_CERT_DIR are in place of the system'"'"'s certificates
T11 cli/network.bats plain http to another machine is refused before anything is sent
T11 cli/network.bats trust 11: one variable sets the base URL, and the former one is told
T11 cli/trust_files.bats the lock is neither a link nor a hard link
T11 cli/trust_files.bats state, journal, lock and plans of another user are not believed
T11 unit/text.c invisible
T11 unit/crypt.c table_hashes
T11 cli/manifest.bats a token that was pasted in the wrong place is not shown
'

# Lines "FAULT TEST", from all kinds of tests.
named()
{
	for file in cli/*.bats canary/*.bats trust/*.bats; do
		sed -n 's/^@test "fault \([A-DT][0-9]*\): \(.*\)" {$/\1 \2/p' "$file" |
			sed "s|\$|  ($file)|"
	done
	for file in unit/*.c; do
		awk -v file="$file" '
			/^\/\* fault [A-DT][0-9]/ { fault = $3; gsub(/[^A-DT0-9]/, "", fault); next }
			fault && /^static void [a-z0-9_]+\(/ {
				name = $3
				sub(/\(.*/, "", name)
				print fault, name "  (" file ")"
				fault = ""
			}' "$file"
	done
	grep -H '^# fault ' plan/cases/*.case | sed 's/^\([^:]*\):# fault \([A-D][0-9]*\).*/\2 (\1)/'
	grep -HE '^# fault [A-D][0-9]+' crash/*.py crash/*.sh lint/*.sh |
		sed 's/^\([^:]*\):# fault \([A-D][0-9]*\).*/\2 (\1)/'
}

# Lines "FAULT TEST (FILE)" of the list; "FAULT - ..." where there is no such test.
listed()
{
	while read -r fault file title; do
		[ -n "$fault" ] || continue
		case $file in
		*.bats) grep -qF "@test \"$title\" {" "$file" ;;
		*) grep -qE "cmocka_unit_test[a-z_]*\(${title}[,)]" "$file" ;;
		esac 2>/dev/null || fault=MISSING
		echo "$fault $title  ($file)"
	done <<-END
		$seen
	END
}

tests=$(
	named
	listed
)
missing=0
while read -r fault text; do
	[ -n "$fault" ] || continue
	printf '%-4s %s\n' "$fault" "$text"
	printf '%s\n' "$tests" | sed -n "s/^$fault \(.*\)/       \1/p" | grep . || {
		echo "       no test names it"
		missing=1
	}
done <<END
$faults
END
if printf '%s\n' "$tests" | grep '^MISSING '; then
	missing=1
fi
exit $missing
