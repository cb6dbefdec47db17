# Prints what stands in the comments of C files, as "path:line:text". Strings that hold /* are rare
# enough not to be looked for.

FNR == 1 {
	in_comment = 0
}

{
	rest = $0
	text = ""
	while (rest != "") {
		if (!in_comment) {
			if (!(i = index(rest, "/*")))
				break
			rest = substr(rest, i + 2)
			in_comment = 1
			continue
		}
		i = index(rest, "*/")
		text = text " " (i ? substr(rest, 1, i - 1) : rest)
		rest = i ? substr(rest, i + 2) : ""
		in_comment = !i
	}
	if (text != "")
		print FILENAME ":" FNR ":" text
}
