#!/usr/bin/env bats
# What was built: hardened, and the same bytes wherever it is built.
# both builds: the release has flags and a linker of its own

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

# The parts of CycloneDX 1.5 that are used, by its JSON schema (bom-1.5.schema.json).
is_cyclonedx()
{
	jq -e '
		def only($keys): (keys - $keys) == [];
		def is_text: type == "string" and length > 0;
		def is_part:
			only(["type", "bom-ref", "name", "version", "description", "hashes", "licenses", "purl",
				"externalReferences", "properties"]) and
			(.type | IN("application", "library")) and (.name | is_text) and (.version | is_text) and
			(.["bom-ref"] | is_text) and (.purl // "pkg:x" | startswith("pkg:")) and
			all(.licenses[]; only(["license"]) and (.license | only(["id"]) and (.id | is_text))) and
			all(.hashes[]?; .alg == "SHA-256" and (.content | test("^[0-9a-f]{64}$"))) and
			all(.externalReferences[]?; .type == "website" and (.url | startswith("https://"))) and
			all(.properties[]?; only(["name", "value"]) and (.value | is_text));
		only(["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components", "dependencies"]) and
		.bomFormat == "CycloneDX" and .specVersion == "1.5" and .version == 1 and
		(.serialNumber | test("^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")) and
		(.metadata | only(["timestamp", "component"]) and (.component | is_part) and
			(.timestamp // "2000-01-01T00:00:00Z" | fromdate > 0)) and
		all(.components[]; is_part) and
		([.metadata.component["bom-ref"], .components[]["bom-ref"]] as $refs |
			($refs | unique | length) == ($refs | length) and
			all(.dependencies[]; only(["ref", "dependsOn"]) and ([.ref, .dependsOn[]?] - $refs) == []))
	' "$1" >/dev/null
}

@test "make sbom: every library that the program names, with version, licence and package" {
	have readelf ldd python3 make
	not_sanitized
	sbom() { python3 "$top/cmd/cfprov/sbom.py" "$@"; }
	sbom "$cfprov" 0.1.0 1700000000 >bom
	is_cyclonedx bom
	[ "$(jq -r .metadata.timestamp bom)" = 2023-11-14T22:13:20Z ]
	[ "$(jq -r '.metadata.component.hashes[0].content' bom)" = "$(sha256sum <"$cfprov" | cut -d' ' -f1)" ]
	# What the loader is asked for is in it, and so is what is compiled in.
	readelf -dW "$cfprov" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | grep -v ^ld-linux | sort >needed
	grep -q libcurl needed
	jq -r '.components[].properties[] | select(.name == "cfprov:soname") | .value' bom | sort | diff needed -
	jq -e 'any(.components[]; .name == "uthash")' bom
	[ "$(jq -r '.dependencies[0].dependsOn | length' bom)" = "$(jq '.components | length' bom)" ]
	if command -v dpkg-query; then
		[ "$(jq -r '.components[] | select(.name == "curl").properties[] |
			select(.name == "cfprov:debian:version").value' bom)" = "$(dpkg-query -W -f '${Version}' libcurl4)" ]
	fi
	# The version that runs.
	"$cfprov" version >version
	grep -qF "$(jq -r '.components[] | select(.name == "curl").version' bom)" version
	# The same again, and another one of another program.
	(cd / && sbom "$cfprov" 0.1.0 1700000000) | cmp bom
	cp "$cfprov" other
	echo >>other
	sbom other 0.1.0 1700000000 >other.bom
	[ "$(jq -r .serialNumber bom)" != "$(jq -r .serialNumber other.bom)" ]
	# A library that nobody has described is an error, not a gap.
	run ! sbom "$cfsim" 0.1.0
	[[ $output == *'libmicrohttpd'*'add its licence'* ]]
	make -n -C "$top" BUILD="$PWD/nowhere" sbom >commands
	grep -q 'sbom.py .*/nowhere/cfprov [^ ]* .*>.*/nowhere/cfprov.cdx.json' commands
}
