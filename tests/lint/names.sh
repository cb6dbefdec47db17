#!/bin/sh
# What a comment calls by the name of a module (ledger_open, state_fold) exists: a contract that
# names what is gone misleads. Looks at the headers and their sources.
cd "$(dirname "$0")/../.." || exit 2

files=$(find lib cmd -name '*.[ch]')
# The modules, and all words in code.
# shellcheck disable=SC2086 # a list of paths
{
	printf '%s\n' $files | sed -n 's|.*/\([a-z]*\)\.h$|module \1|p'
	awk -f tests/lint/code.awk $files | sed 's/^[^:]*:[0-9]*:/code /'
	grep -Eho '"[a-z_]+"' $files | sed 's/^/code /'
	awk -f tests/lint/comments.awk $files | sed 's/^/comment /'
} | awk '
	function words(text, list,    n)
	{
		n = 0
		while (match(text, /[A-Za-z_][A-Za-z0-9_]*/)) {
			list[++n] = substr(text, RSTART, RLENGTH)
			text = substr(text, RSTART + RLENGTH)
		}
		return n
	}

	$1 == "module" {
		module[$2]
		next
	}

	{
		rest = substr($0, length($1) + 2)
	}

	$1 == "code" {
		n = words(rest, list)
		for (i = 1; i <= n; i++)
			known[list[i]]
		next
	}

	{
		split(rest, field, ":")
		where = field[1] ":" field[2]
		text = substr(rest, length(where) + 2)
		gsub(/[^ ]*\/[^ ]*/, " ", text) # paths
		n = words(text, list)
		for (i = 1; i <= n; i++) {
			split(list[i], part, "_")
			if (list[i] ~ /^[a-z]+_[a-z0-9_]*[a-z0-9]$/ && part[1] in module &&
				!(list[i] in known)) {
				print where ": there is no " list[i]
				failed = 1
			}
		}
	}

	END { exit failed }'
