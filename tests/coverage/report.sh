#!/bin/sh
# sh tests/coverage/report.sh BUILD: how much of lib the tests ran that were run with BUILD, which
# make built with COVERAGE=1. Prints lines and branches of each folder, and the files below the
# goal: 90 % of the lines, 80 % of the branches. The branches of asserts don't count: there is no
# input for the other one. The targets of tests/fuzz are among these files: one below the goal has a
# corpus that no longer gets through. BUILD/coverage.csv has the figures of all files. Fails if lib
# as a whole is below the goal.
set -u
cd "$(dirname "$0")/../.." || exit 2
build=$1

command -v gcovr >/dev/null || {
	echo 'coverage needs gcovr: apt-get install gcovr' >&2
	exit 2
}
gcovr --root . --filter lib/ --filter 'tests/fuzz/[a-z]*\.c' --exclude-unreachable-branches \
	--exclude-branches-by-pattern '.*\bassert\(.*' --csv "$build/coverage.csv" \
	"$build/obj/lib" "$build/obj/tests/fuzz" >"$build/coverage.log" 2>&1 || {
	cat "$build/coverage.log" >&2
	exit 2
}

awk -F, '
	function share(covered, total)
	{
		return total ? 100 * covered / total : 100
	}

	function line(name, l, lt, b, bt)
	{
		printf "%-40s %6.1f %% of %5d lines  %6.1f %% of %5d branches\n", name, share(l, lt), lt, share(b, bt), bt
	}

	function add(group)
	{
		lines[group] += l
		line_total[group] += lt
		branches[group] += b
		branch_total[group] += bt
	}

	function show(group)
	{
		line(group, lines[group], line_total[group], branches[group], branch_total[group])
	}

	FNR == 1 {
		for (i = 1; i <= NF; i++)
			column[$i] = i
		next
	}

	{
		name = $column["filename"]
		lt = $column["line_total"]
		l = $column["line_covered"]
		bt = $column["branch_total"]
		b = $column["branch_covered"]
		is_lib = split(name, part, "/") && part[1] == "lib"
		if (is_lib) {
			folder = "lib/" part[2]
			if (!(folder in lines))
				folders[++folder_count] = folder
			add(folder)
			add("lib")
		}
		if (share(l, lt) < 90 || (is_lib && share(b, bt) < 80))
			below[++count] = name SUBSEP l SUBSEP lt SUBSEP b SUBSEP bt
	}

	END {
		for (i = 1; i <= folder_count; i++)
			show(folders[i])
		show("lib")
		if (count)
			print "\nBelow the goal:"
		for (i = 1; i <= count; i++) {
			split(below[i], it, SUBSEP)
			line(it[1], it[2], it[3], it[4], it[5])
		}
		exit share(lines["lib"], line_total["lib"]) < 90 || share(branches["lib"], branch_total["lib"]) < 80
	}' "$build/coverage.csv"
