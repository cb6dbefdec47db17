#!/bin/sh
# Builds the libraries of cfprov and cfsim for static programs: sh static-libs.sh FOLDER
#
# They are made with musl, of the sources of the Debian or Ubuntu that this runs on (releases: Debian
# 12), with its security updates, and of each only what cfprov uses. FOLDER gets:
#
#   bin/cc, bin/pkg-config   what `make` is to use; the programs are static and position-independent
#   root/                    headers, archives and pkg-config files
#   sources                  name, version and Debian version of each library, for the SBOM
#   licenses/                their licences
#
# A library that is there in the right version is not built again. SUITES, an extended regular
# expression, are those of apt's suites whose sources are taken: all. Others are for mirrors that
# lack some; what is built then lacks security updates, and is for tests.
set -eu
[ $# -eq 1 ] || {
	echo 'usage: sh static-libs.sh FOLDER' >&2
	exit 2
}
mkdir -p "$1"
out=$(cd "$1" && pwd)
suites=${SUITES-.*}
jobs=${JOBS-$(nproc)}
machine=$(uname -m)
specs=/usr/lib/$machine-linux-musl/musl-gcc.specs

for file in "$specs" /usr/include/uthash.h /usr/include/linux/landlock.h \
	/usr/bin/dpkg-source /usr/bin/perl /usr/bin/autoreconf; do
	[ -e "$file" ] || {
		echo "$file is missing: sh tests/setup.sh static" >&2
		exit 1
	}
done

# ---- the compiler: musl's, made to link static-pie -----------------------------------------

root=$out/root
mkdir -p "$out/bin" "$out/kernel" "$out/licenses" "$root/lib/pkgconfig" "$root/include"
sed -e 's|Scrt1\.o|rcrt1.o|' \
	-e 's|^-dynamic-linker .*|-static -pie --no-dynamic-linker -z text -nostdlib|' \
	"$specs" >"$out/musl.specs"
# The kernel's interface is the same for every libc; glibc's other headers must stay out.
ln -sfn /usr/include/linux /usr/include/asm-generic /usr/include/uthash.h "$out/kernel"
ln -sfn "/usr/include/$machine-linux-gnu/asm" "$out/kernel/asm"
cat >"$out/bin/cc" <<END
#!/bin/sh
exec gcc "\$@" -idirafter '$out/kernel' -specs='$out/musl.specs'
END
cat >"$out/bin/pkg-config" <<END
#!/bin/sh
PKG_CONFIG_LIBDIR='$root/lib/pkgconfig' exec /usr/bin/pkg-config --static "\$@"
END
chmod +x "$out/bin/cc" "$out/bin/pkg-config"
CC=$out/bin/cc
# The size of what nobody calls is saved by the linker.
CFLAGS="-O2 -fPIE -fstack-protector-strong -ffunction-sections -fdata-sections -ffile-prefix-map=$out=."
export CC CFLAGS

# ---- the sources: an apt of our own, so that the system's is left alone ---------------------

mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/src"
# shellcheck disable=SC2016 # apt's own variables
apt-get indextargets --format '$(ORIGIN) $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
	sort -u | awk -v suites="$suites" '$1 ~ /^(Debian|Ubuntu)$/ && $3 ~ "^(" suites ")$" {
		print "deb-src", $2, $3, $4
	}' >"$out/apt/sources.list"
[ -s "$out/apt/sources.list" ] || {
	echo 'apt knows no packages of Debian or Ubuntu: apt-get update' >&2
	exit 1
}
apt()
{
	program=$1
	shift
	"$program" -q -o "Dir::Etc::sourcelist=$out/apt/sources.list" -o Dir::Etc::sourceparts=- \
		-o "Dir::State::lists=$out/apt/lists" -o "Dir::Cache=$out/apt/cache" \
		-o "APT::Sandbox::User=$(id -un)" "$@"
}
# no_sources WHAT: apt has said why.
no_sources()
{
	echo "the sources of $1 can't be had; apt says above why. Where a mirror lacks some suites," \
		"set SUITES to the others (now: $(awk '{ print $3 }' "$out/apt/sources.list" | sort -u |
			paste -sd '|')). What is built then lacks security updates, and is for tests." >&2
	exit 1
}
apt apt-get update >&2 || no_sources 'these suites'

# fetch NAME VERSION: the source, with Debian's patches, is unpacked in src/NAME.
fetch()
{
	(cd "$out/src" && apt apt-get source --download-only "$1=$2" && rm -rf "$1" &&
		dpkg-source --no-check -x "$1_${2#*:}.dsc" "$1") >&2 || no_sources "$1"
	# As if all were made at once, so that no make wants to run autoconf.
	find "$out/src/$1" -exec touch -h -d @1700000000 {} +
}

# newest NAME: Debian's version of the newest source.
newest()
{
	best=
	for one in $(apt apt-cache showsrc "$1" | sed -n 's/^Version: //p'); do
		[ -n "$best" ] && dpkg --compare-versions "$one" le "$best" || best=$one
	done
	echo "$best"
}

# pc NAME VERSION LIBS [REQUIRES]: its pkg-config file.
pc()
{
	cat >"$root/lib/pkgconfig/$1.pc" <<END
Name: $1
Description: static, for cfprov
Version: $2
Cflags: -isystem $root/include
Libs: -L$root/lib $3
Requires.private: ${4-}
END
}

# archive NAME FLAG...: one of all objects of the sources in the working folder.
archive()
{
	name=$1
	shift
	# shellcheck disable=SC2086 # CFLAGS is a list
	for file in *.c; do
		"$CC" $CFLAGS "$@" -c -o "${file%.c}.o" "$file" || exit 1
	done
	rm -f "$root/lib/$name"
	ar rcsD "$root/lib/$name" ./*.o || exit 1
}

# ---- each library; version is that of its source --------------------------------------------

# What curl, TLS 1.2 and 1.3 and a proxy need. Certificates are cfprov's to find (adapter/http).
build_openssl()
{
	case $machine in
	x86_64) target=linux-x86_64 ;;
	aarch64) target=linux-aarch64 ;;
	*) target=linux-generic64 ;;
	esac
	./Configure "$target" --prefix="$root" --libdir=lib --openssldir=/etc/ssl no-shared no-dso \
		no-module no-engine no-afalgeng no-legacy no-tests no-ui-console no-autoload-config \
		no-comp no-dtls no-srp no-srtp no-psk no-sctp no-ssl3 no-tls1 no-tls1_1 no-weak-ssl-ciphers \
		no-cms no-ts no-ct no-gost no-idea no-seed no-bf no-camellia no-cast no-md4 no-mdc2 no-rc2 \
		no-rc4 no-rmd160 no-whirlpool no-sm2 no-sm3 no-sm4 no-aria no-ec2m no-des >configured ||
		return 1
	make -s -j"$jobs" build_libs && make -s install_dev
}

# nghttp2_session_client_new2 gets another name, so that curl meets the one of adapter/http_memory,
# by which what nghttp2 frees is wiped.
build_nghttp2()
{
	mkdir -p "$root/include/nghttp2"
	sed "s/@PACKAGE_VERSION@/$version/; s/@PACKAGE_VERSION_NUM@/0x$(echo "$version" |
		awk -F. '{ printf "%02x%02x%02x", $1, $2, $3 }')/" lib/includes/nghttp2/nghttp2ver.h.in \
		>"$root/include/nghttp2/nghttp2ver.h"
	cp lib/includes/nghttp2/nghttp2.h "$root/include/nghttp2"
	(cd lib && archive libnghttp2.a -DNGHTTP2_STATICLIB -DHAVE_TIME_H -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H \
		-DHAVE_CLOCK_GETTIME -DHAVE_DECL_CLOCK_MONOTONIC \
		-Dnghttp2_session_client_new2=nghttp2_session_client_new2_unwiped -I"$root/include") &&
		pc libnghttp2 "$version" -lnghttp2
}

build_curl()
{
	./configure --quiet --prefix="$root" --disable-shared --enable-static --with-openssl="$root" \
		--with-nghttp2="$root" --without-ca-path \
		--with-ca-bundle=/etc/ssl/certs/ca-certificates.crt --without-zlib \
		--without-brotli --without-zstd --without-libpsl --without-libidn2 --without-librtmp \
		--without-libssh2 --without-libgsasl --without-ngtcp2 --enable-threaded-resolver \
		--enable-ipv6 --disable-ldap --disable-ldaps --disable-ftp --disable-file --disable-rtsp \
		--disable-dict --disable-telnet --disable-tftp --disable-pop3 --disable-imap --disable-smb \
		--disable-smtp --disable-gopher --disable-mqtt --disable-manual --disable-ntlm \
		--disable-tls-srp --disable-unix-sockets --disable-alt-svc --disable-hsts --disable-doh \
		--disable-cookies --disable-netrc --disable-libcurl-option --disable-progress-meter \
		--disable-openssl-auto-load-config PKG_CONFIG="$out/bin/pkg-config" &&
		make -s -j"$jobs" -C lib install && make -s -C include install &&
		make -s install-pkgconfigDATA
}

build_libsodium()
{
	autoreconf -fi && ./configure --quiet --prefix="$root" --disable-shared --enable-static --disable-ssp &&
		make -s -j"$jobs" -C src install && make -s install-pkgconfigDATA
}

build_libmicrohttpd()
{
	./configure --quiet --prefix="$root" --disable-shared --enable-static --disable-https \
		--disable-doc --disable-examples --disable-curl --disable-dauth --disable-bauth &&
		make -s -j"$jobs" -C src/include install && make -s -j"$jobs" -C src/microhttpd install &&
		make -s install-pkgconfigDATA
}

build_libyaml()
{
	cp include/yaml.h "$root/include"
	rest=${version#*.}
	(cd src && archive libyaml.a -I../include "-DYAML_VERSION_STRING=\"$version\"" \
		"-DYAML_VERSION_MAJOR=${version%%.*}" "-DYAML_VERSION_MINOR=${rest%%.*}" \
		"-DYAML_VERSION_PATCH=${rest#*.}") &&
		pc yaml-0.1 "$version" -lyaml
}

build_cjson()
{
	mkdir -p "$root/include/cjson"
	cp cJSON.h "$root/include/cjson"
	rm -f cJSON_Utils.c test.c
	archive libcjson.a &&
		pc libcjson "$version" -lcjson
}

for name in openssl nghttp2 curl libsodium libyaml cjson libmicrohttpd; do
	debian=$(newest "$name")
	version=$(echo "$debian" | sed 's/^[0-9]*://; s/-[^-]*$//')
	stamp="$name $version $debian"
	if [ ! -e "$out/$name.built" ] || [ "$(cat "$out/$name.built")" != "$stamp" ]; then
		echo "building $name $debian" >&2
		fetch "$name" "$debian"
		(cd "$out/src/$name" && "build_$name") >"$out/$name.log" 2>&1 || {
			tail -n 30 "$out/$name.log" >&2
			echo "$name could not be built: see $out/$name.log" >&2
			exit 1
		}
		cp "$out/src/$name/debian/copyright" "$out/licenses/$name"
		echo "$stamp" >"$out/$name.built"
		rm -rf "$out/src/$name"
	fi
	cat "$out/$name.built"
done >"$out/sources.new"
debian=$(dpkg-query -W -f '${Version}' musl-dev)
echo "musl ${debian%-*} $debian" >>"$out/sources.new"
cp /usr/share/doc/musl-dev/copyright "$out/licenses/musl"
mv "$out/sources.new" "$out/sources"
