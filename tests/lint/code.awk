# Prints C files as "path:line:code": comments go, strings and characters are emptied, so that a
# guard which looks for a word finds it in code only. #include lines stay whole.

FNR == 1 {
	in_comment = 0
}

!in_comment && /^[ \t]*#[ \t]*include/ {
	print FILENAME ":" FNR ":" $0
	next
}

{
	rest = $0
	code = ""
	while (rest != "") {
		if (in_comment) {
			if (!(i = index(rest, "*/")))
				break
			rest = substr(rest, i + 2)
			in_comment = 0
			code = code " "
		} else if (!match(rest, /\/\*|\/\/|["']/)) {
			code = code rest
			break
		} else {
			code = code substr(rest, 1, RSTART - 1)
			mark = substr(rest, RSTART, RLENGTH)
			rest = substr(rest, RSTART + RLENGTH)
			if (mark == "//")
				break
			if (mark == "/*") {
				in_comment = 1
				continue
			}
			code = code mark mark
			if (mark == "\"" ? match(rest, /^([^"\\]|\\.)*"/) : match(rest, /^([^'\\]|\\.)*'/))
				rest = substr(rest, RLENGTH + 1)
			else
				break
		}
	}
	print FILENAME ":" FNR ":" code
}
