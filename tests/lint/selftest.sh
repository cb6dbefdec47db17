#!/bin/sh
# Shows that each guard can fail: in a small tree of its own, plants one breach after another and
# looks whether the guard names it. Then the same for what tests/run.sh counts. Prints TAP.
set -u
top=$(cd "$(dirname "$0")/../.." && pwd) || exit 2
tmp=$(mktemp -d) || exit 2
trap 'rm -rf "$tmp"' EXIT
export BUILD=build

# ---- a tree without fault, which talks of banned things in comments and strings only ---------

good=$tmp/good
mkdir -p "$good/tests" "$good/lib/base" "$good/lib/adapter" "$good/lib/model" "$good/lib/desired" \
	"$good/lib/live" "$good/cmd/cfprov" "$good/cmd/cfsim"
cp -R "$top/tests/lint" "$good/tests/"
cp "$top"/tests/strings.* "$good/tests/"
cp "$top/Makefile" "$top/.clang-format" "$top/.clang-tidy" "$good/"
cd "$good" || exit 2
echo 'A tree for the guards.' >README.md
cat >lib/README.md <<'END'
| folder | floor | what lives there |
| --- | --- | --- |
| `lib/base/` | 0 | strings |
| `lib/adapter/` | 1 | outside libraries |
| `lib/model/` | 2 | nouns |
| `lib/desired/` | 3 | what is wanted |
| `lib/live/` | 3 | what is there |
| `cmd/cfprov/` | 5 | the program |
| `cmd/cfsim/` | – | the simulator |
END
header()
{
	printf '#ifndef %s_H\n#define %s_H\n\n%s\n\n#endif\n' "$1" "$1" "$2"
}
header NOUN 'int model_noun(const char *text);' >lib/model/noun.h
cat >lib/model/noun.c <<'END'
#include "model/noun.h"

#include <string.h>

/* Never strcpy(to, from) here, nor printf("x"), and // don't exit(1). */
int model_noun(const char *text)
{
	return strcmp(text, "sprintf(\"%s\") /* NDEBUG") == 0;
}
END
header WISH 'int wish(void);' >lib/desired/wish.h
cat >lib/desired/wish.c <<'END'
#include "desired/wish.h"

#include "model/noun.h"

int wish(void)
{
	return model_noun("wish");
}
END
header SEEN 'int seen(void);' >lib/live/seen.h
cat >lib/live/seen.c <<'END'
#include "live/seen.h"

int seen(void)
{
	return 0;
}
END
cat >cmd/cfprov/main.c <<'END'
#include <stdio.h>

#include "desired/wish.h"
#include "live/seen.h"

int main(void)
{
	printf("%d\n", wish() + seen());
	return 0;
}
END

# ---- the tests --------------------------------------------------------------------------------

n=0
failed=0
result()
{
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		sed 's/^/# /' "$tmp/out"
		failed=1
	fi
}

# plant GUARD EXPECTED FILE: adds standard input to FILE; GUARD must fail and say EXPECTED.
plant()
{
	rm -rf "$tmp/bad"
	cp -a "$good" "$tmp/bad"
	mkdir -p "$tmp/bad/$(dirname "$3")"
	cat >>"$tmp/bad/$3"
	case $1 in
	purity | exports) make -s -C "$tmp/bad" objects 2>/dev/null ;;
	esac
	sh "$tmp/bad/tests/lint/$1.sh" >"$tmp/out" 2>&1
	[ $? -eq 1 ] && grep -q -- "$2" "$tmp/out"
	result $? "$1 sees: $2"
}

make -s objects >"$tmp/out" 2>&1 && sh tests/lint/run.sh >"$tmp/out" 2>&1
result $? 'no guard complains of a tree without fault'

plant floors '^lib/model/noun.c:10: lib/model may not include lib/desired' lib/model/noun.c <<'END'
#include "desired/wish.h"
END
plant floors '^lib/live/seen.c:7: lib/live may not include lib/desired' lib/live/seen.c <<'END'
#include "desired/wish.h"
END
plant floors '^cmd/cfsim/main.c:1: cmd/cfsim may not include lib/model' cmd/cfsim/main.c <<'END'
#include "model/noun.h"
END
plant floors 'lib/stray/ has no row' lib/stray/stray.h </dev/null
plant floors '^lib/README.md:10: lib/gone/ is listed' lib/README.md <<'END'
| `lib/gone/` | 4 | nothing |
END
plant circles '^lib/desired/wish.h:1: includes lib/model/noun, and' lib/model/noun.c <<'END'
#include "desired/wish.h"
END
plant foreign '^lib/base/a.c:1: only lib/adapter/yaml.c' lib/base/a.c <<'END'
#include <yaml.h>
END
plant foreign '^lib/adapter/fs.h:1: only lib/adapter/crypt.c' lib/adapter/fs.h <<'END'
#include <sodium.h>
END
plant foreign '^cmd/cfprov/main.c:11: only lib/adapter/fs.c' cmd/cfprov/main.c <<'END'
static int save(void) { return rename("a", "b"); }
END
plant foreign '^cmd/cfprov/main.c:11: only backends and location may name a kind' \
	cmd/cfprov/main.c <<'END'
static int is_file(const struct location *location) { return location->kind == 0; }
END
plant foreign '^lib/model/plan.c:1: only backends and location may.*LOCATION_HTTP' \
	lib/model/plan.c <<'END'
static const int here = LOCATION_HTTP;
END
# The host is in two pieces, so that the guard does not stumble over this file.
printf 'curl https://registry.npm%s/x\n' js.org >"$tmp/fetches"
plant registries '^tests/a.sh:1:.*names a registry' tests/a.sh <"$tmp/fetches"
plant names '^lib/base/a.h:1: there is no noun_gone$' lib/base/a.h <<'END'
/* See noun_gone. */
END
plant banned '^cmd/cfsim/main.c:1: banned call: *strcpy' cmd/cfsim/main.c <<'END'
void copy(char *to, const char *from) { strcpy(to, from); }
END
plant banned '^lib/base/a.c:1: the library never prints' lib/base/a.c <<'END'
void say(void) { printf("hello"); }
END
plant banned '^lib/base/a.c:1: the library never prints.*stderr' lib/base/a.c <<'END'
void say(void) { fprintf(stderr, "hello"); }
END
plant banned '^lib/base/a.c:1: only lib/base/mem.c may abort' lib/base/a.c <<'END'
void leave(void) { abort(); }
END
plant banned '^lib/base/a.c:1: only lib/base/mem.c may allocate and free: *free' lib/base/a.c <<'END'
void f(void *memory) { free(memory); }
END
plant banned '^lib/base/a.c:1: only lib/base/mem.c may allocate and free: *realpath' lib/base/a.c <<'END'
char *f(const char *path) { return realpath(path, NULL); }
END
plant banned 'NDEBUG is never set' Makefile <<'END'
CFLAGS += -DNDEBUG
END
{
	printf 'int long_one(int n);\n\nint long_one(int n)\n{\n'
	yes '	n++;' | head -n 60
	printf '	return n;\n}\n'
} >"$tmp/long"
plant sizes '^lib/base/a.c:3: long_one has 6[0-9] lines' lib/base/a.c <"$tmp/long"
{
	printf 'int branchy(int n);\n\nint branchy(int n)\n{\n'
	yes '	if (n > 2 && n < 9)
		n++;' | head -n 24
	printf '	return n;\n}\n'
} >"$tmp/branchy"
plant sizes '^lib/base/a.c:3: branchy has complexity 25' lib/base/a.c <"$tmp/branchy"
yes '' | head -n 601 >"$tmp/empty"
plant sizes '^lib/base/a.c:1: has 601 lines' lib/base/a.c <"$tmp/empty"
plant sizes '^lib/base/a.c:2: has 6 parameters' lib/base/a.c <<'END'

static int many(int a, int b, int (*call)(int, int), int c,
	int d, const char *e)
{
	return a;
}
END
plant purity '^lib/model/noun.c:14: pure code may not use time$' lib/model/noun.c <<'END'
#include <time.h>

int now(void)
{
	return (int)time(NULL);
}
END
plant exports '^lib/base/a.c:2: lonely is used in no other file' lib/base/a.c <<'END'
int lonely(void);
int lonely(void)
{
	return 1;
}
END
plant headers '^lib/base/a.h:1: does not compile alone' lib/base/a.h <<'END'
size_t length(const char *text);
END
plant format '^lib/base/a.c:1:.*clang-format' lib/base/a.c <<'END'
int  a ;
END
plant shell '^tests/a.bats:3: if the first condition is false' tests/a.bats <<'END'
#!/usr/bin/env bats
@test "a" {
	[ -e a ] && [ -e b ]
	[ -e c ] && [ -e d ]
}
END
plant shell '^tests/a.sh:2:.*SC2086' tests/a.sh <<'END'
#!/bin/sh
rm $1
END
# The word is in two pieces, so that the guard does not stumble over this file.
printf 'It has %s%s a letter.\n' rec ieved >"$tmp/misspelt"
plant spelling '^README.md:2: .*==> received' README.md <"$tmp/misspelt"
plant phrases '^lib/base/a.c:1: %s lives already$' lib/base/a.c <<'END'
const char *text = "%s lives "
	"already";
END
plant phrases '^README.md:2:.*anew' README.md <<'END'
Make the plan anew.
END
plant phrases '^examples/a.yaml:1:.*is none' examples/a.yaml <<'END'
# There is none.
END
plant cppcheck '^lib/base/a.c:4: .*arrayIndexOutOfBounds' lib/base/a.c <<'END'
int a(void)
{
	int list[2] = {1, 2};
	return list[2];
}
END
plant tidy '^lib/base/a.c:4:.*misc-redundant-expression' lib/base/a.c <<'END'
int a(int n);
int a(int n)
{
	return n == n;
}
END
# On one of the ways through the function.
plant tidy '^lib/base/a.c:8:.*clang-analyzer-core.NullDereference' lib/base/a.c <<'END'
int a(int *p, int n);
int a(int *p, int n)
{
	if (n & 1)
		p = 0;
	n &= 7;
	if (n & 2 && n & 4 && n & 1)
		return *p;
	return n;
}
END

# A breach with a reason beside it passes.
rm -rf "$tmp/bad"
cp -a "$good" "$tmp/bad"
sed '2s,^,/* size: a table in disguise */,' "$tmp/long" >"$tmp/bad/lib/base/a.c"
cat >>"$tmp/bad/lib/base/a.c" <<'END'

/* params: the callback's shape is curl's */
static int many(int a, int b, int c, int d, int e, int f)
{
	return a;
}
END
sh "$tmp/bad/tests/lint/sizes.sh" >"$tmp/out" 2>&1
result $? 'sizes lets pass what has its reason beside it'

# ---- the counter of tests/run.sh --------------------------------------------------------------

# counts STATUS EXPECTED WHAT: a program that printed standard input and left with STATUS counts
# as EXPECTED (passed failed skipped).
counts()
{
	awk -v program=it -v status="$1" -f "$top/tests/tap.awk" >"$tmp/out"
	[ "$(head -n 1 "$tmp/out")" = "$2" ]
	result $? "run.sh counts $3"
}

counts 1 '1 1 1' 'passed, failed and skipped apart' <<'END'
1..3
ok 1 - a
not ok 2 - b
ok 3 - c # skip not today
END
counts 139 '1 1 0' 'a crash before the end' <<'END'
1..2
ok 1 - a
END
counts 3 '1 1 0' 'a failure that nobody mentioned' <<'END'
1..1
ok 1 - a
END
counts 0 '0 1 0' 'silence' </dev/null
counts 0 '3 0 0' 'two plans in one program' <<'END'
1..1
ok 1 - a
1..2
ok 1 - b
ok 2 - c
END

echo "1..$n"
exit $failed
