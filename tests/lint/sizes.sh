#!/bin/sh
# A function has at most 60 lines, complexity 15 and five parameters, a .c file 600 lines. A
# breach with a reason stands in a comment on the line above the function: "/* size: why */" or
# "/* params: why */"; for a whole file "/* file size: why */" on its first line.
cd "$(dirname "$0")/../.." || exit 2

sources=$(find lib cmd tests -name '*.c' | sort)
[ -n "$sources" ] || exit 0

# Complexity is pmccabe's first column, in which a switch counts once, however many cases it has.
# shellcheck disable=SC2086 # a list of paths
pmccabe $sources | awk '
	# The line above the one where the function starts.
	function reason(file, above,   line, n)
	{
		while (n < above && (getline line < file) > 0)
			n++
		close(file)
		return line ~ /^\/\* size: .+ \*\/$/
	}

	{
		where = $6
		sub(/\([0-9]+\):?$/, "", where)
		if ($5 > 60)
			what = $NF " has " $5 " lines (limit: 60)"
		else if ($1 > 15)
			what = $NF " has complexity " $1 " (limit: 15)"
		else
			next
		if (reason(where, $4 - 1))
			next
		print where ":" $4 ": " what
		failed = 1
	}

	END { exit failed }' || failed=1

# shellcheck disable=SC2086 # a list of paths
awk '
	function done()
	{
		if (lines > 600 && !excused) {
			print file ":1: has " lines " lines (limit: 600)"
			failed = 1
		}
	}

	FNR == 1 {
		done()
		file = FILENAME
		excused = /^\/\* file size: .+ \*\//
	}

	{ lines = FNR }

	END {
		done()
		exit failed
	}' $sources || failed=1

# A function is what ends in ")" before a "{" in column one; its last pair of parentheses holds
# the parameters.
# shellcheck disable=SC2086 # a list of paths
awk -f tests/lint/code.awk $sources | awk '
	function parameters(head,   i, c, depth, commas)
	{
		for (i = length(head); i > 0; i--) {
			c = substr(head, i, 1)
			if (c == ")")
				depth++
			else if (c == "(" && --depth == 0)
				break
			else if (c == "," && depth == 1)
				commas++
		}
		return commas + 1
	}

	{
		split($0, field, ":")
		code = substr($0, length(field[1] ":" field[2]) + 2)
		sub(/[ \t]+$/, "", code)
	}

	code == "{" && head ~ /\)$/ && parameters(head) > 5 {
		print field[1], start, parameters(head)
	}

	# A head starts on the first line after one that ended something.
	code == "" || code ~ /^#|[;{}:]$/ {
		head = ""
		next
	}

	{
		if (head == "")
			start = field[2]
		head = head " " code
	}' | {
	while read -r file line count; do
		sed -n "$((line - 1))p" "$file" | grep -q '^/\* params: .* \*/$' && continue
		echo "$file:$line: has $count parameters (limit: 5, then a struct)"
		failed=1
	done
	exit "${failed:-0}"
} || failed=1

# What lib/README.md says of the size of each folder is right to within a twentieth.
[ ! -e lib/README.md ] || sed -n '/^## Sizes/,/^## [^S]/s/^| \(.*\) | [0-9,]* | \([0-9,]*\) | .* |$/\1 | \2/p' lib/README.md | {
	while IFS='|' read -r what lines; do
		case $what in
		'`cmd/'*) folders=cmd/cfprov ;;
		'heart:'*) folders='lib/model lib/plan lib/apply' ;;
		'all of'*) folders=lib ;;
		*) folders=lib/$(echo "$what" | tr -d '` ') ;;
		esac
		# shellcheck disable=SC2086 # a list of folders
		real=$(find $folders -name '*.[ch]' -exec cat {} + | wc -l)
		said=$(echo "$lines" | tr -d ', ')
		[ $((said * 20)) -ge $((real * 19)) ] && [ $((said * 20)) -le $((real * 21)) ] && continue
		echo "lib/README.md: $what has $real lines, not $said"
		failed=1
	done
	exit "${failed:-0}"
} || failed=1
exit "${failed:-0}"
