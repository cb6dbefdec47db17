# Every command in the documents is run, and every transcript is what the program prints.

# shellcheck disable=SC2013,SC2154
bats_require_minimum_version 1.5.0
load helper

# check DOCUMENT: runs its blocks; shows what is wrong, and which blocks are not run and why.
check()
{
	python3 "$top/tests/cli/readmes.py" "$build" "$top/$1"
}

@test "README.md" { check README.md; }
@test "examples/README.md" { check examples/README.md; }
@test "examples/ci/README.md" { check examples/ci/README.md; }
@test "examples/secrets/README.md" { check examples/secrets/README.md; }
@test "cmd/cfsim/README.md" { check cmd/cfsim/README.md; }
@test "tests/bench/README.md" { check tests/bench/README.md; }
@test ".github/CONTRIBUTING.md" { check .github/CONTRIBUTING.md; }

@test "every document with commands is among these" {
	cd "$top"
	local document
	for document in $(find . -name '*.md' -not -path './build/*' -not -path './node_modules/*' | cut -c3-); do
		[ "$document" = lib/README.md ] || ! grep -qE '^```(sh|console)$' "$document" ||
			grep -q "{ check $document; }" tests/cli/readmes.bats
	done
}

@test "links between the documents lead to files" {
	cd "$top"
	local document link
	for document in $(find . -name '*.md' -not -path './build/*' -not -path './node_modules/*' | cut -c3-); do
		for link in $(grep -oE '\]\([^)#:]+' "$document" | cut -c3-); do
			[[ $link == https ]] || [ -e "$(dirname "$document")/$link" ] || {
				echo "$document: $link"
				return 1
			}
		done
	done
}

@test "README.md claims no safety that SECURITY.md does not promise" {
	cd "$top"
	local claims claim
	claims=$(sed -n '/^## Safety/,/^## cfprov/p' README.md | grep -oE '^- \*\*[^*]+\*\*')
	(($(wc -l <<<"$claims") >= 5))
	sed -n '/^## What is promised/,/^## Without/p' .github/SECURITY.md >"$BATS_TEST_TMPDIR/promised"
	while read -r claim; do
		grep -qF -e "$claim" "$BATS_TEST_TMPDIR/promised" || {
			echo "not promised: $claim"
			return 1
		}
	done <<<"$claims"
	grep -qF '(.github/SECURITY.md) says exactly what is promised' README.md
	# What a user would otherwise take for safe, or miss behind a proxy that reads along.
	grep -qF 'the checksum of a saved plan guards against damage, not against people' README.md
	grep -qF "\`SSL_CERT_FILE\` and \`SSL_CERT_DIR\` replace the" README.md
}

@test "README.md has 150 to 200 lines" {
	(($(wc -l <"$top/README.md") >= 150 && $(wc -l <"$top/README.md") <= 200))
}

@test "the README's picture is what a terminal shows" {
	run -0 python3 "$top/tests/cli/picture.py" "$build"
	diff <(printf '%s\n' "$output") "$top/.github/run.svg"
}

@test "a transcript that is not what the program prints is found" {
	cd "$BATS_TEST_TMPDIR"
	printf '%s\n' '```console' '$ cfprov help nonsense' 'Fine.' '```' >wrong.md
	run -1 python3 "$top/tests/cli/readmes.py" "$build" wrong.md
	[[ $output == *'wrong.md:1: $ cfprov help nonsense'* ]]
	printf '%s\n' '```console' '$ echo a; echo b' 'a' '```' >short.md
	run -1 python3 "$top/tests/cli/readmes.py" "$build" short.md
	printf '%s\n' '```sh' 'false' '```' >fails.md
	run -1 python3 "$top/tests/cli/readmes.py" "$build" fails.md
	printf '%s\n' '```console' '$ echo a; echo b' '...' 'b' '```' >right.md
	run -0 python3 "$top/tests/cli/readmes.py" "$build" right.md
}
