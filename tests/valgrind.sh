#!/bin/sh
# sh tests/valgrind.sh BUILD FILE.bats...: runs the files with the cfprov of BUILD under valgrind,
# which sees reads of uninitialised memory, as no sanitizer of gcc does. Prints each report, once.
# Fails if there is one. That a test fails is only said: some look at the program itself, and
# others give it less memory than valgrind needs.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(cd "$1" && pwd) || exit 2
shift
command -v valgrind >/dev/null || {
	echo 'this needs valgrind: apt-get install valgrind' >&2
	exit 2
}

# A folder that looks like a build.
under=$build/under
log=$build/log
rm -rf "$under" "$log"
mkdir -p "$under" "$log"
for part in "$build"/*; do
	[ "$part" = "$under" ] || ln -s "$part" "$under/"
done
rm "$under/cfprov"
# The log is open before cfprov confines itself. What cfprov starts runs as usual.
cat >"$under/cfprov" <<END
#!/bin/sh
exec valgrind --quiet --child-silent-after-fork=yes --num-callers=24 \\
	--log-file='$log/%p' '$build/cfprov' "\$@"
END
chmod +x "$under/cfprov"

for file in "$@"; do
	CFPROV_BUILD=$under bats --tap "$file" >"$log/tap" 2>&1
	printf '%-40s %4d ok  %4d not ok  %5d processes\n' "$file" "$(grep -c '^ok' "$log/tap")" \
		"$(grep -c '^not ok' "$log/tap")" "$(find "$log" -name '[0-9]*' | wc -l)"
	grep '^not ok' "$log/tap"
done

# Without the number of the process, equal reports are equal.
reports=$(find "$log" -name '[0-9]*' -size +0 -exec sed -n 's/^==[0-9]*== \{0,1\}//p' {} + |
	awk -v RS= '!seen[$0]++ { print $0 "\n" }')
[ -z "$reports" ] || {
	printf '\n%s\n' "$reports"
	exit 1
}
