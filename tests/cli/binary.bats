#!/usr/bin/env bats
# What was built: hardened, and the same bytes wherever it is built.

# shellcheck disable=SC2094,SC2030,SC2031,SC2034,SC2154
bats_require_minimum_version 1.5.0
load cfprov

setup() { set_up_cfprov; }
teardown() { stop_all; }

# not_sanitized: a build for AddressSanitizer has other flags, and is given to nobody.
not_sanitized()
{
	! nm -D "$cfprov" | grep -q __asan_init || skip 'this build has AddressSanitizer in place of hardening'
}

# reads PROGRAM: what readelf says of it: the files header, segments, dynamic, symbols, notes.
reads()
{
	readelf -hW "$1" >header
	readelf -lW "$1" >segments
	readelf -dW "$1" >dynamic
	readelf --dyn-syms -W "$1" >symbols
	readelf -nW "$1" >notes
}

@test "the programs are hardened" {
	have readelf nm
	not_sanitized
	local program
	for program in "$cfprov" "$cfsim"; do
		reads "$program"
		# Position-independent.
		grep -q 'Type: *DYN' header
		grep -q 'FLAGS_1.* PIE' dynamic
		# Relocations are read-only before main starts, all of them.
		grep -q GNU_RELRO segments
		grep -qE 'FLAGS\).*BIND_NOW' dynamic
		grep -qE 'FLAGS_1.* NOW' dynamic
		# Nothing is writable and executable, and the stack is neither.
		grep -qE 'GNU_STACK .* RW +0x' segments
		run ! grep -E '^ +[A-Z_]+ .* RWE ' segments
		run ! grep -E TEXTREL dynamic
		# Libraries come from where the system has them.
		run ! grep -E 'RPATH|RUNPATH' dynamic
		grep -q 'UND __stack_chk_fail' symbols
		grep -qE 'UND __(memcpy|snprintf|vsnprintf|memset|read)_chk' symbols
	done
	# The flags that leave no mark in the binary, if the compiler takes them.
	local flag
	make -s -C "$top" show-flags >flags
	for flag in -ftrivial-auto-var-init=zero -fstack-clash-protection -fcf-protection; do
		! ${CC:-gcc} -Werror $flag -xc -c -o /dev/null /dev/null 2>/dev/null ||
			grep -qw -e "$flag" flags
	done
}

# The same sources in another folder, by another user, at another time. -O0 is enough to see paths,
# dates and orders, and is built in seconds.
# build_in FOLDER [VARIABLE=VALUE...]
build_in()
{
	mkdir -p "$1"
	cp -r "$top"/cmd "$top"/lib "$top"/Makefile "$1"
	env -u MAKEFLAGS -u MAKELEVEL "${@:2}" SOURCE_DATE_EPOCH=1700000000 CCACHE_DISABLE=1 \
		make -s -j2 -C "$1" CFLAGS='-O0 -g' all >made 2>&1 || {
		cat made >&2
		return 1
	}
}

@test "two builds in different folders give the same bytes" {
	have make gcc pkg-config
	build_in one TZ=UTC LC_ALL=C
	(
		umask 077
		build_in another/deeper/folder TZ=Asia/Tokyo LC_ALL=C.UTF-8 HOME=/nowhere
	)
	local file
	for file in cfprov cfsim libcfprov.a share/man/man1/cfprov.1; do
		cmp "one/build/$file" "another/deeper/folder/build/$file"
	done
	# Nobody learns where it was built, and when only from SOURCE_DATE_EPOCH.
	run ! grep -qF "$BATS_TEST_TMPDIR" one/build/cfprov one/build/cfsim
	one/build/cfprov version >version
	grep -q 2023-11-14 version
	# Another date makes another program: the comparison above can fail.
	mkdir other
	cp -a one other/
	env SOURCE_DATE_EPOCH=1600000000 CCACHE_DISABLE=1 make -s -j2 -C other/one CFLAGS='-O0 -g' all
	run ! cmp one/build/cfprov other/one/build/cfprov
}
