#!/bin/sh
# A file includes only its own folder or lower floors, by the table of lib/README.md; cmd/cfsim
# includes only base and adapter. Two folders of one floor never include one another.
cd "$(dirname "$0")/../.." || exit 2

map=lib/README.md
[ -f "$map" ] || {
	echo "$map:1: the floors table is missing"
	exit 1
}

find lib cmd -name '*.[ch]' -exec awk -f tests/lint/code.awk {} + 2>/dev/null |
	awk -v map="$map" -v folders="$(find lib -mindepth 1 -maxdepth 1 -type d)" '
	function breach(where, what)
	{
		print where ": " what
		failed = 1
	}

	# may FROM include TO? Both are folders like lib/base.
	function allowed(from, to)
	{
		if (from == "cmd/cfsim")
			return to == "lib/base" || to == "lib/adapter"
		return from == to || floor[to] < floor[from]
	}

	BEGIN {
		while ((getline row < map) > 0) {
			nr++
			if (row !~ /^\| *`(lib|cmd)\/[a-z]+\/` *\| *[0-9]+ *\|/)
				continue
			split(row, cell, "|")
			folder = cell[2]
			gsub(/[ `]/, "", folder)
			sub(/\/$/, "", folder)
			floor[folder] = cell[3] + 0
			line[folder] = nr
		}
		n = split(folders, list, "\n")
		for (i = 1; i <= n; i++) {
			there[list[i]]
			if (!(list[i] in floor))
				breach(map ":1", list[i] "/ has no row in the floors table")
		}
		for (folder in floor)
			if (folder ~ /^lib/ && !(folder in there))
				breach(map ":" line[folder], folder "/ is listed but not there")
	}

	{
		split($0, field, ":")
		where = field[1] ":" field[2]
		code = substr($0, length(where) + 2)
		if (code !~ /^[ \t]*#[ \t]*include/)
			next
		if (!match(code, /[<"][^>"]*[>"]/))
			next
		quoted = substr(code, RSTART, 1) == "\""
		header = substr(code, RSTART + 1, RLENGTH - 2)
		split(field[1], dir, "/")
		from = dir[1] "/" dir[2]
		if (header ~ /(^|\/)\.\.?\//) {
			breach(where, "\"" header "\" climbs through the tree: say folder/name.h")
		} else if (index(header, "/")) {
			to = "lib/" substr(header, 1, index(header, "/") - 1)
			if (!(to in floor)) {
				if (quoted)
					breach(where, "\"" header "\" is in no folder of lib")
			} else if (!allowed(from, to)) {
				breach(where, from " may not include " to " (\"" header "\")")
			}
		} else if (quoted && dir[1] == "lib") {
			breach(where, "\"" header "\" lacks its folder: say folder/name.h")
		}
	}

	END { exit failed }'
