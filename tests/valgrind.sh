#!/bin/sh
# sh tests/valgrind.sh BUILD FILE.bats...: runs the files with the cfprov of BUILD under valgrind,
# which sees reads of uninitialised memory, as no sanitizer of gcc does. Prints each report, once.
# Fails if there is one, or if no test of a file passed or none ran cfprov: then nothing was seen.
# That a test fails is only said: some look at the program itself, and others give it less memory
# than valgrind needs.
set -u
cd "$(dirname "$0")/.." || exit 2
build=$(cd "$1" && pwd) || exit 2
shift
for tool in valgrind bats; do
	command -v $tool >/dev/null || {
		echo "this needs $tool: apt-get install $tool" >&2
		exit 2
	}
done

# A folder that looks like a build.
under=$build/under
log=$build/log
rm -rf "$under" "$log"
mkdir -p "$under" "$log"
for part in "$build"/*; do
	[ "$part" = "$under" ] || ln -s "$part" "$under/"
done
rm "$under/cfprov"

failed=0
for file in "$@"; do
	name=$(basename "$file")
	mkdir "$log/$name"
	# The log is open before cfprov confines itself. What cfprov starts runs as usual.
	cat >"$under/cfprov" <<-END
		#!/bin/sh
		exec valgrind --quiet --child-silent-after-fork=yes --num-callers=24 \\
			--log-file='$log/$name/%p' '$build/cfprov' "\$@"
	END
	chmod +x "$under/cfprov"
	CFPROV_BUILD=$under bats --tap "$file" >"$log/$name.tap" 2>&1
	passed=$(grep '^ok' "$log/$name.tap" | grep -vc '# skip')
	processes=$(find "$log/$name" -type f | wc -l)
	printf '%-40s %4d ok  %4d not ok  %5d processes\n' "$file" "$passed" \
		"$(grep -c '^not ok' "$log/$name.tap")" "$processes"
	grep '^not ok' "$log/$name.tap"
	if [ "$passed" -eq 0 ] || [ "$processes" -eq 0 ]; then
		echo "nothing was seen of $file; what bats said is in $log/$name.tap" >&2
		failed=1
	fi
done

# Without the number of the process, equal reports are equal.
reports=$(find "$log"/*/ -type f -size +0 -exec sed -n 's/^==[0-9]*== \{0,1\}//p' {} + |
	awk -v RS= '!seen[$0]++ { print $0 "\n" }')
[ -z "$reports" ] || {
	printf '\n%s\n' "$reports"
	failed=1
}
exit $failed
