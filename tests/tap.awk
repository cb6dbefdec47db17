# Reads what one test program printed (TAP) and prints "PASSED FAILED SKIPPED", then its
# failures in full. Its exit status comes as the variable "status", its name as "program".

/^1\.\.[0-9]+/ {
	planned += substr($0, 4) + 0
	has_plan = 1
	if (tolower($0) ~ /# *skip/)
		skipped++
	showing = 0
	next
}

/^(not )?ok([ \t]|$)/ {
	ran++
	showing = 0
	if (tolower($0) ~ /# *skip/) {
		skipped++
	} else if ($1 == "ok") {
		passed++
	} else {
		failed++
		showing = 1
	}
}

showing {
	text = text "  " $0 "\n"
}

END {
	what = ""
	if (!has_plan)
		what = "printed no plan"
	else if (ran != planned)
		what = "planned " planned + 0 " tests and ran " ran + 0
	else if (!ran && !skipped)
		what = "has no tests"
	if (!failed && !what && status != 0)
		what = "failed without saying why"
	if (what) {
		failed++
		text = text "  " program " " what " (exit status " status ")\n"
	}
	print passed + 0, failed + 0, skipped + 0
	printf "%s", text
}
