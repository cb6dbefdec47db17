#!/bin/sh
# The faults that were seen, and the tests that would have found each: a table on standard output.
# A test names its fault: "fault A1" is in the title of a bats test, in a comment just above a
# function of a unit test, or in a comment of a planner case. Fails if a fault has no test.
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
'

# Lines "FAULT TEST", from all kinds of tests.
named()
{
	for file in cli/*.bats canary/*.bats; do
		sed -n 's/^@test "fault \([A-D][0-9]*\): \(.*\)" {$/\1 \2/p' "$file" |
			sed "s|\$|  ($file)|"
	done
	for file in unit/*.c; do
		awk -v file="$file" '
			/^\/\* fault [A-D][0-9]/ { fault = $3; gsub(/[^A-D0-9]/, "", fault); next }
			fault && /^static void [a-z0-9_]+\(/ {
				name = $3
				sub(/\(.*/, "", name)
				print fault, name "  (" file ")"
				fault = ""
			}' "$file"
	done
	grep -H '^# fault ' plan/cases/*.case | sed 's/^\([^:]*\):# fault \([A-D][0-9]*\).*/\2 (\1)/'
	grep -HE '^# fault [A-D][0-9]+' crash/*.sh lint/*.sh |
		sed 's/^\([^:]*\):# fault \([A-D][0-9]*\).*/\2 (\1)/'
}

tests=$(named)
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
exit $missing
