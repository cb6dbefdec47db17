#!/bin/sh
# The faults that were seen and the bad input that cfprov must survive, with the tests that show each:
# a table on standard output, of the rows in faults.list. A test can also name its fault: "fault A1" is
# in the title of a bats test, in a comment just above a function of a unit test, or in a comment of a
# planner case or of a script. Fails if a row has no test or is there twice, if a test of the list does
# not exist, or if a test names a fault that has no row.
set -u
cd "$(dirname "$0")" || exit 2

# Lines "ROW TEST  (FILE)", of tests that name their fault.
named()
{
	for file in cli/*.bats canary/*.bats state/*.bats trust/*.bats; do
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

# has FILE TITLE: is there such a test?
has()
{
	case $1 in
	*.bats) grep -qF "@test \"$2\" {" "$1" ;;
	plan/*.c) grep -qF "\"$2\"" "$1" ;;
	*.c) grep -qE "(TEST|test)[A-Za-z_]*\(${2}[,)]" "$1" && grep -q "^static void $2(" "$1" ;;
	*) grep -qF "$2" "$1" ;;
	esac 2>/dev/null
}

# Lines "ROW TEST  (FILE)" of the list; "MISSING TEST  (FILE)" where there is no such test.
listed()
{
	tab=$(printf '\t')
	while IFS= read -r line; do
		case $line in
		"$tab"*)
			file=${line#"$tab"}
			title=${file#* }
			file=${file%% *}
			if has "$file" "$title"; then
				echo "$row $title  ($file)"
			else
				echo "MISSING $title  ($file)"
			fi
			;;
		*) row=${line%% *} ;;
		esac
	done <faults.list
}

rows=$(grep '^[A-Z][0-9]' faults.list)
named=$(named)
listed=$(listed)
failed=0

# complain TEXT LINES: if there are any.
complain()
{
	[ -n "$2" ] || return 0
	printf '%s:\n%s\n' "$1" "$2" >&2
	failed=1
}

printf '%s\n' "$rows" | while read -r row text; do
	printf '%-4s %s\n' "$row" "$text"
	printf '%s\n' "$named" "$listed" | sed -n "s/^$row \(.*\)/       \1/p" | sort -u
done

complain 'no such test' "$(printf '%s\n' "$listed" | sed -n 's/^MISSING //p')"
complain 'rows that are there twice' "$(printf '%s\n' "$rows" | cut -d' ' -f1 | sort | uniq -d)"
complain 'two rows about one thing' "$(printf '%s\n' "$rows" | cut -d' ' -f2- | sort | uniq -d)"
complain 'tests that a row has twice' "$(printf '%s\n' "$listed" | sort | uniq -d)"
tested=$(printf '%s\n' "$named" "$listed" | cut -d' ' -f1 | sort -u)
known=$(printf '%s\n' "$rows" | cut -d' ' -f1)
complain 'rows without a test' "$(printf '%s\n' "$known" | grep -vxF "$tested")"
complain 'tests name faults that have no row' \
	"$(printf '%s\n' "$named" | cut -d' ' -f1 | sort -u | grep -vxF "$known")"
exit $failed
