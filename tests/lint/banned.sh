#!/bin/sh
# Calls that are never right here; memory that does not come from lib/base/mem; and what a library must not do: print, prompt, log or exit.
cd "$(dirname "$0")/../.." || exit 2

find lib cmd tests -name '*.[ch]' -exec awk -f tests/lint/code.awk {} + | awk '
	function word(list)
	{
		return "(^|[^a-zA-Z0-9_])(" list ")"
	}

	BEGIN {
		never = word("strcpy|strncpy|strcat|strncat|sprintf|vsprintf|gets|strtok|" \
			"atoi|atol|atoll|atof|gmtime|localtime|ctime|asctime|alloca|system") "[ \t]*\\("
		memory = word("malloc|calloc|realloc|reallocarray|strn?dup|v?asprintf|free|" \
			"getline|getdelim|open_memstream|scandir") "[ \t]*\\(|" \
			word("realpath") "[ \t]*\\([^()]*, *NULL|" word("getcwd") "[ \t]*\\(NULL"
		library = word("v?printf|puts|putchar|perror|v?warnx?|v?errx?|v?syslog|" \
			"v?scanf|getchar|getpass|_?exit|_Exit|quick_exit|exit_group") "[ \t]*\\("
		stream = word("stdin|stdout|stderr") "($|[^a-zA-Z0-9_])"
	}

	function breach(what)
	{
		print where ": " what
		failed = 1
	}

	{
		split($0, field, ":")
		where = field[1] ":" field[2]
		code = substr($0, length(where) + 2)
		if (match(code, never))
			breach("banned call: " substr(code, RSTART, RLENGTH) ")")
		if (match(code, memory) && field[1] != "lib/base/mem.c")
			breach("only lib/base/mem.c may allocate and free: " \
				substr(code, RSTART, RLENGTH) ")")
		if (code ~ word("NDEBUG"))
			breach("NDEBUG is never set: invariants assert in release, too")
		if (field[1] !~ /^lib\//)
			next
		if (match(code, library) || match(code, stream))
			breach("the library never prints, prompts, logs or exits: " \
				substr(code, RSTART, RLENGTH))
		if (code ~ word("abort") "[ \t]*\\(" && field[1] != "lib/base/mem.c")
			breach("only lib/base/mem.c may abort (out of memory); else assert")
	}

	END { exit failed }' || failed=1

if grep -n -- '-DNDEBUG' Makefile; then
	echo "Makefile:1: NDEBUG is never set: invariants assert in release, too"
	failed=1
fi
exit "${failed:-0}"
