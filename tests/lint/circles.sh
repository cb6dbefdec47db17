#!/bin/sh
# No two files include each other: a .h and the .c of its name count as one.
cd "$(dirname "$0")/../.." || exit 2

find lib cmd -name '*.[ch]' -exec grep -HoE '^#include "[^"]+\.h"' {} + |
	sed -E 's/\.[ch]:#include "/ /; s/\.h"$//' |
	awk '
		{
			folder = $1
			sub("/[^/]*$", "", folder)
			included = $2 ~ "/" ? "lib/" $2 : folder "/" $2
			if ($1 != included)
				includes[$1 " " included]
		}
		END {
			for (pair in includes) {
				split(pair, file)
				if ((file[2] " " file[1]) in includes && file[1] < file[2]) {
					print file[1] ".h:1: includes " file[2] ", and the other way round"
					failed = 1
				}
			}
			exit failed
		}'
