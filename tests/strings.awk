# Prints the strings of C files, as "path:line: text": neighbours are joined, also across macros
# such as PRIu64. #include lines and comments don't count.

function flush()
{
	if (have && text ~ /[A-Za-z]/ && text ~ /[^ ] |[^ ]\\n./)
		print where ": " text
	have = 0
	text = macro = ""
}

FNR == 1 {
	flush()
	in_comment = 0
}

!in_comment && /^[ \t]*#[ \t]*include/ {
	next
}

{
	rest = $0
	while (rest != "") {
		if (in_comment) {
			if (!(i = index(rest, "*/")))
				next
			rest = substr(rest, i + 2)
			in_comment = 0
		} else if (match(rest, /^([ \t]+|\\$)/)) {
			rest = substr(rest, RLENGTH + 1)
		} else if (match(rest, /^\/\*/)) {
			rest = substr(rest, 3)
			in_comment = 1
		} else if (match(rest, /^"([^"\\]|\\.)*"/)) {
			if (!have)
				where = FILENAME ":" FNR
			text = text macro substr(rest, 2, RLENGTH - 2)
			rest = substr(rest, RLENGTH + 1)
			have = 1
			macro = ""
		} else if (match(rest, /^'([^'\\]|\\.)*'/)) {
			flush()
			rest = substr(rest, RLENGTH + 1)
		} else if (have && match(rest, /^[A-Z][A-Za-z0-9_]*/)) {
			macro = "<" substr(rest, 1, RLENGTH) ">"
			rest = substr(rest, RLENGTH + 1)
		} else {
			flush()
			rest = substr(rest, 2)
		}
	}
}

END {
	flush()
}
