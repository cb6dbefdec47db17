#!/bin/sh
# A function or variable that no other file uses is static. What is weak is for a library. Reads the objects that "make" built.
cd "$(dirname "$0")/../.." || exit 2

obj=${BUILD:-build}/obj
# Only objects whose source is still there: an old one must not keep a name alive.
objects=$(find lib cmd tests -name '*.c' | sed "s|^|$obj/|; s|c\$|o|")
# shellcheck disable=SC2086 # a list of paths
nm -A -g $objects 2>/dev/null | sed "s|^$obj/||" | awk '
	{
		file = $1
		sub(/\.o:.*/, ".c", file)
		name = $NF
		type = $(NF - 1)
		if (type == "U" || type == "w")
			used[name]
		else if (type ~ /[TDBRC]/ && file !~ /^tests/ && name != "main")
			home[name] = file
	}

	END {
		for (name in home)
			if (!(name in used))
				print home[name], name
	}' | sort | {
	failed=0
	while read -r file name; do
		line=$(grep -nw -- "$name" "$file" | grep -v ';$' | head -n 1 | cut -d: -f1)
		echo "$file:${line:-1}: $name is used in no other file: make it static"
		failed=1
	done
	exit $failed
}
